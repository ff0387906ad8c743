"""Repetition: what decoders loop is found in every script, what people repeat is not."""

import pytest
from filter_stories import STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.repetition import RepetitionCheck, repeats

MAX = 0.48


def score(source: str, target: str, lang: str = "sw") -> float:
    value = RepetitionCheck().score_pair(text_pair(source, target, lang)).value
    assert value is not None
    return value


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_repeats_little(lang: str) -> None:
    assert score(told("en"), told(lang), lang) < 0.35


@pytest.mark.parametrize("times", [2, 3, 4, 6, 12])
@pytest.mark.parametrize("lang", STORIES)
def test_the_last_three_words_again_and_again(lang: str, times: int) -> None:
    target = told(lang, 0, 1)
    assert score(told("en", 0, 1), target + (" " + " ".join(target.split()[-3:])) * times, lang) > MAX


@pytest.mark.parametrize("lang", STORIES)
def test_a_character_again_and_again(lang: str) -> None:
    assert score(told("en"), told(lang) + told(lang)[0] * 30, lang) > MAX


@pytest.mark.parametrize("lang", STORIES)
def test_a_syllable_again_and_again(lang: str) -> None:
    assert score(told("en"), told(lang) + told(lang)[:3].strip() * 12, lang) > MAX


@pytest.mark.parametrize("lang", STORIES)
def test_the_last_sentence_twice(lang: str) -> None:
    assert score(told("en"), f"{told(lang)} {STORIES[lang][-1]}", lang) > MAX


@pytest.mark.parametrize("lang", STORIES)
def test_the_whole_text_twice(lang: str) -> None:
    assert score(told("en", 0), f"{told(lang, 0)} {told(lang, 0)}", lang) > MAX


def test_a_text_said_again_elsewhere() -> None:
    a, b = told("sw", 0, 1), told("sw", 2)
    assert score(told("en"), f"{a} {b} {a} Mwisho {b} Kisha {a}") > MAX


@pytest.mark.parametrize(
    ("source", "target", "lang"),
    [
        ("10 + 10 + 10 + 10 + 10 + 10 = 60", "10 + 10 + 10 + 10 + 10 + 10 = 60", "sw"),
        ("Ha ha ha ha ha ha ha ha ha!", "Ha ha ha ha ha ha ha ha ha!", "sw"),
        ("The wind blew and blew and blew.", "Upepo ulivuma na ulivuma na ulivuma.", "sw"),
        ("He walked slowly.", "Alitembea polepole.", "sw"),
        ("All of them came from every house.", "Gbogbogbo wọn wá láti ilé dé ilé.", "yo"),
        ("It costs 100 billion.", "Inagharimu 100,000,000,000.", "sw"),
        ("Various books", "いろいろな本", "ja"),
        ("______________ is missing", "______________ haipo", "sw"),
    ],
)
def test_what_people_repeat_is_right(source: str, target: str, lang: str) -> None:
    assert score(source, target, lang) < MAX


def test_repetition_of_the_source_counts_for_the_target() -> None:
    looped = "na kisha wakaenda " * 5
    assert score("and then they went " * 5, looped) < 0.35
    assert score("and then they went home", looped) > MAX


def test_the_detail_says_what_is_looped() -> None:
    found = RepetitionCheck().score_pair(text_pair("Go home.", "Nenda nyumbani sasa sasa sasa sasa sasa sasa.", "sw"))
    assert found.detail == "again and again: sa"


def test_the_worst_segment_counts() -> None:
    sources, targets = [told("en")] * 2, [told("sw"), "sasa hivi " * 20]
    assert RepetitionCheck().score_pair(turns_pair(sources, targets, "sw")).value == score(
        *map(str, (told("en"), targets[1]))
    )


def test_it_judges_copies_too() -> None:
    pair = text_pair(told("en"), told("en") + " again" * 20, "sw", "identity")
    assert (RepetitionCheck().score_pair(pair).value or 0) > MAX


def test_more_repetition_scores_more() -> None:
    scores = [score("Go home now.", "Nenda nyumbani sasa" + " hivi sasa" * count) for count in range(1, 12)]
    assert scores == sorted(scores) and scores[0] < MAX < scores[-1] < 1


def test_an_empty_target_repeats_nothing() -> None:
    assert score("Hello.", "") == 0


@given(st.text(), st.text())
def test_it_survives_any_text(source: str, target: str) -> None:
    assert 0 <= score(source, target) <= 1


@given(st.text(max_size=50), st.integers(1, 5))
def test_shares_are_shares(text: str, times: int) -> None:
    found = repeats(text * times)
    assert 0 <= found.share <= 1 and found.weight >= 0
