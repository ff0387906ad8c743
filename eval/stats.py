"""Intervals and tests for accuracies: of one model, and of two that answered the same items.

All of it is statsmodels and scipy. Samples of one problem or one dialogue, in whatever language, are no independent
evidence: what compares two models takes ``clusters`` and draws or groups by them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

LEVEL = 0.95
ALPHA = 0.05
RESAMPLES = 10_000

_BATCH = 500  # resamples in memory at a time


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends as shares (0 to 1) or as differences of shares (-1 to 1)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class McNemar:
    """How many items only the first and only the second got right, and the exact two-sided p."""

    only_a: int
    only_b: int
    p: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of the second less that of the first, with its interval; ``clusters`` is how many were drawn from."""

    value: float
    low: float
    high: float
    clusters: int


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests: the larger p, the interval of level 1 - 2 alpha, and whether it lies within the margin."""

    p: float
    low: float
    high: float
    margin: float
    equivalent: bool


def wilson(correct: int, n: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of ``correct`` of ``n`` (statsmodels); of nothing it is 0 to 1."""
    from statsmodels.stats.proportion import proportion_confint

    if not n:
        return Interval(0.0, 1.0)
    low, high = proportion_confint(correct, n, alpha=1 - level, method="wilson")
    # Both ends are reached exactly; the formula is off there by the last digit.
    return Interval(float(low) if correct else 0.0, float(high) if correct < n else 1.0)


def mcnemar(a: Sequence[bool], b: Sequence[bool]) -> McNemar:
    """McNemar's exact test of two lists of verdicts on the same items (statsmodels).

    It takes the items as independent of each other; where several share a cluster, see :func:`clustered_p`.
    """
    from statsmodels.stats.contingency_tables import mcnemar as test

    _paired(a, b)
    only_a = sum(x and not y for x, y in zip(a, b, strict=True))
    only_b = sum(y and not x for x, y in zip(a, b, strict=True))
    # The items on which both agree have no part in the exact test.
    return McNemar(only_a, only_b, float(test([[0, only_a], [only_b, 0]], exact=True).pvalue))


def paired_bootstrap(
    a: Sequence[bool],
    b: Sequence[bool],
    clusters: Sequence[Hashable],
    seed: int = 0,
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Difference:
    """The difference in accuracy, b - a, with a percentile interval over whole clusters (scipy.stats.bootstrap).

    ``clusters`` names each item's problem or dialogue. The same arguments give the same interval. Where no pair
    differs, or there is but one cluster, a bootstrap knows no spread: then the interval is the value alone, or -1 to 1.
    """
    import numpy as np
    from scipy.stats import bootstrap

    _paired(a, b, clusters)
    sums, sizes = _by_cluster(a, b, clusters)
    value = float(sums.sum() / sizes.sum())
    if len(sums) < 2:
        return Difference(value, -1.0, 1.0, len(sums))
    found = bootstrap(
        (sums, sizes),
        lambda drawn, of, axis: drawn.sum(axis=axis) / of.sum(axis=axis),
        paired=True,
        n_resamples=resamples,
        batch=_BATCH,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Difference(value, float(found.low), float(found.high), len(sums))


def clustered_p(a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Hashable]) -> float:
    """The two-sided p of no difference, by standard errors that are robust to clusters (statsmodels)."""
    return float(_fit(a, b, clusters).pvalues[0])


def tost(
    a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Hashable], margin: float, *, alpha: float = ALPHA
) -> Equivalence:
    """Whether b is as good as a, give or take ``margin`` (a share): two one-sided tests, robust to clusters.

    With a cluster an item this is statsmodels' ``ttost_paired`` on the pairs, with two more (see :func:`_fit`).
    """
    from scipy.stats import t

    if not 0 < margin < 1:
        raise ValueError(f"margin {margin} is no share between 0 and 1")
    fit = _fit(a, b, clusters)
    mean, error = float(fit.params[0]), float(fit.bse[0])
    freedom = fit.df_resid_inference
    p = max(float(t.sf((mean + margin) / error, freedom)), float(t.cdf((mean - margin) / error, freedom)))
    low, high = (float(end) for end in fit.conf_int(alpha=2 * alpha)[0])
    return Equivalence(p, low, high, margin, p < alpha)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of one family, such as a model pair's languages, adjusted by Holm's method (statsmodels)."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(p_values), method="holm")[1]] if p_values else []


def _fit(a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Hashable]) -> Any:
    """The mean difference and its standard error, as a regression on nothing with errors by cluster.

    Two pairs are added, one that only a got right and one that only b got right (Bonett and Price 2012,
    doi:10.3102/1076998611411915): without them, items that all agree would prove equivalence, were they but two. Each
    is a cluster and spreads as much as one of average size whose items are independent of each other.
    """
    import numpy as np
    from statsmodels.regression.linear_model import WLS

    _paired(a, b, clusters)
    numbers: dict[Hashable, int] = {}
    of_items = [numbers.setdefault(cluster, len(numbers)) for cluster in clusters]
    differences = np.append(np.subtract(b, a, dtype=float), (1.0, -1.0))
    weights = np.append(np.ones(len(a)), np.full(2, np.sqrt(len(a) / len(numbers))))
    groups = np.array([*of_items, len(numbers), len(numbers) + 1])
    regression = WLS(differences, np.ones_like(differences), weights=weights)
    return regression.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)


def _by_cluster(
    a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Hashable]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(sum of the differences, number of items) a cluster, in the order in which clusters first appear."""
    import numpy as np

    sums: dict[Hashable, list[int]] = {}
    for x, y, cluster in zip(a, b, clusters, strict=True):
        entry = sums.setdefault(cluster, [0, 0])
        entry[0] += int(y) - int(x)
        entry[1] += 1
    columns = np.array(list(sums.values()), dtype=float)
    return columns[:, 0], columns[:, 1]


def _paired(a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Hashable] | None = None) -> None:
    """ValueError unless there is one verdict of each, and one cluster, an item, and an item at least."""
    if not a or len(a) != len(b) or (clusters is not None and len(clusters) != len(a)):
        lengths = (len(a), len(b), *(() if clusters is None else (len(clusters),)))
        raise ValueError(f"paired verdicts need one entry an item on each side, and an item: got {lengths}")
