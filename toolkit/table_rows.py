"""Rows of csv, tsv and parquet files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from .errors import DataError, RowError
from .lines import MAX_LINE, Line, RawRow, is_text, plain, read_lines, without_escapes


@dataclass
class _Feed:
    """Lines for the csv reader, which may take several for a row; remembers which it took."""

    lines: Iterator[Line]
    taken: list[str] = field(default_factory=list)
    problem: RowError | None = None

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.problem = self.problem or line.problem
        if line.problem and line.problem.reason == "damaged-file":
            raise StopIteration
        self.taken.append(line.data.decode("utf-8", "surrogateescape"))
        return self.taken[-1]


def read_csv(path: Path, delimiter: str) -> Iterator[RawRow]:
    """Rows as header -> text. Strict: a stray or unclosed quote makes a malformed row, not a mixed-up one."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
    feed = _Feed(read_lines(path))
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    header = _csv_header(path, reader)
    number = 0
    while header:
        feed.taken.clear()
        feed.problem = None
        line = reader.line_num + 1
        fields: list[str] | None = None
        problem: RowError | None = None
        try:
            fields = next(reader)
        except StopIteration:
            if feed.problem:
                yield RawRow(number + 1, None, feed.problem)
            return
        except csv.Error as error:
            problem = RowError("bad-csv", f"{path.name}: line {line}: {error}")
        if fields == [] and not feed.problem:
            continue
        number += 1
        raw = "".join(feed.taken)
        problem = feed.problem or problem or _csv_problem(f"{path.name}: line {line}", header, fields or [], raw)
        if problem:
            yield RawRow(number, None, problem, without_escapes(raw).rstrip("\r\n"))
        else:
            yield RawRow(number, dict(zip(header, fields or [], strict=True)))


def _csv_header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise DataError(f"{path.name}: the header cannot be read: {error}") from error
    if len(set(header)) < len(header):
        raise DataError(f"{path.name}: the header names a column twice: {', '.join(header)[:200]}")
    if not all(is_text(name) for name in header):
        raise DataError(f"{path.name}: the header is not UTF-8; save the file as UTF-8")
    return header


def _csv_problem(where: str, header: list[str], fields: list[str], raw: str) -> RowError | None:
    if not is_text(raw):
        return RowError("bad-utf8", f"{where} is not UTF-8")
    if len(fields) != len(header):
        return RowError("wrong-field-count", f"{where} has {len(fields)} fields, the header {len(header)}")
    return None


def parquet_file(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        _refuse(path, error)


def _refuse(path: Path, error: Exception) -> NoReturn:
    raise DataError(f"{path.name} is no readable parquet file: {str(error).partition(chr(10))[0]}") from error


def read_parquet(path: Path, start: int) -> Iterator[RawRow]:
    import pyarrow as pa

    file = parquet_file(path)
    first = 0
    for group in range(file.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        seen = 0
        if first + size > start:
            try:
                for batch in file.iter_batches(batch_size=256, row_groups=[group]):
                    rows = _batch_rows(path.name, batch, first + seen + 1)
                    yield from islice(rows, max(0, start - first - seen), None)
                    seen += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                reason = str(error).partition("\n")[0]
                for number in range(max(first + seen, start) + 1, first + size + 1):
                    detail = f"{path.name}: row {number} cannot be read ({reason})"
                    yield RawRow(number, None, RowError("damaged-file", detail))
        first += size


def _batch_rows(name: str, batch: Any, number: int) -> Iterator[RawRow]:
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        if batch.num_rows == 1:
            detail = f"{name}: row {number} has text that is not UTF-8"
            yield RawRow(number, None, RowError("bad-utf8", detail))
            return
        for index in range(batch.num_rows):
            yield from _batch_rows(name, batch.slice(index, 1), number + index)
        return
    for index, row in enumerate(rows):
        yield RawRow(number + index, plain(row))
