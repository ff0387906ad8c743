"""The run that a filtered run was made of, put together again from what the filter has kept and dropped.

With it, a published set can be decided again under another policy from the scores that came with it, and can gain
languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.edits import Edit, edited_row, run_edits
from ..toolkit.files import read_json
from ..toolkit.own_models import repeated
from ..toolkit.progress import Progress
from ..toolkit.records import record_schema, rejected_schema
from ..toolkit.run import Run
from ..toolkit.shard_files import in_schema
from ..toolkit.store import RunStore
from .bundle import Bundle
from .divide import read_parquet
from .score_keys import rename_keys

if TYPE_CHECKING:
    import pyarrow as pa

INPUT = "input"
"""Where a filtered run keeps the run that it was made of, as ``mlt filter`` does for a file of pairs."""


def has_input(manifest: Mapping[str, Any]) -> bool:
    """Whether a run is a filtered one that says what it was made of."""
    identity = manifest["identity"]
    return identity.get("stage") == "filter" and isinstance(identity.get("input"), dict)


def write_input(bundle: Bundle, filtered: Run, folder: Path, progress: Progress) -> None:
    """Write the run of which ``filtered``, just restored from ``bundle``, was made.

    Rows that the filter has dropped stand among the others again, in their old order; edits made since are undone, but
    that units which an edit has done away with do not come back. Rows that were set aside before the filter, stay so.
    The scores in ``filtered`` are made to hold for the new files.
    """
    manifest, changed = bundle.manifest, run_edits(filtered.path)
    progress.message("putting together the run before the filter")
    with RunStore.open(folder, manifest["identity"]["input"]) as store:
        for lang in bundle.languages:
            edits = changed.get(lang, {})
            for index in bundle.shards[lang]:
                marker = read_json(bundle.files[layout.marker_file(lang, index)])
                if lang == "en":
                    _copy_english(bundle, store, index, marker)
                elif store.done(lang, index) is None:
                    _write_shard(bundle, store, lang, index, _Before(marker, manifest["filter"], edits))
            if lang != "en":
                rename_keys(bundle, filtered, store, lang, edits)
                if (engine := repeated(manifest, lang).get("engine")) is not None:
                    store.save_facts(f"engine-{lang}", engine)
        store.save_manifest(
            complete=True,
            languages={lang: {**store.totals(lang), **repeated(manifest, lang)} for lang in store.languages},
            licenses=manifest.get("licenses", {}),
            model_notice=manifest.get("model_notice"),
            versions=manifest.get("versions", {}),
            signature=manifest["signature"].rpartition("|filter:")[0] or store.manifest["signature"],
        )
    progress.message("")


@dataclass(frozen=True)
class _Before:
    """What tells where a row of a filtered shard stood before the filter. ``edits``: those made in the filtered run."""

    marker: Mapping[str, Any]
    filter: Mapping[str, Any]
    edits: Mapping[str, Edit]

    def was_row(self, id: str | None, reason: str | None, scored: set[str] | None) -> bool:
        """Whether it was a row that the filter judged, and not one that was set aside before."""
        if id is None:
            return False
        if (edit := self.edits.get(id)) is not None:
            return edit.was is None or edit.was in self.filter["policy"]["checks"]
        if reason is None:
            return True
        return reason in self.marker.get("dropped", {}) if scored is None else id in scored

    def row(self, row: Mapping[str, Any], aside: bool) -> dict[str, Any]:
        """An edited row as it was before."""
        edit = self.edits[row["id"]]
        old = {**edited_row(row, replace(edit, texts=edit.before)), "edit": None}
        return {**old, "reason": edit.was, "detail": old["detail"] or ""} if aside else old


def _copy_english(bundle: Bundle, store: RunStore, index: int, marker: Mapping[str, Any]) -> None:
    if store.done("en", index) is None:
        kept = bundle.kept_shard("en", index)
        facts = {"in": marker["in"], "input": _ids_hash(kept)}
        store.write_tables("en", index, kept, bundle.rejected_shard("en", index), facts)


def _write_shard(bundle: Bundle, store: RunStore, lang: str, index: int, before: _Before) -> None:
    kept, rejected = bundle.kept_shard(lang, index), bundle.rejected_shard(lang, index)
    path = bundle.files.get(layout.scores_file(lang, index))
    scored = None if path is None else read_parquet(path, ["id"]).column("id").to_pylist()
    english = store.done("en", index)
    order = [] if english is None else store.ids("en", index)
    rows, aside = split_rows(kept, rejected, before, scored, order)
    facts = {"in": len(rows) + len(aside), "input": english["input"] if english else _ids_hash(rows)}
    store.write_tables(lang, index, rows, aside, facts)


def split_rows(
    kept: pa.Table, rejected: pa.Table | None, before: _Before, scored: Sequence[str] | None, english: Sequence[str]
) -> tuple[pa.Table, pa.Table]:
    """A filtered shard's rows as they stood before: those that the filter was given, and those set aside already.

    ``scored``: the ids of the score columns, which stand in the first order; ``english``: those of the English rows.
    """
    import pyarrow as pa

    every = pa.concat_tables([in_schema(kept, rejected_schema()), *([] if rejected is None else [rejected])])
    ids, reasons = every.column("id").to_pylist(), every.column("reason").to_pylist()
    known = None if scored is None else set(scored)
    given = [before.was_row(id, reason, known) for id, reason in zip(ids, reasons, strict=True)]
    given = _once(ids, given)
    edited = [place for place, id in enumerate(ids) if id in before.edits]
    old = [before.row(row, not given[row_at]) for row_at, row in zip(edited, _rows(every, edited), strict=True)]
    at = {place: len(every) + number for number, place in enumerate(edited)}
    full = pa.concat_tables([every, pa.Table.from_pylist(old, schema=rejected_schema())])

    rows = [place for place in range(len(every)) if given[place]]
    order = scored if known is not None and all(ids[place] in known for place in rows) else english
    rank = {id: number for number, id in enumerate(order or ())}
    rows.sort(key=lambda place: rank.get(ids[place], len(rank)))
    aside = sorted((place for place in range(len(every)) if not given[place]), key=lambda place: place < len(kept))

    def taken(places: list[int], schema: pa.Schema) -> pa.Table:
        return full.take(pa.array([at.get(place, place) for place in places], pa.int64())).select(schema.names)

    return taken(rows, record_schema()), taken(aside, rejected_schema())


def _once(ids: Sequence[str | None], given: Sequence[bool]) -> list[bool]:
    """``given`` with the first row of each id only: an id that also stands among the rejected means the kept row."""
    seen: set[str | None] = set()
    once = []
    for id, chosen in zip(ids, given, strict=True):
        once.append(chosen and id not in seen)
        if chosen:
            seen.add(id)
    return once


def _rows(table: pa.Table, places: list[int]) -> list[dict[str, Any]]:
    import pyarrow as pa

    rows: list[dict[str, Any]] = table.take(pa.array(places, pa.int64())).to_pylist()
    return rows


def _ids_hash(table: pa.Table) -> str:
    """A hash of a shard's ids, by which the other languages know their English."""
    text = "".join(f"{id}\n" for id in table.column("id").to_pylist())
    return blake2b(text.encode(), digest_size=16).hexdigest()
