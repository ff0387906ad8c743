"""The kept pairs as their file had them: its own rows, with all their columns, in its order and format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from ..toolkit.errors import DataError
from ..toolkit.files import disk_errors, sync_folder
from ..toolkit.json_rows import json_layout
from ..toolkit.languages import ENGLISH
from ..toolkit.lines import read_lines
from ..toolkit.local_sets import stem_of
from ..toolkit.readers import data_suffix, read_rows
from ..toolkit.records import dump_json

if TYPE_CHECKING:
    from ..toolkit.run import Run

_ROW_GROUP = 10_000  # rows of Parquet written at a time, at least


@dataclass
class _Kept:
    """The rows of the file that are kept, by number, and the new targets of those that a person has corrected."""

    column: str
    rows: bytearray = field(default_factory=bytearray)
    texts: dict[int, str] = field(default_factory=dict)

    def __contains__(self, row: int) -> bool:
        return row < len(self.rows) and bool(self.rows[row])

    def add(self, row: int) -> None:
        if row >= len(self.rows):
            self.rows.extend(bytes(max(row + 1, 2 * len(self.rows)) - len(self.rows)))
        self.rows[row] = 1

    def row(self, number: int, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row as it is to be written."""
        return {**data, self.column: self.texts[number]} if number in self.texts else data


def write_kept_pairs(path: Path, run: Run, out: Path) -> Path:
    """Write ``out/kept.<ending of path>``: the rows of the pairs ``path`` that the filtered ``run`` keeps.

    Lines of JSONL are the same bytes, but for targets that a person has corrected. Streamed; memory is a byte a row.
    Raises DataError where the file cannot be read any more.
    """
    kept = _kept(run)
    target = out / f"kept{path.name[len(stem_of(path)) :].lower()}"
    suffix = data_suffix(path)
    try:
        with _whole(target) as file:
            if suffix == ".parquet":
                _write_parquet(path, kept, file)
            elif suffix in (".csv", ".tsv"):
                _write_csv(path, kept, file, "\t" if suffix == ".tsv" else ",")
            elif suffix == ".json" and (is_array := json_layout(path)) is not None:
                _write_json(path, kept, file, is_array=is_array)
            else:
                _write_lines(path, kept, file)
    except FileNotFoundError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; it was there when the pairs were read") from error
    return target


def _kept(run: Run) -> _Kept:
    identity = run.manifest["identity"]
    columns: Mapping[str, str] = identity.get("input", identity).get("columns") or {}
    kept = _Kept(next((theirs for theirs, ours in columns.items() if ours == "target"), "target"))
    for lang in run.languages:
        if lang == ENGLISH.code:
            continue
        for index in run.shards(lang):
            table = run.table(lang, index).select(["source", "edit", "messages"])
            for row in table.column("source").combine_chunks().field("row").to_pylist():
                kept.add(row)
            for row in table.filter(table.column("edit").is_valid()).to_pylist():
                if json.loads(row["edit"])["before"]:
                    kept.texts[row["source"]["row"]] = row["messages"][0]["content"]
    return kept


def _write_lines(path: Path, kept: _Kept, file: IO[bytes]) -> None:
    for line in read_lines(path):
        if line.number not in kept:
            continue
        if line.number in kept.texts:
            row = kept.row(line.number, json.loads(line.data.decode()))
            file.write(dump_json(row).encode() + b"\n")
        else:
            file.write(line.data if line.data.endswith(b"\n") else line.data + b"\n")


def _write_json(path: Path, kept: _Kept, file: IO[bytes], *, is_array: bool) -> None:
    before, between, after = ("[\n", ",\n", "\n]\n") if is_array else ("", "\n", "\n")
    lead = before
    for row in _rows(path, kept):
        file.write(f"{lead}{dump_json(row)}".encode())
        lead = between
    file.write((after if lead == between else before + after.lstrip()).encode())


def _write_csv(path: Path, kept: _Kept, file: IO[bytes], delimiter: str) -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    header = next((row.data for row in read_rows(path) if row.data is not None), {})
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(row.values() for row in _rows(path, kept))
    text.flush()
    text.detach()


def _write_parquet(path: Path, kept: _Kept, file: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as source:
        groups = source.metadata.num_row_groups
        codec = source.metadata.row_group(0).column(0).compression if groups else "ZSTD"
        with pq.ParquetWriter(
            file, source.schema_arrow, compression="NONE" if codec == "UNCOMPRESSED" else codec
        ) as writer:
            waiting: list[Any] = []
            for batch in _kept_batches(source, kept):
                waiting.append(batch)
                if sum(map(len, waiting)) >= _ROW_GROUP:
                    writer.write_table(pa.Table.from_batches(waiting))
                    waiting.clear()
            if waiting:
                writer.write_table(pa.Table.from_batches(waiting))


def _kept_batches(source: Any, kept: _Kept) -> Iterator[Any]:
    """The kept rows of a Parquet file. Rows behind damage, which were set aside as such, end their row group."""
    import pyarrow as pa

    first = 1
    for group in range(source.metadata.num_row_groups):
        number = first
        with suppress(pa.ArrowException, OSError):
            for batch in source.iter_batches(batch_size=256, row_groups=[group]):
                numbers = range(number, number + len(batch))
                number += len(batch)
                mask = pa.array([row in kept for row in numbers], pa.bool_())
                yield _with_texts(batch, numbers, kept).filter(mask)
        first += source.metadata.row_group(group).num_rows


def _with_texts(batch: Any, numbers: range, kept: _Kept) -> Any:
    import pyarrow as pa

    if kept.texts.keys().isdisjoint(numbers):
        return batch
    place = batch.schema.get_field_index(kept.column)
    texts = [kept.texts.get(row, text) for row, text in zip(numbers, batch.column(place).to_pylist(), strict=True)]
    return batch.set_column(place, batch.schema.field(place), pa.array(texts, batch.schema.field(place).type))


def _rows(path: Path, kept: _Kept) -> Iterator[Mapping[str, Any]]:
    for row in read_rows(path):
        if row.data is not None and row.number in kept:
            yield kept.row(row.number, row.data)


@contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """A file that is seen whole or not at all; packed where its name ends in ``.gz``, without a time in it."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    with disk_errors(target):
        try:
            with temporary.open("xb") as file:
                if target.name.endswith(".gz"):
                    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                        yield cast(IO[bytes], packed)
                else:
                    yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
