"""Reading a run: the folder that ``mlt translate`` makes and later stages read.

Only shards with a done marker exist; whatever else lies in the folder was never finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import layout
from .errors import DataError
from .files import file_hash, read_json
from .records import SCHEMA_VERSION, Record, Rejected, Source, from_row, record_schema, rejected_schema
from .shard_files import read_ids, read_rows, read_table

if TYPE_CHECKING:
    from os import PathLike

    import pyarrow as pa

_BATCH = 256  # rows held as objects at a time


class Run:
    """A run, read-only and without a lock. ``manifest`` is what run.json holds."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @property
    def languages(self) -> list[str]:
        """The languages with at least one finished shard, English first."""
        return [lang for lang in layout.known_languages(self.path) if next(self._markers(lang), None)]

    def shards(self, lang: str) -> list[int]:
        """The numbers of a language's finished shards, ascending."""
        return [marker["index"] for marker in self._markers(lang)]

    def done(self, lang: str, index: int, *, verify: bool = False) -> dict[str, Any] | None:
        """The marker of a finished shard, or None.

        None also where the marker is torn or another shard's, or a file that it names is missing or has
        another size; with ``verify``, where a file's content has another hash.
        """
        try:
            marker: dict[str, Any] = read_json(self.path / layout.marker_file(lang, index))
            own = (marker["lang"], marker["index"]) == (lang, index)
            return marker if own and self._whole(lang, index, marker["files"], verify) else None
        except (DataError, OSError, KeyError, TypeError, AttributeError):
            return None

    def iter_shard(self, lang: str, index: int) -> Iterator[Record]:
        """A finished shard's records, a few hundred in memory at a time; DataError for an unfinished one."""
        self._finished(lang, index)
        yield from map(from_row, read_rows(self.path / layout.data_file(lang, index), _BATCH))

    def read_shard(self, lang: str, index: int) -> list[Record]:
        """A finished shard's records."""
        return list(self.iter_shard(lang, index))

    def table(self, lang: str, index: int) -> pa.Table:
        """A finished shard's records as columns (:func:`record_schema`); DataError for an unfinished one."""
        self._finished(lang, index)
        return read_table(self.path / layout.data_file(lang, index), record_schema())

    def rejected_table(self, lang: str, index: int) -> pa.Table | None:
        """What a finished shard has set aside, as columns (:func:`rejected_schema`); None where it is nothing."""
        name = layout.rejected_file(lang, index)
        found = name in self._finished(lang, index)["files"]
        return read_table(self.path / name, rejected_schema()) if found else None

    def ids(self, lang: str, index: int) -> list[str]:
        """The ids of a finished shard's records, in order."""
        self._finished(lang, index)
        return read_ids(self.path / layout.data_file(lang, index))

    def records(self, lang: str) -> Iterator[Record]:
        """All records of a language, in source order, streamed."""
        for index in self.shards(lang):
            yield from self.iter_shard(lang, index)

    def rejected(self, lang: str) -> Iterator[Rejected]:
        """All rows of a language that were set aside, in source order, streamed."""
        for marker in self._markers(lang):
            name = layout.rejected_file(lang, marker["index"])
            if name in marker["files"]:
                yield from map(_rejected, read_rows(self.path / name, _BATCH))

    def totals(self, lang: str) -> dict[str, Any]:
        """The sum of a language's done markers.

        ``shards``, ``in``, ``out``, ``rejected`` by reason, and every other number (or object of numbers)
        that the shards' facts hold.
        """
        totals: dict[str, Any] = {"shards": 0, "in": 0, "out": 0, "rejected": {}}
        for marker in self._markers(lang):
            _add(totals, {key: marker[key] for key in marker if key not in ("lang", "index", "files")})
            totals["shards"] += 1
        return totals

    def _finished(self, lang: str, index: int) -> dict[str, Any]:
        if (marker := self.done(lang, index)) is None:
            raise DataError(f"shard {index} of {lang} in {self.path} is not finished: run the same command again")
        return marker

    def _whole(self, lang: str, index: int, files: Mapping[str, Any], verify: bool) -> bool:
        data, rejected = layout.data_file(lang, index), layout.rejected_file(lang, index)
        return {data} <= files.keys() <= {data, rejected} and all(
            (self.path / name).stat().st_size == entry["bytes"]
            and (not verify or file_hash(self.path / name) == entry["blake2b"])
            for name, entry in files.items()
        )

    def _markers(self, lang: str) -> Iterator[dict[str, Any]]:
        parts = (layout.part_of(path) for path in layout.shard_files(self.path, "done", lang))
        for index in sorted(index for index in parts if index is not None):
            if marker := self.done(lang, index):
                yield marker


def open_run(path: str | PathLike[str]) -> Run:
    """A run for reading; raises DataError where the folder is no run or was made under another schema."""
    folder = Path(path)
    if not (folder / layout.MANIFEST).is_file():
        raise DataError(f"{folder} is no run: it holds no {layout.MANIFEST}; make one with mlt translate --out")
    manifest = read_manifest(folder)
    made_under = manifest.get("schema_version")
    if made_under != SCHEMA_VERSION:
        raise DataError(f"{folder} has schema_version {made_under}, this release reads {SCHEMA_VERSION}: make it anew")
    return Run(folder, manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What run.json holds; raises DataError where that is no object with an identity."""
    manifest = read_json(folder / layout.MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("identity"), dict):
        raise DataError(f"{folder / layout.MANIFEST} is damaged: it holds no identity; use --force or another --out")
    return manifest


def _rejected(row: Mapping[str, Any]) -> Rejected:
    record = None if row["id"] is None else from_row(row)
    source = Source(**row["source"]) if record is None and row["source"] is not None else None
    return Rejected(row["reason"], row["detail"], record, row["raw"], source, row.get("score"))


def _add(totals: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _add(totals.setdefault(key, {}), value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            totals[key] = totals.get(key, 0) + value
