"""Intervals and tests hold what their sources say, and do not claim more than their items can show."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("statsmodels")
pytest.importorskip("scipy")

from mlt.eval.stats import Interval, clustered_p, holm, mcnemar, paired_bootstrap, tost, wilson


def verdicts(seed: int, n: int, share: float) -> list[bool]:
    draw = random.Random(seed)
    return [draw.random() < share for _ in range(n)]


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (30, 40, 0.598, 0.858),  # the intervals of arXiv 2604.13286, Table 2
        (35, 40, 0.739, 0.945),
        (119, 160, 0.671, 0.805),
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
    ],
)
def test_wilson_interval_is_the_published_one(correct: int, n: int, low: float, high: float) -> None:
    found = wilson(correct, n)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)


def test_wilson_interval_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)


@pytest.mark.parametrize("correct", range(21))
def test_wilson_interval_holds_its_share_and_stays_within_bounds(correct: int) -> None:
    found = wilson(correct, 20)
    assert 0 <= found.low <= correct / 20 <= found.high <= 1


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"), [(0, 0, 1.0), (1, 0, 1.0), (0, 6, 2 / 2**6), (5, 5, 1.0), (2, 8, 112 / 2**10)]
)
def test_mcnemar_is_the_exact_binomial_of_the_items_that_differ(only_a: int, only_b: int, p: float) -> None:
    agreeing = 30
    a = [True] * only_a + [False] * only_b + [True] * agreeing
    b = [False] * only_a + [True] * only_b + [True] * agreeing
    found = mcnemar(a, b)
    assert (found.only_a, found.only_b) == (only_a, only_b)
    assert found.p == pytest.approx(p)


def test_bootstrap_is_decided_by_its_seed() -> None:
    a, b = verdicts(1, 101, 0.5), verdicts(2, 101, 0.6)
    found = [paired_bootstrap(a, b, range(101), seed, resamples=200) for seed in range(6)]
    assert found == [paired_bootstrap(a, b, range(101), seed, resamples=200) for seed in range(6)]
    assert len({(entry.low, entry.high) for entry in found}) > 1
    assert all(entry.low <= entry.value <= entry.high for entry in found)


def test_bootstrap_is_about_the_normal_interval_where_items_are_independent() -> None:
    a, b = verdicts(1, 400, 0.5), verdicts(2, 400, 0.6)
    found = paired_bootstrap(a, b, range(400))
    differences = [y - x for x, y in zip(a, b, strict=True)]
    mean = sum(differences) / 400
    error = (sum((value - mean) ** 2 for value in differences) / 399 / 400) ** 0.5
    assert found.value == mean
    assert found.low == pytest.approx(mean - 1.96 * error, abs=0.008)
    assert found.high == pytest.approx(mean + 1.96 * error, abs=0.008)


def test_copies_of_items_in_their_cluster_add_no_evidence() -> None:
    a, b = verdicts(1, 60, 0.4), verdicts(2, 60, 0.6)
    once, thrice = (paired_bootstrap(a * times, b * times, [*range(60)] * times) for times in (1, 3))
    assert (thrice.low, thrice.high) == (once.low, once.high)
    assert thrice.clusters == 60
    independent = paired_bootstrap(a * 3, b * 3, range(180))
    assert independent.high - independent.low < 0.7 * (thrice.high - thrice.low)
    assert clustered_p(a * 3, b * 3, [*range(60)] * 3) == pytest.approx(clustered_p(a, b, range(60)), rel=0.35)
    assert clustered_p(a * 3, b * 3, range(180)) < 0.6 * clustered_p(a, b, range(60))


def test_order_of_the_items_changes_no_verdict() -> None:
    a, b, clusters = verdicts(1, 80, 0.5), verdicts(2, 80, 0.6), [number // 3 for number in range(80)]
    order = random.Random(0).sample(range(80), 80)
    mixed: list[list[Any]] = [[values[place] for place in order] for values in (a, b, clusters)]
    assert clustered_p(*mixed) == pytest.approx(clustered_p(a, b, clusters))
    assert tost(*mixed, 0.1).p == pytest.approx(tost(a, b, clusters, 0.1).p)


def test_one_cluster_shows_nothing() -> None:
    found = paired_bootstrap([True, False, True], [True, True, True], [0, 0, 0])
    assert (found.low, found.high, found.clusters) == (-1.0, 1.0, 1)


def test_equivalence_is_that_of_statsmodels_where_items_are_independent() -> None:
    import numpy as np
    from statsmodels.stats.weightstats import ttost_paired

    a, b = verdicts(1, 250, 0.6), verdicts(2, 250, 0.62)
    pairs = np.append(np.subtract(b, a, dtype=float), (1.0, -1.0))
    expected = ttost_paired(pairs, np.zeros(252), -0.1, 0.1)[0]
    assert tost(a, b, range(250), 0.1).p == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("items", "clusters", "equivalent"), [(2, 2, False), (40, 40, False), (200, 4, False), (250, 250, True)]
)
def test_agreeing_on_few_items_is_no_proof_of_equivalence(items: int, clusters: int, equivalent: bool) -> None:
    same = [True] * items
    found = tost(same, same, [number % clusters for number in range(items)], 0.05)
    assert found.equivalent is equivalent
    assert found.low < 0 < found.high


@pytest.mark.parametrize("seed", range(6))
def test_equivalent_means_that_the_interval_lies_within_the_margin(seed: int) -> None:
    a, b = verdicts(seed, 150, 0.6), verdicts(seed + 100, 150, 0.6)
    for margin in (0.02, 0.05, 0.1, 0.2, 0.3):
        found = tost(a, b, range(150), margin)
        assert found.equivalent == (-margin < found.low and found.high < margin)


def test_p_is_small_for_a_difference_and_large_for_none() -> None:
    assert clustered_p([False] * 40, [True] * 30 + [False] * 10, range(40)) < 1e-6
    assert clustered_p([True] * 40, [True] * 40, range(40)) == pytest.approx(1.0)


def test_holm_adjusts_by_rank_and_keeps_the_order() -> None:
    assert holm([0.03, 0.01, 0.5]) == pytest.approx([0.06, 0.03, 0.5])
    assert holm([]) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: mcnemar([True], []),
        lambda: mcnemar([], []),
        lambda: paired_bootstrap([True, False], [True, False], ["one"]),
        lambda: tost([True], [True], [0], 0.0),
        lambda: tost([True], [True], [0], 5),
    ],
)
def test_values_that_make_no_pairs_are_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"paired verdicts|no share"):
        call()
