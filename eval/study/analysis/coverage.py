"""Accuracy against the number of languages in the mixture: the paper's Figures 2 and 8 (arXiv 2604.13286)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .estimating import accuracy, clustered_accuracy
from .evidence import Number
from .pairs import Cell, main_budget, verdicts_of

if TYPE_CHECKING:
    from .long_table import StudyTable


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """All mixtures of ``size`` languages (0: before training), their answers pooled.

    ``accuracy`` has the paper's Wilson interval, which takes every answer as independent; ``clustered`` is the same
    share with an interval that knows that an item is asked in several languages and of several runs. Neither knows
    what other seeds would give. ``runs`` is how many there are.
    """

    size: int
    accuracy: Number
    clustered: Number
    runs: int


@dataclass(frozen=True, slots=True)
class CoverageCurve:
    """The points of a model and task by number of languages: of a resource tier, or of one language (``lang``).

    A tier's curve pools its evaluated languages, the pivot among them, as the paper's does; there ``lang`` is "".
    """

    model: str
    task: str
    tier: str
    lang: str
    points: tuple[CoveragePoint, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What :func:`coverage` finds; ``empty`` says why there is nothing."""

    budget: str
    curves: tuple[CoverageCurve, ...]
    empty: str = ""

    @property
    def by_tier(self) -> tuple[CoverageCurve, ...]:
        """The curves of resource tiers."""
        return tuple(curve for curve in self.curves if not curve.lang)

    @property
    def by_language(self) -> tuple[CoverageCurve, ...]:
        """The curves of single languages."""
        return tuple(curve for curve in self.curves if curve.lang)


def coverage(table: StudyTable, *, budget: str | None = None) -> Coverage:
    """Accuracy by model, task, tier or language, and number of languages; shares from 0 to 1."""
    budget = main_budget(table, budget)
    cells = [cell for cell in verdicts_of(table).cells.values() if cell.run.pretrained or cell.run.budget == budget]
    trained = {(cell.run.model, cell.run.task) for cell in cells if not cell.run.pretrained}
    if not trained:
        return Coverage(budget, (), "no run is finished")
    by_curve: dict[tuple[str, str, str, str], list[Cell]] = {}
    for cell in cells:
        if (cell.run.model, cell.run.task) in trained:
            for lang in ("", cell.lang):
                by_curve.setdefault((cell.run.model, cell.run.task, cell.tier, lang), []).append(cell)
    return Coverage(budget, tuple(CoverageCurve(*name, _points(name, own, budget)) for name, own in by_curve.items()))


def _points(name: tuple[str, str, str, str], cells: Iterable[Cell], budget: str) -> tuple[CoveragePoint, ...]:
    model, task, tier, lang = name
    by_size: dict[int, list[Cell]] = {}
    for cell in cells:
        by_size.setdefault(cell.run.size, []).append(cell)
    points = []
    for size, own in sorted(by_size.items()):
        key = f"coverage.{budget}.{task}.{model}.{lang or tier}.{size}"
        label = f"{model}, {task}, {lang or tier}, " + (f"L = {size}" if size else "before training")
        points.append(
            CoveragePoint(
                size=size,
                accuracy=accuracy(key, label, own),
                clustered=clustered_accuracy(f"{key}.clustered", label, own),
                runs=len({cell.run.name for cell in own}),
            )
        )
    return tuple(points)
