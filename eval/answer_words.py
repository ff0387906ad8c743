"""Answers in words and in Han numerals: "eighteen", "kumi na nane", 十八."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import regex

from ..toolkit.checks.number_words import SaidNumbers, base_code
from ..toolkit.checks.number_words_en import SCALES, cardinals
from ..toolkit.languages import ENGLISH, Language
from .answer_anchors import patterns
from .answer_numbers import is_negative_word

_HAN = regex.compile(r"[〇零一二三四五六七八九两兩十百千万萬億亿兆]{1,40}")
_HAN_LANGUAGES = {"Jpan", "Hans", "Hant"}
_SMALL = Fraction(10_000)
# Values whose words tell that some number is said, or that the word beside one belongs to it.
_PROBES = [*range(21), *range(30, 100, 10), 100, 1000, 10**6]
_ARTICLE = 1  # "un", "ein" are no numbers where they stand alone
_LONGEST = 9  # words of one number
_LETTERS_OF_A_JOINT = 4  # and, und, y, et, na
_WORD = regex.compile(r"[^\s\-‐‑–]+")
_UNSPACED = {"Thai", "Jpan", "Hans", "Hant"}
_ENGLISH_SCALE = regex.compile(rf"\b(?:{'|'.join(word for word in SCALES if len(word) > 2)})s?\b", regex.I)
_READ = 160  # characters


def han_number(text: str, language: Language) -> tuple[Fraction, str] | None:
    """The number in Han numerals that a Chinese or Japanese text begins with, and how it is written."""
    if language.script not in _HAN_LANGUAGES:
        return None
    match = _HAN.match(text.lstrip(" \"'「『“(*$"))
    return (_han_value(match[0]), match[0]) if match else None


def says(text: str, value: Fraction, language: Language) -> bool:
    """Whether a text names ``value`` in words of its language or of English, and not as a part of a larger number."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    if (value < 0) != is_negative_word(text):
        return False
    return any(_says(_respelled(text[:_READ], spoken), abs(decimal), spoken) for spoken in {language, ENGLISH})


def says_any(text: str, language: Language) -> bool:
    """Whether a text names any number in words."""
    return any(_probed(_respelled(text[:_READ], spoken), spoken, article=False) for spoken in {language, ENGLISH})


def _respelled(text: str, language: Language) -> str:
    """The text with number words as they are looked for."""
    for usual, known in patterns()["spellings"].get(base_code(language), {}).items():
        text = regex.sub(rf"(?<![\p{{L}}\p{{M}}]){usual}(?![\p{{L}}\p{{M}}])", known, text)
    return text


def _says(text: str, value: Decimal, language: Language) -> bool:
    if language.script in _UNSPACED:
        return _is_said(text, value, language)
    words = [match[0] for match in _WORD.finditer(text)]
    for size in range(1, min(_LONGEST, len(words)) + 1):
        for start in range(len(words) - size + 1):
            said = " ".join(words[start : start + size])
            if _is_said(said, value, language):
                if not _goes_on(words[:start][::-1], language) and not _goes_on(words[start + size :], language):
                    return True
                if language != ENGLISH:  # a longer run of words would find the same again
                    return False
    return False


def _is_said(text: str, value: Decimal, language: Language) -> bool:
    """Whether a few words are, among others, those of a value."""
    if language == ENGLISH:
        return max(cardinals(text), default=None) == value
    return SaidNumbers(text, language).take(value)


def _goes_on(words: list[str], language: Language) -> bool:
    """Whether the nearest of these words is part of a number too, behind a joint ("hundred and five") or not."""
    near = words[:1]
    if near and len(near[0]) <= _LETTERS_OF_A_JOINT and not _probed(near[0], language, article=True):
        near = words[1:2]
    return bool(near) and not near[0].endswith((".", ",", ";")) and _probed(near[0], language, article=True)


@lru_cache(maxsize=4_096)
def _probed(text: str, language: Language, *, article: bool) -> bool:
    if language == ENGLISH:
        return any(article or value != _ARTICLE for value in cardinals(text)) or bool(_ENGLISH_SCALE.search(text))
    return any(_is_said(text, Decimal(value), language) for value in _PROBES if article or value != _ARTICLE)


def _han_value(numerals: str) -> Fraction:
    """十八 is 18, 一千二百 is 1,200, 一二三 is 123."""
    if not regex.search("[十百千万萬億亿兆]", numerals):
        return Fraction(int("".join(str(_digit(sign)) for sign in numerals)))
    total = part = digit = Fraction(0)
    for sign in numerals:
        value = Fraction(_digit(sign))
        if value < 10:
            digit = value
        elif value < _SMALL:
            part, digit = part + (digit or 1) * value, Fraction(0)
        else:
            total, part, digit = total + (part + digit or 1) * value, Fraction(0), Fraction(0)
    return total + part + digit


def _digit(sign: str) -> int:
    return int(unicodedata.numeric("兩" if sign == "两" else sign))
