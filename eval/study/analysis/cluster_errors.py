"""Standard errors of an OLS over cells, for runs and items drawn anew.

Between runs: the bias-reduced sandwich CR2 over configurations with Satterthwaite's degrees of freedom (Bell and
McCaffrey 2002; Pustejovsky and Tipton 2018, doi:10.1080/07350015.2016.1247004), for the plain sandwich is far too sure
where few clusters decide a term, as the bases do of "pretrained only". statsmodels has CR1 and CR3 but no degrees of
freedom for them. Between items: what each group of items adds to the coefficient, within its task. What both count, the
noise of single answers, is taken off once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .grid import Grid, combine

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SINGULAR = 1e-8


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients with the standard errors and degrees of freedom of their t; NaN where one cluster decides it.

    ``of_runs`` are the degrees of freedom of what runs alone tell: below 4, the t is not to be trusted (Tipton 2015,
    doi:10.1037/met0000011).
    """

    values: Array
    errors: Array
    freedom: Array
    of_runs: Array

    def interval(self, place: int, level: float = 0.95) -> tuple[float, float]:
        """Both ends of the coefficient at a place."""
        from scipy.stats import t

        reach = float(t.ppf((1 + level) / 2, self.freedom[place]) * self.errors[place])
        return float(self.values[place]) - reach, float(self.values[place]) + reach


class Errors:
    """The part of the errors that the design alone decides; ``wanted`` are the places of the terms asked for."""

    def __init__(self, matrix: Array, clusters: Sequence[str], wanted: Sequence[int]) -> None:
        import numpy as np
        import pandas as pd

        self._matrix = matrix
        self._bread = np.linalg.inv(matrix.T @ matrix)
        self.weights = self._bread @ matrix.T  # k x cells: the coefficients are weights @ accuracy
        self.wanted = tuple(wanted)
        codes, names = pd.factorize(np.asarray(clusters, dtype=object))
        self._members = [np.flatnonzero(codes == code) for code in range(len(names))]
        self._scores, self._freedom = self._prepare()

    def _prepare(self) -> tuple[Array, Array]:
        """For each term wanted, clusters x cells of adjusted weights (zero outside), and its degrees of freedom."""
        import numpy as np

        cells = len(self._matrix)
        scores = np.zeros((len(self.wanted), len(self._members), cells))
        lost = np.zeros(len(self.wanted), dtype=bool)
        for number, rows in enumerate(self._members):
            hat = self._matrix[rows] @ self.weights[:, rows]
            sizes, vectors = np.linalg.eigh(np.eye(len(rows)) - (hat + hat.T) / 2)
            held = sizes > _SINGULAR
            root = (vectors[:, held] / np.sqrt(sizes[held])) @ vectors[:, held].T
            own = self.weights[list(self.wanted)][:, rows]
            scores[:, number, rows] = own @ root
            # What lies where the cluster fits itself has no residual: nothing tells how far it errs.
            lost |= (np.abs(own @ vectors[:, ~held]) > _SINGULAR).any(axis=1)
        freedom = np.array([self._degrees(term) for term in scores])
        freedom[lost] = math.nan
        return scores, freedom

    def _degrees(self, scores: Array) -> float:
        """Satterthwaite's, were the cells independent and equally spread."""
        import numpy as np

        # (scores)(I - H)(scores)', clusters x clusters; H = matrix @ weights
        inner = scores @ scores.T - (scores @ self._matrix) @ (self.weights @ scores.T)
        return float(np.trace(inner) ** 2 / np.square(inner).sum())

    def fit(self, grid: Grid) -> Fit:
        """The terms wanted, of a grid of this design."""
        import numpy as np

        accuracy = grid.cells["accuracy"].to_numpy(float)
        coefficients = self.weights @ accuracy
        residuals = accuracy - self._matrix @ coefficients
        of_runs = np.square(self._scores @ residuals).sum(axis=1)
        of_items, shared, groups = self._item_parts(grid)
        values = coefficients[list(self.wanted)]
        found = [
            combine(run, item, both, df, groups)
            for run, item, both, df in zip(of_runs, of_items, shared, self._freedom, strict=True)
        ]
        errors, freedom = (np.array(column) for column in zip(*found, strict=True))
        return Fit(values, errors, freedom, self._freedom)

    def _item_parts(self, grid: Grid) -> tuple[Array, Array, int]:
        """Variance by groups of items, the part of it that is noise of single answers, and how many groups."""
        import numpy as np

        weights = self.weights[list(self.wanted)]
        of_items, shared = np.zeros(len(weights)), np.zeros(len(weights))
        groups = 0
        langs = grid.cells["lang"].to_numpy()
        cluster_of = np.empty(len(langs), dtype=int)
        for number, rows in enumerate(self._members):
            cluster_of[rows] = number
        for task, rows in grid.task_rows.items():
            noise = grid.deviations[task]
            size = noise.shape[1]
            if size < 2:
                continue
            groups += size
            grown = size / (size - 1)
            of_items += grown * np.square(weights[:, rows] @ noise).sum(axis=1)
            shared += grown * self._answers(weights[:, rows], _alone(noise, langs[rows]), cluster_of[rows])
        return of_items, shared, groups

    def _answers(self, weights: Array, noise: Array, clusters: Array) -> Array:
        """The sum over clusters and groups of the square of what they add."""
        import numpy as np

        found = np.zeros(len(weights))
        order = np.argsort(clusters, kind="stable")
        starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
        for place, row in enumerate(weights):
            sums = np.add.reduceat(row[order, None] * noise[order], starts, axis=0)
            found[place] = np.square(sums).sum()
        return found


def _alone(noise: Array, langs: Array) -> Array:
    """The noise without what all runs share of a group of items in a language."""
    import numpy as np

    left = np.empty_like(noise)
    for lang in np.unique(langs):
        own = langs == lang
        count = int(own.sum())
        grown = math.sqrt(count / (count - 1)) if count > 1 else 0.0
        left[own] = grown * (noise[own] - noise[own].mean(axis=0))
    return left
