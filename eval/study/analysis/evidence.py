"""A number of a study, and the cells that it was computed from: what lets a reader go from a claim to its items."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["share", "difference", "coefficient", "count", "p"]


@dataclass(frozen=True, slots=True)
class CellRef:
    """A run, or a base, by its name, and the evaluated language."""

    run: str
    lang: str


@dataclass(frozen=True, slots=True)
class Number:
    """One number with its interval.

    ``key`` names it in the whole study: ``bilingual.direct.api.median``. ``value``, ``low`` and ``high`` are shares (0
    to 1), differences of shares (-1 to 1), or what ``unit`` says; None where the data give none. ``n`` counts what
    ``method`` says, in a few words, that it was computed over ("bootstrap over items, 95 %").
    """

    key: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: Unit
    method: str
    cells: tuple[CellRef, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON values; what is infinite or no number is null."""
        return {**asdict(self), **{name: _finite(getattr(self, name)) for name in ("value", "low", "high")}}


def cell_refs(frame: pd.DataFrame) -> tuple[CellRef, ...]:
    """The cells of a frame with the columns ``run`` and ``lang``, each once, in their order."""
    pairs = frame[["run", "lang"]].drop_duplicates()
    return tuple(CellRef(str(run), str(lang)) for run, lang in zip(pairs["run"], pairs["lang"], strict=True))


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
