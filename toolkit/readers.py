"""Rows of local files, one after the other: jsonl, json, csv, tsv and parquet; text files may be gzipped.

Nothing is read whole. A row that cannot be read comes back with a RowError that names the file and the line; the
rows after it are read as if nothing had happened, wherever the format lets one find them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .json_rows import json_layout, read_json, read_jsonl
from .lines import RawRow, read_lines
from .table_rows import parquet_file, read_csv, read_parquet

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")


def data_suffix(path: Path) -> str | None:
    """The format of a file by its name (``.gz`` taken off), or None for a file that holds no rows."""
    name = path.name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix == ".parquet" and path.name.lower().endswith(".gz"):
        return None
    return suffix if suffix in SUFFIXES else None


def read_rows(path: Path, start: int = 0) -> Iterator[RawRow]:
    """The rows of a file from the ``start``-th on (0 = the first; malformed rows count, blank lines do not).

    Raises DataError for a file without rows to speak of (a broken parquet footer, an unreadable csv header).
    """
    suffix = data_suffix(path)
    if suffix == ".parquet":
        return read_parquet(path, start)
    if suffix in (".csv", ".tsv"):
        return islice(read_csv(path, "\t" if suffix == ".tsv" else ","), start, None)
    if suffix == ".json" and (is_array := json_layout(path)) is not None:
        return islice(read_json(path, is_array), start, None)
    return read_jsonl(path, start)


def count_rows(path: Path) -> int:
    """How many rows :func:`read_rows` gives, at less cost than reading them."""
    suffix = data_suffix(path)
    if suffix == ".parquet":
        return int(parquet_file(path).metadata.num_rows)
    if suffix in (".jsonl", ".ndjson"):
        return sum(1 for line in read_lines(path) if line.problem or line.data.strip())
    return sum(1 for _ in read_rows(path))
