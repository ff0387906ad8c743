"""What one more language brings: mixtures of the pivot and one other against the pivot alone.

The paper's table of bilingual training (arXiv 2604.13286, its Table 2 and Figure 3): the change in the language that
was added (``direct``), in those that were not (``transfer``), and in the pivot. The paper reports medians and the
share of configurations that gained; beside them stands the mean, whose interval knows that runs are noisy and that
all of them answered the same items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .contrasts import Estimate
from .estimating import RESAMPLES, mean_number, median_of_items, median_of_runs, pair_change, share
from .evidence import Number
from .pairs import (
    POOLED,
    Matched,
    Verdicts,
    against_pivot,
    cells_of,
    configurations,
    main_budget,
    of_task,
    tasks_of,
    verdicts_of,
)

if TYPE_CHECKING:
    from .long_table import StudyTable

Kind = Literal["direct", "transfer", "pivot"]
KINDS: tuple[Kind, ...] = ("direct", "transfer", "pivot")


@dataclass(frozen=True, slots=True)
class Change:
    """One configuration: the bilingual mixture against the pivot alone in one language.

    ``number`` is the change over its items (its seeds stacked), ``added`` the language beside the pivot.
    """

    kind: Kind
    model: str
    task: str
    mixture: str
    added: str
    lang: str
    tier: str
    number: Number

    @property
    def outcome(self) -> Literal["win", "tie", "loss"]:
        """A win is strictly more right answers than with the pivot alone."""
        change = self.number.value or 0.0
        return "win" if change > 0 else "loss" if change < 0 else "tie"


@dataclass(frozen=True, slots=True)
class Contrast:
    """The changes of one kind and task (or :data:`POOLED`).

    ``mean`` is what a verdict rests on, ``estimate`` its error (None where a single item or nothing is there);
    ``median`` has an interval over runs, ``median_items`` the same value with one over items. ``wins`` is the share of
    configurations that won, of ``won + tied + lost``.
    """

    kind: Kind
    task: str
    mean: Number
    estimate: Estimate | None
    median: Number
    median_items: Number
    wins: Number
    won: int
    tied: int
    lost: int


@dataclass(frozen=True, slots=True)
class Bilingual:
    """What :func:`bilingual` finds; ``empty`` says why there is nothing, and is "" where there is something."""

    budget: str
    contrasts: tuple[Contrast, ...]
    changes: tuple[Change, ...]
    empty: str = ""

    def contrast(self, kind: Kind, task: str = POOLED) -> Contrast | None:
        """The contrast of a kind and task; the only task's where nothing is pooled."""
        own = [contrast for contrast in self.contrasts if contrast.kind == kind]
        found = [contrast for contrast in own if contrast.task == task]
        return next(iter(found), own[0] if len(own) == 1 and task == POOLED else None)


def bilingual(table: StudyTable, *, budget: str | None = None, resamples: int = RESAMPLES, seed: int = 0) -> Bilingual:
    """Bilingual mixtures against the pivot alone, same model, task, budget and seed; differences from -1 to 1.

    ``budget``: the study's first without one. The same table gives the same numbers.
    """
    budget = main_budget(table, budget)
    verdicts = verdicts_of(table)
    matched = [pair for pair in against_pivot(verdicts, budget) if pair.run.size == 2]
    if not matched:
        reason = f"no run on {table.pivot} and one more language is finished together with one on {table.pivot} alone"
        return Bilingual(budget, (), (), reason)
    by_kind = {kind: [pair for pair in matched if _kind(pair, table.pivot) == kind] for kind in KINDS}
    changes = [change for kind, own in by_kind.items() for change in _changes(kind, own, budget, table.pivot)]
    contrasts = [
        _contrast(verdicts, (kind, task), of_task(own, task), changes, budget, (resamples, seed))
        for kind, own in by_kind.items()
        for task in tasks_of(own)
    ]
    return Bilingual(budget, tuple(contrasts), tuple(changes))


def _kind(pair: Matched, pivot: str) -> Kind:
    if pair.lang == pivot:
        return "pivot"
    return "direct" if pair.lang in pair.run.languages else "transfer"


def _changes(kind: Kind, matched: Sequence[Matched], budget: str, pivot: str) -> list[Change]:
    found = []
    for (model, task, mixture, lang), seeds in configurations(matched).items():
        added = next(other for other in seeds[0].run.languages if other != pivot)
        key = f"bilingual.{budget}.change.{task}.{model}.{mixture}.{lang}"
        label = f"{model}, {task}, {lang}: {mixture} less {pivot} alone"
        number = pair_change(key, label, seeds)
        found.append(Change(kind, model, task, mixture, added, lang, seeds[0].tier, number))
    return found


def _contrast(
    verdicts: Verdicts,
    name: tuple[Kind, str],
    matched: Sequence[Matched],
    changes: Sequence[Change],
    budget: str,
    draws: tuple[int, int],
) -> Contrast:
    (kind, task), (resamples, seed) = name, draws
    key = f"bilingual.{budget}.{kind}.{task}"
    own = [change for change in changes if change.kind == kind and task in (POOLED, change.task)]
    outcomes = [change.outcome for change in own]
    won, lost = outcomes.count("win"), outcomes.count("loss")
    label = f"bilingual against the pivot alone, {kind}, {task}"
    mean, estimate = mean_number(verdicts, f"{key}.mean", f"mean change, {label}", matched)
    return Contrast(
        kind=kind,
        task=task,
        mean=mean,
        estimate=estimate,
        median=median_of_runs(f"{key}.median", f"median change, {label}", matched, resamples=resamples, seed=seed),
        median_items=median_of_items(
            f"{key}.median_items", f"median change, {label}", matched, resamples=resamples, seed=seed
        ),
        wins=share(f"{key}.wins", f"configurations that gained, {label}", won, len(own), cells_of(matched)),
        won=won,
        tied=outcomes.count("tie"),
        lost=lost,
    )
