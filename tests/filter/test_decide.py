"""Decisions: made from columns alone, the first failed check is the reason."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.check import Score
from mlt.filter.columns import Columns
from mlt.filter.decide import KEPT, decide, decision_key, reason_detail, sum_counts
from mlt.filter.policy import load_policy
from mlt.filter.registry import check_names

POLICY = load_policy(
    {
        "checks": {
            "language": {"min": 0.5, "languages": {"yo": {"min": 0.1}}},
            "length": {"min": -2.0, "max": 2.0},
            "repetition": {"max": 0.5},
        }
    }
)


def table(**columns: list[float | None]) -> pa.Table:
    rows = len(next(iter(columns.values())))
    made = Columns([str(index) for index in range(rows)])
    for name, values in columns.items():
        made.put(name, [Score(value) for value in values], {})
    return made.table(check_names())


def reasons(scores: pa.Table, lang: str = "sw") -> list[str | None]:
    decisions = decide(scores, POLICY, lang)
    return [None if index == KEPT else decisions.checks[index] for index in decisions.reasons]


@pytest.mark.parametrize(
    ("name", "value", "lang", "kept"),
    [
        ("numbers", 0.0, "sw", True),
        ("numbers", 1.0, "sw", False),
        ("numbers", None, "sw", True),
        ("language", 0.5, "sw", True),
        ("language", 0.49, "sw", False),
        ("language", 0.49, "yo", True),
        ("language", 0.09, "yo", False),
        ("language", None, "sw", True),
        ("length", -2.0, "sw", True),
        ("length", 2.0, "sw", True),
        ("length", -2.1, "sw", False),
        ("length", 2.1, "sw", False),
        ("repetition", 0.5, "sw", True),
        ("repetition", 0.51, "sw", False),
    ],
)
def test_score_is_held_against_its_bound(name: str, value: float | None, lang: str, kept: bool) -> None:
    assert reasons(table(**{name: [value]}), lang) == [None if kept else name]


def test_first_failed_check_of_the_order_is_the_reason_and_all_are_counted() -> None:
    scores = table(numbers=[1.0, 0.0, 0.0], language=[0.0, 0.0, 1.0], length=[9.0, 9.0, 0.0])
    decisions = decide(scores, POLICY, "sw")
    assert reasons(scores) == ["numbers", "language", None]
    assert decisions.dropped() == {"numbers": 1, "language": 1}
    assert dict(decisions.failing) == {"numbers": 1, "language": 2, "length": 2}
    assert list(decisions.kept) == [False, False, True]


def test_abstentions_are_counted_and_drop_nothing() -> None:
    decisions = decide(table(language=[None, 0.9, None], numbers=[0.0, 0.0, 0.0]), POLICY, "sw")
    assert dict(decisions.abstained) == {"language": 2, "numbers": 0}
    assert decisions.kept.all()


def test_disabled_check_decides_nothing() -> None:
    policy = load_policy({"checks": {"numbers": {"enabled": False}}})
    assert decide(table(numbers=[5.0]), policy, "sw").kept.all()


def test_empty_table_is_decided() -> None:
    assert decide(table(numbers=[]), POLICY, "sw").dropped() == {}


@given(st.lists(st.tuples(*[st.none() | st.floats(-5, 5)] * 3), max_size=30))
def test_vectorised_decision_equals_the_plain_one(rows: list[tuple[float | None, ...]]) -> None:
    names = ["repetition", "language", "length"]
    scores = table(**{name: [row[index] for row in rows] for index, name in enumerate(names)})

    def plain(row: tuple[float | None, ...]) -> str | None:
        for name, value in zip(names, row, strict=True):
            bounds = POLICY[name].threshold_for("sw")
            if value is not None and (
                (bounds.min is not None and value < bounds.min) or (bounds.max is not None and value > bounds.max)
            ):
                return name
        return None

    assert reasons(scores) == [plain(row) for row in rows]


def test_decision_key_changes_with_a_bound_and_not_with_a_setting() -> None:
    other_bound = load_policy({"checks": {"language": {"min": 0.4}}})
    other_setting = load_policy().with_settings("language", detectors=["embedded"])
    assert decision_key(other_bound, "sw") != decision_key(load_policy(), "sw")
    assert decision_key(other_setting, "sw") == decision_key(load_policy(), "sw")


def test_detail_names_the_score_and_the_bound() -> None:
    assert reason_detail(POLICY["language"], "sw", 0.25, "reads as es", hard=False) == "0.25 is below 0.5: reads as es"
    assert reason_detail(POLICY["length"], "sw", 3.0, "", hard=False) == "3 is above 2"
    assert reason_detail(POLICY["numbers"], "sw", 1.0, "missing 5", hard=True) == "missing 5"


def test_counts_add_up_by_name() -> None:
    assert sum_counts([{"a": 1}, {"b": 2, "a": 3}, {}]) == {"a": 4, "b": 2}


def test_reasons_fit_the_number_of_checks() -> None:
    assert np.iinfo(decide(table(numbers=[0.0]), POLICY, "sw").reasons.dtype).max > len(check_names())
