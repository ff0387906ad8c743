"""Mean differences between cells, with intervals that know both kinds of chance: of runs and of items.

What was trained apart and shares one English-only run is a **replicate**: a model, task and seed. A contrast is one
value a replicate, a weighted sum of its cells' accuracies, and its estimate the replicates' mean. Its variance has
three parts: between replicates, between groups of items (the same for all replicates of a task), less what both count,
the noise of single answers (the crossed random effects of Owen 2007, arXiv:0712.1106). Degrees of freedom are
Satterthwaite's. The inference is about these models, and about runs and items like these: differences between models
count as noise, so that it errs to the careful side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .evidence import CellRef, Number, Unit, cell_refs
from .grid import Grid, combine

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LEVEL = 0.95
Replicate = tuple[str, str, int]
"""Task, model, seed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error, the degrees of freedom of its t, and how much it rests on.

    ``replicates`` and ``groups`` count what was drawn from; of one replicate the error is that of the items alone.
    ``most``: how far from 0 the value can be at all, as no accuracy leaves 0..1; no interval goes beyond it.
    """

    value: float
    error: float
    freedom: float
    replicates: int
    groups: int
    cells: tuple[CellRef, ...]
    most: float = float("inf")

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Both ends, two-sided."""
        from scipy.stats import t

        reach = float(t.ppf((1 + level) / 2, self.freedom)) * self.error
        return max(self.value - reach, -self.most), min(self.value + reach, self.most)

    def number(self, key: str, label: str, unit: Unit = "difference") -> Number:
        """As a number of the report."""
        # Where no run and no item differs there is nothing to tell an error from: an interval of one point would lie.
        low, high = self.interval() if self.error else (None, None)
        if self.replicates > 1:
            method = (
                f"mean of {self.replicates} model x task x seed, t over them and over {self.groups} groups of items"
            )
        else:
            method = f"of one run a side, t over {self.groups} groups of items: how runs differ is not in it"
        return Number(key, label, self.value, low, high, self.replicates, unit, f"{method}, 95 %", self.cells)


def contrast(grid: Grid, weights: Mapping[Replicate, Mapping[int, float]]) -> Estimate | None:
    """The mean over replicates of sum(weight x accuracy) of the cells (by their number in the grid); None of none."""
    import numpy as np

    count = len(weights)
    if not count:
        return None
    matrix = np.zeros((count, len(grid.cells)))
    for row, of_cells in zip(matrix, weights.values(), strict=True):
        row[list(of_cells)] = list(of_cells.values())
    values = matrix @ grid.cells["accuracy"].to_numpy()
    between = float(values.var(ddof=1)) / count if count > 1 else 0.0
    of_items, shared, groups = _item_parts(grid, matrix / count, [task for task, _, _ in weights])
    error, freedom = combine(between, of_items, shared, max(count - 1, 1), groups)
    used = grid.cells[np.any(matrix != 0, axis=0)]
    most = float(np.maximum(matrix, 0).sum()) / count
    return Estimate(float(values.mean()), error, freedom, count, groups, cell_refs(used), most)


def _item_parts(grid: Grid, matrix: Array, tasks: list[str]) -> tuple[float, float, int]:
    """Variance by groups of items, the part of it that is noise of single answers, and how many groups there are.

    Where a task has one replicate, that noise cannot be told from the items': it is counted twice then.
    """
    import numpy as np

    of_items = shared = 0.0
    groups = 0
    for task, sums in grid.item_sums(matrix).items():
        own = sums[[name == task for name in tasks]]
        replicates, size = own.shape
        if not replicates or size < 2:
            continue
        groups += size
        of_items += size / (size - 1) * float((own.sum(axis=0) ** 2).sum())
        if replicates > 1:
            alone = own - own.mean(axis=0)
            shared += size / (size - 1) * replicates / (replicates - 1) * float(np.square(alone).sum())
    return of_items, shared, groups
