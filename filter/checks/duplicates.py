"""Targets that are nearly the same though their sources are not: a model that says one thing to everything."""

from __future__ import annotations

import math
import sqlite3
import unicodedata
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ...toolkit.checks.numbers import unmatched_numbers
from ...toolkit.languages import ENGLISH, Language
from ...toolkit.sqlite import database_errors
from ..check import ABSTAIN, CorpusCheck, Score
from ..length_factors import deviation, factors_for, source_size, target_size
from ..minhash import GRAM, band_keys, jaccard
from ..pairs import Pair

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4096;
CREATE TABLE items (item INTEGER PRIMARY KEY, id TEXT, source TEXT, target TEXT);
CREATE TABLE bands (key INTEGER PRIMARY KEY, item INTEGER);
CREATE TABLE likes (item INTEGER PRIMARY KEY, detail TEXT);
"""
# By how much one pair must fit worse than the other to be the wrong one: a number, or a deviation in length.
_PLAINLY = 1.0
_WORTH_TELLING = 0.5


@dataclass(frozen=True)
class DuplicatesSettings:
    """``source_similarity``: from which on two sources may rightly have one translation, as paraphrases do.

    ``min_length``: characters of a source whose translation is judged; short requests have one translation often.
    """

    source_similarity: float = 0.3
    min_length: int = 40


class DuplicatesCheck(CorpusCheck):
    """The likeness (0 to 1) of a target to that of another item of the language whose source is another one.

    At most one of the two can be right. Where numbers and length say plainly which, the other alone has the score; else
    both have it. Likeness is the Jaccard index of the sets of 4-grams of characters, NFKC and caseless, and 1 for equal
    texts. Candidates are found by MinHash bands (Broder 1997; Leskovec et al., Mining of Massive Datasets, chapter 3):
    of pairs with 0.9 in common 99 % are, with 0.8 three in four. Each band remembers the first item that it was seen
    in. Texts wait in a temporary file; of each item only its score is held in memory.
    """

    name = "duplicates"
    version = 2
    summary = "likeness to the translation of another sentence (0 to 1)"
    Settings = DuplicatesSettings

    def score_all(self, pairs: Iterable[Pair], language: Language) -> Iterator[Score]:
        """A score for each pair, in order, once all have been seen."""
        where = Path("temporary file of the check duplicates")
        with database_errors(where), closing(sqlite3.connect("", isolation_level=None)) as items:
            items.executescript(_SCHEMA)
            items.execute("BEGIN")
            found = _Found(array("d"), items)
            for item, pair in enumerate(pairs):
                found.values.append(0.0)
                self._compare(items, item, pair, language, found)
            yield from found.scores()

    def _compare(self, items: sqlite3.Connection, item: int, pair: Pair, language: Language, found: _Found) -> None:
        """Hold a pair against all before it."""
        target = _text(segment.target for segment in pair.segments)
        source = _text(segment.source for segment in pair.segments)
        if len(source) < self.settings.min_length or len(target) < GRAM:
            found.values[item] = math.nan
            return
        keys = band_keys(target)
        marks = ",".join("?" * len(keys))
        for other, id, its_source, its_target in items.execute(
            f"SELECT item, id, source, target FROM items WHERE item IN (SELECT item FROM bands WHERE key IN ({marks}))"
            " ORDER BY item",
            keys,
        ):
            likeness = round(jaccard(target, its_target), 4)
            if likeness and jaccard(source, its_source) < self.settings.source_similarity:
                ours, theirs = _misfit(source, target, language), _misfit(its_source, its_target, language)
                if ours > theirs - _PLAINLY:
                    found.put(item, likeness, id, its_target)
                if theirs > ours - _PLAINLY:
                    found.put(other, likeness, pair.id, target)
        items.execute("INSERT INTO items VALUES (?, ?, ?, ?)", (item, pair.id, source, target))
        items.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(key, item) for key in keys])


@dataclass
class _Found:
    """The highest likeness of every item (NaN: it is not judged), and on disk what it is like."""

    values: array[float]
    items: sqlite3.Connection

    def put(self, item: int, likeness: float, id: str, text: str) -> None:
        if likeness > self.values[item]:
            self.values[item] = likeness
            if likeness >= _WORTH_TELLING:
                detail = f"like {id}: {' '.join(text.split())[:120]}"
                self.items.execute("INSERT OR REPLACE INTO likes VALUES (?, ?)", (item, detail))

    def scores(self) -> Iterator[Score]:
        for item, value in enumerate(self.values):
            if math.isnan(value):
                yield ABSTAIN
            elif value < _WORTH_TELLING:
                yield Score(value)
            else:
                (detail,) = self.items.execute("SELECT detail FROM likes WHERE item = ?", (item,)).fetchone()
                yield Score(value, detail)


def _misfit(source: str, target: str, language: Language) -> float:
    """How badly a target fits a source: numbers that only one of them has, and deviations from the usual length."""
    missing, extra = unmatched_numbers(source, target, ENGLISH, language)
    sizes = source_size(source, language), target_size(target, language)
    return len(missing) + len(extra) + abs(deviation(*sizes, factors_for(language)))


def _text(texts: Iterable[str]) -> str:
    joined = unicodedata.normalize("NFKC", "\n".join(texts)).casefold()
    return " ".join(joined.split()).encode("utf-8", "replace").decode()
