"""Writing a run so that it can be killed at any instant and continued.

A shard's files are written first (each whole or absent), its marker under ``done/`` last: the marker alone
makes the shard part of the run. All numbers in run.json can be computed again from the markers
(:meth:`Run.totals`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from . import layout
from .errors import DataError, EnvironmentProblem, MltError
from .files import disk_errors, read_json, sync_folder, write_atomic, write_json
from .ids import IdCounter
from .records import (
    SCHEMA_VERSION,
    Record,
    Rejected,
    record_schema,
    rejected_schema,
    rejected_to_row,
    to_row,
)
from .run import Run, open_run, read_manifest
from .signature import diff, signature

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["IdCounter", "Run", "RunStore", "open_run"]

_RESERVED = ("lang", "index", "out", "rejected", "files", "shards")
_ROW_GROUP = 1000


class RunStore(Run):
    """A run that this process, and no other, writes. What a :class:`Run` reads, it reads too."""

    @classmethod
    @contextmanager
    def open(cls, path: str | PathLike[str], identity: Mapping[str, Any], *, force: bool = False) -> Iterator[RunStore]:
        """Begins a run or continues one, under an exclusive lock that ends with the process at the latest.

        ``identity`` (JSON values) is all that decides a result, without the languages and the number of
        rows, by which a run may grow. Raises DataError where the run was made with another identity
        (``force`` removes the run's own files instead and starts anew), UsageError for a folder that is no
        run, EnvironmentProblem where another process writes it.
        """
        folder = Path(path)
        layout.check_folder(folder)
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            layout.check_folder(folder)
            store = cls(folder, _settle(folder, identity, force))
            with disk_errors(folder):
                store._clean()
            try:
                yield store
            finally:
                rmtree(folder / layout.SCRATCH, ignore_errors=True)

    @property
    def scratch(self) -> Path:
        """A folder for files that need not outlive this process; it is removed when the run is closed."""
        folder = self.path / layout.SCRATCH
        folder.mkdir(exist_ok=True)
        return folder

    def save_manifest(self, **updates: Any) -> None:
        """Puts ``updates`` into the manifest and writes it."""
        self.manifest.update(updates)
        write_json(self.path / layout.MANIFEST, self.manifest)

    def write_shard(
        self,
        lang: str,
        index: int,
        kept: Sequence[Record],
        rejected: Sequence[Rejected],
        facts: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Writes one shard and its marker, which is returned.

        ``facts`` go into the marker: ``in`` is the number of rows that went in (it must equal kept +
        rejected, else MltError), ``input`` a hash of them, and anything else of JSON. A shard of that
        number is replaced. Raises DataError where a kept record holds text that is no Unicode.
        """
        reasons = Counter(entry.reason for entry in rejected)
        _check_balance(lang, index, kept, rejected, facts)
        tables = {layout.data_file(lang, index): _table(map(to_row, kept), record_schema())}
        if rejected:
            rows = (_printable(rejected_to_row(entry)) for entry in rejected)
            tables[layout.rejected_file(lang, index)] = _table(rows, rejected_schema())
        self._begin(lang)
        self.drop_shard(lang, index, plans=False)
        marker = {
            "lang": lang,
            "index": index,
            "out": len(kept),
            "rejected": dict(sorted(reasons.items())),
            **facts,
            "files": {name: _write_table(self.path / name, table) for name, table in tables.items()},
        }
        write_json(self.path / layout.marker_file(lang, index), marker)
        return marker

    def drop_shard(self, lang: str, index: int, *, plans: bool = True) -> None:
        """Removes a shard, its marker first, with its scores and (unless told not to) its plans."""
        marker = self.path / layout.marker_file(lang, index)
        with disk_errors(marker):
            if marker.exists():
                marker.unlink()
                sync_folder(marker.parent)
            for name in (layout.data_file, layout.rejected_file, layout.scores_file):
                (self.path / name(lang, index)).unlink(missing_ok=True)
        if plans:
            self.drop_plans(lang, index)

    def plan(self, lang: str, index: int, rung: str) -> list[list[str]] | None:
        """The batches (of unit keys) that were planned for a rung of a shard, or None."""
        plan: list[list[str]] | None = self._json_or_none(layout.plan_file(lang, index, rung))
        return plan

    def save_plan(self, lang: str, index: int, rung: str, batches: Sequence[Sequence[str]]) -> None:
        """Keeps the batches of a rung, before they are decoded: decoded again, they give the same output."""
        self._begin(lang)
        write_json(self.path / layout.plan_file(lang, index, rung), [list(batch) for batch in batches], indent=None)

    def drop_plans(self, lang: str, index: int) -> None:
        """Removes a shard's plans, of all rungs."""
        plans = layout.shard_files(self.path, "plan", lang)
        layout.remove([path for path in plans if layout.part_of(path) == index])

    def facts(self, name: str) -> Any | None:
        """What :meth:`save_facts` kept under this name, or None."""
        return self._json_or_none(layout.facts_file(name))

    def save_facts(self, name: str, obj: Any) -> None:
        """Keeps a small JSON value, found once, for the whole run; MltError for a second, other one."""
        kept = self.facts(name)
        if kept is None:
            write_json(self.path / layout.facts_file(name), obj)
        elif diff({"": kept}, {"": obj}):
            raise MltError(f"facts {name!r} of {self.path} are already written and differ")

    def _begin(self, lang: str) -> None:
        folder = (self.path / layout.marker_file(lang, 0)).parent
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def _json_or_none(self, name: str) -> Any | None:
        try:
            return read_json(self.path / name)
        except DataError:  # missing, or damaged: found out again
            return None

    def _clean(self) -> None:
        """Removes what no marker speaks for, and the plans of finished shards."""
        layout.remove(layout.leftovers(self.path))
        rmtree(self.path / layout.SCRATCH, ignore_errors=True)
        for lang in layout.known_languages(self.path):
            done = set(self.shards(lang))
            for stage in ("done", None, "rejected"):
                files = layout.shard_files(self.path, stage, lang)
                layout.remove([path for path in files if layout.part_of(path) not in done])
            plans = layout.shard_files(self.path, "plan", lang)
            layout.remove([path for path in plans if layout.part_of(path) in done])


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / layout.LOCK, timeout=0)
    try:
        with disk_errors(folder / layout.LOCK):
            lock.acquire()
    except Timeout:
        raise EnvironmentProblem(
            f"{folder} is being written by another process: wait for it to end, or use another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _settle(folder: Path, identity: Mapping[str, Any], force: bool) -> dict[str, Any]:
    """The manifest of the run to write: the old one where it fits, else a new one, which is written."""
    exists = (folder / layout.MANIFEST).is_file()
    if exists and not force:
        manifest = read_manifest(folder)
        old = {"schema_version": manifest.get("schema_version"), "identity": manifest["identity"]}
        for name, before, now in diff(old, {"schema_version": SCHEMA_VERSION, "identity": identity}):
            change = f"{name.removeprefix('identity.')} = {_short(before)}, now it is {_short(now)}"
            raise DataError(f"{folder} was made with {change}: use --force (removes that run) or another --out")
        return manifest
    if exists:
        with disk_errors(folder):
            layout.clear(folder)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "signature": signature(identity),
        "identity": dict(identity),
    }
    write_json(folder / layout.MANIFEST, manifest)
    return read_manifest(folder)


def _check_balance(
    lang: str, index: int, kept: Sequence[Record], rejected: Sequence[Rejected], facts: Mapping[str, Any]
) -> None:
    where = f"shard {index} of {lang}"
    if facts.get("in") != len(kept) + len(rejected):
        raise MltError(f"{where}: in {facts.get('in')} is not out {len(kept)} + rejected {len(rejected)}")
    if taken := [name for name in _RESERVED if name in facts]:
        raise MltError(f"{where}: facts may not hold {', '.join(taken)}")
    if len({record.id for record in kept}) != len(kept):
        raise MltError(f"{where}: an id stands in it twice")
    if any(record.lang != lang for record in kept):
        raise MltError(f"{where}: a record of another language is in it")


def _table(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.Table.from_pylist(list(rows), schema=schema)
    except UnicodeEncodeError as error:
        text = _short(error.object[max(0, error.start - 20) : error.end + 20])
        raise DataError(f"a record holds text that is no Unicode (a lone surrogate): {text}") from None


def _write_table(path: Path, table: pa.Table) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=_ROW_GROUP)
    data = memoryview(sink.getvalue())
    write_atomic(path, data)
    return {"bytes": len(data), "blake2b": blake2b(data, digest_size=16).hexdigest()}


def _printable(value: Any) -> Any:
    """A rejected row as it can be written: lone surrogates, which may be why, become escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _printable(entry) for key, entry in value.items()}
    return [_printable(entry) for entry in value] if isinstance(value, list) else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
