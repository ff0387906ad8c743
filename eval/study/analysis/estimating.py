"""Numbers of a study's analyses: accuracies, and changes between paired runs, with their intervals.

Runs are noisy (another seed gives another accuracy) and items are shared by all runs. A mean over runs is therefore
given with the interval of :mod:`.contrasts`, which knows both; a single pair of runs with one that is robust to items
alone, the runs taken as they are.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...compare import MARGIN
from ...stats import ALPHA, Equivalence, clustered_p, mcnemar, tost, wilson
from .contrasts import Estimate, Replicate, contrast
from .evidence import CellRef, Number
from .pairs import Cell, Matched, Verdicts, cells_of, configurations

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2_000
_NO_ERROR = 1e-9  # what rounding leaves of a standard error of 0
BY_ITEM = "paired, cluster-robust by item, 95 %"


def mean_number(verdicts: Verdicts, key: str, label: str, matched: Sequence[Matched]) -> tuple[Number, Estimate | None]:
    """The mean change, -1 to 1, as a number of the report, and the estimate behind it; ``n`` counts replicates.

    A replicate is a model, task and seed; its pairs count the same, and so do the replicates. Where nothing varies,
    such as where no answer is right, there is a value but no interval and no estimate: nothing is known of its error.
    """
    weights: dict[Replicate, dict[int, float]] = {}
    for pair in matched:
        weights.setdefault((pair.run.task, pair.run.model, pair.run.seed), {})
    for replicate, own in weights.items():
        pairs = [pair for pair in matched if (pair.run.task, pair.run.model, pair.run.seed) == replicate]
        for pair in pairs:
            for run, sign in ((pair.run, 1), (pair.other, -1)):
                place = verdicts.numbers[run.name, pair.lang]
                own[place] = own.get(place, 0.0) + sign / len(pairs)
    found = contrast(verdicts.grid, weights)
    if found is None:
        return Number(key, label, None, None, None, 0, "difference", "mean of no pair"), None
    number = found.number(key, label)
    if found.error < _NO_ERROR:
        return replace(number, low=None, high=None, method="mean; nothing varies, so no interval"), None
    return number, found


@dataclass(frozen=True, slots=True)
class PairTest:
    """One configuration's change on its items: the number, its two-sided p, and the test of equivalence.

    ``p`` is McNemar's exact one where every item is a group of its own, else robust to groups.
    """

    number: Number
    p: float
    equivalence: Equivalence


def pair_change(key: str, label: str, seeds: Sequence[Matched]) -> Number:
    """A configuration's seeds, stacked: accuracy of ``run`` less that of ``other``, an item's seeds being one cluster.

    Says what holds of these runs, not of what other seeds would give. The interval is that of
    :func:`mlt.eval.stats.tost`, at 95 %.
    """
    ours, theirs, groups = _stacked(seeds)
    interval = tost(theirs, ours, groups, MARGIN, alpha=ALPHA / 2)
    value = (sum(ours) - sum(theirs)) / len(ours)
    # The interval's centre lies nearer to 0 than the value where items are few.
    low, high = max(-1.0, min(interval.low, value)), min(1.0, max(interval.high, value))
    return Number(key, label, value, low, high, len(ours), "difference", BY_ITEM, cells_of(seeds))


def compare_pair(key: str, label: str, seeds: Sequence[Matched], margin: float) -> PairTest:
    """:func:`pair_change` with its tests; ``margin`` is the difference, as a share, that is taken for none."""
    ours, theirs, groups = _stacked(seeds)
    alone = len(set(groups)) == len(groups)
    p = mcnemar(theirs, ours).p if alone else clustered_p(theirs, ours, groups)
    return PairTest(pair_change(key, label, seeds), p, tost(theirs, ours, groups, margin))


def share(key: str, label: str, count: int, n: int, cells: tuple[CellRef, ...]) -> Number:
    """``count`` of ``n`` configurations with Wilson's interval; no value of none."""
    interval = wilson(count, n)
    value, low, high = (count / n, interval.low, interval.high) if n else (None, None, None)
    return Number(key, label, value, low, high, n, "share", "share of configurations, Wilson, 95 %", cells)


def accuracy(key: str, label: str, cells: Sequence[Cell]) -> Number:
    """Share of right answers, all cells pooled, with Wilson's interval as if every answer were independent."""
    correct, n = sum(int(cell.correct.sum()) for cell in cells), sum(len(cell.correct) for cell in cells)
    interval = wilson(correct, n)
    value = correct / n if n else None
    return Number(key, label, value, interval.low, interval.high, n, "share", "Wilson, 95 %", refs(cells))


def clustered_accuracy(key: str, label: str, cells: Sequence[Cell]) -> Number:
    """The same share with an interval that knows that an item is asked in several languages and of several runs.

    Wilson's of the effective sample size: as many independent answers as would have the variance found by item
    (Franco, Little, Louis and Slud 2019, doi:10.1093/jssam/smy019), with Korn and Graubard's correction for few items.
    """
    import numpy as np
    from scipy.stats import norm, t
    from statsmodels.stats.proportion import proportion_confint

    groups = _codes([(cell.run.task, group) for cell in cells for group in cell.groups])
    correct = np.concatenate([cell.correct for cell in cells])
    n, value, clusters = len(correct), float(correct.mean()), int(groups.max()) + 1
    method = "Wilson of the effective sample size, by item, 95 %"
    if clusters < 2:
        return Number(key, label, value, 0.0, 1.0, n, "share", method, refs(cells))
    sums = np.bincount(groups, weights=correct - value)
    variance = float((sums**2).sum()) / n**2 * clusters / (clusters - 1)
    # Where nothing varies, or less than chance would have it, the items themselves are what is known.
    effective = min(value * (1 - value) / variance, n) if variance > 0 else clusters
    effective *= float(norm.ppf(0.975) / t.ppf(0.975, clusters - 1)) ** 2
    low, high = proportion_confint(value * effective, effective, alpha=ALPHA, method="wilson")
    # Both ends are reached exactly; the formula is off there by the last digit.
    ends = min(max(0.0, float(low)), value), max(min(1.0, float(high)), value)
    return Number(key, label, value, *ends, n, "share", method, refs(cells))


def median_of_runs(key: str, label: str, matched: Sequence[Matched], *, resamples: int, seed: int) -> Number:
    """The median change over configurations, with a percentile interval over runs (scipy.stats.bootstrap).

    Drawn are whole mixtures of a model and task, all their languages with them. No interval of fewer than two.
    """
    import numpy as np
    from scipy.stats import bootstrap

    by_run: dict[tuple[str, str, str], list[float]] = {}
    for (model, task, mixture, _), seeds in configurations(matched).items():
        by_run.setdefault((model, task, mixture), []).append(_mean_change_of(seeds))
    drawn = [np.array(values) for values in by_run.values()]
    value = float(np.median(np.concatenate(drawn))) if drawn else None
    low = high = None
    if len(drawn) > 1:
        found = bootstrap(
            (np.arange(len(drawn)),),
            lambda places: np.median(np.concatenate([drawn[place] for place in places])),
            vectorized=False,
            n_resamples=resamples,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low, high = _ends(found.low, found.high)
    n = len(configurations(matched))
    return Number(key, label, value, low, high, n, "difference", "median, bootstrap over runs, 95 %", cells_of(matched))


def median_of_items(key: str, label: str, matched: Sequence[Matched], *, resamples: int, seed: int) -> Number:
    """The median change over configurations, with a percentile interval over items, the runs taken as they are.

    A task's items are drawn for all of its runs and languages at once, as they are the same.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    columns = []
    for task in dict.fromkeys(pair.run.task for pair in matched):
        own = [pair for pair in matched if pair.run.task == task]
        columns.append(_drawn_changes(own, resamples, rng))
    value = low = high = None
    if columns:
        medians = np.nanmedian(np.concatenate(columns, axis=1), axis=1)
        low, high = _ends(*np.nanquantile(medians, (ALPHA / 2, 1 - ALPHA / 2)))
        value = float(np.median([_mean_change_of(seeds) for seeds in configurations(matched).values()]))
    n = len(configurations(matched))
    return Number(
        key, label, value, low, high, n, "difference", "median, bootstrap over items, 95 %", cells_of(matched)
    )


def refs(cells: Sequence[Cell]) -> tuple[CellRef, ...]:
    """Where cells come from."""
    return tuple(CellRef(cell.run.name, cell.lang) for cell in cells)


def _ends(low: float, high: float) -> tuple[float, float] | tuple[None, None]:
    """The ends of a bootstrap; none where every draw gave the same, which tells of the draws and not of the value."""
    return (float(low), float(high)) if high - low > _NO_ERROR else (None, None)


def _drawn_changes(matched: Sequence[Matched], resamples: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """(resamples, configurations): the changes of one task with its items drawn anew."""
    import numpy as np

    groups = list(dict.fromkeys(group for pair in matched for group in pair.groups))
    place = {group: index for index, group in enumerate(groups)}
    found = configurations(matched)
    sums, sizes = np.zeros((2, len(found), len(groups)))
    for row, seeds in enumerate(found.values()):
        for pair in seeds:
            columns = [place[group] for group in pair.groups]
            np.add.at(sums[row], columns, pair.ours - pair.theirs)
            np.add.at(sizes[row], columns, 1)
    weights = rng.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=resamples)
    totals = weights @ sizes.T
    return (weights @ sums.T) / np.where(totals > 0, totals, np.nan)


def _stacked(seeds: Sequence[Matched]) -> tuple[list[bool], list[bool], list[Hashable]]:
    ours = [bool(value) for pair in seeds for value in pair.ours]
    theirs = [bool(value) for pair in seeds for value in pair.theirs]
    return ours, theirs, [group for pair in seeds for group in pair.groups]


def _codes(values: Sequence[Hashable]) -> np.ndarray[Any, Any]:
    """The values as numbers from 0."""
    import numpy as np

    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values])


def _mean_change_of(seeds: Sequence[Matched]) -> float:
    return sum(pair.change for pair in seeds) / len(seeds)
