"""How the simulated studies are counted: intervals that hold the truth, on which side the others miss it."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")

import pandas as pd

from bench.study_checks import left_out
from bench.study_counts import Coverage, at_most


@pytest.mark.parametrize(
    ("held", "reached"),
    [(500, False), (490, False), (489, True), (475, True), (461, True), (460, False), (400, False)],
)
def test_coverage_is_reached_within_three_monte_carlo_errors(held: int, reached: bool) -> None:
    """Of 500 studies these are 2.9 points: 461 to 489 intervals that hold the truth."""
    counted = Coverage()
    for number in range(500):
        counted.add("a term", *((-1.0, 1.0) if number < held else (1.0, 2.0)), 0.0)
    figure = counted.figure("name", "title", "how")
    assert (figure.met, figure.measured) == (reached, pytest.approx(held / 5))
    assert figure.asked == "95 +- 2.9 %"


def test_the_interval_furthest_from_its_level_decides() -> None:
    counted = Coverage()
    for number in range(100):
        counted.add("good", -1.0, 1.0 if number < 95 else -0.5, 0.0)
        counted.add("bad", 0.5 if number < 50 else -1.0, 1.0, 0.0)
    figure = counted.figure("name", "title", "how")
    assert figure.met is False
    assert (figure.measured, figure.low, figure.high) == (50, 50, 95)
    assert figure.details["too_low"] == {"good": 5, "bad": 0}
    assert figure.details["too_high"] == {"good": 0, "bad": 50}


def test_no_interval_at_all_rules_nothing_out() -> None:
    counted = Coverage()
    counted.add("a term", None, None, 0.0)
    assert counted.figure("name", "title", "how").measured == 100


@pytest.mark.parametrize(("errors", "reached"), [(0, True), (5, True), (6, False)])
def test_one_error_in_twenty_is_allowed(errors: int, reached: bool) -> None:
    assert at_most("name", "title", [number < errors for number in range(100)], "how").met is reached


def test_only_languages_that_larger_mixtures_leave_out_are_changed() -> None:
    cells = pd.DataFrame(
        {"exposure": ["transfer", "transfer", "direct", "pretrained", "transfer"], "L": [1, 2, 4, 0, 4]}
    )
    assert left_out(0.1, cells).tolist() == [0, 0, 0, 0, 0.1]
