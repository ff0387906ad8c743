"""A shard's table of which a few rows change: those alone become objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .records import record_schema, rejected_schema
from .shard_files import in_schema

if TYPE_CHECKING:
    import pyarrow as pa

_LAST = float("inf")


@dataclass
class Rows:
    """A table and what is to become of some of its rows. ``found``: the rows that were looked for, by id."""

    source: pa.Table | None
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)
    _new: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    _added: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, table: pa.Table | None, ids: Collection[str]) -> Rows:
        """The rows of these ids; of several with one id the first."""
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = cls(table)
        if table is None or not ids:
            return rows
        mask = pc.is_in(table.column("id"), value_set=pa.array(list(ids), pa.string()))
        places = pc.indices_nonzero(mask)
        for place, row in zip(places.to_pylist(), table.take(places).to_pylist(), strict=True):
            if row["id"] not in rows.found:
                rows.found[row["id"]], rows._at[row["id"]] = row, place
        return rows

    def replace(self, row: dict[str, Any]) -> None:
        """A found row is to read like this."""
        self._new[row["id"]] = row

    def drop(self, id: str) -> None:
        """A found row is to go."""
        self._new[id] = None

    def add(self, row: dict[str, Any]) -> None:
        """A row is to come in."""
        self._added.append(row)

    def table(self, places: Mapping[str, int], *, rejected: bool) -> pa.Table | None:
        """The table as it is to be, ordered by ``places`` where rows came in; None where a rejected one is empty."""
        import pyarrow as pa

        schema = rejected_schema() if rejected else record_schema()
        old = schema.empty_table() if self.source is None else in_schema(self.source, schema)
        changed = {self._at[id]: row for id, row in self._new.items()}
        news = [row for row in changed.values() if row is not None] + self._added
        every = pa.concat_tables([old, pa.Table.from_pylist([_cut(row, schema) for row in news], schema=schema)])
        new_at = iter(range(len(old), len(every)))
        moved = {at: next(new_at) for at, row in changed.items() if row is not None}
        picked = [moved.get(at, at) for at in range(len(old)) if changed.get(at, "") is not None]
        if self._added:
            picked = _merged(picked, list(new_at), every.column("id").to_pylist(), places)
        return None if rejected and not picked else every.take(pa.array(picked, pa.int64()))


def _merged(rows: list[int], added: list[int], ids: list[str | None], places: Mapping[str, int]) -> list[int]:
    """Both lists by place. Of ``rows``, which are in order, one without a place stands where the one before it does."""
    keyed: list[tuple[float, int, int]] = []
    place: float = -1
    for turn, row in enumerate(rows):
        place = max(place, places.get(ids[row] or "", place))
        keyed.append((place, turn, row))
    keyed += [(places.get(ids[row] or "", _LAST), len(rows) + turn, row) for turn, row in enumerate(added)]
    return [row for _, _, row in sorted(keyed)]


def _cut(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    return {name: row.get(name) for name in schema.names}
