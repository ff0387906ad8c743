"""Copies: texts that were left in English, and those that rightly are as they were."""

import pytest
from filter_calls import REQUEST, api_pair, translated
from filter_stories import STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.check import make_settings
from mlt.filter.checks.copied import CopyCheck, CopySettings
from mlt.toolkit.errors import UsageError
from mlt.toolkit.records import Message


def problems(source: str, target: str, lang: str = "sw") -> float | None:
    return CopyCheck().score_pair(text_pair(source, target, lang)).value


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_is_no_copy_and_the_english_is(lang: str) -> None:
    assert problems(told("en"), told(lang), lang) == 0
    assert problems(told("en"), told("en"), lang) == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("How many apples are left?", "HOW MANY  APPLES ARE LEFT"),
        ("How many apples are left?", "Howmanyapplesareleft?"),
        ("How many ﬁsh are left?", "How many fish are left?"),
        ("The cat sat on the mat, and it ate 3 mice.", "The cat sat on the mat and it ate 4 mice!"),
        ("It Is Very Bad.", "It Is Very Bad."),
        ("Hungry Bear Chases Village Teacher Home", "Hungry Bear Chases Village Teacher Home"),
        (
            "The farmer sells eggs at the market every day of the week, and in the evening he counts what is left.",
            "The farmer sells eggs at the market every day of the week, and in the evening he counts what is lost.",
        ),
    ],
)
def test_case_space_punctuation_and_a_word_do_not_hide_a_copy(source: str, target: str) -> None:
    assert problems(source, target) == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Amina Okoro, Lagos", "Amina Okoro, Lagos"),
        ("Bank of the North", "Bank of the North"),
        ("12 + 5 = 17", "12 + 5 = 17"),
        ("`git push --force`", "`git push --force`"),
        ('{"name": "add", "description": "adds two numbers to each other"}',) * 2,
        ("API-Request: [AddNote(text='buy bread and some milk today')]",) * 2,
        ("OK", "OK"),
    ],
)
def test_names_numbers_code_and_calls_may_stay(source: str, target: str) -> None:
    assert problems(source, target) is None


def test_a_few_english_words_in_a_translation_are_no_copy() -> None:
    assert problems("Play the song Straight No Chaser for me now", "Nichezee wimbo Straight No Chaser sasa") == 0


def test_a_copied_answer_beside_a_translated_question_is_found() -> None:
    pair = turns_pair(
        ["How many are left?", "There are three left."], ["Wamebaki wangapi?", "There are three left."], "sw"
    )
    assert CopyCheck().score_pair(pair).value == 1


def test_engines_that_copy_and_english_are_not_judged() -> None:
    assert CopyCheck().score_pair(text_pair(told("en"), told("en"), "sw", model="identity")).value is None
    assert problems(told("en"), told("en"), "en") is None


def test_a_turn_that_is_the_value_of_an_argument_may_stay() -> None:
    value = translated().with_(messages=(Message("user", "Morning run"), *translated().messages[1:]))
    english = value.with_(lang="en", translation=None)
    assert CopyCheck().score_pair(api_pair(value, english)).value is None
    assert CopyCheck().score_pair(api_pair(translated(text=REQUEST))).value == 1


def test_settings_are_known() -> None:
    assert make_settings(CopySettings, {"share": 1}, "copy").share == 1
    with pytest.raises(UsageError, match="unknown key"):
        make_settings(CopySettings, {"shares": 1}, "copy")


@given(st.text(), st.text())
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(source, target) in (None, 0, 1)


def test_a_very_long_text_is_judged() -> None:
    assert problems("word " * 20_000, "word " * 20_000) == 1
    assert problems("a" * 200_000, "b") is None
