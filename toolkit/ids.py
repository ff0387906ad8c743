"""Numbers for identical rows: the k-th copy of a row gets ``-k`` behind its id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from .files import disk_errors
from .sqlite import database_errors

_COUNT = "INSERT INTO seen VALUES (?, 0) ON CONFLICT (id) DO UPDATE SET copies = copies + 1 RETURNING copies"
_SEED = "INSERT INTO seen VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET copies = max(copies, excluded.copies)"


class IdCounter:
    """Counts ids in a table on disk, so that memory stays flat whatever the number of rows.

    The table is scratch: it begins empty each time, since a run that is started again reads its source again
    from the first row (or is seeded), and :meth:`close` removes it. Use it from one thread.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with disk_errors(self.path), database_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            self._table = sqlite3.connect(self.path, isolation_level=None)
            # Nothing here outlives the process: no journal, no sync, one transaction that is never committed.
            self._table.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
                "PRAGMA cache_size=-16000;"
                "CREATE TABLE seen (id TEXT PRIMARY KEY, copies INTEGER NOT NULL) WITHOUT ROWID; BEGIN"
            )

    def number(self, id: str) -> str:
        """``id`` the first time, then ``id-1``, ``id-2``, …"""
        with database_errors(self.path):
            (copies,) = self._table.execute(_COUNT, (id,)).fetchone()
        return f"{id}-{copies}" if copies else id

    def seed(self, ids: Iterable[str]) -> None:
        """Takes ids that were given out before (``id`` or ``id-k``) as counted; a bare id has no dash."""
        with database_errors(self.path):
            parts = (id.partition("-") for id in ids)
            self._table.executemany(_SEED, ((base, int(copy or 0)) for base, _, copy in parts))

    def close(self) -> None:
        """Removes the table."""
        self._table.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> IdCounter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
