"""Which training records stand in a test set, wholly, in part, or by the API that they call.

Texts are compared by their words: NFKC, case folded, letters and digits only. Of a test set only its users' texts
count, for those are what a model is asked; of a training record every text does, its target included. The rules, in
the order in which they are asked:

- ``exact``: all that the users say is the same, letter for letter.
- ``13-gram``: thirteen words in a row of one text stand in both (the length that GPT-3 was decontaminated by, Brown
  et al. 2020, arXiv:2005.14165). A test text of fewer words is held to by ``exact`` alone.
- ``api``: a call, earlier or wanted, names an API that a call of the test set names.

Only hashes of the test sets are kept in memory.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from ..toolkit.errors import DataError
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.records import Record
from .named_sets import NamedSet, Rows, find_sets, open_set

N = 13
Rule = Literal["exact", "13-gram", "api"]

_WORD = re.compile(r"[^\W_]+")
_SHOWN = 200  # characters of an overlap


@dataclass(frozen=True, slots=True)
class Removal:
    """Why a record must go. ``test_row`` counts from 1 through the set's files; ``overlap`` is what both share: the
    beginning of the users' words, the thirteen words, or the API's name."""

    id: str
    task: str
    test_set: str
    rule: Rule
    test_row: int
    overlap: str

    def to_json(self) -> dict[str, Any]:
        """As a line of ``removed.jsonl``."""
        return asdict(self)


class Decontaminator:
    """Test sets as hashes. ``sets`` says what they are, for the manifest: name, dataset, revision, how many rows are
    compared with, how many APIs are kept out (0 without that rule), and, by reason, how many rows could not be read."""

    def __init__(self) -> None:
        self.sets: list[dict[str, Any]] = []
        # hash or name -> set and row; the first set, and in it the first row, that has it
        self._exact: dict[bytes, tuple[str, int]] = {}
        self._grams: dict[bytes, tuple[str, int]] = {}
        self._apis: dict[str, tuple[str, int]] = {}

    @classmethod
    def open(
        cls, specs: Sequence[str], cache_dir: str | Path | None = None, progress: Progress | None = None
    ) -> Decontaminator:
        """The sets of ``specs``: names (``mgsm``, ``gsm8k``, ``api-bank``) or ``NAME=SOURCE``, a source being whatever
        :func:`mlt.toolkit.sources.open_source` reads (of a Hub set, its split "test").

        Raises UsageError for an unknown name, DataError for a set without a row to compare with, EnvironmentProblem
        without the Hub.
        """
        progress = progress or NullProgress()
        made = cls()
        for named in find_sets(specs):
            progress.message(f"reading the test set {named.name}")
            made.add(named, open_set(named, cache_dir))
            if skipped := made.sets[-1]["skipped"]:
                reasons = ", ".join(f"{count} {reason}" for reason, count in skipped.items())
                progress.note(f"{named.name}: rows that nothing is compared with: {reasons}")
        progress.message("")
        return made

    def add(self, named: NamedSet, rows: Rows) -> None:
        """Take in one more set. DataError where none of its rows is an English record."""
        count = 0
        apis: set[str] = set()
        for number, record in rows:
            count += 1
            place = (named.name, number)
            texts = [words_of(text) for text in _user_texts(record)]
            if "exact" in named.rules and (whole := _joined(texts)):
                self._exact.setdefault(_hash(whole), place)
            if "13-gram" in named.rules:
                for gram in _grams(texts):
                    self._grams.setdefault(_hash(gram), place)
            if "api" in named.rules:
                for name in _api_names(record):
                    if name not in named.ignored:
                        apis.add(name)
                        self._apis.setdefault(name, place)
        if not count:
            found = ", ".join(f"{n} {reason}" for reason, n in rows.skipped.items()) or "it is empty"
            raise DataError(f"--decontaminate {named.name}: no English row to compare with ({found})")
        self.sets.append(
            {
                "name": named.name,
                "dataset": ", ".join(dict.fromkeys(reader.dataset for reader in rows.readers)),
                "revision": ", ".join(dict.fromkeys(reader.revision for reader in rows.readers)),
                "rows": count,
                "apis": len(apis),
                "skipped": dict(sorted(rows.skipped.items())),
            }
        )

    def check(self, record: Record) -> Removal | None:
        """The first rule, in the order of this module's docstring, by which an English record must go."""
        users = _joined([words_of(text) for text in _user_texts(record)])
        if users and (place := self._exact.get(_hash(users))):
            said = " ".join(_user_texts(record)).split()
            return _removal(record, place, "exact", " ".join(said)[:_SHOWN])
        if self._grams:
            for gram in _grams([words_of(text) for text in _all_texts(record)]):
                if place := self._grams.get(_hash(gram)):
                    return _removal(record, place, "13-gram", gram[:_SHOWN])
        for name in _api_names(record):
            if place := self._apis.get(name):
                return _removal(record, place, "api", name[:_SHOWN])
        return None


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _WORD.findall(folded)


def _removal(record: Record, place: tuple[str, int], rule: Rule, overlap: str) -> Removal:
    return Removal(record.id, record.task, place[0], rule, place[1], overlap)


def _user_texts(record: Record) -> list[str]:
    return [message.content for message in record.messages if message.role == "user"]


def _all_texts(record: Record) -> list[str]:
    return [*(message.content for message in record.messages), record.target]


def _api_names(record: Record) -> Iterator[str]:
    for calls in (record.gold.calls, *(message.calls for message in record.messages)):
        for call in calls:
            yield call.name


def _joined(texts: Sequence[Sequence[str]]) -> str:
    """Without any space, so that "1,000" and "1000", "e-mail" and "email" are the same."""
    return "".join(word for words in texts for word in words)


def _grams(texts: Sequence[Sequence[str]]) -> Iterator[str]:
    for words in texts:
        for start in range(len(words) - N + 1):
            yield " ".join(words[start : start + N])


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
