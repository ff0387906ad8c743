"""Empty: nothing, or nothing that says anything, where the English says something."""

import pytest
from filter_calls import api_pair, translated
from filter_stories import STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.empty import EmptyCheck


def problems(source: str, target: str) -> float | None:
    return EmptyCheck().score_pair(text_pair(source, target, "sw")).value


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_is_not_empty(lang: str) -> None:
    assert EmptyCheck().score_pair(text_pair(told("en"), told(lang), lang)).value == 0


@pytest.mark.parametrize("target", ["", " \n\t", ".", "…", "\u200b\u200f", "- – —", "\ufeff", "।", ","])
def test_blank_punctuation_and_the_invisible_are_empty(target: str) -> None:
    assert problems("Hello there", target) == 1


@pytest.mark.parametrize(("source", "target"), [("...", ""), ("", ""), ("Yes", "→ ✓"), ("5", "٥"), ("5 - 3", "5 − 3")])
def test_signs_speak_and_a_source_that_says_nothing_asks_for_nothing(source: str, target: str) -> None:
    assert problems(source, target) == 0


def test_every_turn_is_looked_at() -> None:
    assert EmptyCheck().score_pair(turns_pair(["One.", "Two."], ["Moja.", ""], "sw")).value == 1


def test_a_lost_call_is_empty() -> None:
    score = EmptyCheck().score_pair(api_pair(translated(target="")))
    assert (score.value, score.detail) == (1, "target is empty")


@given(st.text(), st.text())
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(source, target) in (0, 1)
