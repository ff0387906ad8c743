"""The score columns of a shard: one Parquet file, a column a check, in the order of the shard's input rows.

What decided each column stands in the file's metadata, so that a later run knows which columns still hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.errors import DataError
from ..toolkit.files import write_atomic
from ..toolkit.row_keys import column_keys, with_column_keys
from .check import Score

if TYPE_CHECKING:
    import pyarrow as pa

ID, DETAILS = "id", "details"


class Columns:
    """The scores of a shard as far as they are known. ``identities``: check -> what decided its column."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = list(ids)
        self.identities: dict[str, Any] = {}
        self._values: dict[str, Sequence[float | None]] = {}
        self._details: list[dict[str, str]] = [{} for _ in self.ids]

    def put(self, check: str, scores: Sequence[Score], identity: Any) -> None:
        """Sets a column; the one that was there, and its details, are gone."""
        if len(scores) != len(self.ids):
            raise ValueError(f"{check}: {len(scores)} scores for {len(self.ids)} rows")
        self._values[check] = [score.value for score in scores]
        for details, score in zip(self._details, scores, strict=True):
            details.pop(check, None)
            if score.detail is not None:
                details[check] = score.detail
        self.identities[check] = identity

    def keep_only(self, checks: Sequence[str]) -> None:
        """Drops the columns of other checks."""
        for name in [name for name in self._values if name not in checks]:
            del self._values[name], self.identities[name]
            for details in self._details:
                details.pop(name, None)

    def table(self, order: Sequence[str]) -> pa.Table:
        """The columns as a table, in the given order of checks."""
        import pyarrow as pa

        arrays: dict[str, Any] = {ID: pa.array(self.ids, pa.string())}
        arrays |= {name: pa.array(self._values[name], pa.float64()) for name in order if name in self._values}
        details = [_text(entry, order) for entry in self._details]
        arrays[DETAILS] = pa.array(details, pa.string())
        return with_column_keys(pa.table(arrays), self.identities)

    @classmethod
    def of(cls, table: pa.Table) -> Columns:
        """The inverse of :meth:`table`."""
        columns = cls(table.column(ID).to_pylist())
        columns.identities = column_keys(table.schema)
        columns._values = {name: table.column(name).to_pylist() for name in columns.identities}
        columns._details = [json.loads(text) if text else {} for text in table.column(DETAILS).to_pylist()]
        return columns


def read_scores(folder: Path, lang: str, index: int) -> pa.Table | None:
    """A shard's score columns; None where there are none, or they are damaged and must be made anew."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / layout.scores_file(lang, index)
    try:
        return pq.read_table(path, partitioning=None)
    except (FileNotFoundError, pa.ArrowInvalid):
        return None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}; check the disk") from None


def write_scores(folder: Path, lang: str, index: int, columns: Columns, order: Sequence[str]) -> None:
    """Writes a shard's score columns, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(columns.table(order), sink, compression="zstd")
    write_atomic(folder / layout.scores_file(lang, index), memoryview(sink.getvalue()))


def detail_of(details: str | None, check: str) -> str:
    """What a check has said of a row, from the ``details`` column."""
    entries: Mapping[str, str] = json.loads(details) if details else {}
    return entries.get(check, "")


def _text(entry: Mapping[str, str], order: Sequence[str]) -> str | None:
    if not entry:
        return None
    text = json.dumps({name: entry[name] for name in order if name in entry}, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate cannot be written
