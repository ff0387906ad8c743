"""Pairs that `mlt` did not make, as a run: a file of ids, sources, targets and languages becomes shards.

``en/`` holds one record an id, in order of first appearance; shard k of every other language holds the pairs of the
English records of shard k. Each record's ``source.row`` is the row of the file that it was read from. Rows that cannot
be used stand, as they were read, in ``rejected/<language>/``; those without a known language in ``rejected/en/``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError, RowError, UsageError
from ..toolkit.languages import ENGLISH, resolve
from ..toolkit.lines import RawRow
from ..toolkit.local_sets import content_hash
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.readers import SUFFIXES, data_suffix, read_rows
from ..toolkit.records import Rejected, Source, dump_json
from ..toolkit.signature import OUTPUT_VERSION
from .pairs_scratch import PairsScratch
from .pairs_table import Origin, pairs_table

if TYPE_CHECKING:
    from ..toolkit.store import RunStore

COLUMNS = ("id", "source", "target", "lang")
_LOOK_AHEAD = 1000  # rows in which the columns must be found
_STEP = 1000  # rows between two signs of progress


def is_pairs(path: Path) -> bool:
    """Whether a path is a file that may hold pairs, by its name."""
    return path.is_file() and data_suffix(path) is not None


def pairs_identity(path: Path, columns: Mapping[str, str], shard_size: int) -> dict[str, Any]:
    """All that decides the run that a file of pairs becomes. DataError or UsageError for what is no such file."""
    if not path.is_file():
        raise DataError(f"{path}: no such run or file; name the folder of a run, or a file of pairs")
    if data_suffix(path) is None:
        raise UsageError(f"{path.name}: unknown format; known are {', '.join(SUFFIXES)}, and .gz of the text ones")
    return {
        "stage": "pairs",
        "source": {"dataset": path.name, "revision": content_hash([path])},
        "columns": dict(columns),
        "shard_size": shard_size,
        "output_version": OUTPUT_VERSION,
    }


def import_pairs(
    path: Path,
    store: RunStore,
    columns: Mapping[str, str] | None = None,
    shard_size: int = 1000,
    progress: Progress | None = None,
) -> None:
    """Bring ``store`` to hold the pairs of a file; shards that it holds are not written again.

    ``columns``: their name -> ours (id, source, target, lang). ``shard_size``: English records a shard. Memory does not
    grow with the file: the pairs wait in a database on the disk. Raises UsageError where a column is missing, DataError
    where no row can be used.
    """
    if store.manifest.get("complete"):
        return
    progress = progress or NullProgress()
    progress.start("pairs", None)
    _require_columns(path, columns or {})
    with PairsScratch(store.scratch / "pairs.sqlite") as scratch:
        theirs = _theirs(columns or {})
        for row in _watched(_rows(path), progress):
            _take(row, theirs, scratch)
        if scratch.is_empty:
            raise DataError(f"{path.name}: no row of it can be used; {scratch.first_problem or 'it is empty'}")
        progress.finish("pairs")
        progress.message("writing the pairs as a run")
        _write(scratch, store, Origin(path.name, store.manifest["identity"]["source"]["revision"]), shard_size)
    languages = {lang: store.totals(lang) for lang in store.languages}
    store.save_manifest(complete=True, languages=languages, licenses={"source": "unknown"})
    progress.message("")


def _take(row: RawRow, theirs: Mapping[str, str], scratch: PairsScratch) -> None:
    """Put one row into the scratch: a pair, or a row set aside with the reason."""
    lang = ENGLISH.code
    try:
        if row.data is None:
            raise row.error or RowError("malformed")
        lang = _language(row.data.get(theirs["lang"]))
        id = _id(row.data.get(theirs["id"]))
        source = _text("source", row.data.get(theirs["source"]))
        target = _text("target", row.data.get(theirs["target"]))
        if not source.strip():
            raise RowError("empty-source", "the source is empty")
        if lang == ENGLISH.code:
            raise RowError("english-target", "the target's language is English")
        scratch.add(id, source, target, lang, row.number)
    except RowError as error:
        raw = row.raw if row.data is None else dump_json(row.data)
        scratch.set_aside(lang, error.reason, error.detail, raw, row.number)


def _write(scratch: PairsScratch, store: RunStore, origin: Origin, shard_size: int) -> None:
    from ..toolkit.shard_files import rejected_table

    for index in range(scratch.shards(shard_size)):
        ids, sources, rows = scratch.items(index, shard_size)
        given = blake2b("".join(f"{id}\n" for id in ids).encode(), digest_size=16).hexdigest()
        for lang in (ENGLISH.code, *scratch.languages):
            if store.done(lang, index) is not None:
                continue
            if lang != ENGLISH.code:
                ids, sources, rows = scratch.pairs(lang, index, shard_size)
            aside = [
                Rejected(reason, detail, None, raw, Source(origin.dataset, origin.revision, "", row, "unknown"))
                for reason, detail, raw, row in scratch.aside(lang, index, shard_size)
            ]
            if ids or aside or lang == ENGLISH.code:
                kept = pairs_table(lang, ids, sources, rows, origin)
                facts = {"in": len(ids) + len(aside), "input": given}
                store.write_tables(lang, index, kept, rejected_table(aside) if aside else None, facts)


def _require_columns(path: Path, columns: Mapping[str, str]) -> None:
    seen = {name for row in islice(_rows(path), _LOOK_AHEAD) if row.data is not None for name in row.data}
    for ours, theirs in _theirs(columns).items():
        if seen and theirs not in seen:
            raise UsageError(
                f"{path.name} has no column {theirs!r} ({ours}); it has {', '.join(sorted(seen))[:300]}:"
                " name them with --columns theirs=ours"
            )
    if odd := [ours for ours in columns.values() if ours not in COLUMNS]:
        raise UsageError(f"--columns {odd[0]!r}: a file of pairs has the columns {', '.join(COLUMNS)}")


def _theirs(columns: Mapping[str, str]) -> dict[str, str]:
    """Our name of each column -> the file's."""
    renamed = {ours: theirs for theirs, ours in columns.items()}
    return {name: renamed.get(name, name) for name in COLUMNS}


def _rows(path: Path) -> Iterator[RawRow]:
    try:
        yield from read_rows(path)
    except OSError as error:
        raise DataError(f"cannot read {path.name}: {error.strerror or error}") from error


def _watched(rows: Iterator[RawRow], progress: Progress) -> Iterator[RawRow]:
    for number, row in enumerate(rows, 1):
        if number % _STEP == 0:
            progress.advance("pairs", _STEP)
        yield row


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = _text("id", value)
    if not text:
        raise RowError("missing-field", "the id is empty")
    return text


def _text(name: str, value: Any) -> str:
    if value is None:
        raise RowError("missing-field", f"{name} is missing")
    if not isinstance(value, str):
        raise RowError("wrong-type", f"{name} is {type(value).__name__}, not text")
    return value


def _language(value: Any) -> str:
    code = _code(_text("lang", value))
    if code is None:
        raise RowError("unknown-language", f"lang is {value[:40]!r}; `mlt languages` lists those that are known")
    return code


@lru_cache(maxsize=4096)
def _code(text: str) -> str | None:
    try:
        return resolve(text).language.code
    except UsageError:
        return None
