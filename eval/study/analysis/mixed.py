"""A logistic mixed model of right answers, with run and item effects.

The regression that a statistician would write first: each answer is right or wrong, runs and items have effects of
their own. It is fitted by variational Bayes (statsmodels' BinomialBayesMixedGLM, mean field), whose standard
deviations are known to be too small, the more so as run effects and the coefficients of runs compete: it is reported
for its signs and for how much runs and items vary, and no verdict rests on it. Answers beyond :data:`ROWS` are thinned
by whole groups of items, so that it ends in seconds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .design_matrix import CONSTANT, DesignMatrix, paper_design
from .evidence import CellRef, Number, cell_refs
from .grid import Grid, make_grid

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from .long_table import StudyTable

    Array = np.ndarray[Any, Any]

ROWS = 20_000
_STEPS = 1_000
METHOD = "logistic mixed model, variational Bayes (mean field), 95 % of the posterior: too narrow, decides nothing"


@dataclass(frozen=True, slots=True)
class MixedModel:
    """Coefficients in log-odds (``terms``) and the standard deviations of the run and item effects, in log-odds.

    ``method`` says what the intervals are and what was left out, ``rows`` how many answers were used of ``of``.
    ``empty`` says why there are no terms, else it is "".
    """

    terms: tuple[Number, ...]
    run_sd: Number | None
    item_sd: Number | None
    rows: int
    of: int
    method: str
    empty: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "terms": [term.to_json() for term in self.terms],
            "run_sd": None if self.run_sd is None else self.run_sd.to_json(),
            "item_sd": None if self.item_sd is None else self.item_sd.to_json(),
            "rows": self.rows,
            "of": self.of,
            "method": self.method,
            "empty": self.empty,
        }


def mixed_logit(table: StudyTable, *, rows: int = ROWS, seed: int = 0) -> MixedModel:
    """Fits the model to the runs of the first budget and the bases, with the terms of the paper's OLS.

    An item's effect is that of its group, for all languages and runs. The same arguments give the same numbers.
    """
    grid = make_grid(table)
    grid = grid.of_budget(next(iter(grid.budgets), ""))
    frame = table.frame[table.frame["run"].isin(grid.cells["run"])]
    whole = len(frame)
    design = paper_design(grid)
    if not design.labels or grid.cells["run"].nunique() < 3:
        return MixedModel((), None, None, 0, whole, "", "the runs are too few for its terms")
    frame = _thinned(frame, rows, seed)
    right = frame["correct"]
    if right.all() or not right.any():
        return MixedModel((), None, None, len(frame), whole, "", "all answers are right, or all are wrong")
    if min(len(frame.drop_duplicates(["task", "group"])), frame["run"].nunique()) < 3:
        return MixedModel((), None, None, len(frame), whole, "", "the items are too few for effects of their own")
    left = "; ".join(f"{out.label}: {out.why}" for out in design.left_out)
    method = METHOD[0].upper() + METHOD[1:] + (f". Left out: {left}." if left else ".")
    found = _fit(grid, design, frame, seed)
    return replace(found, of=whole, method=f"{method} {found.method}".strip())


def _thinned(frame: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Whole groups of items, chosen at random, with about as many answers as ``rows``."""
    import numpy as np

    if len(frame) <= rows:
        return frame
    names = frame["task"] + "/" + frame["group"]
    groups = np.random.default_rng(seed).permutation(np.sort(names.unique()))
    sizes = names.value_counts().reindex(groups).to_numpy()
    kept = groups[: max(int(np.searchsorted(np.cumsum(sizes), rows, side="right")), 3)]
    return frame[names.isin(kept)]


def _fit(grid: Grid, design: DesignMatrix, frame: pd.DataFrame, seed: int) -> MixedModel:
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    keys = grid.cells[["run", "lang"]].assign(cell=np.arange(len(grid.cells)))
    cell = frame[["run", "lang"]].merge(keys, on=["run", "lang"], how="left")["cell"].to_numpy()
    # One effect a run and one a group of items: their kinds are 0 and 1.
    kinds = [frame["run"].factorize()[0], (frame["task"] + "/" + frame["group"]).factorize()[0]]
    count = len(frame)
    columns = [csr_matrix((np.ones(count), (np.arange(count), codes))) for codes in kinds]
    ident = np.repeat([0, 1], [block.shape[1] for block in columns])
    matrix = _centred(design)[cell]
    model = BinomialBayesMixedGLM(
        frame["correct"].to_numpy(float), matrix, hstack(columns).tocsr(), ident, vcp_names=["run", "item"]
    )
    rng = np.random.default_rng(seed)
    start = rng.standard_normal(matrix.shape[1] + 2 + len(ident)) * 0.01
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said in the method
        found = model.fit_vb(
            mean=start, sd=np.full(len(start), 0.1), fit_method="L-BFGS-B", minim_opts={"maxiter": _STEPS, "ftol": 1e-9}
        )
    refs = cell_refs(grid.cells)
    terms = tuple(
        _number(f"mixed.{name}", label, found.fe_mean[place], found.fe_sd[place], count, refs)
        for name, label in design.labels.items()
        for place in (design.column(name),)
    )
    run, item = (
        _deviation(f"mixed.{name}_sd", f"standard deviation of {name} effects", mean, sd, count, refs)
        for name, mean, sd in zip(("run", "item"), found.vcp_mean, found.vcp_sd, strict=True)
    )
    ended = "" if found.optim_retvals.success else "The fit was ended before it had settled."
    return MixedModel(terms, run, item, count, count, ended)


def _centred(design: DesignMatrix) -> Array:
    """The columns less their means, but for the constant: the coefficients are the same and the fit is stabler."""
    matrix = design.matrix.copy()
    for place, name in enumerate(design.names):
        if name != CONSTANT:
            matrix[:, place] -= matrix[:, place].mean()
    return matrix


def _number(key: str, label: str, mean: float, sd: float, count: int, refs: tuple[CellRef, ...]) -> Number:
    value, reach = float(mean), 1.96 * float(sd)
    return Number(key, label, value, value - reach, value + reach, count, "coefficient", METHOD, refs)


def _deviation(key: str, label: str, mean: float, sd: float, count: int, refs: tuple[CellRef, ...]) -> Number:
    """From the logarithm that the model has."""
    import math

    ends = (math.exp(float(mean) + reach * float(sd)) for reach in (0.0, -1.96, 1.96))
    value, low, high = ends
    return Number(key, label, value, low, high, count, "coefficient", METHOD, refs)
