"""The English side of a run: source rows become records, shard by shard, each row kept or set aside with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from ..toolkit.errors import RowError
from ..toolkit.ids import IdCounter
from ..toolkit.progress import Progress
from ..toolkit.records import Record, Rejected, dump_json, to_row
from ..toolkit.tasks import get_task

if TYPE_CHECKING:
    from ..toolkit.sources import Row, SourceReader
    from ..toolkit.store import RunStore


def write_english(store: RunStore, reader: SourceReader, shard_size: int, progress: Progress) -> list[int]:
    """Write the English shards that are not there yet; the numbers of all of them.

    A shard covers ``shard_size`` source rows. The last one is made again when the source now gives more rows of it
    (a higher limit), and the other languages' shards of that number with it: they know it by its ``input`` hash.
    """
    first = 0
    with IdCounter(store.scratch / "ids.sqlite") as ids:
        while (marker := store.done("en", first)) and marker["in"] == shard_size:
            ids.seed(record.id for record in store.iter_shard("en", first))
            first += 1
        progress.start("en", reader.limit)
        progress.advance("en", first * shard_size)
        rows = _watched(reader.rows(start=first * shard_size), progress)
        for index, shard in enumerate(_chunks(rows, shard_size), start=first):
            old = store.done("en", index)
            if old is None or old["in"] < len(shard):
                _write_shard(store, index, [english_record(row, ids) for row in shard])
            else:
                ids.seed(record.id for record in store.iter_shard("en", index))
        progress.finish("en")
    return store.shards("en")


def english_record(row: Row, ids: IdCounter | None = None) -> Record | Rejected:
    """A source row as an English record, or why it is none. Never raises for what a row holds."""
    try:
        if row.error is not None:
            raise row.error
        assert row.data is not None
        record = get_task(row.task).record(row.data, row.source)
        _require_unicode(record)
    except RowError as error:
        raw = row.raw if row.raw is not None else dump_json(row.data)
        return Rejected(error.reason, error.detail, None, raw, row.source)
    return record.with_(id=ids.number(record.id)) if ids else record


def _write_shard(store: RunStore, index: int, results: list[Record | Rejected]) -> None:
    kept = [result for result in results if isinstance(result, Record)]
    rejected = [result for result in results if isinstance(result, Rejected)]
    digest = blake2b(digest_size=16)
    for record in kept:
        digest.update(f"{record.id}\n".encode())
    store.write_shard("en", index, kept, rejected, {"in": len(results), "input": digest.hexdigest()})


def _require_unicode(record: Record) -> None:
    try:
        dump_json(to_row(record)).encode()
    except UnicodeEncodeError as error:
        raise RowError("bad-unicode", f"a lone surrogate at {error.object[error.start]!a}") from None


def _watched(rows: Iterator[Row], progress: Progress) -> Iterator[Row]:
    for row in rows:
        progress.advance("en", 1)
        yield row


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, size)):
        yield chunk
