"""One shard of English records in one language: the unit of work of a process, a Ray actor or an array task.

A pure function of its records, the engine and the settings, but for the cache that it fills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..toolkit.languages import Language
from ..toolkit.records import Record, Rejected, Translation, UnitTrace
from ..toolkit.tasks import get_task
from ..toolkit.tasks.base import Policies
from .calibrate import Calibration
from .decode import Decoder, NoPlans, Plans
from .engine import Decoding
from .ladder import Ladder, Outcome
from .units import Plan, Segment, Unit, plan_text


@dataclass(frozen=True)
class Settings:
    """What decides a translation beside the engine."""

    policies: Policies = field(default_factory=Policies)
    decoding: Decoding = field(default_factory=Decoding)
    segment: Segment = "sentence"
    climb: bool = True


@dataclass(frozen=True)
class ShardResult:
    """The records of a shard in one language, those set aside, and what was counted on the way."""

    kept: list[Record]
    rejected: list[Rejected]
    facts: dict[str, Any]


def translate_shard(
    records: Sequence[Record],
    target: Language,
    *,
    decoder: Decoder,
    settings: Settings,
    translation: Translation,
    calibration: Callable[[], Calibration],
    plans: Plans | None = None,
    advance: Callable[[float], None] = lambda share: None,
) -> ShardResult:
    """Translate records into ``target``; every one of them is in ``kept`` or in ``rejected``.

    ``translation`` is what each record says of its making. ``advance`` is told the share of the shard that is done.
    """
    ladder = Ladder(decoder, target, settings.decoding, calibration, plans or NoPlans(), settings.climb)
    renderings = _renderings(records, settings, ladder)
    plans_of = [_plans(record, settings, renderings) for record in records]
    units = {unit: None for slots in plans_of for plan in slots.values() for unit in plan.units}
    share = 1 / len(units) if units else 0
    ladder.advance = lambda n: advance(n * share)
    ladder.step_prefix = "text-"
    outcomes = ladder.run(units)

    kept: list[Record] = []
    rejected: list[Rejected] = []
    for record, slots in zip(records, plans_of, strict=True):
        result = _rebuild(record, slots, outcomes, target, settings, translation, renderings)
        if isinstance(result, Rejected):
            rejected.append(result)
        else:
            kept.append(result)
    return ShardResult(kept, rejected, _facts(plans_of, outcomes))


def english_units(record: Record, settings: Settings) -> Iterator[Unit]:
    """The units of an English record, repeated ones too, as they are sent at first."""
    task, policies = get_task(record.task), settings.policies
    values = task.values(record, policies)
    for value in values:
        yield from plan_text(value, segment="line").units
    # The renderings are not known before the values are translated; each value stands for its own here.
    for text in task.texts(record, policies, {value: value for value in values}):
        yield from plan_text(text.text, text.protected, settings.segment).units


def unit_texts(record: Record, settings: Settings) -> Iterator[str]:
    """The texts of :func:`english_units`."""
    return (unit.text for unit in english_units(record, settings))


def _renderings(records: Sequence[Record], settings: Settings, ladder: Ladder) -> dict[str, str]:
    """Argument values that the policy translates, each rendered once; those that failed are missing."""
    values = {v: None for r in records for v in get_task(r.task).values(r, settings.policies)}
    plans = {value: plan_text(value, segment="line") for value in values}
    ladder.step_prefix = "value-"
    outcomes = ladder.run({unit: None for plan in plans.values() for unit in plan.units})
    texts = {unit: outcome.text for unit, outcome in outcomes.items() if outcome.refused is None}
    return {value: plan.join(texts) for value, plan in plans.items() if all(u in texts for u in plan.units)}


def _plans(record: Record, settings: Settings, renderings: Mapping[str, str]) -> dict[str, Plan]:
    texts = get_task(record.task).texts(record, settings.policies, renderings)
    return {text.slot: plan_text(text.text, text.protected, settings.segment) for text in texts}


def _rebuild(
    record: Record,
    slots: Mapping[str, Plan],
    outcomes: Mapping[Unit, Outcome],
    target: Language,
    settings: Settings,
    translation: Translation,
    renderings: Mapping[str, str],
) -> Record | Rejected:
    """The record in the target language, or why there is none, with the best attempt."""
    task = get_task(record.task)
    units = [unit for plan in slots.values() for unit in plan.units]
    translated = {slot: plan.join({u: outcomes[u].text for u in plan.units}) for slot, plan in slots.items()}
    rebuilt = task.rebuild(record, translated, settings.policies, renderings).with_(
        lang=target.code,
        translation=translation,
        units=tuple(
            UnitTrace(u.text, outcomes[u].surface, outcomes[u].rung or "rejected", outcomes[u].flags) for u in units
        ),
    )
    for unit in units:
        refused = outcomes[unit].refused
        if refused is not None:
            return Rejected(refused.reason, f"{refused.detail} in {unit.text[:120]!r}", rebuilt)
    for problem in task.check(record, rebuilt, settings.policies, renderings):
        return Rejected(problem.reason, problem.detail, rebuilt)
    return rebuilt


def _facts(plans: Sequence[Mapping[str, Plan]], outcomes: Mapping[Unit, Outcome]) -> dict[str, Any]:
    every = [unit for slots in plans for plan in slots.values() for unit in plan.units]
    rungs = Counter(outcomes[unit].rung or "rejected" for unit in every)
    return {"units": len(every), "unique_units": len(outcomes), "rungs": dict(sorted(rungs.items()))}
