"""Endings: translations that were cut off, as far as that can be told."""

import pytest
from filter_stories import text_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.ending import EndingCheck
from mlt.toolkit.records import UnitTrace


def problems(source: str, target: str, *flags: str) -> float | None:
    pair = text_pair(source, target, "sw")
    units = (UnitTrace(source, target, "first", flags),) if flags else ()
    made = type(pair)(pair.source, pair.target.with_(units=units), pair.language, pair.segments)
    return EndingCheck().score_pair(made).value


def test_without_units_and_pieces_there_is_nothing_to_say() -> None:
    assert problems("A cat sleeps.", "Paka") is None


@pytest.mark.parametrize(("flag", "count"), [("no-end-token", 1), ("unk", 0)])
def test_the_flag_of_a_unit_counts(flag: str, count: int) -> None:
    assert problems("A cat sleeps.", "Paka analala", flag) == count


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("So 6/2 = <<6/2=3>>3 cats.", "Hivyo 6/2 = <<6/2"),
        ("Run ```ls``` now.", "Endesha ```ls"),
        ("It is \\boxed{12}.", "Ni \\boxed{1"),
    ],
)
def test_a_piece_that_is_left_open_is_an_end_too_soon(source: str, target: str) -> None:
    assert problems(source, target) == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("So 6/2 = <<6/2=3>>3 cats.", "Hivyo paka 6/2 = <<6/2=3>>3."),
        ("Run ```ls``` now.", "Sasa endesha ```ls```."),
        ("An open ```fence", "```fence wazi"),
        ("a << b", "a << b"),
    ],
)
def test_closed_pieces_and_those_that_the_source_leaves_open_are_sound(source: str, target: str) -> None:
    assert problems(source, target) == 0


@given(st.text("<>`[]a \n{}\\boxed"), st.text("<>`[]a \n{}\\boxed"))
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(source, target) in (None, 0, 1, 2, 3)
