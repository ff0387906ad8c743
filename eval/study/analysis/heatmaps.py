"""Which language brings what to which: the paper's Figure 7 (arXiv 2604.13286).

Rows are the pivot alone and each language added to it; columns the evaluated languages; a cell the change from the
model before training, or, where that was not evaluated, from the pivot alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .contrasts import Estimate
from .estimating import mean_number, pair_change
from .evidence import Number
from .pairs import POOLED, Matched, Run, Verdicts, main_budget, verdicts_of

if TYPE_CHECKING:
    from .long_table import StudyTable

Baseline = Literal["pretrained", "pivot"]


@dataclass(frozen=True, slots=True)
class HeatCell:
    """The change in ``target`` that training on the pivot and ``source`` brings; ``source`` may be the pivot itself."""

    source: str
    target: str
    change: Number
    estimate: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Heatmap:
    """One model and task (``model`` may be :data:`POOLED`: the mean over models); cells that no run gave are missing.

    ``baseline`` says what the change is from. A single model's intervals are of its items, the runs taken as they are;
    a mean's know that runs are noisy.
    """

    model: str
    task: str
    baseline: Baseline
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    cells: tuple[HeatCell, ...]

    def cell(self, source: str, target: str) -> HeatCell | None:
        """One cell; None where no run gave it."""
        return next((cell for cell in self.cells if (cell.source, cell.target) == (source, target)), None)


@dataclass(frozen=True, slots=True)
class Heatmaps:
    """What :func:`heatmaps` finds; ``empty`` says why there is nothing."""

    budget: str
    maps: tuple[Heatmap, ...]
    empty: str = ""


def heatmaps(table: StudyTable, *, budget: str | None = None) -> Heatmaps:
    """A map a model and task, and the mean over models a task where they are several; differences from -1 to 1."""
    budget = main_budget(table, budget)
    verdicts = verdicts_of(table)
    runs = [run for run in verdicts.trained(budget) if run.size <= 2 and table.pivot in run.languages]
    found: list[Heatmap] = []
    for task in dict.fromkeys(run.task for run in runs):
        own = [run for run in runs if run.task == task]
        baseline: Baseline = "pretrained" if all(verdicts.base(run) for run in own) else "pivot"
        matched = _changes(verdicts, own, baseline)
        models = tuple(dict.fromkeys(pair.run.model for pair in matched))
        for model in (*models, POOLED) if len(models) > 1 else models:
            chosen = [pair for pair in matched if model in (POOLED, pair.run.model)]
            found.append(_map(verdicts, chosen, (model, task), baseline, budget))
    empty = "" if found else f"no run on {table.pivot} and one more language is finished together with what it changes"
    return Heatmaps(budget, tuple(found), empty)


def _changes(verdicts: Verdicts, runs: Sequence[Run], baseline: Baseline) -> list[Matched]:
    found = []
    for run in runs:
        other = verdicts.base(run) if baseline == "pretrained" else verdicts.pivot_only(run)
        for lang in verdicts.table.evaluated:
            if other and other is not run and (pair := verdicts.match(run, other, lang)):
                found.append(pair)
    return found


def _map(
    verdicts: Verdicts, matched: Sequence[Matched], name: tuple[str, str], baseline: Baseline, budget: str
) -> Heatmap:
    table = verdicts.table
    by_cell: dict[tuple[str, str], list[Matched]] = {}
    for pair in matched:
        source = next((lang for lang in pair.run.languages if lang != table.pivot), table.pivot)
        by_cell.setdefault((source, pair.lang), []).append(pair)
    return Heatmap(
        *name,
        baseline,
        sources=tuple(dict.fromkeys(source for source, _ in by_cell)),
        targets=tuple(lang for lang in table.evaluated if any(lang == target for _, target in by_cell)),
        cells=tuple(_cell(verdicts, own, name, cell, baseline, budget) for cell, own in by_cell.items()),
    )


def _cell(
    verdicts: Verdicts,
    matched: Sequence[Matched],
    name: tuple[str, str],
    cell: tuple[str, str],
    baseline: Baseline,
    budget: str,
) -> HeatCell:
    (model, task), (source, target) = name, cell
    table = verdicts.table
    key = f"heatmaps.{budget}.{task}.{model}.{source}.{target}"
    trained = table.pivot if source == table.pivot else f"{table.pivot} + {source}"
    since = "before training" if baseline == "pretrained" else f"{table.pivot} alone"
    label = f"{model}, {task}, {target}: {trained} less {since}"
    if model == POOLED:
        return HeatCell(source, target, *mean_number(verdicts, key, label, matched))
    return HeatCell(source, target, pair_change(key, label, matched))
