"""What the unit cache holds, and making it smaller: by model, by age, by size (least recently used first)."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..toolkit.cache_folder import cache_root
from ..toolkit.errors import UsageError
from ..toolkit.files import disk_errors
from ..toolkit.sqlite import database_errors, is_damaged
from .unit_file import alone, companions, file_name, open_unit_file

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class CacheFile:
    """One file of the cache. ``last_used`` is in seconds since 1970, to the day; None where it holds no unit.

    ``damaged``: the file cannot be read (or was set aside because of it).
    """

    model: str
    language: str
    units: int
    bytes: int
    last_used: int | None
    damaged: bool
    path: Path


def list_caches(root: Path | None = None) -> list[CacheFile]:
    """The files of the unit cache, by model and language."""
    folder = (root or cache_root()) / "units"
    hidden = ("-wal", "-shm", "-journal")
    paths = (path for path in sorted(folder.glob("[!.]*/[!.]*.sqlite*")) if not path.name.endswith(hidden))
    return [_describe(path) for path in paths]


def evict(
    root: Path | None = None,
    *,
    max_bytes: int | None = None,
    older_than_days: float | None = None,
    model: str | None = None,
) -> int:
    """Removes units, and returns how many bytes that freed.

    ``model`` limits it to one model's files; alone, it removes them whole. ``older_than_days`` removes the
    units that were not used since; ``max_bytes`` then removes the least recently used ones until the files
    take no more than that. Damaged files always go. Other processes may go on using the files. Raises
    UsageError when nothing is asked for, EnvironmentProblem where the disk refuses.
    """
    if max_bytes is None and older_than_days is None and model is None:
        raise UsageError("say what to evict: a model, an age in days or a size to keep")

    def chosen() -> list[CacheFile]:
        files = list_caches(root)
        return [file for file in files if model is None or file.model == file_name(model)]

    before = chosen()
    for file in before:
        if file.damaged:
            _unlink(file.path)
        elif older_than_days is not None:
            _delete(file.path, [("used < ?", -1, int(time.time() - older_than_days * _DAY))])
        elif max_bytes is None:
            _delete(file.path, [("used >= ?", -1, 0)])
    if max_bytes is not None:
        while (files := [file for file in chosen() if file.units]) and _total(files) > max_bytes:
            _shrink(files, _total(files) - max_bytes)
    return _total(before) - _total(chosen())


def _total(files: list[CacheFile]) -> int:
    return sum(file.bytes for file in files)


def _describe(path: Path) -> CacheFile:
    size = sum(file.stat().st_size for file in (path, *companions(path)) if file.exists())
    stamps = _stamps(path) if path.suffix == ".sqlite" else None
    return CacheFile(
        model=path.parent.name,
        language=path.name.partition(".sqlite")[0],
        units=sum((stamps or {}).values()),
        bytes=size,
        last_used=max(stamps, default=None) if stamps else None,
        damaged=stamps is None,
        path=path,
    )


def _stamps(path: Path) -> dict[int, int] | None:
    """Last use -> how many units have it (a run stamps its units alike); None for a damaged file."""
    with database_errors(path):
        try:
            # Not mode=ro: the last reader of that kind leaves SQLite's companion files behind.
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as file:
                return dict(file.execute("SELECT used, count(*) FROM units GROUP BY used").fetchall())
        except sqlite3.DatabaseError as error:
            if is_damaged(error) or "no such table" in str(error):
                return None
            raise


def _shrink(files: list[CacheFile], excess: float) -> None:
    """Removes the least recently used units of all files, about as many as hold ``excess`` bytes."""
    buckets = sorted((used, file.path, count) for file in files for used, count in (_stamps(file.path) or {}).items())
    unit_bytes = {file.path: file.bytes / file.units for file in files}
    plan: dict[Path, list[tuple[str, int, int]]] = {}
    for used, path, count in buckets:
        if excess <= 0:
            break
        removed = min(count, math.ceil(excess / unit_bytes[path]))
        plan.setdefault(path, []).append(("used = ?", removed, used))
        excess -= removed * unit_bytes[path]
    for path, deletions in plan.items():
        _delete(path, deletions)


def _delete(path: Path, deletions: list[tuple[str, int, int]]) -> None:
    """Deletes units by (condition, at most how many (-1: all), its value), and gives the space back."""
    file, _ = open_unit_file(path)
    with closing(file), database_errors(path):
        file.execute("BEGIN IMMEDIATE")
        for condition, limit, value in deletions:
            some = f"SELECT key FROM units WHERE {condition} LIMIT ?"
            file.execute(f"DELETE FROM units WHERE key IN ({some})", (value, limit))
        file.execute("COMMIT")
        empty = file.execute("SELECT 1 FROM units LIMIT 1").fetchone() is None
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if empty:
        _remove_unused(path)


def _remove_unused(path: Path) -> None:
    """Removes a file, unless another process has it open or has just put something in."""
    with disk_errors(path), alone(path), closing(sqlite3.connect(path, timeout=0)) as file:
        try:
            file.execute("PRAGMA locking_mode=EXCLUSIVE")
            file.execute("PRAGMA journal_mode=DELETE")  # fails while anyone else has the file open
            if file.execute("SELECT 1 FROM units LIMIT 1").fetchone() is None:
                _unlink(path)
        except sqlite3.OperationalError:
            return


def _unlink(path: Path) -> None:
    with disk_errors(path):
        for file in (path, *companions(path)):
            file.unlink(missing_ok=True)
