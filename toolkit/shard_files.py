"""A shard as Arrow tables and Parquet files: made from records, checked, written, read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DataError, MltError
from .files import write_atomic
from .records import Record, Rejected, record_schema, rejected_schema, rejected_to_row, to_row

if TYPE_CHECKING:
    import pyarrow as pa

_RESERVED = ("lang", "index", "out", "rejected", "files", "shards")
_ROW_GROUP = 1000


def kept_table(records: Iterable[Record]) -> pa.Table:
    """Records as columns; DataError where one holds text that is no Unicode."""
    return _table(map(to_row, records), record_schema())


def rejected_table(entries: Iterable[Rejected]) -> pa.Table:
    """Rows that were set aside as columns; lone surrogates, which may be why, become escapes."""
    return _table((_printable(rejected_to_row(entry)) for entry in entries), rejected_schema())


def in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table's columns that ``schema`` names, in its order; one that an older release did not write is null."""
    import pyarrow as pa

    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names).cast(schema)


def reasons(rejected: pa.Table | None) -> dict[str, int]:
    """How many rows were set aside for which reason, by reason."""
    if rejected is None:
        return {}
    counts = rejected.column("reason").value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in sorted(counts, key=lambda entry: entry["values"])}


def check_balance(lang: str, index: int, kept: pa.Table, rejected: pa.Table | None, facts: Mapping[str, Any]) -> None:
    """MltError where the facts' ``in`` is not kept + rejected, an id stands twice, or a row is of another language."""
    import pyarrow.compute as pc

    where, aside = f"shard {index} of {lang}", 0 if rejected is None else len(rejected)
    if facts.get("in") != len(kept) + aside:
        raise MltError(f"{where}: in {facts.get('in')} is not out {len(kept)} + rejected {aside}")
    if taken := [name for name in _RESERVED if name in facts]:
        raise MltError(f"{where}: facts may not hold {', '.join(taken)}")
    if pc.count_distinct(kept.column("id"), mode="all").as_py() != len(kept):
        raise MltError(f"{where}: an id stands in it twice")
    if not pc.all(pc.equal(kept.column("lang"), lang), skip_nulls=False, min_count=0).as_py():
        raise MltError(f"{where}: a record of another language is in it")


def write_table(path: Path, table: pa.Table) -> dict[str, Any]:
    """Writes a table, whole or not at all; its size and hash, as markers hold them. Equal rows give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd", row_group_size=_ROW_GROUP)
    data = memoryview(sink.getvalue())
    write_atomic(path, data)
    return {"bytes": len(data), "blake2b": blake2b(data, digest_size=16).hexdigest()}


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """A file's columns by :func:`in_schema`; DataError where it is damaged."""
    return in_schema(_read(path), schema)


def read_ids(path: Path) -> list[str]:
    """A file's ids alone; DataError where it is damaged."""
    ids: list[str] = _read(path, ["id"]).column("id").to_pylist()
    return ids


def read_rows(path: Path, batch: int) -> Iterable[Mapping[str, Any]]:
    """A file's rows, ``batch`` of them in memory at a time; DataError where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for rows in file.iter_batches(batch_size=batch):
                yield from rows.to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path, error) from error


def short(value: Any) -> str:
    """A value for an error message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _table(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.Table.from_pylist(list(rows), schema=schema)
    except UnicodeEncodeError as error:
        text = short(error.object[max(0, error.start - 20) : error.end + 20])
        raise DataError(f"a record holds text that is no Unicode (a lone surrogate): {text}") from None


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _printable(entry) for key, entry in value.items()}
    return [_printable(entry) for entry in value] if isinstance(value, list) else value


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} is damaged: {str(error).splitlines()[0]}; remove its done marker and run again")
