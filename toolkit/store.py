"""Writing a run so that it can be killed at any instant and continued.

A shard's files are written first (each whole or absent), its marker under ``done/`` last: the marker alone
makes the shard part of the run. All numbers in run.json can be computed again from the markers
(:meth:`Run.totals`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from . import layout
from .edits import Edit, append_edits, apply_edits, run_edits
from .errors import DataError, MltError
from .files import disk_errors, read_json, sync_folder, write_json
from .ids import IdCounter
from .records import SCHEMA_VERSION, Record, Rejected, record_schema, rejected_schema
from .replacing import finish_replacing, replace_shard
from .run import Run, open_run, read_manifest
from .run_home import RunHome, home_of
from .shard_files import check_balance, in_schema, kept_table, reasons, rejected_table, short, write_table
from .signature import diff, signature

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["IdCounter", "Run", "RunStore", "open_run"]


class RunStore(Run):
    """A run that this process, and no other, writes. What a :class:`Run` reads, it reads too."""

    _edits: dict[str, dict[str, Edit]] | None = None

    @classmethod
    @contextmanager
    def open(
        cls,
        path: str | PathLike[str],
        identity: Mapping[str, Any],
        *,
        force: bool = False,
        cache_dir: Path | None = None,
    ) -> Iterator[RunStore]:
        """Begins a run or continues one, under an exclusive lock that ends with the process at the latest.

        ``path``: a folder or a URL, of which some is kept under ``cache_dir`` (:mod:`.run_mirror`).
        ``identity`` (JSON values) is all that decides a result, without the languages and the number of
        rows, by which a run may grow. Raises DataError where the run was made with another identity
        (``force`` removes the run's own files instead and starts anew), UsageError for a folder that is no
        run, EnvironmentProblem where another process writes it.
        """
        home = home_of(path, cache_dir)
        with home.locked(take_over=force):
            finish_replacing(home.path)
            store = cls(home.path, settle(home, identity, force), home)
            with disk_errors(home.path):
                store.clean()
            try:
                yield store
            finally:
                rmtree(home.path / layout.SCRATCH, ignore_errors=True)

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
        self.home.written(layout.MANIFEST)

    def write_shard(
        self,
        lang: str,
        index: int,
        kept: Sequence[Record],
        rejected: Sequence[Rejected],
        facts: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Writes one shard of new records and its marker; see :meth:`write_tables`. Scores of older rows go.

        Raises DataError where a kept record holds text that is no Unicode.
        """
        tables = kept_table(kept), rejected_table(rejected) if rejected else None
        check_balance(lang, index, *tables, facts)
        self.drop_scores(lang, index)
        return self.write_tables(lang, index, *tables, facts)

    def write_tables(
        self, lang: str, index: int, kept: pa.Table, rejected: pa.Table | None, facts: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Writes one shard, given as columns, and its marker, which is returned.

        ``facts`` go into the marker: ``in`` is the number of rows that went in (it must equal kept +
        rejected, else MltError), ``input`` a hash of them, and anything else of JSON. A shard of that
        number is replaced; its scores stay, for whoever made them knows which rows they speak of. The
        run's edits are put on the rows.
        """
        marker, tables = self._shard(lang, index, kept, rejected, facts)
        self.begin(lang)
        self.drop_shard(lang, index, plans=False, scores=False)
        marker["files"] = {name: write_table(self.path / name, table) for name, table in tables.items()}
        write_json(self.path / layout.marker_file(lang, index), marker)
        self.home.shard_written(marker)
        return marker

    def replace_tables(
        self, lang: str, index: int, kept: pa.Table, rejected: pa.Table | None, facts: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Like :meth:`write_tables`, but the old rows stay until the new ones are whole on the disk."""
        return replace_shard(self.path, *self._shard(lang, index, kept, rejected, facts))

    def edits(self, lang: str) -> list[Edit]:
        """What people have changed in a language, one edit a row."""
        if self._edits is None:
            self._edits = run_edits(self.path)
        return list(self._edits.get(lang, {}).values())

    def add_edits(self, edits: Iterable[Edit]) -> None:
        """Makes edits part of the run. Its finished shards are not written again by this."""
        append_edits(self.path, edits)
        self.home.written(layout.EDITS)
        self._edits = None

    def edited(
        self, lang: str, index: int, kept: pa.Table, rejected: pa.Table | None
    ) -> tuple[pa.Table, pa.Table | None]:
        """A shard with the run's edits on it; rows that move take the place that the run's English gives them."""
        if not (edits := self.edits(lang)):
            return kept, rejected
        order = [] if self.done("en", index) is None else self.ids("en", index)
        return apply_edits(kept, rejected, edits, order)

    def drop_shard(self, lang: str, index: int, *, plans: bool = True, scores: bool = True) -> None:
        """Removes a shard, its marker first, with (unless told not to) its scores and its plans."""
        marker = self.path / layout.marker_file(lang, index)
        rows = layout.data_file(lang, index), layout.rejected_file(lang, index)
        self.home.removing(layout.marker_file(lang, index), *rows)
        with disk_errors(marker):
            if marker.exists():
                marker.unlink()
                sync_folder(marker.parent)
            for name in rows:
                (self.path / name).unlink(missing_ok=True)
        if scores:
            self.drop_scores(lang, index)
        if plans:
            self.drop_plans(lang, index)

    def drop_scores(self, lang: str, index: int) -> None:
        """Removes a shard's scores."""
        self.home.removing(layout.scores_file(lang, index))
        path = self.path / layout.scores_file(lang, index)
        with disk_errors(path):
            path.unlink(missing_ok=True)

    def plan(self, lang: str, index: int, rung: str) -> list[list[str]] | None:
        """The batches (of unit keys) that were planned for a rung of a shard, or None."""
        plan: list[list[str]] | None = self._json_or_none(layout.plan_file(lang, index, rung))
        return plan

    def save_plan(self, lang: str, index: int, rung: str, batches: Sequence[Sequence[str]]) -> None:
        """Keeps the batches of a rung, before they are decoded: decoded again, they give the same output."""
        self.begin(lang)
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
            self.home.written(layout.facts_file(name))
        elif diff({"": kept}, {"": obj}):
            raise MltError(f"facts {name!r} of {self.where} are already written and differ")

    def begin(self, lang: str) -> None:
        """Makes a language part of the run. It comes before any file of the language, scores too."""
        folder = (self.path / layout.marker_file(lang, 0)).parent
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def _shard(
        self, lang: str, index: int, kept: pa.Table, rejected: pa.Table | None, facts: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, pa.Table]]:
        """A shard's marker but for its files, and the tables that these will hold."""
        kept, rejected = self.edited(lang, index, kept, rejected)
        check_balance(lang, index, kept, rejected, facts)
        tables = {layout.data_file(lang, index): in_schema(kept, record_schema())}
        if rejected is not None and len(rejected):
            tables[layout.rejected_file(lang, index)] = in_schema(rejected, rejected_schema())
        marker = {"lang": lang, "index": index, "out": len(kept), "rejected": reasons(rejected), **facts}
        return marker, tables

    def _json_or_none(self, name: str) -> Any | None:
        try:
            return read_json(self.path / name)
        except DataError:  # missing, or damaged: found out again
            return None

    def clean(self) -> None:
        """Removes what no marker speaks for, and the plans of finished shards."""
        self.home.clean()
        layout.remove(layout.leftovers(self.path))
        rmtree(self.path / layout.SCRATCH, ignore_errors=True)
        for lang in layout.known_languages(self.path):
            done = set(self.shards(lang))
            for stage in ("done", None, "rejected"):
                files = layout.shard_files(self.path, stage, lang)
                layout.remove([path for path in files if layout.part_of(path) not in done])
            plans = layout.shard_files(self.path, "plan", lang)
            layout.remove([path for path in plans if layout.part_of(path) in done])


def settle(home: RunHome, identity: Mapping[str, Any], force: bool) -> dict[str, Any]:
    """The manifest of the run to write: the old one where it fits, else a new one, which is written."""
    folder = home.path
    exists = (folder / layout.MANIFEST).is_file()
    if exists and not force:
        manifest = read_manifest(folder)
        old = {"schema_version": manifest.get("schema_version"), "identity": manifest["identity"]}
        for name, before, now in diff(old, {"schema_version": SCHEMA_VERSION, "identity": identity}):
            change = f"{name.removeprefix('identity.')} = {short(before)}, now it is {short(now)}"
            raise DataError(f"{home.shown} was made with {change}: use --force (removes that run) or another --out")
        return manifest
    if exists:
        home.clear()
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "signature": signature(identity),
        "identity": dict(identity),
    }
    write_json(folder / layout.MANIFEST, manifest)
    home.written(layout.MANIFEST)
    return read_manifest(folder)
