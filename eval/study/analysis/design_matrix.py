"""The columns of the pooled regressions: which there are, and which these data cannot tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .grid import Grid

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

SIZE, PRETRAINED, DIRECT, SQRT_L = "log10_parameters", "pretrained", "direct", "sqrt_L"
CONSTANT = "constant"
_RANK = 1e-8


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A term that these data cannot have, and why: no variation, or not told apart from another."""

    name: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class DesignMatrix:
    """``matrix`` has a row a cell and a column a name; ``labels`` are those of the terms that are reported."""

    matrix: Array
    names: tuple[str, ...]
    labels: Mapping[str, str]
    left_out: tuple[LeftOut, ...]

    def column(self, name: str) -> int:
        """Where a term stands."""
        return self.names.index(name)


def paper_design(grid: Grid) -> DesignMatrix:
    """The paper's terms: size, family, task, pretrained only, evaluated language in training, sqrt(L / the most).

    The first family and task in the order of :func:`in_order` are what the others are compared with.
    """
    return _design({CONSTANT: _ones(grid)}, {**_between(grid.cells), **_within(grid.cells)}, _sets(grid.cells))


def adjusted_design(grid: Grid) -> DesignMatrix:
    """Pretrained, language in training and sqrt(L / the most), within a model x task and an evaluated language x task.

    English is the easiest language and always in training; without its own term, that reads as the gain of training.
    """
    cells = grid.cells
    fixed = {**_dummies(cells["model"] + " x " + cells["task"]), **_dummies(cells["lang"] + " x " + cells["task"])}
    return _design({CONSTANT: _ones(grid), **fixed}, _within(cells), {})


def _ones(grid: Grid) -> Array:
    import numpy as np

    return np.ones(len(grid.cells))


def _between(cells: pd.DataFrame) -> dict[str, tuple[str, Array]]:
    """What differs between models and tasks: name, label and values."""
    found = {SIZE: ("log10 of the parameters", cells[SIZE].to_numpy(float))}
    for column in ("family", "task"):
        names = in_order(cells[column])
        for name in names[1:]:
            found[f"{column}[{name}]"] = (f"{name} (against {names[0]})", (cells[column] == name).to_numpy(float))
    return found


def in_order(names: pd.Series[str]) -> list[str]:
    """Distinct names, the one that the others are compared with first; never Qwen, which the paper asks about."""
    return sorted(names.unique(), key=lambda name: (name.lower().startswith("qwen"), name))


def _within(cells: pd.DataFrame) -> dict[str, tuple[str, Array]]:
    """What differs between runs and languages of a model."""
    import numpy as np

    most = max(int(cells["L"].max()), 1)
    return {
        PRETRAINED: ("pretrained only", (cells["exposure"] == "pretrained").to_numpy(float)),
        DIRECT: ("evaluated language in training", (cells["exposure"] == "direct").to_numpy(float)),
        SQRT_L: (f"sqrt(languages / {most})", np.sqrt(cells["L"].to_numpy(float) / most)),
    }


def _sets(cells: pd.DataFrame) -> dict[str, str]:
    """Terms of the paper that have no column at all, as there is but one family or task, with their label."""
    return {column: column for column in ("family", "task") if cells[column].nunique() < 2}


def _dummies(values: pd.Series[str]) -> dict[str, Array]:
    return {str(name): (values == name).to_numpy(float) for name in values.drop_duplicates()}


def _design(
    fixed: Mapping[str, Array], terms: Mapping[str, tuple[str, Array]], single: Mapping[str, str]
) -> DesignMatrix:
    """The columns that add to the rank of those before them; of ``fixed`` the others go without a word."""
    import numpy as np

    names: list[str] = []
    columns: list[Array] = []
    basis: list[Array] = []

    def adds(column: Array) -> bool:
        """Whether a column is none of those before it, combined; Gram-Schmidt, twice for the digits."""
        rest = column.astype(float)
        for _ in range(2):
            for unit in basis:
                rest = rest - unit * (unit @ rest)
        size = float(np.linalg.norm(rest))
        if not size > _RANK * max(float(np.linalg.norm(column)), 1.0):
            return False
        basis.append(rest / size)
        return True

    for name, column in fixed.items():
        if adds(column):
            names.append(name)
            columns.append(column)
    left_out = [LeftOut(name, label, "there is but one") for name, label in single.items()]
    for name, (label, column) in terms.items():
        if not np.isfinite(column).all():
            left_out.append(LeftOut(name, label, "not known for every model"))
        elif np.ptp(column) == 0:
            left_out.append(LeftOut(name, label, "the same in all cells"))
        elif adds(column):
            names.append(name)
            columns.append(column)
        else:
            left_out.append(LeftOut(name, label, "cannot be told apart from the terms before it"))
    labels = {name: label for name, (label, _) in terms.items() if name in names}
    return DesignMatrix(np.column_stack(columns), tuple(names), labels, tuple(left_out))


def configurations(cells: pd.DataFrame) -> Sequence[str]:
    """What the runs of one mixture, model, task and budget share, whatever their seed: their name without it."""
    columns = (cells[name] for name in ("task", "model", "budget", "mixture"))
    return ["/".join(map(str, names)) for names in zip(*columns, strict=True)]
