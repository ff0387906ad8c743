"""Scores, kept across runs: one SQLite file a model, shared by processes."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from ...toolkit.files import disk_errors
from ...toolkit.sqlite import database_errors, is_damaged

Pair = tuple[str, str]
T = TypeVar("T")

_KEY_VERSION = 1  # raised when the same key would no longer mean the same score
_CHUNK = 500  # keys in one query: under the oldest limit on bound values
_BUSY_S = 60.0
_TABLE = "CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID"

_log = logging.getLogger(__name__)


class ScoreCache:
    """The scores of one model. ``identity``: all that decides a score beside the texts.

    Raises EnvironmentProblem on a full disk or a file that another process keeps locked for a minute. A damaged file
    is set aside with a warning, and a new one begun.
    """

    def __init__(self, root: Path, name: str, identity: Mapping[str, Any]) -> None:
        self._shared = blake2b(json.dumps([_KEY_VERSION, dict(identity)], sort_keys=True).encode(), digest_size=16)
        slug = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)
        self.path = root / "scores" / f"{slug}-{self._shared.hexdigest()[:12]}.sqlite"
        self._lock = Lock()
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: sqlite3.Connection | None = None
        self._guarded(lambda file: None)

    def get_many(self, pairs: Sequence[Pair]) -> dict[Pair, float]:
        """The scores of those pairs that are there."""
        keys = {self._key(pair): pair for pair in pairs}

        def read(file: sqlite3.Connection) -> dict[Pair, float]:
            found, every = {}, list(keys)
            for start in range(0, len(every), _CHUNK):
                chunk = every[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                for key, value in file.execute(f"SELECT key, value FROM scores WHERE key IN ({marks})", chunk):
                    found[keys[key]] = value
            return found

        return self._guarded(read)

    def put_many(self, scores: Mapping[Pair, float]) -> None:
        """Keeps scores: all of them or, when the process is killed, none."""
        rows = [(self._key(pair), value) for pair, value in scores.items()]

        def write(file: sqlite3.Connection) -> None:
            file.execute("BEGIN IMMEDIATE")
            try:
                file.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?)", rows)
                file.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # on a full disk SQLite has rolled back by itself
                    file.execute("ROLLBACK")
                raise

        self._guarded(write)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _key(self, pair: Pair) -> bytes:
        digest = self._shared.copy()
        for text in pair:
            data = text.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.digest()

    def _guarded(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """``action`` under the lock; where the file turns out damaged, again on a new one."""
        with self._lock, database_errors(self.path):
            try:
                return action(self._open())
            except sqlite3.DatabaseError as error:
                if not is_damaged(error):
                    raise
            self._set_aside()
            return action(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._file is None:
            self._file = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(_TABLE)
        return self._file

    def _set_aside(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        with suppress(FileNotFoundError):  # another process was first
            self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        _log.warning("the score cache %s was damaged: set aside as %s, a new one is begun", self.path, aside.name)
