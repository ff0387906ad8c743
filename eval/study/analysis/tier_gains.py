"""Gain over training on the pivot alone, by resource tier and number of languages in the mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contrasts import Estimate
from .estimating import mean_number
from .evidence import Number
from .pairs import POOLED, Matched, Verdicts, against_pivot, main_budget, of_task, tasks_of, verdicts_of

if TYPE_CHECKING:
    from .long_table import StudyTable


@dataclass(frozen=True, slots=True)
class TierGain:
    """The mean change of a tier's cells at ``size`` languages; ``model`` and ``task`` may be :data:`POOLED`.

    ``tier`` is the pivot's code for the pivot, which is kept out of its own tier: more languages leave its data as
    they are, or thin them out. ``estimate`` is the error of ``gain``.
    """

    model: str
    task: str
    tier: str
    size: int
    gain: Number
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class TierGains:
    """What :func:`tier_gains` finds; ``empty`` says why there is nothing."""

    budget: str
    gains: tuple[TierGain, ...]
    empty: str = ""

    def gain(self, tier: str, size: int, task: str = POOLED, model: str = POOLED) -> TierGain | None:
        """One gain; None where there is none."""
        wanted = (tier, size, task, model)
        return next((own for own in self.gains if (own.tier, own.size, own.task, own.model) == wanted), None)


def tier_gains(table: StudyTable, *, budget: str | None = None) -> TierGains:
    """Every mixture of two or more languages against the pivot alone, same model, task, budget and seed.

    Differences from -1 to 1, each cell counting the same.
    """
    budget = main_budget(table, budget)
    verdicts = verdicts_of(table)
    matched = against_pivot(verdicts, budget)
    if not matched:
        return TierGains(budget, (), f"no larger mixture is finished together with the run on {table.pivot} alone")
    models = tuple(dict.fromkeys(pair.run.model for pair in matched))
    found: list[TierGain] = []
    for model in (*models, POOLED) if len(models) > 1 else models:
        own = [pair for pair in matched if model in (POOLED, pair.run.model)]
        for task in tasks_of(own):
            found += _by_tier(verdicts, model, task, of_task(own, task), budget)
    return TierGains(budget, tuple(found))


def _by_tier(verdicts: Verdicts, model: str, task: str, matched: Sequence[Matched], budget: str) -> list[TierGain]:
    pivot = verdicts.table.pivot
    by_name: dict[tuple[str, int], list[Matched]] = {}
    for pair in matched:
        by_name.setdefault((pivot if pair.lang == pivot else pair.tier, pair.run.size), []).append(pair)
    found = []
    for (tier, size), own in sorted(by_name.items()):
        key = f"tier_gains.{budget}.{task}.{model}.{tier}.{size}"
        number, estimate = mean_number(
            verdicts, key, f"gain over {pivot} alone, {model}, {task}, {tier}, L = {size}", own
        )
        found.append(TierGain(model, task, tier, size, number, estimate))
    return found
