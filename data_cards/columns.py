"""Reading some columns of Parquet files, a row group in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from .bundle import Bundle


def kept_files(bundle: Bundle, lang: str, task: str | None = None) -> list[Path]:
    """The files of a language's kept rows (of one task, or of all), config by config."""
    configs = (config for config in bundle.configs if config.lang == lang and task in (None, config.task))
    return [bundle.files[name] for config in configs for names in config.splits.values() for name in names]


def pieces(paths: Iterable[Path], columns: Sequence[str]) -> Iterator[pa.Table]:
    """The files' row groups, in order. ``columns``: names, or dotted ones of a struct in a list (``units.rung``).

    DataError where a file is damaged or lacks a column.
    """
    for path in paths:
        with parquet(path) as file:
            names = [name for column in columns for name in _leaves(file, path, column)]
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, names)


def whole(paths: Iterable[Path], column: str) -> pa.ChunkedArray:
    """One column of all the files, of which there is at least one."""
    import pyarrow as pa

    return pa.concat_tables(pieces(paths, [column])).column(column)


@contextmanager
def parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """An open file; DataError for what goes wrong with it while it is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is damaged: {str(error).splitlines()[0]}; fetch it, or make it, again") from error


def counted(table: pa.Table, columns: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Every combination of values of the columns (``source.split`` for a struct's), and how many rows have it."""
    flat = table.flatten() if any("." in name for name in columns) else table
    groups = flat.group_by(list(columns), use_threads=False).aggregate([([], "count_all")])
    values = zip(*(groups.column(name).to_pylist() for name in columns), strict=True)
    yield from zip(values, groups.column("count_all").to_pylist(), strict=True)


def _leaves(file: pq.ParquetFile, path: Path, column: str) -> list[str]:
    """The Parquet columns behind a name. Writers differ in what they call the level between a list and its struct."""
    first, _, last = column.partition(".")
    names = [file.schema.column(number).path for number in range(len(file.schema))]
    found = [name for name in names if name.split(".")[0] == first and name.endswith(f".{last}" if last else "")]
    if not found:
        raise DataError(f"{path} has no column {column}: it is no file of this release")
    return found
