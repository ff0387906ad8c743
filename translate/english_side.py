"""A request's English side as a dry run sees it: counted once, with samples of its records and units."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from ..toolkit.languages import ENGLISH, Language
from ..toolkit.progress import Progress
from ..toolkit.records import Record
from .api import Job
from .cache import UnitCache, cache_name, key_maker
from .decoded_sample import sample_size
from .engine import Engine
from .engines.by_language import of_language
from .english import english_record
from .shard import english_units
from .shortlist.pieces import source_pieces
from .shortlist.setting import cuttable, of_own
from .unit_file import unit_path
from .units import Unit

SAMPLE_RECORDS = 100
_CHUNK = 2000

T = TypeVar("T")


@dataclass
class EnglishSide:
    """``tokens`` and ``unknown`` are counted over distinct units, by language.

    ``units`` and ``records`` are random samples, the same ones every time: those whose hashes are lowest. ``sent``:
    the pieces that are sent to an engine (by its :func:`cache_name`), where a list of words is made of them.
    ``seconds`` of reading and of listing the pieces.
    """

    counts: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    units: dict[bytes, Unit] = field(default_factory=dict)
    records: dict[bytes, Record] = field(default_factory=dict)
    sent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def count(job: Job, progress: Progress) -> EnglishSide:
    """Read the whole source once."""
    side, started = EnglishSide(), time.perf_counter()
    most = max(sample_size(of_language(job.engine, language)) for language in job.languages)
    for chunk in _distinct_units(job, side, progress):
        before = time.perf_counter()
        _count_tokens(job, [unit.text for unit in chunk.values()], side)
        side.seconds["tokens"] += time.perf_counter() - before
        side.units = _lowest(side.units | chunk, most)
    side.seconds["reading"] = time.perf_counter() - started - side.seconds["tokens"]
    return side


def in_cache(job: Job, engine: Engine, target: Language, root: Path) -> dict[str, int]:
    """Which of the request's distinct units the cache of ``engine`` holds, with their source tokens."""
    found: dict[str, int] = {}
    if not unit_path(cache_name(engine), target.code, root).is_file():
        return found
    key = key_maker(engine.identity, job.settings.decoding, ENGLISH.flores, target.flores)
    with UnitCache(cache_name(engine), target.code, root=root) as cache:
        for chunk in _distinct_units(job, EnglishSide(), None):
            by_key = {key(unit.text): unit.text for unit in chunk.values()}
            texts = [by_key[known] for known in cache.get_many(list(by_key))]
            found |= {unit.text: unit.size for unit in engine.prepare(texts, ENGLISH, target)}
    return found


def _distinct_units(job: Job, side: EnglishSide, progress: Progress | None) -> Iterator[dict[bytes, Unit]]:
    """The distinct units, in chunks, by the hash of their texts; ``side`` counts on the way."""
    seen: set[bytes] = set()
    fresh: dict[bytes, Unit] = {}
    if progress:
        progress.start(ENGLISH.code, job.reader.limit)
    for row in job.reader.rows():
        side.counts["rows"] += 1
        if progress:
            progress.advance(ENGLISH.code, 1)
        record = english_record(row)
        if not isinstance(record, Record):
            side.counts[f"rejected:{record.reason}"] += 1
            continue
        side.counts["records"] += 1
        side.records[_digest(record.id)] = record
        for unit in english_units(record, job.settings):
            side.counts["units"] += 1
            digest = _digest(unit.text)
            if digest not in seen:
                seen.add(digest)
                fresh[digest] = unit
        if len(fresh) >= _CHUNK:
            yield fresh
            fresh = {}
        if len(side.records) > 2 * SAMPLE_RECORDS:
            side.records = _lowest(side.records, SAMPLE_RECORDS)
    if progress:
        progress.finish(ENGLISH.code)
    side.counts["unique_units"] = len(seen)
    side.records = _lowest(side.records, SAMPLE_RECORDS)
    yield fresh


def _count_tokens(job: Job, texts: Sequence[str], side: EnglishSide) -> None:
    for language in job.languages:
        for unit in job.engine.prepare(texts, ENGLISH, language):
            side.tokens[language.code] += unit.size
            side.unknown[language.code] += unit.unknown
    if job.shortlist == "off" or not texts:
        return
    before = time.perf_counter()
    engines = {cache_name(own): (own, one) for one in job.languages for own in (of_language(job.engine, one),)}
    for name, (own, language) in engines.items():
        if of_own(job.shortlist, own) != "off":
            side.sent[name] |= source_pieces(cuttable(own), texts, language)
    side.seconds["pieces"] += time.perf_counter() - before


def _lowest(entries: dict[bytes, T], most: int) -> dict[bytes, T]:
    return dict(sorted(entries.items(), key=lambda entry: entry[0])[:most])


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
