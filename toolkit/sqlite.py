"""What SQLite's error codes mean to a user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EnvironmentProblem

_PROBLEMS = {
    sqlite3.SQLITE_FULL: "no space left to write {path}: free some, then run again",
    sqlite3.SQLITE_BUSY: "{path} is kept locked by another process: wait for it, then run again",
    sqlite3.SQLITE_READONLY: "{path} may not be written: choose another folder",
    sqlite3.SQLITE_PERM: "{path} may not be opened: choose another folder",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: choose another folder",
    sqlite3.SQLITE_IOERR: "{path} cannot be read or written: check the disk and its free space",
}


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken or no database."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Turns what the machine refuses (space, permission, a lock) into a one-line EnvironmentProblem."""
    try:
        yield
    except sqlite3.Error as error:
        problem = _PROBLEMS.get(_code(error))
        if problem is None:
            raise
        raise EnvironmentProblem(problem.format(path=path)) from error


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # the low byte is the primary code
