"""A run's shards as published: which task and split their rows are of, and files that hold one of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError
from ..toolkit.records import record_schema
from ..toolkit.shard_files import in_schema, write_table
from .published import Piece, data_file, safe_name, split_name

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def pieces_of(path: Path) -> tuple[Piece, ...]:
    """Of which task and split a shard's rows are, in order; only these two columns are read."""
    table = read_parquet(path, ["task", "source.split"])
    source = table.column("source").combine_chunks()
    tasks, splits = table.column("task").to_pylist(), source.field("split").to_pylist()
    pieces: list[Piece] = []
    for task, split in zip(tasks, map(split_name, splits), strict=True):
        if pieces and pieces[-1][:2] == (task, split):
            pieces[-1] = pieces[-1]._replace(rows=pieces[-1].rows + 1)
        elif safe_name(task):
            pieces.append(Piece(task, split, 1))
        else:
            raise DataError(f"{path} holds rows of task {task!r:.40}, which is no name of a config")
    return tuple(pieces)


def divide(path: Path, pieces: tuple[Piece, ...], lang: str, index: int, scratch: Path) -> dict[str, Path]:
    """A shard's rows as files of one task and split each: published path -> file, written below ``scratch``.

    A shard that is of one task and split already is given as it is; of one without rows there is no file.
    """
    kinds = kinds_of(pieces)
    names = {kind: data_file(kind[0], lang, kind[1], index) for kind in kinds}
    if len(kinds) < 2:
        return dict.fromkeys(names.values(), path)
    import numpy as np
    import pyarrow as pa

    table, of = read_parquet(path, schema=record_schema()), _kind_of_rows(pieces, kinds)
    for number, name in enumerate(names.values()):
        write_table(scratch / name, table.take(pa.array(np.flatnonzero(of == number))))
    return {name: scratch / name for name in names.values()}


def put_together(tables: list[pa.Table], pieces: tuple[Piece, ...]) -> pa.Table:
    """The inverse of :func:`divide`: ``tables`` hold the rows of each of :func:`kinds_of`, the result all of them."""
    if len(tables) < 2:
        return tables[0] if tables else record_schema().empty_table()
    import numpy as np
    import pyarrow as pa

    of = _kind_of_rows(pieces, kinds_of(pieces))
    places = np.empty(len(of), dtype=np.int64)
    places[np.argsort(of, kind="stable")] = np.arange(len(of))
    return pa.concat_tables(tables).take(pa.array(places))


def kinds_of(pieces: tuple[Piece, ...]) -> dict[tuple[str, str], int]:
    """How many rows there are of each task and split, in order of first appearance."""
    kinds: dict[tuple[str, str], int] = {}
    for piece in pieces:
        kind = (piece.task, piece.split)
        kinds[kind] = kinds.get(kind, 0) + piece.rows
    return kinds


def read_parquet(path: Path, columns: list[str] | None = None, schema: pa.Schema | None = None) -> pa.Table:
    """A file's columns, in ``schema`` where one is given; DataError where it is damaged or holds other columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns)
        return table if schema is None else in_schema(table, schema)
    except (pa.ArrowException, OSError) as error:
        problem = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path} is damaged: {problem}; get it, or make it, again") from None


def _kind_of_rows(pieces: tuple[Piece, ...], kinds: dict[tuple[str, str], int]) -> np.ndarray[Any, Any]:
    """For each row the number of its task and split among ``kinds``."""
    import numpy as np

    numbers = {kind: number for number, kind in enumerate(kinds)}
    which = [numbers[piece.task, piece.split] for piece in pieces]
    return np.repeat(np.array(which, dtype=np.int64), [piece.rows for piece in pieces])
