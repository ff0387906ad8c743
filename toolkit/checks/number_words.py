"""Whether a text says a number in the words of its language.

A number is not read out of the text: it is rendered as a pattern of the ways in which people write it, and looked for
(:mod:`.number_words_library`, :mod:`.number_words_tables`, :mod:`.number_words_yo`, :mod:`.number_words_han`). That
asks of a language only what is needed to answer "is 48 said here?". Where nothing covers a language, nothing is said.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from functools import cache, lru_cache

import regex

from ..languages import Language
from . import number_words_han, number_words_library, number_words_tables, number_words_yo
from .number_words_en import months, outspoken
from .number_words_tables import beside, scales, unmarked, written
from .numbers import Number

MAX_VALUE = 10**12
"""What is larger is written with digits."""

_REACH = 24  # characters beside a number in which its scale stands
_HAN = frozenset(["ja", "zh", "yue"])
# Where so many numbers are said in words, in so many forms, that one which is not recognised is no proof of an error.
_READ_WITH_GAPS = {"yo": number_words_yo.ANY}
_MARKS = regex.compile(r"\p{Mn}+")
_JOINTS = regex.compile(r"['’‘ʼ-]+")
_DOUBLE_VOWELS = regex.compile(r"([aeiou])\1+")


class SaidNumbers:
    """The numbers that a text says in words. What :meth:`take` has found is gone for the next call."""

    def __init__(self, text: str, language: Language) -> None:
        self._key = base_code(language)
        self._text = fold_words(text, self._key)

    def take(self, value: Decimal) -> bool:
        """Whether the text says this value; one place where it does is used up."""
        return self._take(_pattern(value, self._key))

    def count(self, value: Decimal) -> int:
        """How often the text says this value."""
        pattern = _pattern(value, self._key)
        return 0 if pattern is None else sum(1 for _ in pattern.finditer(self._text))

    def take_part(self, part: str) -> bool:
        """Whether the text has a word for a ``half`` or a ``quarter``; it is used up."""
        return self._take(_part_pattern(part, self._key))

    def take_unread(self) -> bool:
        """Whether the text says some number that no :meth:`take` has found, where words are read with gaps (Yoruba)."""
        return self._key in _READ_WITH_GAPS and self._take(_unread_pattern(self._key))

    def _take(self, pattern: regex.Pattern[str] | None) -> bool:
        found = pattern.search(self._text) if pattern else None
        if not found:
            return False
        self._text = f"{self._text[: found.start()]} \ufffc {self._text[found.end() :]}"
        return True


def scaled(number: Number, text: str, language: Language) -> frozenset[Decimal]:
    """What a number of a text is with the word beside it that multiplies it (``380 тысяч``); empty without one."""
    key = base_code(language)
    found = {
        value * factor
        for pattern, factor in _scales(key)
        if _beside(pattern, number, text, key)
        for value in number.values
    }
    return frozenset(found)


def owed(source: str, language: Language) -> list[Decimal]:
    """What an English text says in words and a translation into this language says with digits or their signs."""
    kinds = written(base_code(language))
    values = months(source) if "months" in kinds else []
    return values + (outspoken(source) if "amounts" in kinds else [])


def says_percent(text: str, language: Language) -> bool:
    """Whether a text has a percent sign, or the language's word for it."""
    key = base_code(language)
    words = beside("percent", key)
    return "%" in text or "％" in text or bool(words and regex.search(words, fold_words(text, key)))


def base_code(language: Language) -> str:
    """The code of a language without its script: ``zh`` for ``zh-Hans``."""
    return language.code.partition("-")[0]


def fold_words(text: str, key: str) -> str:
    """A text as patterns expect it: NFC and without case; without tone and vowel marks where spelling varies.

    There, hyphens and apostrophes go too, and doubled vowels are one: Yoruba writes *mẹ́ẹ̀ẹ́dógún* and *mẹ́dógún*.
    """
    if key not in unmarked():
        return unicodedata.normalize("NFC", text).lower()
    bare = _MARKS.sub("", unicodedata.normalize("NFD", text.lower())).replace("ɗ", "d")
    return _DOUBLE_VOWELS.sub(r"\1", _JOINTS.sub("", bare))


@lru_cache(maxsize=16_384)
def _pattern(value: Decimal, key: str) -> regex.Pattern[str] | None:
    """The ways to write a value, as one pattern; None where they are not known."""
    if not 0 <= value <= MAX_VALUE:
        return None
    whole = int(value)
    forms = _forms(whole, key)
    if value != whole:
        half = beside("half", key)
        if value - whole != Decimal("0.5") or not half:
            return None
        forms = [rf"(?:{form})[\s\p{{L}}\p{{M}}]{{0,12}}?(?:{half})" for form in forms] if whole else [half]
    if not forms:
        return None
    return regex.compile(_bounded("|".join(f"(?:{form})" for form in forms), key))


def _forms(value: int, key: str) -> list[str]:
    if key == "yo":
        return number_words_yo.forms(value)
    if key in _HAN:
        return [*number_words_han.forms(value), *number_words_tables.also(value, key)]
    forms = number_words_tables.forms(value, key) + number_words_tables.also(value, key)
    return forms + number_words_library.forms(value, key)


def _bounded(form: str, key: str) -> str:
    """The pattern with what may stand before and after it: no part of a longer number or word."""
    if key in _HAN:
        return number_words_han.bounded(form)
    if key in number_words_library.UNSPACED:
        return number_words_library.bounded(form, key)
    if key == "yo":  # its forms are bounded already: the bounds differ
        return form
    prefix = beside("prefix", key) or ""
    return rf"(?<![\p{{L}}\p{{M}}]){prefix}(?:{form})(?![\p{{L}}\p{{M}}])"


def _beside(pattern: regex.Pattern[str], number: Number, text: str, key: str) -> bool:
    after = fold_words(text[number.end : number.end + _REACH], key).lstrip()
    before = fold_words(text[max(0, number.start - _REACH) : number.start], key)
    return bool(pattern.match(after)) or any(not before[m.end() :].strip() for m in pattern.finditer(before))


@cache
def _scales(key: str) -> tuple[tuple[regex.Pattern[str], int], ...]:
    end = "" if key in number_words_library.UNSPACED else r"(?![\p{L}\p{M}])"
    return tuple((regex.compile(f"(?:{word}){end}"), factor) for word, factor in scales(key).items())


@cache
def _unread_pattern(key: str) -> regex.Pattern[str]:
    return regex.compile(_READ_WITH_GAPS[key])


@cache
def _part_pattern(part: str, key: str) -> regex.Pattern[str] | None:
    words = beside(part, key)
    if not words:
        return None
    if key in _HAN or key in number_words_library.UNSPACED:
        return regex.compile(words)
    return regex.compile(rf"(?<![\p{{L}}\p{{M}}])(?:{words})(?![\p{{L}}\p{{M}}])")
