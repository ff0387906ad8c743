"""Translated units, kept across runs: one SQLite file per (model, target language), shared by processes.

A key is a hash over everything that decides a hypothesis, so a hit is what the engine would say again.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from ..toolkit.cache_folder import cache_root
from ..toolkit.errors import EnvironmentProblem
from ..toolkit.records import dump_json
from ..toolkit.sqlite import database_errors, is_damaged
from .engine import Decoding, Engine, Hypothesis
from .eviction import CacheFile, evict, list_caches
from .unit_file import open_unit_file, unit_path

__all__ = ["CacheFile", "UnitCache", "cache_name", "cache_root", "evict", "key_maker", "list_caches", "unit_key"]

_KEY_VERSION = 1  # raised when the same key would no longer mean the same hypothesis
_CHUNK = 500  # keys in one query: under the oldest limit on bound values
_DAY = 86_400
_PENDING = 50_000  # keys whose last use is written down together

T = TypeVar("T")


def unit_key(identity: Mapping[str, Any], decoding: Decoding, source_code: str, target_code: str, text: str) -> str:
    """blake2b-128, in hex, over all that decides the hypotheses of one text."""
    return key_maker(identity, decoding, source_code, target_code)(text)


def key_maker(
    identity: Mapping[str, Any], decoding: Decoding, source_code: str, target_code: str
) -> Callable[[str], str]:
    """:func:`unit_key` for many texts of one setting: what they share is hashed once."""
    setting = [_KEY_VERSION, dict(identity), asdict(decoding), source_code, target_code]
    shared = blake2b(json.dumps(setting, sort_keys=True).encode() + b"\0", digest_size=16)

    def key(text: str) -> str:
        digest = shared.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    return key


def cache_name(engine: Engine) -> str:
    """The folder of an engine's cached units: its name, for people, and a hash of all that decides a hypothesis."""
    identity = dump_json(dict(sorted(engine.identity.items())))
    model = Path(str(engine.identity["model"])).name
    readable = "".join(char if char.isalnum() or char in "-_." else "-" for char in model)[:60]
    return f"{engine.name}-{readable}-{blake2b(identity.encode(), digest_size=6).hexdigest()}"


class UnitCache:
    """The cached units of one model and target language.

    Several processes, and threads of one, may use the same file at once; after a fork, open it anew. A
    damaged file is set aside with a warning and a new one begun. A full disk, or a file that another
    process keeps locked for a minute, is an EnvironmentProblem.
    """

    def __init__(self, model_key: str, target: str, root: Path | None = None) -> None:
        self.path = unit_path(model_key, target, root)
        self._now = int(time.time())
        self._reused: list[str] = []
        self._lock = Lock()
        self._file, self._inode = open_unit_file(self.path)

    def get_many(self, keys: Sequence[str]) -> dict[str, list[Hypothesis]]:
        """The hypotheses, best first, of those keys that are there."""
        found, rotten = {}, []
        for key, data, used in self._guarded(lambda: list(self._read(keys))):
            hypotheses = _load(data)
            if hypotheses is None:
                rotten.append((key,))
                continue
            found[key] = hypotheses
            if used < self._now - _DAY:
                self._reused.append(key)
        if rotten:  # bits that went wrong inside a sound page: translated again
            self._guarded(lambda: self._write("DELETE FROM units WHERE key = ?", rotten))
        if len(self._reused) >= _PENDING:
            self._note_use()
        return found

    def put_many(self, items: Mapping[str, list[Hypothesis]]) -> None:
        """Keeps a batch: all of it or, when the process is killed, nothing.

        A key that is there already keeps what it has, so that a run which is continued reads what it read
        before.
        """
        rows = [(key, _dump(hypotheses), self._now) for key, hypotheses in items.items()]
        statement = "INSERT INTO units VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING"
        self._guarded(lambda: self._write(statement, rows))

    def close(self) -> None:
        """Notes which units were used, for :func:`evict`, and closes the file."""
        self._note_use()
        with self._lock:
            self._file.close()

    def __enter__(self) -> UnitCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes, int]]:
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            yield from self._file.execute(
                f"SELECT key, hypotheses, used FROM units WHERE key IN ({marks})", tuple(chunk)
            )

    def _write(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        # Immediate: a transaction that begins as a read fails at once, without waiting, when others write.
        self._file.execute("BEGIN IMMEDIATE")
        try:
            self._file.executemany(statement, rows)
            self._file.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # on a full disk SQLite has rolled back by itself
                self._file.execute("ROLLBACK")
            raise

    def _note_use(self) -> None:
        """Writes the last use of units that were not used for a day: once a run, not once a read."""
        reused, self._reused = self._reused, []
        if reused:
            rows = [(self._now, key) for key in reused]
            with suppress(EnvironmentProblem):  # only eviction's order is lost
                self._guarded(lambda: self._write("UPDATE units SET used = ? WHERE key = ?", rows))

    def _guarded(self, action: Callable[[], T]) -> T:
        """``action`` under the lock; where the file turns out damaged, again on a new one."""
        with self._lock, database_errors(self.path):
            try:
                return action()
            except sqlite3.DatabaseError as error:
                if not is_damaged(error):
                    raise
            self._reused = []
            self._file.close()
            self._file, self._inode = open_unit_file(self.path, broken=self._inode)
            return action()


def _dump(hypotheses: Sequence[Hypothesis]) -> bytes:
    rows = [(h.text, h.score, h.ended, h.unknown) for h in hypotheses]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _load(data: bytes) -> list[Hypothesis] | None:
    try:
        return [Hypothesis(text, score, ended, unknown) for text, score, ended, unknown in json.loads(data)]
    except (ValueError, TypeError):
        return None
