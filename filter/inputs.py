"""The rows that a filtered run is made of: the input's shards with the filtered run's edits on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..toolkit.edits import Edit, apply_edits, run_edits
from ..toolkit.errors import DataError
from ..toolkit.row_keys import rows_key

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.run import Run


@dataclass(frozen=True)
class Shard:
    """One shard of a language: the input's rows with this run's edits on them. ``key`` is a hash of all that."""

    lang: str
    index: int
    key: str


@dataclass
class Inputs:
    """The shards of ``run``, as they are judged in the folder of ``made``, the filtered run."""

    run: Run
    made: Run

    def __post_init__(self) -> None:
        self._edits = run_edits(self.made.path)

    def shards(self, lang: str) -> list[Shard]:
        """The input's shards of a language."""
        return [Shard(lang, index, self._key(lang, index)) for index in self.run.shards(lang)]

    def count(self, shard: Shard) -> int:
        """How many rows the input's shard holds."""
        marker = self.run.done(shard.lang, shard.index)
        return int(marker["out"]) if marker else 0

    def rows(self, shard: Shard) -> pa.Table:
        """The shard's rows as they are judged: the input's, with this run's edits."""
        kept, _ = self.tables(shard)
        return kept

    def tables(self, shard: Shard) -> tuple[pa.Table, pa.Table | None]:
        """The shard's rows, and those that an earlier stage or a person has set aside."""
        table, rejected = self.run.table(shard.lang, shard.index), self.run.rejected_table(shard.lang, shard.index)
        edits = self._edits.get(shard.lang, {}).values()
        return apply_edits(table, rejected, edits, self.run.ids("en", shard.index)) if edits else (table, rejected)

    def _key(self, lang: str, index: int) -> str:
        marker, english = self.run.done(lang, index), self.run.done("en", index)
        if marker is None or english is None:
            raise DataError(f"shard {index} of {lang} in {self.run.where} is not finished: run mlt translate again")
        return rows_key(english, marker, self._edits_in(lang, index))

    def _edits_in(self, lang: str, index: int) -> list[Edit]:
        """The edits of a shard's rows, those set aside included."""
        edits = self._edits.get(lang)
        if not edits:
            return []
        rejected = self.run.rejected_table(lang, index)
        ids = self.run.ids(lang, index) + ([] if rejected is None else rejected.column("id").to_pylist())
        return [edits[id] for id in ids if id in edits]
