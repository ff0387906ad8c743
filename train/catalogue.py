"""The items of the runs in a table on disk: what they are, how they rank, where each language's record stands.

Memory stays flat whatever the number of items. The table is scratch: it is made anew each time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ..toolkit import layout
from ..toolkit.run import Run
from ..toolkit.tasks import TASKS
from .shards import read_keys

FREE, REMOVED, HELD_OUT = 0, 1, 2
"""What an item is for the training split: there, removed by decontamination, in a group of the validation split."""

_TABLES = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-2000;
CREATE TABLE item (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, grp TEXT NOT NULL, task TEXT NOT NULL,
                   rank BLOB, parallel INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0);
CREATE TABLE place (item INTEGER NOT NULL, lang TEXT NOT NULL, run INTEGER NOT NULL, shard INTEGER NOT NULL,
                    row INTEGER NOT NULL, tokens INTEGER, PRIMARY KEY (item, lang)) WITHOUT ROWID;
CREATE TABLE queue (name TEXT NOT NULL, ordinal INTEGER NOT NULL, item INTEGER NOT NULL,
                    PRIMARY KEY (name, ordinal)) WITHOUT ROWID;
CREATE TABLE chosen (split TEXT NOT NULL, lang TEXT NOT NULL, item INTEGER NOT NULL,
                     PRIMARY KEY (split, lang, item)) WITHOUT ROWID;
CREATE TABLE wanted (slot INTEGER NOT NULL, item INTEGER NOT NULL, lang TEXT NOT NULL);
CREATE TABLE spool (slot INTEGER PRIMARY KEY, start INTEGER NOT NULL, length INTEGER NOT NULL);
BEGIN;
"""


class Wanted(NamedTuple):
    """A record to read: its row in a shard, its id, and the number that it was asked for under."""

    row: int
    id: str
    slot: int
    item: int


class Catalogue:
    """Items (``item``), their records (``place``), queues to take from (``queue``) and what was taken (``chosen``).

    ``wanted`` names records that are to be read, ``spool`` where a row waits for its turn in another file.
    ``seed`` decides every order: an item's rank is blake2b(seed, id). Use it from one thread.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self._table = sqlite3.connect(path, isolation_level=None)
        self._table.executescript(_TABLES)
        functions: list[tuple[str, int, Callable[..., bytes]]] = [
            ("item_rank", 1, lambda id: _digest(seed, id)),
            ("group_rank", 1, lambda group: _digest(seed, "validation", group)),
            ("row_rank", 2, lambda lang, id: _digest(seed, lang, id)),
        ]
        for name, arity, function in functions:
            self._table.create_function(name, arity, function, deterministic=True)

    def close(self) -> None:
        """Closes the table; its file is the caller's."""
        self._table.close()

    def execute(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        """Runs one statement."""
        return self._table.execute(statement, values)

    def execute_all(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Runs one statement for each of ``values``."""
        self._table.executemany(statement, values)

    def number(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """The one number that a statement gives; 0 for none."""
        row = self._table.execute(statement, values).fetchone()
        return 0 if row is None or row[0] is None else int(row[0])

    def add_shard(self, number: int, run: Run, lang: str, index: int, tasks: Collection[str]) -> int:
        """Puts in the records of a shard that no earlier run has; how many rows the shard has."""
        rows = 0
        for start, ids, groups, kinds in read_keys(run.file(layout.data_file(lang, index))):
            entries = list(zip(range(start, start + len(ids)), ids, groups, kinds, strict=True))
            mine = [entry for entry in entries if entry[3] in tasks]
            new = [(id, group, task) for _, id, group, task in mine]
            self.execute_all("INSERT OR IGNORE INTO item (id, grp, task) VALUES (?, ?, ?)", new)
            places = [(lang, number, index, row, id) for row, id, _, _ in mine]
            self.execute_all(
                "INSERT OR IGNORE INTO place SELECT key, ?, ?, ?, ?, NULL FROM item WHERE id = ?",
                places,
            )
            rows += len(ids)
        return rows

    def rank(self) -> None:
        """Ranks the items; to be called when all are in."""
        self.execute("UPDATE item SET rank = item_rank(id)")
        self.execute("CREATE INDEX by_rank ON item (task, rank, id)")
        self.execute("CREATE INDEX by_group ON item (grp)")

    def mark_parallel(self, languages: Sequence[str]) -> None:
        """Finds out which items are there in every one of ``languages``."""
        self.execute(
            "UPDATE item SET parallel = ? = (SELECT count(*) FROM place WHERE item = key AND "
            f"lang IN ({marks(languages)}))",
            [len(languages), *languages],
        )

    def tasks(self, languages: Sequence[str]) -> list[str]:
        """The tasks that there are records of in one of ``languages``."""
        query = f"SELECT 1 FROM item JOIN place ON item = key WHERE task = ? AND lang IN ({marks(languages)}) LIMIT 1"
        return [task for task in TASKS if self.number(query, [task, *languages])]

    def available(self, lang: str, tasks: Collection[str]) -> int:
        """How many items of ``tasks`` a language has for training."""
        names = list(tasks)
        return self.number(
            "SELECT count(*) FROM item JOIN place ON item = key AND lang = ? "
            f"WHERE state = {FREE} AND task IN ({marks(names)})",
            [lang, *names],
        )

    def remove(self, ids: Iterable[str]) -> None:
        """Takes items out, in every language."""
        self.execute_all(f"UPDATE item SET state = {REMOVED} WHERE id = ?", ((id,) for id in ids))

    def want_english(self, languages: Sequence[str]) -> int:
        """Puts the English of every item that is there in one of ``languages`` into ``wanted``; how many."""
        self.execute("DELETE FROM wanted")
        self.execute(
            "INSERT INTO wanted SELECT 0, item, lang FROM place AS english WHERE lang = 'en' AND EXISTS "
            f"(SELECT 1 FROM place WHERE place.item = english.item AND lang IN ({marks(languages)}))",
            languages,
        )
        return self.number("SELECT count(*) FROM wanted")

    def remove_without_english(self) -> int:
        """Takes out the items that are not there in English; how many."""
        return self.execute(
            f"UPDATE item SET state = {REMOVED} WHERE state = {FREE} "
            "AND NOT EXISTS (SELECT 1 FROM place WHERE item = key AND lang = 'en')"
        ).rowcount

    def chosen(self, split: str) -> dict[str, dict[str, int]]:
        """How many rows of a split were chosen: task -> language -> rows."""
        found: dict[str, dict[str, int]] = {}
        rows = self.execute(
            "SELECT task, lang, count(*) FROM chosen JOIN item ON item = key WHERE split = ? GROUP BY task, lang",
            (split,),
        )
        for task, lang, count in rows:
            found.setdefault(task, {})[lang] = count
        return found

    def by_shard(self) -> Iterator[tuple[tuple[int, str, int], list[Wanted]]]:
        """What ``wanted`` names, as (run, language, shard) and rows ascending: each file is read once."""
        rows = self.execute(
            "SELECT run, wanted.lang, shard, row, id, slot, wanted.item FROM wanted "
            "JOIN place ON place.item = wanted.item AND place.lang = wanted.lang JOIN item ON key = wanted.item "
            "ORDER BY run, wanted.lang, shard, row"
        )
        for (run, lang, shard), group in groupby(rows, key=lambda row: (row[0], row[1], row[2])):
            yield (run, lang, shard), [Wanted(*row[3:]) for row in group]


def marks(values: Sequence[Any]) -> str:
    """As many question marks as there are values, for ``IN (…)``."""
    return ", ".join("?" * len(values))


def _digest(*parts: object) -> bytes:
    return blake2b("\t".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=16).digest()
