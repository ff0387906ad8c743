"""Names: found as they are, with endings, or by their sounds; a single one that is lost says little."""

import pytest
from filter_stories import STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.names import NamesCheck
from mlt.filter.checks.names_en import find_names

SOURCE = "Yesterday Amanda Robinson met Gregory Peterson in Liverpool, where Katherine Wellington lives."
GOOD = {
    "sw": "Jana Amanda Robinson alikutana na Gregory Peterson mjini Liverpool, anakoishi Katherine Wellington.",
    "es": "Ayer Amanda Robinson se reunió con Gregory Peterson en Liverpool, donde vive Katherine Wellington.",
    "tr": "Dün Amanda Robinson, Liverpool'da Gregory Peterson'la görüştü; Katherine Wellington'ın evi oradaydı.",
    "ru": "Вчера Аманда Робинсон встретила Грегори Петерсона в Ливерпуле, где живёт Кэтрин Веллингтон.",
    "hi": "कल अमांडा रॉबिन्सन लिवरपूल में ग्रेगरी पीटरसन से मिलीं, जहाँ कैथरीन वेलिंगटन रहती हैं।",
    "bn": "গতকাল আমান্ডা রবিনসন লিভারপুলে গ্রেগরি পিটারসনের সাথে দেখা করেন, যেখানে ক্যাথরিন ওয়েলিংটন থাকেন।",
    "ko": "어제 아만다 로빈슨은 캐서린 웰링턴이 사는 리버풀에서 그레고리 피터슨을 만났다.",
    "ja": "昨日、アマンダ・ロビンソンは、キャサリン・ウェリントンが住むリバプールでグレゴリー・ピーターソンに会った。",
    "th": "เมื่อวานอแมนดา โรบินสัน พบกับเกรกอรี ปีเตอร์สัน ที่ลิเวอร์พูล ซึ่งแคทเธอรีน เวลลิงตัน อาศัยอยู่",
    "ar": "التقت أماندا روبنسون أمس غريغوري بيترسون في ليفربول حيث تعيش كاثرين ويلينغتون.",
}


def score(source: str, target: str, lang: str) -> float | None:
    return NamesCheck().score_pair(text_pair(source, target, lang)).value


@pytest.mark.parametrize("lang", GOOD)
def test_names_are_found_in_a_translation_and_not_in_another(lang: str) -> None:
    other = STORIES.get(lang, STORIES["es"])
    good, bad = score(SOURCE, GOOD[lang], lang), score(SOURCE, " ".join(other[2:]), lang)
    assert good is not None
    assert bad is not None
    assert good > 1.5
    assert bad < min(0, good - 5)


@pytest.mark.parametrize("lang", STORIES)
def test_a_story_with_one_name_is_not_low(lang: str) -> None:
    assert score(told("en"), told(lang), lang) > -3


def test_names_that_were_not_found_are_named() -> None:
    source = "In May Barbara met Jonathan Whitfield."
    found = NamesCheck().score_pair(text_pair(source, "Mwezi Mei Barbara alikutana na mtu.", "sw"))
    assert found.detail == "not found: Jonathan Whitfield"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Yesterday Amanda met him.", [("Amanda",)]),
        ("Amanda met him.", []),
        ("Amanda's cat met him.", [("Amanda",)]),
        ("Amanda has 5 and Amanda eats 3.", [("Amanda",)]),
        ("Amanda Robinson met him.", [("Amanda", "Robinson")]),
        ("He said: Amanda is here. But Robinson left with Robinson.", [("Robinson",)]),
        ("On Monday the French President went to the Supreme Court in January.", []),
        ("The NATO and BBC offices", []),
        ("Hungry Bear Chases Gregory Home", []),
        ("Did you see Grace? By the grace of it.", []),
        ("We use iPhones and McDonalds.", []),
        ("", []),
    ],
)
def test_names_in_english(text: str, names: list[tuple[str, ...]]) -> None:
    assert find_names([text]) == names


def test_without_names_there_is_nothing_to_judge() -> None:
    assert score("The cat sleeps on the mat.", "Paka analala.", "sw") is None


def test_a_name_must_be_rendered_alike_in_every_turn() -> None:
    source = ["How many eggs does Katherine have?", "So Katherine has 5."]
    alike = turns_pair(source, ["У Кэтрин сколько яиц?", "Значит, у Кэтрин 5."], "ru")
    other = turns_pair(source, ["У Кэтрин сколько яиц?", "Значит, у Мстислава 5."], "ru")
    check = NamesCheck()
    assert check.score_pair(alike).value > 0 > check.score_pair(other).value


@given(st.text(), st.text(), st.sampled_from(["sw", "th", "ja", "hi"]))
def test_any_text_is_judged(before: str, target: str, lang: str) -> None:
    value = score(f"He met Jonathan. {before}", target, lang)
    assert value is not None
    assert -300 < value < 300
