"""Human translations of the data folder, and the ways in which the corruption benchmark breaks them.

Everything is drawn by hashes of where a row stands, so that the same rows give the same items anywhere. Row numbers
count from 1 in the published files; odd rows are for choosing thresholds, even ones for figures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from .common import read_jsonl

if TYPE_CHECKING:
    from mlt.toolkit.languages import Language

LANGUAGES = ("sw", "yo", "th", "ja", "bn", "es", "zh", "te")
GOOD = "good"
Range = tuple[int, int]
"""First and last row, both included."""

# Where the names of NTREX's files are not ISO 639-3.
_NTREX = {"en": "eng", "sw": "swa", "zh": "zho-CN"}
_UNSPACED = frozenset({"Thai", "Jpan", "Hans", "Hant", "Laoo", "Khmr", "Mymr"})
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_FILE_ROWS = re.compile(r"[._](\d+)-(\d+)\.(?:txt|jsonl)$")


@dataclass(frozen=True, slots=True)
class Row:
    """A human translation. ``number`` is its row in ``corpus``."""

    corpus: str
    number: int
    lang: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Item:
    """A row as one kind leaves it. ``variant`` tells several items of one row apart; ``digits`` is how many digits of
    the target were changed or dropped."""

    kind: str
    row: Row
    target: str
    variant: int = 0
    digits: int = 0

    @property
    def id(self) -> str:
        """Different for every item."""
        row = self.row
        return f"{row.lang}.{row.corpus}-{row.number:04d}.{self.kind}.{self.variant}"


@dataclass(frozen=True)
class Corpus:
    """The rows of all languages by (corpus, language), each in the order of its hash."""

    rows: Mapping[tuple[str, str], Sequence[Row]]

    def names(self, lang: str) -> list[str]:
        """The corpora that a language has."""
        return [name for name, of in self.rows if of == lang]

    def elsewhere(self, row: Row) -> list[str]:
        """The same sentence in every other language, where it reads differently."""
        found = self._sentences[row.corpus, row.number]
        return [text for lang, text in found.items() if lang != row.lang and text != row.target]

    def next(self, row: Row) -> str:
        """The target of the row that comes after this one; no two rows get the same one."""
        rows = self.rows[row.corpus, row.lang]
        return rows[(rows.index(row) + 1) % len(rows)].target

    @cached_property
    def _sentences(self) -> dict[tuple[str, int], dict[str, str]]:
        found: dict[tuple[str, int], dict[str, str]] = {}
        for row in (row for rows in self.rows.values() for row in rows):
            found.setdefault((row.corpus, row.number), {})[row.lang] = row.target
        return found


def load(data: Path, languages: Sequence[str], ntrex: Range, mgsm: Range) -> Corpus:
    """The rows of both corpora that ``data`` holds, in the given ranges."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for name, read, wanted in (("mgsm", _mgsm, mgsm), ("ntrex", _ntrex, ntrex)):
        english = read(data / name, "en")
        for lang in languages:
            found = [
                Row(name, number, lang, english[number], target)
                for number, target in read(data / name, lang).items()
                if wanted[0] <= number <= wanted[1] and number in english
            ]
            if found:
                rows[name, lang] = sorted(found, key=lambda row: draw("row", row.corpus, row.number))
    return Corpus(rows)


def items(corpus: Corpus, lang: str, kind: str, side: int, count: int) -> list[Item]:
    """``count`` items of a kind from the rows of one side (``number % 2 == side``), fewer where no more can be made.

    The rows are those of the good items first. Where a kind does not fit (no digit to change), other rows of the side
    take their places, and then other variants of the rows that fit.
    """
    chosen = _chosen(corpus, lang, side, count)
    if kind == GOOD:
        return [Item(GOOD, row, row.target) for row in chosen]
    rest = [row for name in corpus.names(lang) for row in _side(corpus, name, lang, side) if row not in chosen]
    found: list[Item] = []
    made: set[tuple[Row, str]] = set()
    for variant in range(count):
        for row in [*chosen, *rest]:
            item = _item(corpus, kind, row, variant)
            if item is not None and (row, item.target) not in made:
                made.add((row, item.target))
                found.append(item)
                if len(found) == count:
                    return found
    return found


def draw(*parts: object) -> int:
    """A number of 64 bits that depends on the parts alone."""
    return int.from_bytes(blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def _chosen(corpus: Corpus, lang: str, side: int, count: int) -> list[Row]:
    """As many rows of each corpus, or more of the other one where one has too few."""
    sides = [_side(corpus, name, lang, side) for name in corpus.names(lang)]
    taken = [rows[: count // len(sides)] for rows in sides]
    for index, rows in enumerate(sides):
        missing = count - sum(map(len, taken))
        taken[index] = rows[: len(taken[index]) + missing]
    return [row for rows in taken for row in rows]


def _side(corpus: Corpus, name: str, lang: str, side: int) -> list[Row]:
    return [row for row in corpus.rows[name, lang] if row.number % 2 == side]


def _item(corpus: Corpus, kind: str, row: Row, variant: int) -> Item | None:
    place = draw(kind, variant, row.corpus, row.number, row.lang)
    target, digits = KINDS[kind](corpus, row, place)
    return None if target is None or target == row.target else Item(kind, row, target, variant, digits)


Broken = tuple[str | None, int]
"""The broken target, None where the kind does not fit, and how many digits were changed."""


def _empty(corpus: Corpus, row: Row, place: int) -> Broken:
    return ("", " ")[place % 2], 0


def _untranslated(corpus: Corpus, row: Row, place: int) -> Broken:
    return row.source, 0


def _wrong_language(corpus: Corpus, row: Row, place: int) -> Broken:
    texts = corpus.elsewhere(row)
    return (texts[place % len(texts)] if texts else None), 0


def _one_digit(corpus: Corpus, row: Row, place: int) -> Broken:
    return _changed(row.target, 1, place)


def _digits(corpus: Corpus, row: Row, place: int) -> Broken:
    """Two to four digits that follow each other, in one number or in several."""
    return _changed(row.target, 2 + place % 3, place // 3)


def _changed(text: str, wanted: int, place: int) -> Broken:
    places = [index for index, char in enumerate(text) if char.isdecimal()]
    if len(places) < min(wanted, 2):
        return None, 0
    wanted = min(wanted, len(places))
    start = place % (len(places) - wanted + 1)
    chars = list(text)
    for step, index in enumerate(places[start : start + wanted]):
        old = unicodedata.decimal(chars[index])
        new = (old + 1 + (place // 7 + step) % 9) % 10
        chars[index] = chr(ord(chars[index]) - old + new)
    return "".join(chars), wanted


def _number_dropped(corpus: Corpus, row: Row, place: int) -> Broken:
    numbers = list(_NUMBER.finditer(row.target))
    if not numbers:
        return None, 0
    number = numbers[place % len(numbers)]
    digits = sum(char.isdecimal() for char in number.group())
    return row.target[: number.start()] + row.target[number.end() :], digits


def _truncated(corpus: Corpus, row: Row, place: int) -> Broken:
    return row.target[: (len(row.target) + 1) // 2], 0


def _repetition(corpus: Corpus, row: Row, place: int) -> Broken:
    """The last three words, or 10 to 20 characters of a script without spaces, 4 to 12 times more."""
    text, times = row.target.rstrip(), 4 + place % 9
    if _language(row.lang).script in _UNSPACED:
        return text + text[-(10 + place // 9 % 11) :] * times, 0
    return text + (" " + " ".join(text.split()[-3:])) * times, 0


def _other_sentence(corpus: Corpus, row: Row, place: int) -> Broken:
    return corpus.next(row), 0


KINDS: Mapping[str, Callable[[Corpus, Row, int], Broken]] = {
    "empty": _empty,
    "untranslated": _untranslated,
    "repetition": _repetition,
    "wrong-language": _wrong_language,
    "digit-changed": _one_digit,
    "digits-changed": _digits,
    "number-dropped": _number_dropped,
    "truncated": _truncated,
    "other-sentence": _other_sentence,
}


def _ntrex(folder: Path, lang: str) -> dict[int, str]:
    code = _NTREX.get(lang) or _language(lang).iso639_3
    rows: dict[int, str] = {}
    for path, first in _files(folder, f"{code}.*.txt"):
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        rows.update(enumerate(lines, first))
    return rows


def _mgsm(folder: Path, lang: str) -> dict[int, str]:
    rows: dict[int, str] = {}
    for path, first in _files(folder, f"{lang}.test_*.jsonl"):
        rows.update(enumerate((row["question"] for row in read_jsonl(path)), first))
    return rows


def _files(folder: Path, pattern: str) -> Iterator[tuple[Path, int]]:
    """The files whose names say which rows they hold, with the first row's number."""
    for path in sorted(folder.glob(pattern)):
        rows = _FILE_ROWS.search(path.name)
        if rows:
            yield path, int(rows[1])


def _language(lang: str) -> Language:
    from mlt.toolkit.languages import resolve

    return resolve(lang).language
