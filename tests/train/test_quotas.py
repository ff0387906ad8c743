"""Budgets divided into whole numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.errors import UsageError
from mlt.train.quotas import language_shares, largest_remainder, quotas
from mlt.train.request import Budget, Request

SHARES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 100), min_size=1)


@given(st.integers(0, 10**9), SHARES)
def test_parts_add_up_and_are_within_one_of_what_is_due(total: int, shares: dict[str, float]) -> None:
    parts = largest_remainder(total, shares)
    assert sum(parts.values()) == total
    assert list(parts) == list(shares)
    whole = sum(shares.values())
    assert all(abs(parts[name] - total * share / whole) <= 1 + 1e-6 * total for name, share in shares.items())


@pytest.mark.parametrize(
    ("total", "shares", "parts"),
    [
        (10, {"en": 1, "sw": 1, "th": 1}, {"en": 4, "sw": 3, "th": 3}),
        (11, {"en": 1, "sw": 1, "th": 1}, {"en": 4, "sw": 4, "th": 3}),
        (100, {"math": 2, "api": 1}, {"math": 67, "api": 33}),
        (3, {"a": 0.1, "b": 0.2}, {"a": 1, "b": 2}),
        (0, {"a": 1}, {"a": 0}),
    ],
)
def test_largest_remainders_get_one_more_and_the_first_of_equal_ones(
    total: int, shares: dict[str, float], parts: dict[str, int]
) -> None:
    assert largest_remainder(total, shares) == parts


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(1, {"en": 900, "sw": 100}), (2, {"en": 750, "sw": 250}), (1e9, {"en": 500, "sw": 500})],
)
def test_a_temperature_flattens_what_there_is(temperature: float, expected: dict[str, int]) -> None:
    request = Request(Budget("total", 1000), temperature=temperature)
    shares = language_shares(request, ["en", "sw"], {"en": 9000, "sw": 1000})
    assert quotas(request, shares, {"math": 1}) == {(lang, "math"): n for lang, n in expected.items()}


def test_each_language_gets_the_whole_of_a_budget_per_language() -> None:
    request = Request(Budget("per_language", 5))
    assert quotas(request, {"en": 1, "sw": 1}, {"math": 1, "api": 1}) == {
        ("en", "math"): 3,
        ("en", "api"): 2,
        ("sw", "math"): 3,
        ("sw", "api"): 2,
    }


def test_a_budget_that_leaves_a_language_without_a_row_is_refused() -> None:
    with pytest.raises(UsageError, match="2 rows leave nothing for th: ask for more"):
        quotas(Request(Budget("total", 2)), {"en": 1, "sw": 1, "th": 1}, {"math": 1})


@pytest.mark.parametrize(
    ("budget", "unit", "volume"),
    [
        (Budget("steps", 100, 512, 6), "rows", 8533),
        (Budget("steps", 100, 512, 6, 2048), "tokens", 17476266),
        (Budget("tokens", 5), "tokens", 5),
    ],
)
def test_steps_are_rows_or_tokens_of_packed_rows(budget: Budget, unit: str, volume: int) -> None:
    assert (budget.unit, budget.volume) == (unit, volume)
