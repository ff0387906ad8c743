"""The claims about coefficients: their signs, each by the regression that can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .design_matrix import in_order
from .evidence import Number, cell_refs
from .grid import Grid
from .judging import Claim, judge, unknown
from .regression import DIRECT, PAPER, PRETRAINED, SIZE, SQRT_L, Fitted, fitted, no_fit
from .verdicts import Finding

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

MIN_FREEDOM = 4
"""Of runs, by Satterthwaite: with fewer, the t is not to be trusted (Tipton 2015, doi:10.1037/met0000011)."""

_MODELS = {
    SIZE: "Larger models do better (per factor of ten in parameters)",
    "family[qwen]": "Qwen models do better than others of their size",
}
_RUNS = {
    "task[math]": ("paper", "Math is harder than API calling"),
    PRETRAINED: ("adjusted", "A model does worse before training"),
    DIRECT: ("adjusted", "A language does better where it is in training"),
    SQRT_L: ("adjusted", "More languages in training do better"),
}


def regression_findings(grid: Grid, budget: str) -> Iterator[Finding]:
    """A finding a coefficient of the paper, in its order; ``grid`` holds the runs of one budget and the bases."""
    for name, text in _MODELS.items():
        yield _between_models(_claim(name, text), name, grid)
    found = {key: fitted(grid, key) for key in ("paper", "adjusted")}
    for name, (key, text) in _RUNS.items():
        claim, of_key = _claim(name, text), found[key]
        if of_key is None:
            yield unknown(claim, f"no regression under budget {budget or 'none'}: {no_fit(grid, key)}")
        elif name not in of_key.places:
            left = {out.name: out.why for out in of_key.design.left_out}
            yield unknown(claim, f"the term cannot be there: {left.get(name, 'these data have no such runs')}")
        else:
            yield judge_term(claim, of_key, name)


def judge_term(claim: Claim, found: Fitted, name: str) -> Finding:
    """The claim against a coefficient, clustered by configuration and item."""
    place = found.places[name]
    number = found.number(name, f"finding.{claim.key}", claim.text)
    error, freedom, of_runs = (float(of[place]) for of in (found.fit.errors, found.fit.freedom, found.fit.of_runs))
    problem = f"too few runs decide it: {of_runs:.1f} degrees of freedom; it takes {MIN_FREEDOM}"
    return judge(claim, number, error=error, freedom=freedom, problem=problem if of_runs < MIN_FREEDOM else "")


def _claim(name: str, text: str) -> Claim:
    value = PAPER[name]
    key = name.replace("[", "_").rstrip("]")
    says = f"{value:+.3f}".replace("+0", "+").replace("-0", "-")
    return Claim(f"regression.{key}", "regression", text, above=value > 0, paper=value, paper_says=says)


def _between_models(claim: Claim, name: str, grid: Grid) -> Finding:
    """OLS over the models' mean accuracies on log10 of their size and their family: as many observations as models."""
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    models = _model_means(grid)
    columns = _model_columns(models)
    wanted = next((column for column in columns if column.lower().startswith(name.rstrip("]"))), None)
    if models["log10_parameters"].isna().any():
        return unknown(claim, "the sizes of the models are not known")
    if wanted is None:
        return unknown(claim, "there is no Qwen model beside another family's" if "[" in name else "there is one size")
    freedom = len(models) - len(columns)
    if freedom < 1:
        return unknown(claim, f"{len(models)} models are too few for a regression over models on size and family")
    matrix = np.column_stack(list(columns.values()))
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return unknown(claim, "size and family of these models cannot be told apart")
    fit = OLS(models["accuracy"].to_numpy(float), matrix).fit()
    place = list(columns).index(wanted)
    low, high = (float(end) for end in fit.conf_int()[place])
    trained = grid.cells[grid.cells["exposure"] != "pretrained"]
    number = Number(
        f"finding.{claim.key}",
        claim.text,
        float(fit.params[place]),
        low,
        high,
        len(models),
        "coefficient",
        f"OLS over the mean accuracies of {len(models)} models on size and family, t, 95 %",
        cell_refs(trained),
    )
    return judge(claim, number, error=float(fit.bse[place]), freedom=float(freedom))


def _model_means(grid: Grid) -> pd.DataFrame:
    """A row a model: its mean accuracy after training, each task counting the same, in the cells all models have."""
    cells = grid.cells[grid.cells["exposure"] != "pretrained"]
    keys = ["task", "mixture", "lang"]
    shared = cells.groupby(keys)["model"].transform("nunique") == cells["model"].nunique()
    about = ["model", "family", "log10_parameters"]
    means = cells[shared].groupby([*about, "task"], dropna=False)["accuracy"].mean()
    return means.groupby(level=about, dropna=False).mean().reset_index()


def _model_columns(models: pd.DataFrame) -> dict[str, Array]:
    """The columns by name; one without variation is left out."""
    import numpy as np

    found: dict[str, Array] = {"constant": np.ones(len(models))}
    if models["log10_parameters"].nunique() > 1:
        found[SIZE] = models["log10_parameters"].to_numpy(float)
    for family in in_order(models["family"])[1:]:
        found[f"family[{family}]"] = (models["family"] == family).to_numpy(float)
    return found
