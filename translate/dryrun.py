"""What a run would cost: rows, units, tokens, unknown tokens, time and licences, with nothing written to a run.

The time is that of the run that follows on this machine, with what its caches hold now: reading, loading, decoding
what is new with the settings and the list of words that the run would use, trying again, checking and writing. What is
found out for it once a machine or model (the fastest settings, placeholders) is kept in the cache, where the run
finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..toolkit.languages import Language
from ..toolkit.progress import NullProgress, Progress
from .api import DEFAULT_SHARD_SIZE, Job, prepare
from .cache import UnitCache, cache_name
from .calibrate import calibrate
from .decode import Decoder
from .decoded_sample import DecodedSample, decode_sample, sample_size, timed
from .engine import Engine
from .engines.by_language import is_by_language, of_language, turn_to
from .engines.ct2 import Ct2Engine
from .english_side import EnglishSide, count, in_cache
from .model_store import chosen_root
from .run_time import RunTime, Work, handling_seconds, load_seconds, run_time
from .shortlist.audit import audit_size
from .shortlist.engine import shortlisted
from .shortlist.pieces import Shortlist, learned_list, script_list, text_pieces
from .shortlist.seen import SeenPieces
from .shortlist.setting import Setting, cuttable, gains, kind_for, of_own, pays
from .speed_settings import best_speed, use_speed
from .units import Unit

# A list is learned from the outputs of the first shard, and held against those of the second.
_LEARNING_SHARDS = 2


def estimate(
    source: str | Path | None = None,
    *,
    progress: Progress | None = None,
    shard_size: int = DEFAULT_SHARD_SIZE,
    cache_dir: str | Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Count a request and time a sample of it; takes what :func:`mlt.translate.translate` takes, but for the folder.

    Returns rows, records, units, unique_units, rejected by reason; per language source_tokens, unknown_rate,
    target_tokens, cached_units, retried (a share), units_per_s, estimated_seconds (None where nothing is to be sent)
    and its parts (seconds); start_seconds and estimated_seconds of the whole run; and the licences. The model is
    loaded for it, and fetched if it is not in the cache.
    """
    progress = progress or NullProgress()
    job = prepare(source, progress=progress, cache_dir=cache_dir, **options)
    try:
        progress.message("loading the model")
        # First: what the engine loads for its first text is none of the reading's time.
        first = job.languages[0]
        start = load_seconds(turn_to(job.engine, first), first, job.settings.decoding)
        side = count(job, progress)
        dry = _DryRun(job, side, max(1, shard_size), chosen_root(cache_dir), options.get("workers") is None, progress)
        start += side.seconds["reading"] + side.seconds["pieces"] + dry.handling[0]
        languages = {language.code: dry.language(language) for language in job.languages}
    finally:
        job.engine.close()
        progress.message("")
    counts = side.counts
    rejected = {key.removeprefix("rejected:"): n for key, n in counts.items() if key.startswith("rejected:")}
    return {
        **{name: counts[name] for name in ("rows", "records", "units", "unique_units")},
        "rejected": rejected,
        "languages": languages,
        "start_seconds": start,
        "estimated_seconds": start + sum(entry["estimated_seconds"] or 0.0 for entry in languages.values()),
        "licenses": {"source": job.reader.license, **_licenses(job)},
    }


@dataclass(frozen=True)
class _WithList:
    """The engine with the list that a run would make, the seconds until it decodes, and a sample of the full one.

    ``full_shards``: of these the list has yet to be learned.
    """

    engine: Engine
    opening: float
    full: DecodedSample
    full_shards: int


@dataclass
class _DryRun:
    """What all languages of one dry run share."""

    job: Job
    side: EnglishSide
    shard_size: int
    root: Path
    find_speed: bool
    progress: Progress

    @cached_property
    def handling(self) -> tuple[float, float]:
        """Seconds once, and a record: see :func:`handling_seconds`."""
        return handling_seconds(list(self.side.records.values()), self.job.languages[0], self.job.settings)

    def language(self, language: Language) -> dict[str, Any]:
        """The facts of one language."""
        tokens = self.side.tokens[language.code]
        facts: dict[str, Any] = {
            "source_tokens": tokens,
            "unknown_rate": self.side.unknown[language.code] / tokens if tokens else 0.0,
            "target_tokens": 0,
            "cached_units": 0,
            "retried": 0.0,
            "units_per_s": None,
            "estimated_seconds": None,
        }
        if not self.side.units:
            return facts
        self.progress.message(f"timing a sample in {language.code}")
        parts, own = {}, turn_to(self.job.engine, language)
        if own is not self.job.engine:  # else it is loaded once, at the start
            parts["loading"] = load_seconds(own, language, self.job.settings.decoding)
        with self._list(own, language) as made:
            engine = made.engine if made else own
            self._use_fastest(engine, language)
            cached = in_cache(self.job, engine, language, self.root)
            work = self._work(language, cached)
            found = self._timed(engine, language, work, cached)
        parts |= {"decoding": found.decoding, "retries": found.retries, "handling": found.handling}
        if made:
            parts |= {"opening": made.opening, "full_vocabulary": self._full_seconds(made, found, work)}
        seconds = sum(parts.values())
        return facts | {
            "target_tokens": found.target_tokens,
            "cached_units": len(cached),
            "retried": found.retried,
            "units_per_s": self.side.counts["unique_units"] / seconds if seconds else None,
            "estimated_seconds": seconds,
            "seconds": parts,
        }

    @cached_property
    def _shards(self) -> int:
        return max(1, ceil(self.side.counts["rows"] / self.shard_size))

    def _work(self, language: Language, cached: Mapping[str, int]) -> Work:
        return Work(
            units=self.side.counts["unique_units"] - len(cached),
            tokens=self.side.tokens[language.code] - sum(cached.values()),
            records=self.side.counts["records"],
            shards=self._shards,
        )

    def _timed(self, engine: Engine, language: Language, work: Work, cached: Collection[str]) -> RunTime:
        units = [unit for unit in self._sample(engine) if unit.text not in cached]
        calibration = None
        if self.job.settings.climb and any(unit.spans for unit in units):
            with UnitCache(cache_name(engine), language.code, root=self.root) as cache:
                calibration = calibrate(Decoder(engine, language, cache), self.job.settings.decoding, language)
        settings, (_, handling) = self.job.settings, self.handling
        return run_time(engine, language, units, settings, work, handling=handling, calibration=calibration)

    def _sample(self, engine: Engine) -> list[Unit]:
        """A random sample, no larger than a shard."""
        a_shard = ceil(self.side.counts["unique_units"] / self._shards)
        return list(self.side.units.values())[: min(a_shard, sample_size(engine))]

    def _use_fastest(self, engine: Engine, language: Language) -> None:
        if self.find_speed and isinstance(engine, Ct2Engine):
            rows, decoding = self.side.counts["records"], self.job.settings.decoding
            use_speed(engine, best_speed(engine, language, decoding, rows=rows, root=self.root))

    @contextmanager
    def _list(self, own: Engine, language: Language) -> Iterator[_WithList | None]:
        """The language's engine with a list; None where a run would go on with the full vocabulary."""
        setting = of_own(self.job.shortlist, own)
        if setting == "off" or not pays(setting, self.side.counts["unique_units"] // self._shards):
            yield None
            return
        full = cuttable(own)
        texts = [unit.text for unit in self._sample(full)[: audit_size(0)]]
        sample = decode_sample(full, language, texts, self.job.settings.decoding, budget=0.0)
        made, learning = self._made(full, language, setting, sample)
        if learning >= self._shards or not gains(setting, made, full):
            yield None
            return
        with TemporaryDirectory() as folder:
            opening, engine = timed(lambda: shortlisted(full, made, root=Path(folder)))
            opening += load_seconds(engine, language, self.job.settings.decoding)
            try:
                yield _WithList(engine, opening, sample, learning)
            finally:
                engine.close()

    def _made(
        self, engine: Ct2Engine, language: Language, setting: Setting, sample: DecodedSample
    ) -> tuple[Shortlist, int]:
        """The list of a run, or one much like it, and how many shards are translated without it."""
        sent = self.side.sent[cache_name(engine)]
        if kind_for(setting, language) == "script":
            return script_list(engine, language, sent), 0
        seen = SeenPieces(self.root, engine, language).load().pieces
        said = text_pieces(engine, [best[0].text for best in sample.hypotheses.values()])
        return learned_list(engine, language, sent, seen or said), 0 if seen else _LEARNING_SHARDS

    def _full_seconds(self, made: _WithList, found: RunTime, work: Work) -> float:
        """What is decoded with the full vocabulary: whole shards while a list is learned, and audits after them."""
        audited = min(audit_size(work.units // work.shards), work.units / work.shards)
        audits = (work.shards - made.full_shards) * audited * made.full.seconds / len(made.full.prepared)
        token = made.full.seconds / made.full.tokens
        slower = max(0.0, token * work.tokens - found.decoding) / work.shards
        return audits + made.full_shards * slower


def _licenses(job: Job) -> dict[str, str | None]:
    """That of the model; where each language has its own, those of all, by name."""
    if not is_by_language(job.engine):
        return {"model": job.engine.license}
    own = [of_language(job.engine, language) for language in job.languages]
    return {f"model {engine.identity['model']}": engine.license for engine in own}
