"""Duplicates: one translation for different sentences, found without holding a language in memory."""

from collections.abc import Iterable

import pytest
from filter_stories import ENGLISH, STORIES, text_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.duplicates import DuplicatesCheck, DuplicatesSettings
from mlt.filter.minhash import BANDS, GRAM, band_keys, jaccard
from mlt.toolkit.languages import resolve

A = "The farmer sells forty eggs at the market and buys a new hat."
B = "How many kilometres did the two buses drive on that rainy day?"
TARGET = "Mkulima anauza mayai arobaini sokoni na kununua kofia mpya ya jua."


def scores(pairs: Iterable[tuple[str, str]], **settings: object) -> list[float | None]:
    check = DuplicatesCheck(DuplicatesSettings(**settings))
    made = (text_pair(source, target, "sw") for source, target in pairs)
    return [score.value for score in check.score_all(made, resolve("sw").language)]


@pytest.mark.parametrize("lang", STORIES)
def test_sentences_of_a_story_are_no_duplicates(lang: str) -> None:
    found = scores(zip(ENGLISH, STORIES[lang], strict=True), min_length=10)
    assert all(value is not None and value < 0.3 for value in found)


def test_one_translation_of_two_sentences_is_a_duplicate() -> None:
    assert scores([(A, TARGET), (B, TARGET)]) == [1, 1]
    assert scores([(A, TARGET), (B, f"  {TARGET.upper()}")]) == [1, 1]


def test_where_numbers_or_length_say_which_is_wrong_the_other_is_left_alone() -> None:
    source, target = "The farmer sells 40 eggs and 12 hens at the market today.", "Mkulima anauza mayai 40 na kuku 12."
    other = "How many kilometres did the 2 buses drive on that rainy day in May?"
    assert scores([(other, target), (source, target)]) == [1, 0]
    assert scores([(source, target), (other, target)]) == [0, 1]
    assert scores([(source * 6, target), (source, target), (B, TARGET)]) == [0, 0, 0]
    assert scores([(B * 6, TARGET), (A, TARGET)]) == [1, 0]


def test_nearly_the_same_is_nearly_one() -> None:
    long = f"{TARGET} Kisha anarudi nyumbani kwake jioni na kupika chakula kwa familia yote."
    first, second = scores([(A, long), (B, long.replace("familia", "familia,"))])
    assert first == second
    assert 0.8 < second < 1


def test_like_sources_may_have_like_translations() -> None:
    assert scores([(A, TARGET), (A, TARGET), (A.replace("forty", "fifty"), TARGET)]) == [0, 0, 0]


def test_the_detail_names_the_other_item() -> None:
    pairs = [text_pair(A, TARGET, "sw"), text_pair(B, TARGET, "sw")]
    first, second = DuplicatesCheck().score_all(pairs, resolve("sw").language)
    assert first.detail is not None and first.detail.startswith("like 1: mkulima")
    assert second.detail is not None and second.detail.startswith("like 1: mkulima")


@pytest.mark.parametrize(("source", "target"), [("Yes, of course.", TARGET), (A, ""), (A, "Ndi")])
def test_short_texts_are_not_judged(source: str, target: str) -> None:
    assert scores([(A, TARGET), (source, target)]) == [0, None]


def test_band_keys_are_the_same_everywhere() -> None:
    keys = band_keys("the same text")
    assert len(keys) == BANDS
    assert keys == band_keys("the same text")
    assert keys[0] == 7597707664049936508


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("abcdef", "abcdef", 1.0), ("abcdef", "uvwxyz", 0.0), ("abcde", "abcdx", 1 / 3), ("", "", 1.0), ("a", "b", 0.0)],
)
def test_jaccard_of_ngrams(first: str, second: str, expected: float) -> None:
    assert jaccard(first, second) == pytest.approx(expected)


@given(st.lists(st.text(min_size=GRAM), max_size=5))
def test_any_text_is_judged(texts: list[str]) -> None:
    assert len(scores([(A, text) for text in texts])) == len(texts)


@given(st.text(min_size=GRAM))
def test_any_text_has_keys(text: str) -> None:
    assert len(band_keys(text)) == BANDS
