"""The answers of a study as matrices: a row a cell, a column a group of items.

Items are shared: every run of a task answers the same ones, in every language. So what chance did with the items does
not shrink with more runs, and what chance did with a run does not shrink with more items. The standard errors of this
package take both, crossed (Cameron, Gelbach and Miller 2011, doi:10.1198/jbes.2010.07136; Owen 2007, arXiv:0712.1106).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from .long_table import StudyTable

    Array = np.ndarray[Any, Any]

PREFERRED_BUDGET = "per_language"


@dataclass(frozen=True, slots=True)
class Grid:
    """``cells`` has a row a cell, numbered from 0: its columns of the long table, ``n`` and ``accuracy``.

    ``task_rows`` are the numbers of each task's cells. ``deviations`` has, for a task, a row a cell and a column a
    group: the sum over the group's items of (right - the cell's accuracy) / the cell's items. A row sums to 0.
    """

    cells: pd.DataFrame
    task_rows: Mapping[str, Array]
    deviations: Mapping[str, Array]

    @property
    def budgets(self) -> tuple[str, ...]:
        """The budgets of the runs, the one that claims are about first."""
        found = [str(name) for name in self.cells["budget"].drop_duplicates() if name]
        return tuple(sorted(found, key=lambda name: name != PREFERRED_BUDGET))

    def of_budget(self, budget: str) -> Grid:
        """The runs of one budget, and the bases."""
        return self.where(self.cells["budget"].isin([budget, ""]).to_numpy())

    def where(self, keep: Array) -> Grid:
        """The cells that ``keep``, a mask, names."""
        import numpy as np

        numbers = np.cumsum(keep) - 1
        rows = {task: places[keep[places]] for task, places in self.task_rows.items()}
        deviations = {task: self.deviations[task][keep[places]] for task, places in self.task_rows.items()}
        tasks = [task for task, places in rows.items() if len(places)]
        return Grid(
            self.cells[keep].reset_index(drop=True),
            {task: numbers[rows[task]] for task in tasks},
            {task: deviations[task] for task in tasks},
        )

    def item_sums(self, weights: Array) -> dict[str, Array]:
        """For each task, what each group of items adds to the noise of ``weights`` (k x cells): k x groups."""
        return {task: weights[:, rows] @ self.deviations[task] for task, rows in self.task_rows.items()}


def make_grid(table: StudyTable) -> Grid:
    """The matrices of a table's answers."""
    import numpy as np
    import pandas as pd

    from .long_table import CELL_LEVEL

    frame = table.frame
    # The rows of a cell stand together: one look-up a cell, not one an item.
    changes = [np.diff(pd.factorize(frame[name])[0], prepend=-1) != 0 for name in ("run", "lang")]
    starts = np.flatnonzero(changes[0] | changes[1])
    right = frame["correct"].to_numpy(float)
    sizes = np.diff(np.append(starts, len(frame)))
    counted = frame.iloc[starts][list(CELL_LEVEL)].reset_index(drop=True)
    counted["n"] = sizes
    counted["accuracy"] = np.add.reduceat(right, starts) / sizes if len(starts) else []
    cell = np.repeat(np.arange(len(starts)), sizes)
    noise = (right - counted["accuracy"].to_numpy(float)[cell]) / sizes[cell]
    rows: dict[str, Any] = {}
    deviations: dict[str, Any] = {}
    for task in counted["task"].drop_duplicates():
        own = np.flatnonzero((counted["task"] == task).to_numpy())
        here = np.isin(cell, own)
        codes, names = pd.factorize(frame["group"][here])
        place = np.searchsorted(own, cell[here])
        matrix = np.bincount(place * len(names) + codes, noise[here], minlength=len(own) * len(names))
        rows[str(task)] = own
        deviations[str(task)] = matrix.reshape(len(own), len(names))
    return Grid(counted, rows, deviations)


def combine(run: float, item: float, both: float, freedom: float, groups: int) -> tuple[float, float]:
    """Standard error and degrees of freedom (Satterthwaite's) of the variance run + item - both.

    ``run`` has ``freedom`` degrees, the others one less than there are groups of items. What items add to ``run`` is
    never taken to be less than nothing. NaN where ``freedom`` is.
    """
    if math.isnan(freedom):
        return math.nan, math.nan
    within = max(groups - 1, 1)
    more = item - both
    if more <= 0:
        return math.sqrt(run), freedom
    spread = run**2 / freedom + (item**2 + both**2) / within
    return math.sqrt(run + more), (run + more) ** 2 / spread
