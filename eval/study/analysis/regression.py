"""Pooled regressions of a cell's accuracy on what its run is: the paper's, and one that compares like with like.

The paper (arXiv 2604.13286) pools cells of all models, tasks and languages in one OLS, bootstraps cells for the
intervals and splits them 70/30 at random for R2. Cells of a run share its training, and all runs share their items: so
the interval that holds clusters by both (:mod:`.cluster_errors`), and R2 is taken on runs that were left out whole, the
seeds of a configuration together. The paper's own way is computed beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cluster_errors import Errors, Fit
from .design_matrix import (
    DIRECT,
    PRETRAINED,
    SIZE,
    SQRT_L,
    DesignMatrix,
    LeftOut,
    adjusted_design,
    configurations,
    paper_design,
)
from .evidence import CellRef, Number, cell_refs
from .grid import Grid, make_grid

if TYPE_CHECKING:
    import numpy as np

    from .long_table import StudyTable

    Array = np.ndarray[Any, Any]

PAPER = {
    SIZE: 0.302,
    "family[qwen]": 0.265,
    "task[math]": -0.207,
    PRETRAINED: -0.110,
    DIRECT: 0.089,
    SQRT_L: 0.053,
}
"""The paper's coefficients, families by the first letters of their name."""

RESAMPLES = 1_000
SPLITS = 100
TRAIN_SHARE = 0.7
METHOD = "OLS over cells, clustered by configuration (CR2, Satterthwaite's t) and by item, 95 %"
_TITLES = {
    "paper": "Pooled OLS with the paper's terms",
    "adjusted": "Pooled OLS within model x task and evaluated language x task",
}
_DESIGNS = {"paper": paper_design, "adjusted": adjusted_design}


@dataclass(frozen=True, slots=True)
class Term:
    """A coefficient: ``number`` with the interval that holds, ``as_paper`` with the paper's (cells resampled).

    ``name`` is its short name (``log10_parameters``, ``family[Qwen3]``, ``task[math]``, ``pretrained``, ``direct``,
    ``sqrt_L``), ``paper`` the paper's coefficient where it has the term.
    """

    name: str
    label: str
    number: Number
    as_paper: Number
    paper: float | None

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "label": self.label,
            "number": self.number.to_json(),
            "as_paper": self.as_paper.to_json(),
            "paper": self.paper,
        }


@dataclass(frozen=True, slots=True)
class Regression:
    """A pooled OLS over cells.

    ``key`` is ``paper`` (the paper's terms) or ``adjusted`` (with a term for each model x task and each evaluated
    language x task, which the table does not list), ``budget`` the one whose runs are in it. ``r2`` is in sample,
    ``r2_by_run`` on runs that were left out whole, ``r2_random`` on random cells as in the paper, which leaks.
    ``empty`` says why there are no terms, else it is "".
    """

    key: str
    title: str
    budget: str
    terms: tuple[Term, ...]
    left_out: tuple[LeftOut, ...]
    runs: int
    cells: int
    r2: Number | None
    r2_by_run: Number | None
    r2_random: Number | None
    empty: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        scores = {name: getattr(self, name) for name in ("r2", "r2_by_run", "r2_random")}
        return {
            "key": self.key,
            "title": self.title,
            "budget": self.budget,
            "terms": [term.to_json() for term in self.terms],
            "left_out": [{"name": out.name, "label": out.label, "why": out.why} for out in self.left_out],
            "runs": self.runs,
            "cells": self.cells,
            **{name: None if score is None else score.to_json() for name, score in scores.items()},
            "empty": self.empty,
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    """A regression as the verdicts use it: the terms' places in the fit, by name."""

    grid: Grid
    design: DesignMatrix
    fit: Fit
    places: Mapping[str, int]

    def number(self, name: str, key: str, label: str) -> Number:
        """A term's coefficient; its ends are None where one configuration alone decides it."""
        import math

        place = self.places[name]
        low, high = self.fit.interval(place)
        known = not math.isnan(low)
        runs = self.grid.cells["run"].nunique()
        method = METHOD if known else "OLS over cells; a single configuration decides it, so its error is not known"
        return Number(
            key,
            label,
            value=float(self.fit.values[place]),
            low=low if known else None,
            high=high if known else None,
            n=runs,
            unit="coefficient",
            method=method,
            cells=cell_refs(self.grid.cells),
        )


def regressions(table: StudyTable, *, seed: int = 0) -> tuple[Regression, ...]:
    """The paper's regression and the adjusted one, for each budget that the table has.

    The same table and seed give the same numbers.
    """
    grid = make_grid(table)
    return tuple(
        _regression(key, budget, grid.of_budget(budget), seed)
        for budget in grid.budgets
        for key in ("paper", "adjusted")
    )


def fitted(grid: Grid, key: str) -> Fitted | None:
    """The regression of a key over a grid of one budget; None where :func:`no_fit` says why there is none."""
    design = _DESIGNS[key](grid)
    if _no_fit(grid, design):
        return None
    clusters = configurations(grid.cells)
    places = {name: place for place, name in enumerate(design.labels)}
    errors = Errors(design.matrix, clusters, [design.column(name) for name in design.labels])
    return Fitted(grid, design, errors.fit(grid), places)


def no_fit(grid: Grid, key: str) -> str:
    """Why a regression cannot be fitted, or "": cells that are too few for its terms, or that do not differ."""
    return _no_fit(grid, _DESIGNS[key](grid))


def _no_fit(grid: Grid, design: DesignMatrix) -> str:
    cells = grid.cells
    if not design.labels or len(set(configurations(cells))) < 3 or len(cells) <= len(design.names):
        return f"{len(cells)} cells of {cells['run'].nunique()} runs are too few for its terms"
    if cells["accuracy"].nunique() == 1:
        return f"all {len(cells)} cells have the same accuracy"
    return ""


def paper_value(name: str) -> float | None:
    """The paper's coefficient of a term; of a family by the first letters of its name."""
    if name.startswith("family["):
        return PAPER["family[qwen]"] if name.lower().startswith("family[qwen") else None
    return PAPER.get(name)


def _regression(key: str, budget: str, grid: Grid, seed: int) -> Regression:
    import numpy as np

    found = fitted(grid, key)
    runs, cells = int(grid.cells["run"].nunique()), len(grid.cells)
    if found is None:
        return Regression(key, _TITLES[key], budget, (), (), runs, cells, None, None, None, no_fit(grid, key))
    design, accuracy = found.design, grid.cells["accuracy"].to_numpy(float)
    refs = cell_refs(grid.cells)
    prefix = f"regression.{key}.{budget}"
    drawn = _resampled(design.matrix, accuracy, np.random.default_rng(seed))
    terms = tuple(
        _term(found, name, label, drawn[:, design.column(name)], prefix) for name, label in design.labels.items()
    )
    clusters = np.array(configurations(grid.cells), dtype=object)
    fits = (design.matrix, accuracy, seed)
    return Regression(
        key=key,
        title=_TITLES[key],
        budget=budget,
        terms=terms,
        left_out=design.left_out,
        runs=runs,
        cells=cells,
        r2=_score(f"{prefix}.r2", "R2 in sample", [_r2(design.matrix, accuracy, np.ones(cells, bool))], cells, refs),
        r2_by_run=_score(f"{prefix}.r2_by_run", "R2 on runs left out", _splits(*fits, clusters), cells, refs),
        r2_random=_score(f"{prefix}.r2_random", "R2 on random cells", _splits(*fits, np.arange(cells)), cells, refs),
    )


def _term(found: Fitted, name: str, label: str, drawn: Array, prefix: str) -> Term:
    import numpy as np

    number = found.number(name, f"{prefix}.{name}", label)
    low, high = (float(end) for end in np.nanpercentile(drawn, (2.5, 97.5)))
    as_paper = Number(
        f"{prefix}.{name}.as_paper",
        f"{label}, the paper's interval",
        number.value,
        low,
        high,
        len(found.grid.cells),
        "coefficient",
        "OLS, bootstrap over cells as if they were independent, 95 %",
        number.cells,
    )
    return Term(name, label, number, as_paper, paper_value(name))


def _resampled(matrix: Array, accuracy: Array, rng: np.random.Generator) -> Array:
    """The coefficients (resamples x terms) of cells drawn anew with replacement."""
    import numpy as np

    count, terms = matrix.shape
    weights = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(float)
    squares = (matrix[:, :, None] * matrix[:, None, :]).reshape(count, -1)
    inverses = np.linalg.pinv((weights @ squares).reshape(-1, terms, terms), hermitian=True)
    found: Array = (inverses @ (weights @ (matrix * accuracy[:, None]))[:, :, None])[:, :, 0]
    return found


def _splits(matrix: Array, accuracy: Array, seed: int, clusters: Array) -> list[float]:
    """R2 on the clusters that were left out, over random splits."""
    import numpy as np

    rng = np.random.default_rng(seed)
    _, codes = np.unique(clusters.astype(str), return_inverse=True)
    count = int(codes.max()) + 1
    found = []
    for _ in range(SPLITS):
        trained = rng.permutation(count)[: max(round(TRAIN_SHARE * count), 1)]
        found.append(_r2(matrix, accuracy, np.isin(codes, trained)))
    return [value for value in found if np.isfinite(value)]


def _r2(matrix: Array, accuracy: Array, trained: Array) -> float:
    """R2 of the cells not trained on (of all, were all); about their own mean."""
    import numpy as np

    tested = ~trained if not trained.all() else trained
    coefficients = np.linalg.lstsq(matrix[trained], accuracy[trained])[0]
    left = accuracy[tested] - matrix[tested] @ coefficients
    whole = float(np.square(accuracy[tested] - accuracy[tested].mean()).sum())
    return 1 - float(np.square(left).sum()) / whole if whole else float("nan")


def _score(key: str, label: str, values: Sequence[float], cells: int, refs: tuple[CellRef, ...]) -> Number:
    """A share of explained variance; of several splits the mean, and the middle 95 % of them, which is no interval."""
    import numpy as np

    if len(values) < 2:
        value = values[0] if values else None
        return Number(key, label, value, None, None, cells, "share", "of the cells that were fitted", refs)
    low, high = (float(end) for end in np.percentile(values, (2.5, 97.5)))
    method = f"mean and middle 95 % of {len(values)} splits, {TRAIN_SHARE:.0%} fitted"
    return Number(key, label, float(np.mean(values)), low, high, cells, "share", method, refs)
