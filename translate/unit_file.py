"""One SQLite file of translated units, for several processes at once; replaced when it is damaged."""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..toolkit.cache_folder import cache_root
from ..toolkit.errors import EnvironmentProblem
from ..toolkit.files import disk_errors
from ..toolkit.sqlite import database_errors, is_damaged

BUSY_SECONDS = 60.0  # how long a process waits for another's write
_FORMAT = 1  # the file's user_version; a file of another format is set aside like a damaged one
_TABLE = """
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY, hypotheses BLOB NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID
"""

_log = logging.getLogger(__name__)


def unit_path(model: str, target: str, root: Path | None = None) -> Path:
    """``<root>/units/<model>/<language>.sqlite``, with names that any file system takes."""
    return (root or cache_root()) / "units" / file_name(model) / f"{file_name(target)}.sqlite"


def file_name(name: str) -> str:
    """A model's id as a folder name. Two ids that become one share a file, but no entry (see the keys)."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "model"


def open_unit_file(path: Path, *, broken: int | None = None) -> tuple[sqlite3.Connection, int]:
    """A connection to the file, and the file's inode; the file is made where it is missing.

    A file that is no database is set aside, with one warning, and a new one is begun; so is the one with
    the inode ``broken``, if no other process has done it yet. Raises EnvironmentProblem where the disk or
    its permissions do not allow a file.
    """
    with disk_errors(path), alone(path), database_errors(path):
        if broken is not None and path.exists() and path.stat().st_ino == broken:
            _set_aside(path)
        try:
            return _connect(path), path.stat().st_ino
        except sqlite3.DatabaseError as error:
            if not is_damaged(error):
                raise
        _set_aside(path)
        return _connect(path), path.stat().st_ino


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Held while a file is opened, set aside or removed: nobody takes away what another process just made."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=BUSY_SECONDS):
            yield
    except Timeout:
        raise EnvironmentProblem(f"{path} is kept locked by another process: wait, then run again") from None


def companions(path: Path) -> list[Path]:
    """The files that SQLite keeps beside a database in WAL mode."""
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, _FORMAT):
            raise _damaged(f"its format is {found}, not {_FORMAT}")
        if found == 0:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version={_FORMAT}")
        connection.execute("SELECT key, hypotheses, used FROM units LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _damaged(detail: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(detail)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _set_aside(path: Path) -> None:
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    path.replace(aside)
    for companion in companions(path):
        companion.unlink(missing_ok=True)
    _log.warning("the unit cache %s was damaged: set aside as %s, a new one is begun", path, aside.name)
