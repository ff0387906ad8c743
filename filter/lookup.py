"""Single rows of a run, found by id: only the row groups that hold them are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.errors import DataError
from ..toolkit.languages import resolve
from ..toolkit.records import Record, from_row
from .columns import DETAILS, ID
from .pairs import pair_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.run import Run
    from .sampling import Place


def read_columns(path: Path, columns: Iterable[str] | None = None) -> pa.Table | None:
    """Those of the columns that a Parquet file has (all by default); None where there is no such file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    try:
        with pq.ParquetFile(path) as file:
            names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
            return file.read(columns=names)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} is damaged: {str(error).splitlines()[0]}; remove it and filter again") from None


def rows_by_id(path: Path, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rows with these ids of a Parquet file that has a column ``id``; none where there is no such file."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = pa.array(list(ids), pa.string())
    if not len(wanted) or (known := read_columns(path, [ID])) is None:
        return {}
    places = pc.indices_nonzero(pc.is_in(known.column(ID), value_set=wanted)).to_pylist()
    rows: dict[str, dict[str, Any]] = {}
    start = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            if here := [place - start for place in places if start <= place < end]:
                rows |= {row[ID]: row for row in file.read_row_group(group).take(pa.array(here)).to_pylist()}
            start = end
    return rows


def read_places(run: Run, lang: str, places: Iterable[Place], *, kept: bool) -> dict[str, dict[str, Any]]:
    """The rows of a language (kept ones, else rejected ones) that stand at these places, by id."""
    name = layout.data_file if kept else layout.rejected_file
    return _by_shard(run, lambda index: name(lang, index), places)


def read_score_rows(run: Run, lang: str, places: Iterable[Place]) -> dict[str, dict[str, Any]]:
    """The score columns of these rows, by id; ``details`` is a mapping of check to text."""
    rows = _by_shard(run, lambda index: layout.scores_file(lang, index), places)
    for row in rows.values():
        row[DETAILS] = json.loads(row.get(DETAILS) or "{}")
    return rows


def read_english(run: Run, places: Iterable[Place]) -> dict[str, Record]:
    """The English records of these rows, by id; those that are not there are left out."""
    places = list(places)
    found = {id: from_row(row) for id, row in read_places(run, "en", places, kept=True).items()}
    missing = {place.id for place in places} - found.keys()
    for index in run.shards("en") if missing else []:
        rows = rows_by_id(run.file(layout.data_file("en", index)), missing)
        found |= {id: from_row(row) for id, row in rows.items()}
        missing -= rows.keys()
    return found


def texts_beside(source: Record | None, target: Record) -> list[dict[str, Any]]:
    """A record's texts beside the English, in order: ``slot``, ``role``, ``source``, ``target``, ``editable``.

    A call that is the target stands last and is not to be edited. Without a source its texts are empty.
    """
    roles = {f"messages.{index}": message.role for index, message in enumerate(target.messages)}
    pair = pair_of(source or target, target, resolve(target.lang).language)
    texts = [
        {
            "slot": segment.slot,
            "role": roles.get(segment.slot, segment.slot),
            "source": segment.source if source else "",
            "target": segment.target,
            "editable": True,
        }
        for segment in pair.segments
    ]
    if target.gold.calls:
        call = {"slot": "target", "role": "call", "target": target.target, "editable": False}
        texts.append({**call, "source": source.target if source else ""})
    return texts


def _by_shard(run: Run, name: Any, places: Iterable[Place]) -> dict[str, dict[str, Any]]:
    shards: dict[int, list[str]] = {}
    for place in places:
        shards.setdefault(place.shard, []).append(place.id)
    rows: dict[str, dict[str, Any]] = {}
    for index in sorted(shards):
        rows |= rows_by_id(run.file(name(index)), shards[index])
    return rows


def policy_of(run: Run) -> Mapping[str, Any]:
    """The policy under which a run was filtered; DataError for a run that was not."""
    entry = run.manifest.get("filter")
    if not isinstance(entry, Mapping) or "policy" not in entry:
        raise DataError(f"{run.where} is no filtered run: make one with mlt filter RUN --out DIR")
    policy: Mapping[str, Any] = entry["policy"]
    return policy
