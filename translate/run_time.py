"""How long a language of a run will take, from a sample of its units: right within a fifth, for a few seconds' work.

Batches as a run would make them are decoded (see :mod:`.decoded_sample`). Their units then climb the ladder, so that
the share that is tried again, and with how much, is measured too. What is no decoding (taking texts apart, checking,
writing) is timed on records with an engine that gives back at once what it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..toolkit.languages import ENGLISH, Language
from ..toolkit.records import Record, Translation
from .cache import UnitCache, key_maker
from .calibrate import Calibration
from .decode import Decoder, NoPlans
from .decoded_sample import DecodedSample, decode_sample, timed
from .engine import Decoding, Engine, Hypothesis, Prepared
from .engines.identity import IdentityEngine
from .ladder import Ladder, Outcome
from .placeholders import FORMS, Shown, show_as, show_as_is
from .shard import Settings, translate_shard
from .units import Unit

BUDGET = 20.0  # seconds of decoding after which no further batch of the sample is decoded
_AS_THEY_ARE = Calibration(1.0, {form.name: 1.0 for form in FORMS})


@dataclass(frozen=True, slots=True)
class Work:
    """What a run asks of a language: its distinct units that no cache holds, their source tokens, records, shards."""

    units: int
    tokens: int
    records: int
    shards: int


@dataclass(frozen=True, slots=True)
class RunTime:
    """Seconds of a language: ``decoding`` for the first attempt at every unit, ``retries`` for those that follow,
    ``handling`` for all else. ``retried``: the share of units that are tried again."""

    decoding: float
    retries: float
    handling: float
    target_tokens: int
    retried: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.decoding + self.retries + self.handling


def run_time(
    engine: Engine,
    target: Language,
    units: Sequence[Unit],
    settings: Settings,
    work: Work,
    *,
    handling: float = 0.0,
    calibration: Calibration | None = None,
    budget: float = BUDGET,
) -> RunTime:
    """Estimate ``work`` from ``units``, a random sample of it that is no larger than a shard.

    ``engine`` is the one that will decode, its weights loaded (:func:`load_seconds`); ``handling`` the seconds of a
    record (:func:`handling_seconds`); ``calibration`` which placeholders the model brings through, None where that is
    not known: spans are then taken to be sent as they are. Sample and run need not be of one size.
    """
    calibration = calibration or _AS_THEY_ARE
    first = {unit: shown.text for unit in units if (shown := _first(unit, calibration))}
    if not first or not work.units:
        return RunTime(0.0, 0.0, handling * work.records, 0, 0.0)
    sample = decode_sample(engine, target, list(dict.fromkeys(first.values())), settings.decoding, budget)
    decoded = [unit for unit, text in first.items() if text in sample.hypotheses]
    retries, retried = _retries(sample, decoded, work, calibration) if settings.climb else (0.0, 0.0)
    return RunTime(
        decoding=sample.seconds * work.tokens / sample.tokens + sample.waiting * work.shards,
        retries=retries,
        handling=handling * work.records,
        target_tokens=round(sample.target_tokens() * work.tokens),
        retried=retried,
    )


def load_seconds(engine: Engine, target: Language, decoding: Decoding) -> float:
    """Seconds until the engine gives its first hypothesis, less those of a second one; about 0 where it was loaded."""

    def decode() -> None:
        batch = engine.prepare(["Good morning."], ENGLISH, target)
        list(engine.translate([batch], ENGLISH, target, decoding))

    first, second = timed(decode)[0], timed(decode)[0]
    return max(0.0, first - second)


def handling_seconds(records: Sequence[Record], target: Language, settings: Settings) -> tuple[float, float]:
    """Seconds once a process and seconds a record for all that is no decoding, from a shard in a temporary run."""
    from ..toolkit.store import RunStore

    if not records:
        return 0.0, 0.0
    translation = Translation("sample", "", "", settings.policies.arguments, settings.policies.tools)
    with TemporaryDirectory() as folder, RunStore.open(Path(folder) / "run", {}) as store:

        def shard(index: int, some: Sequence[Record]) -> None:
            with UnitCache("sample", target.code, root=Path(folder) / str(index)) as cache:
                result = translate_shard(
                    some,
                    target,
                    decoder=Decoder(IdentityEngine(), target, cache),
                    settings=settings,
                    translation=translation,
                    calibration=lambda: _AS_THEY_ARE,
                )
            facts = {**result.facts, "in": len(some), "input": ""}
            store.write_shard(target.code, index, result.kept, result.rejected, facts)

        once = timed(lambda: shard(0, records[:1]))[0]  # much is loaded and compiled for the first one
        each = timed(lambda: shard(1, records))[0] / len(records)
        return max(0.0, once - each), each


class _Watched:
    """An engine; each of its calls is noted with how it decoded, the tokens it was given and the seconds it took."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.calls: list[tuple[Decoding, int, float]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """What the engine gives, once all of it is there."""
        given = list(batches)
        seconds, results = timed(lambda: list(self._engine.translate(given, source, target, decoding)))
        self.calls.append((decoding, sum(unit.size for batch in given for unit in batch), seconds))
        yield from results


def _retries(sample: DecodedSample, units: Sequence[Unit], work: Work, calibration: Calibration) -> tuple[float, float]:
    """Seconds of all attempts after the first, and the share of units that had one.

    The sample's own few retries are taken as long as they took: a batch of three units is decoded hardly faster than
    one of ten. A shard has more of them, and those cost what tokens cost, by the beam that they are decoded with.
    """
    watched, target = _Watched(sample.engine), sample.target
    make_key = key_maker(watched.identity, sample.decoding, ENGLISH.flores, target.flores)
    with TemporaryDirectory() as folder, UnitCache("sample", target.code, root=Path(folder)) as cache:
        cache.put_many({make_key(text): found for text, found in sample.hypotheses.items()})
        decoder = Decoder(watched, target, cache)
        outcomes = Ladder(decoder, target, sample.decoding, lambda: calibration, NoPlans()).run(units)
    again = sum(not _held_at_once(unit, outcome, calibration) for unit, outcome in outcomes.items())
    tokens_tried = sum(sample.prepared[text].size for text in sample.hypotheses)
    shards = min(work.shards, work.tokens / tokens_tried)
    growth = max(1.0, work.tokens / shards / tokens_tried)
    token = sample.seconds / sample.tokens
    a_shard = 0.0
    for decoding, tokens, took in watched.calls:
        a_shard += took + tokens * (growth - 1) * token * sample.beam_factor(decoding)
    return a_shard * shards, again / len(outcomes)


def _first(unit: Unit, calibration: Calibration) -> Shown | None:
    """How the ladder shows a unit at first."""
    if calibration.direct_first or not unit.spans:
        return show_as_is(unit)
    return next((shown for form in calibration.order if (shown := show_as(unit, form))), None)


def _held_at_once(unit: Unit, outcome: Outcome, calibration: Calibration) -> bool:
    first = _first(unit, calibration)
    return outcome.rung == ("placeholder" if first and first.form else "direct")
