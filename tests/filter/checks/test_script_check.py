"""The check `script`: letters of the right script, and the right characters within it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lid_texts import LANGUAGES, SENTENCES, text_pair

from mlt.filter.check import Score
from mlt.filter.checks.script import ScriptCheck

MIN = 0.15
"""The threshold of the shipped policy."""

CHECK = ScriptCheck()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_in_their_script_pass(lang: str) -> None:
    for target in SENTENCES[lang]:
        assert CHECK.score_pair(text_pair(lang, target)).value > 0.9


@pytest.mark.parametrize(
    ("lang", "target"),
    [
        ("th", "Daniel Sturridge ทีม Liverpool ทำคะแนนเสมอ Chelsea"),
        ("zh-Hans", "BBC Radio 的 Jane Example 在 Tony Macaroni 球场报道"),
        ("ja", "東京都庁舎"),
        ("ja", "全国高等学校野球選手権大会"),
        ("ko", "大韓民國 정부는 오늘 발표했다"),
        ("zh-Hans", "他在北京大学学习，喜欢喝「の」字牌的茶，每天早上都去。"),
        ("zh-Hans", "乾隆皇帝的书在这里，我们明天去看那些东西。"),
        ("yue", "佢哋聽日會去邊度食飯呀，我哋一齊去啦。"),
        ("sr", "Марија сваког јутра купује хлеб у продавници Maxi."),
        ("sw", "Msichana huyo anaitwa 小林 na anatoka Japani."),
    ],
)
def test_names_and_quotes_in_other_letters_pass(lang: str, target: str) -> None:
    assert CHECK.score_pair(text_pair(lang, target)).value > MIN


@pytest.mark.parametrize(
    ("lang", "other"),
    [
        ("th", "en"),
        ("ja", "en"),
        ("zh-Hans", "es"),
        ("bn", "te"),
        ("te", "bn"),
        ("sw", "th"),
        ("es", "ja"),
        ("ja", "zh-Hans"),
        ("ko", "ja"),
        ("zh-Hans", "ja"),
        ("zh-Hans", "zh-Hant"),
        ("zh-Hant", "zh-Hans"),
    ],
)
def test_sentences_in_other_letters_fail(lang: str, other: str) -> None:
    for target in SENTENCES[other]:
        assert CHECK.score_pair(text_pair(lang, " ".join([target] * 2))).value < MIN


@pytest.mark.parametrize(
    ("lang", "target", "detail"),
    [
        ("th", SENTENCES["en"][0], "0% in Thai"),
        ("zh-Hans", SENTENCES["zh-Hant"][0], "0% of the telling characters in Hans"),
        ("zh-Hans", SENTENCES["ja"][0], "0% as Chinese, for its kana"),
        ("ja", SENTENCES["zh-Hans"][0] * 2, "0% of the kana to expect"),
        ("th", SENTENCES["th"][0], None),
    ],
)
def test_the_detail_says_what_was_seen(lang: str, target: str, detail: str | None) -> None:
    assert CHECK.score_pair(text_pair(lang, target)).detail == detail


@pytest.mark.parametrize("target", ["", "12 + 3", "abc", "🙂🙂🙂🙂🙂"])
def test_too_little_text_is_not_judged(target: str) -> None:
    assert CHECK.score_pair(text_pair("th", target)) == Score(None, "too short")


def test_copies_of_the_identity_engine_are_not_judged() -> None:
    pair = text_pair("th", SENTENCES["en"][0], translates=False)
    assert CHECK.score_pair(pair) == Score(None, "the engine copies")


@given(st.text(max_size=80), st.sampled_from(["sw", "ja", "zh-Hans", "zh-Hant", "ko", "th"]))
def test_any_text_gets_a_score_or_none(target: str, lang: str) -> None:
    found = CHECK.score_pair(text_pair(lang, target))
    assert found.value is None or 0 <= found.value <= 1
