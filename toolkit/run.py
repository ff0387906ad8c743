"""Reading a run: the folder that ``mlt translate`` makes and later stages read.

Only shards with a done marker exist; whatever else lies in the folder was never finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import layout
from .errors import DataError
from .files import file_hash, read_json
from .records import SCHEMA_VERSION, Record, Rejected, Source, from_row, record_schema, rejected_schema
from .remote_files import RemoteFolder, url_of
from .run_home import RunHome, home_of
from .shard_files import read_ids, read_rows, read_table

if TYPE_CHECKING:
    from os import PathLike

    import pyarrow as pa

_BATCH = 256  # rows held as objects at a time


class Run:
    """A run, read-only and without a lock. ``manifest`` is what run.json holds."""

    def __init__(self, path: Path, manifest: dict[str, Any], home: RunHome | None = None) -> None:
        """``path``: the run's folder; of a run on a URL, the ``home``'s, where some of its files are."""
        self.path = path
        self.manifest = manifest
        self.home = home or RunHome(path)

    @property
    def where(self) -> str:
        """How messages and manifests name the run: its folder, or its URL without credentials."""
        return self.home.shown

    def file(self, name: str) -> Path:
        """A file of the run by its name in :mod:`.layout`, on this machine's disk. It need not be there."""
        return self.home.file(name)

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
        yield from map(from_row, read_rows(self.file(layout.data_file(lang, index)), _BATCH))

    def read_shard(self, lang: str, index: int) -> list[Record]:
        """A finished shard's records."""
        return list(self.iter_shard(lang, index))

    def table(self, lang: str, index: int) -> pa.Table:
        """A finished shard's records as columns (:func:`record_schema`); DataError for an unfinished one."""
        self._finished(lang, index)
        return read_table(self.file(layout.data_file(lang, index)), record_schema())

    def rejected_table(self, lang: str, index: int) -> pa.Table | None:
        """What a finished shard has set aside, as columns (:func:`rejected_schema`); None where it is nothing."""
        name = layout.rejected_file(lang, index)
        found = name in self._finished(lang, index)["files"]
        return read_table(self.file(name), rejected_schema()) if found else None

    def ids(self, lang: str, index: int) -> list[str]:
        """The ids of a finished shard's records, in order."""
        self._finished(lang, index)
        return read_ids(self.file(layout.data_file(lang, index)))

    def records(self, lang: str) -> Iterator[Record]:
        """All records of a language, in source order, streamed."""
        for index in self.shards(lang):
            yield from self.iter_shard(lang, index)

    def rejected(self, lang: str) -> Iterator[Rejected]:
        """All rows of a language that were set aside, in source order, streamed."""
        for marker in self._markers(lang):
            name = layout.rejected_file(lang, marker["index"])
            if name in marker["files"]:
                yield from map(_rejected, read_rows(self.file(name), _BATCH))

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
            raise DataError(f"shard {index} of {lang} in {self.where} is not finished: run the same command again")
        return marker

    def _whole(self, lang: str, index: int, files: Mapping[str, Any], verify: bool) -> bool:
        data, rejected = layout.data_file(lang, index), layout.rejected_file(lang, index)
        return {data} <= files.keys() <= {data, rejected} and all(
            self.home.size(name) == entry["bytes"] and (not verify or file_hash(self.file(name)) == entry["blake2b"])
            for name, entry in files.items()
        )

    def _markers(self, lang: str) -> Iterator[dict[str, Any]]:
        parts = (layout.part_of(path) for path in layout.shard_files(self.path, "done", lang))
        for index in sorted(index for index in parts if index is not None):
            if marker := self.done(lang, index):
                yield marker


def open_run(path: str | PathLike[str], *, cache_dir: Path | None = None) -> Run:
    """A run for reading, in a folder or on a URL; ``cache_dir``: where files of the latter are kept.

    Raises DataError where no run is there or it was made under another schema, EnvironmentProblem where a URL cannot
    be read.
    """
    home = home_of(path, cache_dir, use="read")
    home.open()
    if not (home.path / layout.MANIFEST).is_file():
        raise DataError(f"{home.shown} is no run: it holds no {layout.MANIFEST}; make one with mlt translate --out")
    manifest = read_manifest(home.path)
    made_under = manifest.get("schema_version")
    if made_under != SCHEMA_VERSION:
        raise DataError(
            f"{home.shown} has schema_version {made_under}, this release reads {SCHEMA_VERSION}: make it anew"
        )
    return Run(home.path, manifest, home)


def local_folder(path: str | PathLike[str], cache_dir: Path | None = None) -> Path:
    """A run's folder on this machine: the path itself, or where the run on a URL is brought as a whole."""
    if url_of(path) is None:
        return Path(path)
    run = open_run(path, cache_dir=cache_dir)
    run.home.fetch_all()
    return run.path


def read_manifest(folder: Path) -> dict[str, Any]:
    """What run.json holds; raises DataError where that is no object with an identity."""
    return _checked(read_json(folder / layout.MANIFEST), str(folder))


def manifest_at(path: str | PathLike[str]) -> dict[str, Any] | None:
    """What the run.json in a folder or on a URL holds; None where there is none."""
    if (url := url_of(path)) is None:
        return read_manifest(Path(path)) if (Path(path) / layout.MANIFEST).is_file() else None
    remote = RemoteFolder(url)
    if (content := remote.read(layout.MANIFEST)) is None:
        return None
    try:
        return _checked(json.loads(content), remote.shown)
    except ValueError:
        return _checked(None, remote.shown)


def _checked(manifest: Any, where: str) -> dict[str, Any]:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("identity"), dict):
        raise DataError(f"{where}/{layout.MANIFEST} is damaged: it holds no identity; use --force or another --out")
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
