"""Pairs on their way from a file's order into shards: a database on the disk, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..toolkit.errors import RowError
from ..toolkit.files import disk_errors
from ..toolkit.languages import ENGLISH
from ..toolkit.sqlite import database_errors

# Nothing here outlives the process: no journal, no sync, one transaction that is never committed.
_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-4000;
CREATE TABLE items (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, row INTEGER NOT NULL);
CREATE TABLE pairs (lang INTEGER, place INTEGER, target TEXT NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (lang, place)) WITHOUT ROWID;
CREATE TABLE aside (lang TEXT, place INTEGER, reason TEXT, detail TEXT, raw TEXT, row INTEGER,
    PRIMARY KEY (lang, place)) WITHOUT ROWID;
BEGIN
"""
_Columns = tuple[list[str], list[str], list[int]]


class PairsScratch:
    """Items numbered in order of first appearance, their pairs, and rows set aside.

    For one thread, in a ``with`` block, which tells of a full disk and the like in one line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first_problem: str | None = None
        self._open = ExitStack()
        self._items = 0
        self._langs: dict[str, int] = {}
        self._aside: dict[str, int] = {}
        with disk_errors(path), database_errors(path):
            path.unlink(missing_ok=True)
            self._table = sqlite3.connect(path, isolation_level=None)
            self._table.executescript(_SCHEMA)

    @property
    def languages(self) -> list[str]:
        """The languages that pairs, or rows set aside, are in; English is none of them."""
        return sorted((self._langs.keys() | self._aside.keys()) - {ENGLISH.code})

    @property
    def is_empty(self) -> bool:
        """Whether there is no pair."""
        return not self._items

    def add(self, id: str, source: str, target: str, lang: str, row: int) -> None:
        """Takes a pair. RowError source-differs where the id has another source, duplicate-id where it was there."""
        found = self._table.execute("SELECT place, source, row FROM items WHERE id = ?", (id,)).fetchone()
        if found is None:
            place, self._items = self._items, self._items + 1
            self._table.execute("INSERT INTO items VALUES (?, ?, ?, ?)", (place, id, source, row))
        else:
            place, known, first = found
            if known != source:
                raise RowError("source-differs", f"id {id[:80]!r} has another source in row {first}")
        number = self._langs.setdefault(lang, len(self._langs))
        try:
            self._table.execute("INSERT INTO pairs VALUES (?, ?, ?, ?)", (number, place, target, row))
        except sqlite3.IntegrityError:
            raise RowError("duplicate-id", f"id {id[:80]!r} stands in {lang} already") from None

    def set_aside(self, lang: str, reason: str, detail: str, raw: str | None, row: int) -> None:
        """Keeps a row that is no pair, under a language."""
        self.first_problem = self.first_problem or f"{reason}: {detail}"
        place = self._aside.get(lang, 0)
        self._aside[lang] = place + 1
        entry = [_utf8(text) for text in (reason, detail, raw)]
        self._table.execute("INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?)", (lang, place, *entry, row))

    def shards(self, size: int) -> int:
        """How many shards there are to be: enough for the items, and for the rows aside of any language."""
        return -(-max(self._items, *self._aside.values(), 0) // size)

    def items(self, index: int, size: int) -> _Columns:
        """Ids, sources and rows of a shard."""
        query = "SELECT id, source, row FROM items WHERE place >= ? AND place < ? ORDER BY place"
        return self._columns(query, (index * size, (index + 1) * size))

    def pairs(self, lang: str, index: int, size: int) -> _Columns:
        """Ids, targets and rows of a shard in a language."""
        query = (
            "SELECT id, target, pairs.row FROM pairs JOIN items USING (place)"
            " WHERE lang = ? AND place >= ? AND place < ? ORDER BY place"
        )
        return self._columns(query, (self._langs.get(lang, -1), index * size, (index + 1) * size))

    def aside(self, lang: str, index: int, size: int) -> list[tuple[str, str, str | None, int]]:
        """Reason, detail, raw text and row of what is set aside in a shard: ``size`` of them, in the file's order."""
        query = "SELECT reason, detail, raw, row FROM aside WHERE lang = ? AND place >= ? AND place < ? ORDER BY place"
        return self._table.execute(query, (lang, index * size, (index + 1) * size)).fetchall()

    def __enter__(self) -> PairsScratch:
        self._open.enter_context(database_errors(self.path))
        return self

    def __exit__(self, *error: Any) -> None:
        self._table.close()
        self.path.unlink(missing_ok=True)
        self._open.__exit__(*error)

    def _columns(self, query: str, values: tuple[int, ...]) -> _Columns:
        rows = self._table.execute(query, values).fetchall()
        return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _utf8(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
