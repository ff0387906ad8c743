"""The columns of a run's shards that a mixture needs, a piece at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..toolkit.errors import DataError
from ..toolkit.records import Record, from_row, record_schema

if TYPE_CHECKING:
    import pyarrow as pa

_PIECE = 250
_KEYS = ("id", "group", "task")
_LEFT_OUT = ("units", "translation", "edit")
"""How a record was made: long, and no part of a mixture."""


def read_keys(path: Path) -> Iterator[tuple[int, list[str], list[str], list[str]]]:
    """The number of the first row, then ids, groups and tasks of a piece of a file."""
    for start, piece in _pieces(path, _KEYS):
        yield start, *(piece.column(name).to_pylist() for name in _KEYS)


def read_records(path: Path, rows: Sequence[int]) -> Iterator[list[Record]]:
    """The records at ``rows`` (ascending), in order, in pieces, without what says how they were made."""
    import pyarrow as pa

    columns = [name for name in record_schema().names if name not in _LEFT_OUT]
    for start, piece in _pieces(path, columns):
        first, last = bisect_left(rows, start), bisect_left(rows, start + piece.num_rows)
        if first < last:
            mine = piece.take(pa.array([row - start for row in rows[first:last]]))
            yield [from_row({**row, "units": (), "translation": None, "edit": None}) for row in mine.to_pylist()]


def _pieces(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            start = 0
            for piece in file.iter_batches(_PIECE, columns=list(columns), use_threads=False):
                yield start, piece
                start += piece.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} is damaged: {reason}; make that shard of the run again") from error
