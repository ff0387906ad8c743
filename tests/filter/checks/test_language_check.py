"""The check `language`: sound text passes, text in another language is found, and what cannot be judged is not."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lid_texts import LANGUAGES, SENTENCES, text_pair

from mlt.filter.check import Model, Score, make_settings
from mlt.filter.checks.language import LanguageCheck, Settings, has_letters
from mlt.filter.pairs import Pair
from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import resolve

MIN = 0.3
"""The threshold of the shipped policy."""

CHECK = LanguageCheck(Settings(detectors=["embedded"]))


def score(*pairs: Pair, check: LanguageCheck = CHECK) -> Score:
    """The score of the first pair."""
    return check.score(pairs, pairs[0].language)[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_in_their_language_pass(lang: str) -> None:
    for source, target in zip(SENTENCES["en"], SENTENCES[lang], strict=True):
        assert score(text_pair(lang, target, source)).value > 0.5


@pytest.mark.parametrize(
    ("lang", "other"),
    [
        (lang, other)
        for lang in ("sw", "yo", "th", "ja", "bn", "es", "zh-Hans", "te", "ko")
        for other in ("en", *LANGUAGES)
        # py3langid has one label for both forms of Chinese; the check `script` tells them apart.
        if other != lang and {lang, other} != {"zh-Hans", "zh-Hant"}
    ],
)
def test_sentences_in_another_language_fail(lang: str, other: str) -> None:
    for source, target in zip(SENTENCES["en"], SENTENCES[other], strict=True):
        assert score(text_pair(lang, target, source)).value < MIN


def test_the_detail_names_the_other_language() -> None:
    assert score(text_pair("sw", SENTENCES["es"][0])).detail == "rather es"
    assert score(text_pair("sw", SENTENCES["sw"][0])).detail is None


@pytest.mark.parametrize(
    ("lang", "target", "source"),
    [
        ("th", "ดาวน์โหลด Visual Studio Code และ Microsoft Visual C++ Redistributable จากเว็บไซต์", "Download it."),
        ("zh-Hans", "我想听 the Music of Ghost in the Shell: Stand Alone Complex 这张专辑的歌曲", "Play the music."),
        (
            "es",
            "Reproduce la canción The House of the Rising Sun Will Never Set Again",
            "Play the song The House of the Rising Sun Will Never Set Again",
        ),
    ],
)
def test_names_from_the_source_do_not_matter(lang: str, target: str, source: str) -> None:
    assert score(text_pair(lang, target, source)).value > MIN


def test_marks_composed_or_not_are_one_text() -> None:
    text = SENTENCES["yo"][0]
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
    assert len(forms) == 2
    assert len({score(text_pair("yo", form)).value for form in forms}) == 1


def test_numbers_and_spans_do_not_count() -> None:
    text = SENTENCES["sw"][0]
    with_more = f"{text} `for item in basket: print(item)` https://example.com/the/english/page 1,234.50"
    assert score(text_pair("sw", with_more)).value == pytest.approx(score(text_pair("sw", text)).value, abs=1e-6)


@pytest.mark.parametrize(
    ("lang", "target"), [("sw", "Basi tu"), ("sw", "12 + 3 = 15"), ("sw", ""), ("ja", "三個"), ("th", "🙂 12 🙂")]
)
def test_too_little_text_is_not_judged(lang: str, target: str) -> None:
    assert score(text_pair(lang, target)) == Score(None, "too short")


@pytest.mark.parametrize(
    ("lang", "target"), [("ja", "りんごは何個"), ("zh-Hans", "还剩多少个"), ("sw", "Ana maembe mangapi")]
)
def test_a_short_question_is_judged(lang: str, target: str) -> None:
    assert score(text_pair(lang, target)).value > MIN


def test_the_length_is_the_users() -> None:
    check = LanguageCheck(Settings(detectors=["embedded"], min_letters=500))
    assert score(text_pair("sw", SENTENCES["sw"][0]), check=check).value is None


def test_copies_of_the_identity_engine_are_not_judged() -> None:
    pairs = [text_pair("sw", SENTENCES["en"][0], translates=False), text_pair("sw", SENTENCES["sw"][0])]
    copied, sound = CHECK.score(pairs, pairs[0].language)
    assert copied == Score(None, "the engine copies")
    assert sound.value > MIN


def test_a_language_without_a_detector_is_not_covered() -> None:
    iloko = resolve("ilo").language
    assert CHECK.covers(iloko) == "py3langid cannot judge Iloko"
    assert CHECK.identity(iloko) == {}
    assert CHECK.models(iloko) == []
    assert CHECK.score([text_pair("ilo", "Agsapa unay a nagriing ni Maria")], iloko)[0].value is None


def test_the_identity_names_the_detector_and_its_revision() -> None:
    swahili = resolve("sw").language
    assert CHECK.covers(swahili) is None
    (model,) = CHECK.models(swahili)
    assert model == Model("py3langid", model.revision, "BSD-3-Clause")
    assert CHECK.identity(swahili) == {"detector": "py3langid", "revision": model.revision}


def test_the_company_of_other_rows_changes_no_score() -> None:
    pairs = [text_pair("sw", target) for targets in SENTENCES.values() for target in targets]
    together = CHECK.score(pairs, pairs[0].language)
    for pair, found in zip(pairs, together, strict=True):
        assert found.value == pytest.approx(score(pair).value, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"other_prior": 2.0}, "other_prior: 2.0 is not between 0 and 1"),
        ({"neighbour_prior": -1}, "neighbour_prior: -1 is not between"),
        ({"detectors": [3]}, "3 is no name of a detector"),
        ({"detectors": []}, "no language detector"),
        ({"detectors": "embedded"}, "is no list"),
        ({"min_leters": 3}, "unknown key 'min_leters'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        LanguageCheck(make_settings(Settings, changes, "policy: language"))


def test_by_default_the_hub_is_asked_first() -> None:
    assert LanguageCheck().settings.detectors == ["cis-lmu/glotlid", "embedded"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["sw", "ja", "th"]))
def test_any_text_gets_a_score_or_none(source: str, target: str, lang: str) -> None:
    found = score(text_pair(lang, target, source))
    assert found.value is None or 0 <= found.value <= 1


@given(st.text(max_size=60), st.integers(1, 20))
def test_letters_are_counted_to_the_end_where_needed(text: str, enough: int) -> None:
    assert has_letters(text, enough) == (sum(map(str.isalpha, text)) >= enough)


@pytest.mark.parametrize("lang", ["sw", "yo", "th", "ja", "bn", "es", "zh-Hans", "te"])
def test_human_translations_pass_and_other_languages_fail(data_dir: Path, lang: str) -> None:
    files = dict(line.split("\t")[::-1] for line in (data_dir / "ntrex/nllb_codes.tsv").read_text().splitlines()[1:])
    texts = {
        other: (data_dir / f"ntrex/{files[resolve(other).language.flores]}.001-500.txt").read_text("utf-8").split("\n")
        for other in ("en", lang, "es" if lang != "es" else "sw")
    }
    english, own, other = (lines[::5] for lines in texts.values())
    language = resolve(lang).language
    sound = CHECK.score([text_pair(lang, *rows) for rows in zip(own, english, strict=True)], language)
    wrong = CHECK.score([text_pair(lang, *rows) for rows in zip(other, english, strict=True)], language)
    assert not [found for found in sound if found.value is not None and found.value < MIN]
    assert sum(found.value is not None and found.value < MIN for found in wrong) >= 0.99 * len(wrong) - 1
