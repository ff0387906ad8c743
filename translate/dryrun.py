"""What a run would cost: rows, units, tokens, unknown tokens, time and licences, with nothing written to a run.

The time is that of the first attempt at every unit that is not a repetition, measured on a sample of the units; what
fails a check and is tried again comes on top.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..toolkit.languages import ENGLISH, Language
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.records import Record
from ..toolkit.tasks import get_task
from .api import Job, prepare
from .decode import batches_for
from .engine import Engine
from .english import english_record
from .shard import Settings
from .units import plan_text

SAMPLE_UNITS = 48
_CHUNK = 2000


@dataclass
class _Tally:
    """What was counted of the English side; ``sample`` holds the units whose hashes are lowest."""

    counts: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    sample: dict[bytes, str] = field(default_factory=dict)


def estimate(
    source: str | Path | None = None, *, progress: Progress | None = None, shard_size: int = 0, **options: Any
) -> dict[str, Any]:
    """Count a request and time a sample of it; takes what :func:`mlt.translate.translate` takes, but for the folder.

    Returns rows, records, units, unique_units, rejected by reason; per language source_tokens, unknown_rate,
    target_tokens, units_per_s and estimated_seconds (None where nothing is to be sent); and the licences. The model
    is loaded for it, and fetched if it is not in the cache.
    """
    job = prepare(source, progress=progress, **options)
    progress = progress or NullProgress()
    try:
        tally = _count(job, progress)
        languages = {language.code: _language(job, language, tally) for language in job.languages}
    finally:
        job.engine.close()
    counts = tally.counts
    rejected = {key.removeprefix("rejected:"): n for key, n in counts.items() if key.startswith("rejected:")}
    return {
        **{name: counts[name] for name in ("rows", "records", "units", "unique_units")},
        "rejected": rejected,
        "languages": languages,
        "licenses": {"source": job.reader.license, "model": job.engine.license},
    }


def _count(job: Job, progress: Progress) -> _Tally:
    tally = _Tally()
    seen: set[bytes] = set()
    fresh: list[str] = []
    progress.start("en", job.reader.limit)
    for row in job.reader.rows():
        tally.counts["rows"] += 1
        progress.advance("en", 1)
        record = english_record(row)
        if not isinstance(record, Record):
            tally.counts[f"rejected:{record.reason}"] += 1
            continue
        tally.counts["records"] += 1
        for text in _unit_texts(record, job.settings):
            tally.counts["units"] += 1
            digest = blake2b(text.encode(), digest_size=8).digest()
            if digest in seen:
                continue
            seen.add(digest)
            fresh.append(text)
            tally.sample[digest] = text
        if len(tally.sample) > _CHUNK:
            tally.sample = dict(sorted(tally.sample.items())[:SAMPLE_UNITS])
        if len(fresh) >= _CHUNK:
            _count_tokens(job, fresh, tally)
            fresh = []
    _count_tokens(job, fresh, tally)
    progress.finish("en")
    tally.counts["unique_units"] = len(seen)
    tally.sample = dict(sorted(tally.sample.items())[:SAMPLE_UNITS])
    return tally


def _unit_texts(record: Record, settings: Settings) -> Iterator[str]:
    task, policies = get_task(record.task), settings.policies
    values = task.values(record, policies)
    for value in values:
        yield from (unit.text for unit in plan_text(value, segment="line").units)
    # The renderings are not known before the values are translated; each value stands for its own here.
    for text in task.texts(record, policies, {value: value for value in values}):
        yield from (unit.text for unit in plan_text(text.text, text.protected, settings.segment).units)


def _count_tokens(job: Job, texts: Sequence[str], tally: _Tally) -> None:
    for language in job.languages:
        for unit in job.engine.prepare(texts, ENGLISH, language):
            tally.tokens[language.code] += unit.size
            tally.unknown[language.code] += unit.unknown


def _language(job: Job, language: Language, tally: _Tally) -> dict[str, Any]:
    tokens = tally.tokens[language.code]
    facts: dict[str, Any] = {
        "source_tokens": tokens,
        "unknown_rate": tally.unknown[language.code] / tokens if tokens else 0.0,
        "target_tokens": 0,
        "units_per_s": None,
        "estimated_seconds": None,
    }
    if not tally.sample:
        return facts
    sample = list(tally.sample.values())
    seconds, source_tokens, target_tokens = _timed(job.engine, language, sample, job.settings)
    total = seconds * tokens / max(1, source_tokens)
    return facts | {
        "target_tokens": round(target_tokens * tokens / max(1, source_tokens)),
        "units_per_s": tally.counts["unique_units"] / total if total else None,
        "estimated_seconds": total,
    }


def _timed(engine: Engine, language: Language, texts: Sequence[str], settings: Settings) -> tuple[float, int, int]:
    """Seconds, source tokens and target tokens of one pass over ``texts``; loading the model is not counted."""
    prepared = dict(enumerate(engine.prepare(texts, ENGLISH, language)))
    smallest = min(prepared.values(), key=lambda unit: unit.size)
    list(engine.translate([[smallest]], ENGLISH, language, settings.decoding))
    plan = batches_for(engine, {str(key): unit.size for key, unit in prepared.items()})
    started = time.perf_counter()
    batches = ([prepared[int(key)] for key in batch] for batch in plan)
    results = list(engine.translate(batches, ENGLISH, language, settings.decoding))
    seconds = time.perf_counter() - started
    hypotheses = [best[0].text for batch in results for best in batch if best]
    out = engine.prepare(hypotheses, ENGLISH, language)
    return seconds, sum(unit.size for unit in prepared.values()), sum(unit.size for unit in out)
