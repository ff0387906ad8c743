"""Names of people, places and firms: kept, or put into the letters of the other language, and each time alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import ClassVar

import regex

from ...toolkit.languages import Language
from ..check import ABSTAIN, BaseCheck, Direction, Score
from ..pairs import Pair, Segment
from .names_en import find_names

_WORD = regex.compile(r"[\p{L}\p{M}]+")
_SPACELESS = frozenset({"Thai", "Laoo", "Mymr", "Khmr", "Jpan", "Hans", "Hant", "Tibt"})
_EXACT, _STEM = 100.0, 96.0
_MIN_STEM = 4  # letters that a name in Latin letters shares with a word that has another ending
_MOST = 50  # names of a row that are looked for
_ALIKE = 60.0  # likeness of two renderings of one name in one row

# Log-likelihood ratios: how much more often a likeness is seen in a translation of the sentence than in one of
# another sentence. By the number of the name's consonants (2, 3, 4, 5 and more), for likeness below 50, 60, 67, 74, 80,
# 86, 94, 100, and for the name itself. Pooled over the 25 languages of NTREX, smoothed.
_BOUNDS = (50, 60, 67, 74, 80, 86, 94, 100)
_WORDS = (
    (-3.0, -2.0, -1.7, -1.6, -1.0, -0.5, 0.5, 1.0, 4.0),
    (-3.5, -2.9, -2.6, -1.8, -0.6, 0.5, 1.7, 3.0, 5.0),
    (-4.0, -3.0, -2.2, -1.5, 0.2, 1.9, 3.9, 4.0, 5.0),
    (-4.0, -3.2, -2.0, -0.6, 0.8, 2.0, 5.0, 5.0, 6.0),
)
_STREAM = (
    (-1.5, -1.8, -2.0, -1.5, -1.5, -1.3, -1.0, 0.0, 2.5),
    (-2.0, -2.5, -2.2, -1.7, -1.0, -0.6, 0.1, 0.1, 4.0),
    (-2.5, -2.5, -2.1, -1.3, -0.1, 0.9, 1.7, 2.6, 4.0),
    (-2.5, -2.7, -1.7, -1.2, -0.2, 1.3, 2.6, 3.2, 5.0),
)

# Sounds that languages take for one another share a letter.
_SPELLINGS = (("sh", "s"), ("ch", "s"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("ce", "se"), ("ci", "si"), ("x", "ks"))
_CLASSES = str.maketrans(
    {
        **dict.fromkeys("bfvw", "p"),
        "d": "t",
        **dict.fromkeys("gqhc", "k"),
        **dict.fromkeys("zj", "s"),
        "r": "l",
        "n": "m",
        **dict.fromkeys("ey", "i"),
        "o": "u",
    }
)
_NO_LETTER = regex.compile(r"[^a-z]+")
_DOUBLE = regex.compile(r"(.)\1+")
_VOWELS = str.maketrans("", "", "aiu")


@dataclass(frozen=True, slots=True)
class _Found:
    """How well a name is found in a text, and the sounds of what was taken for it."""

    evidence: float
    sounds: str


class NamesCheck(BaseCheck):
    """Log-odds (natural, 0 is even) that the names of the source stand in the target, summed over names.

    A name is found as it is, with another ending, or by its sounds: both sides are put into ASCII (anyascii) and into
    classes of sounds, with and without vowels. A name that stands in several texts of a row counts by the worst, and as
    lost where its renderings differ. Several words in a row are one name, which one of them speaks for. People do
    translate names: a single one that is lost says little. Abstains where the English shows no name.
    """

    name = "names"
    direction: ClassVar[Direction] = "low"
    summary = "log-odds that the names of the English are in the translation"

    def score_pair(self, pair: Pair) -> Score:
        """The sum of evidence, and the names that were not found."""
        names = find_names([segment.source_words for segment in pair.segments])[:_MOST]
        if not names:
            return ABSTAIN
        targets = [_Target(segment, pair.language) for segment in pair.segments]
        total, lost = 0.0, []
        for name in names:
            evidence = max(_evidence(word, targets) for word in name)
            total += evidence
            if evidence < 0:
                lost.append(" ".join(name))
        return Score(round(total, 3), f"not found: {', '.join(lost)}"[:300] if lost else None)


def _evidence(word: str, targets: Sequence[_Target]) -> float:
    found = [target.find(word) for target in targets if word in target.source]
    if not found:
        return 0.0
    evidence = min(one.evidence for one in found)
    return evidence if _are_alike(found) else min(evidence, -1.0)


def _are_alike(found: Sequence[_Found]) -> bool:
    from rapidfuzz import fuzz

    return all(fuzz.partial_ratio(one.sounds, other.sounds) >= _ALIKE for one, other in pairwise(found))


class _Target:
    """The target of a segment, ready to be searched."""

    def __init__(self, segment: Segment, language: Language) -> None:
        self.source = segment.source_words
        self._text = _folded(segment.target_words)
        self._is_latin = language.script == "Latn"
        self._has_words = language.script not in _SPACELESS
        self._segment = segment

    @cached_property
    def _words(self) -> list[str]:
        return list(dict.fromkeys(_WORD.findall(self._segment.target_words)))

    @cached_property
    def _folded_words(self) -> list[str]:
        return _WORD.findall(self._text)

    @cached_property
    def _stream(self) -> str:
        return _sounds(self._segment.target_words)

    def find(self, name: str) -> _Found:
        """Where the name, or what sounds like it, is found best."""
        sounds = _word_sounds(name)
        row = min(max(len(sounds[0]), 2), 5) - 2
        if (folded := _folded(name)) in self._text:
            return _Found(_of(_WORDS if self._has_words else _STREAM, row, _EXACT), sounds[1])
        if not self._has_words:
            return self._in_stream(sounds, row)
        stem = folded[: max(_MIN_STEM, len(folded) - 3)]
        if self._is_latin and any(word.startswith(stem) for word in self._folded_words):
            return _Found(_of(_WORDS, row, _STEM), sounds[1])
        likeness, which = max(self._compared(sounds), default=(0.0, ""))
        return _Found(_of(_WORDS, row, likeness), which)

    def _compared(self, sounds: tuple[str, str]) -> Iterator[tuple[float, str]]:
        """Likeness to each word, whose ending does not count."""
        from rapidfuzz import fuzz

        bare, full = sounds
        for word in self._words:
            other_bare, other_full = _word_sounds(word)
            if len(other_bare) > 1:
                likeness = fuzz.ratio(bare, other_bare[: len(bare) + 1]) + fuzz.ratio(full, other_full[: len(full) + 1])
                yield likeness / 2, other_full[: len(full) + 1]

    def _in_stream(self, sounds: tuple[str, str], row: int) -> _Found:
        from rapidfuzz import fuzz

        bare, full = sounds
        place = fuzz.partial_ratio_alignment(full, self._stream)
        likeness = (fuzz.partial_ratio(bare, self._stream.translate(_VOWELS)) + (place.score if place else 0)) / 2
        return _Found(_of(_STREAM, row, likeness), self._stream[place.dest_start : place.dest_end] if place else "")


def _of(table: tuple[tuple[float, ...], ...], row: int, likeness: float) -> float:
    return table[row][sum(bound <= likeness for bound in _BOUNDS)]


def _folded(text: str) -> str:
    """Small letters without marks."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


@lru_cache(maxsize=1 << 16)
def _word_sounds(word: str) -> tuple[str, str]:
    """The sounds of a word without and with its vowels."""
    sounds = _sounds(word)
    return _DOUBLE.sub(r"\1", sounds.translate(_VOWELS)), sounds


def _sounds(text: str) -> str:
    from anyascii import anyascii

    plain = anyascii(unicodedata.normalize("NFC", text)).lower()
    for spelling, sound in _SPELLINGS:
        plain = plain.replace(spelling, sound)
    return str(_DOUBLE.sub(r"\1", _NO_LETTER.sub("", plain).translate(_CLASSES)))
