"""Runs of a study against each other: two runs' verdicts on the same items of one language.

A **configuration** is a model, a task, a mixture and an evaluated language: its seeds count as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .evidence import CellRef
from .grid import PREFERRED_BUDGET, make_grid

if TYPE_CHECKING:
    import numpy as np

    from .long_table import StudyTable

POOLED = "all"
"""What stands for the task or model where all of them are pooled."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run or base is, as the long table has it; ``pretrained`` says that it is a base."""

    name: str
    model: str
    family: str
    task: str
    mixture: str
    languages: tuple[str, ...]
    budget: str
    seed: int
    pretrained: bool

    @property
    def size(self) -> int:
        """How many languages its mixture has."""
        return len(self.languages)


@dataclass(frozen=True, slots=True)
class Matched:
    """``run`` against ``other`` in ``lang``: a verdict of each (1.0 or 0.0) an item, and the item's group."""

    run: Run
    other: Run
    lang: str
    tier: str
    ours: np.ndarray[Any, Any]
    theirs: np.ndarray[Any, Any]
    groups: np.ndarray[Any, Any]

    @property
    def change(self) -> float:
        """Accuracy of ``run`` less that of ``other``, -1 to 1."""
        return float(self.ours.mean() - self.theirs.mean())

    @property
    def cells(self) -> tuple[CellRef, CellRef]:
        """Where both come from."""
        return CellRef(self.run.name, self.lang), CellRef(self.other.name, self.lang)


@dataclass(frozen=True, slots=True)
class Cell:
    """A run's verdicts in one language, in the order of the long table."""

    run: Run
    lang: str
    tier: str
    items: np.ndarray[Any, Any]
    groups: np.ndarray[Any, Any]
    correct: np.ndarray[Any, Any]


@lru_cache(maxsize=1)
def verdicts_of(table: StudyTable) -> Verdicts:
    """The verdicts of a table, which all analyses of it share."""
    return Verdicts(table)


class Verdicts:
    """The long table by run and language, in its order. ``numbers`` are the cells' numbers in ``grid``."""

    def __init__(self, table: StudyTable) -> None:
        self.table = table
        self.grid = make_grid(table)
        columns = self.grid.cells[["run", "lang"]].itertuples(index=False, name=None)
        self.numbers = {(str(run), str(lang)): number for number, (run, lang) in enumerate(columns)}
        self.runs: dict[str, Run] = {}
        self.cells: dict[tuple[str, str], Cell] = {}
        frame = table.frame
        items, groups = (frame[name].to_numpy(dtype=object) for name in ("item", "group"))
        correct = frame["correct"].to_numpy(dtype=float)
        places = frame.groupby(["run", "lang"], sort=False, observed=True).indices
        for (name, lang), number in self.numbers.items():
            first, rows = self.grid.cells.loc[number], places[name, lang]
            run = self.runs.get(name) or self.runs.setdefault(name, _run(first))
            self.cells[name, lang] = Cell(run, lang, str(first["tier"]), items[rows], groups[rows], correct[rows])

    def trained(self, budget: str) -> list[Run]:
        """The finished runs of a budget."""
        return [run for run in self.runs.values() if not run.pretrained and run.budget == budget]

    def pivot_only(self, run: Run) -> Run | None:
        """The run on the pivot alone of the same model, task, budget and seed."""
        return self.sibling(run, (self.table.pivot,))

    def sibling(self, run: Run, languages: Iterable[str]) -> Run | None:
        """The run of the same model, task, budget and seed whose mixture holds just these languages."""
        wanted = frozenset(languages)
        return next((other for other in self.trained(run.budget) if _same(run, other, wanted)), None)

    def base(self, run: Run) -> Run | None:
        """The evaluation of the run's model before training, on the same task."""
        bases = (other for other in self.runs.values() if other.pretrained)
        return next((other for other in bases if (other.model, other.task) == (run.model, run.task)), None)

    def match(self, run: Run, other: Run, lang: str) -> Matched | None:
        """Both runs on the items of a language that both answered; None where there is none."""
        import pandas as pd

        one, two = self.cells.get((run.name, lang)), self.cells.get((other.name, lang))
        if one is None or two is None:
            return None
        places = pd.Index(two.items, dtype=object).get_indexer(pd.Index(one.items, dtype=object))
        shared = places >= 0
        if not shared.any():
            return None
        return Matched(run, other, lang, one.tier, one.correct[shared], two.correct[places[shared]], one.groups[shared])


def budgets(table: StudyTable) -> tuple[str, ...]:
    """The budgets of the finished runs, ``per_language``, the paper's, first."""
    found = dict.fromkeys(str(budget) for budget in table.frame["budget"].unique() if budget)
    return tuple(sorted(found, key=lambda budget: budget != PREFERRED_BUDGET))


def main_budget(table: StudyTable, budget: str | None = None) -> str:
    """The budget that is asked for, else the study's first; "" where no run is finished."""
    return budget or next(iter(budgets(table)), "")


def against_pivot(verdicts: Verdicts, budget: str) -> list[Matched]:
    """Every run on two or more languages against its run on the pivot alone, in every evaluated language."""
    pairs = ((run, verdicts.pivot_only(run)) for run in verdicts.trained(budget) if run.size > 1)
    return list(_matches(verdicts, pairs))


def configurations(matched: Iterable[Matched]) -> dict[tuple[str, str, str, str], list[Matched]]:
    """By model, task, mixture and language: what is the same but for the seed."""
    found: dict[tuple[str, str, str, str], list[Matched]] = {}
    for pair in matched:
        found.setdefault((pair.run.model, pair.run.task, pair.run.mixture, pair.lang), []).append(pair)
    return found


def cells_of(matched: Iterable[Matched]) -> tuple[CellRef, ...]:
    """The cells of all pairs, each once."""
    return tuple(dict.fromkeys(cell for pair in matched for cell in pair.cells))


def tasks_of(matched: Sequence[Matched]) -> tuple[str, ...]:
    """The tasks of the pairs, and :data:`POOLED` at the end where they are several."""
    tasks = tuple(dict.fromkeys(pair.run.task for pair in matched))
    return (*tasks, POOLED) if len(tasks) > 1 else tasks


def of_task(matched: Iterable[Matched], task: str) -> list[Matched]:
    """The pairs of a task; of :data:`POOLED` all."""
    return [pair for pair in matched if task in (POOLED, pair.run.task)]


def _matches(verdicts: Verdicts, pairs: Iterable[tuple[Run, Run | None]]) -> Iterator[Matched]:
    for run, other in pairs:
        for lang in verdicts.table.evaluated if other else ():
            if other and (found := verdicts.match(run, other, lang)):
                yield found


def _same(run: Run, other: Run, languages: frozenset[str]) -> bool:
    return (run.model, run.task, run.budget, run.seed) == (other.model, other.task, other.budget, other.seed) and (
        frozenset(other.languages) == languages
    )


def _run(row: Any) -> Run:
    return Run(
        name=str(row["run"]),
        model=str(row["model"]),
        family=str(row["family"]),
        task=str(row["task"]),
        mixture=str(row["mixture"]),
        languages=tuple(str(lang) for lang in row["languages"]),
        budget=str(row["budget"]),
        seed=int(row["seed"]),
        pretrained=row["exposure"] == "pretrained",
    )
