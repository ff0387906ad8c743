"""The quantities of a text as an answer may state them: numbers with sign, percent, fraction and scale word.

Built on :mod:`mlt.toolkit.checks.numbers`, which folds the digits of every script and reads separators as CLDR says the
language writes them, with the English reading beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import regex

from ..toolkit.checks import arithmetic
from ..toolkit.checks.number_words import base_code, says_percent, scaled
from ..toolkit.checks.numbers import Number, find_numbers
from ..toolkit.languages import Language
from .answer_anchors import patterns

_KEPT = regex.compile(r"[^\u00a0\u2009\u202f⁰¹²³⁴⁵⁶⁷⁸⁹₀-₉¼½¾⅐-⅞]+")
_LATEX = (
    (regex.compile(r"\\(?:text|textbf|mathrm|mbox|mathbf)\s?\{([^{}]*)\}"), r"\1"),
    (regex.compile(r"(?<=\d)(?=\\[dt]?frac)"), " "),
    (regex.compile(r"\\[dt]?frac\s?\{\s?(-?\d+)\s?\}\s?\{\s?(\d+)\s?\}"), r"\1/\2"),
    (regex.compile(r"\{,\}|(?<=\d)\\!?,(?=\d{3})"), ","),
    (regex.compile(r"\\([$%#])"), r"\1"),
    (regex.compile(r"\\(?:times|cdot)(?![a-z])"), "×"),
    (regex.compile(r"\\div(?![a-z])"), "÷"),
    (regex.compile(r"\\[!;:]|\\(?=\s)"), ""),
    (regex.compile(r"\^\{?\\circ\}?"), "°"),
    (regex.compile(r"\*\*|__|`"), ""),
)


def _continental(match: regex.Match[str]) -> str:
    return f"{match[1].replace('.', '')}.{match[2] or '0'}"


# Groups and decimals that can be read in one way only, whatever the language: 1.234,00 and 1'234 and 1,5.
_CLEAR: tuple[tuple[regex.Pattern[str], str | Callable[[regex.Match[str]], str]], ...] = (
    (regex.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d+)(?![\d,]|\.\d)"), _continental),
    (regex.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3}){2,})()(?!\d|[.,]\d)"), _continental),
    (regex.compile(r"(?<=(?<![\d.,'’])\d{1,3}(?:['’]\d{3})*)['’](?=\d{3}(?!\d))"), ""),
    (regex.compile(r"(?<![\d.,(])(\d+),(\d{1,2})(?![\d(]|[.,]\d|\p{Nd})"), r"\1.\2"),
)
_SPACED = regex.compile(r"\d{1,3}(?: \d{3})+(?!\d)")
_SLASH = regex.compile(r"\s?[/⁄]\s?")
_AND = regex.compile(r" (?:and )?")
_RAISED = regex.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹₀-₉]+")
_POWER = regex.compile(r"\s?\^\s?(?:\{(?P<braced>\d{1,2})\}|(?P<bare>\d{1,2}))|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})")
_LONGEST = 60  # characters: what is longer is no answer
_EXPONENT_OF_A_UNIT = regex.compile(r"\p{L}\^\{?$")
_ALPHABET = r"[\p{Latin}\p{Cyrillic}\p{Greek}]"
_MINUS = regex.compile(r"(?P<before>.?)(?P<minus>[-−–])(?P<space> ?)\p{Sc}?\s?$", regex.DOTALL)
_NO_SIGN_AFTER = regex.compile(rf"[\p{{N}})\]%}}]|{_ALPHABET}")
_THOUSAND = regex.compile(r"\d{1,3}[.,]\d{3}")
_OTHER_NUMBER = regex.compile(r"[\d\n]")
_REACH = 14  # characters beside a number in which its percent sign or word stands


@dataclass(frozen=True, slots=True)
class Quantity:
    """``text[start:end]`` and what it may mean; of a percentage the number before the sign."""

    start: int
    end: int
    values: frozenset[Fraction]
    percent: bool = False

    def means(self, wanted: frozenset[Fraction]) -> bool:
        """Whether one of the readings is wanted; 50 % is 50 and one half."""
        return bool(self.values & wanted) or (self.percent and any(value / 100 in wanted for value in self.values))


def plain(text: str) -> str:
    """A text with compatibility forms, LaTeX, Markdown and calculator annotations made plain; signs that say more than
    their NFKC form (x², ½) and spaces that group digits stay."""
    for found in reversed(arithmetic.annotations(text)):
        text = text[: found.start] + text[found.end :]
    text = _KEPT.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    for pattern, to in (*_LATEX, *_CLEAR):
        text = pattern.sub(to, text)
    return text


def grouped(text: str) -> str:
    """The text with the groups of the number that it begins with ("1 234") joined by no-break spaces."""
    return _SPACED.sub(lambda match: match[0].replace(" ", "\u00a0"), text, count=1)


def quantities(text: str, language: Language) -> list[Quantity]:
    """The quantities of a text that :func:`plain` has made plain, in reading order."""
    numbers = [
        number
        for number in find_numbers(text, language)
        if len(number.text) <= _LONGEST and not _is_part_of_a_name(text, number)
    ]
    found: list[Quantity] = []
    index = 0
    while index < len(numbers):
        number, following = numbers[index], numbers[index + 1 : index + 3]
        quantity = Quantity(number.start, number.end, _values(number, text, language))
        if power := _POWER.match(text, number.end):
            quantity = _raised(quantity, power)
            index += bool(following) and following[0].start < power.end()
        elif _is_fraction(text, number, following):
            quantity = _divided(quantity, following[0])
            index += 1
            if found and _AND.fullmatch(text[found[-1].end : quantity.start]):
                quantity = _mixed(found, quantity)
        found.append(quantity)
        index += 1
    return [_signed(text, quantity, language) for quantity in found]


def is_negative_word(text: str) -> bool:
    """Whether a text begins with a word that makes the number after it negative."""
    return bool(_leading_minus().match(text))


def spelled(value: Fraction) -> str:
    """A value as a plain decimal where it has one ("18", "-0.5"), else as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    twos_and_fives = value.denominator
    for factor in (2, 5):
        while twos_and_fives % factor == 0:
            twos_and_fives //= factor
    if twos_and_fives != 1:
        return str(value)
    digits = next(n for n in range(1, 200) if 10**n % value.denominator == 0)
    whole = str(abs(value.numerator) * 10**digits // value.denominator).rjust(digits + 1, "0")
    return f"{'-' if value < 0 else ''}{whole[:-digits]}.{whole[-digits:]}"


def _values(number: Number, text: str, language: Language) -> frozenset[Fraction]:
    """What a number may mean. Thousands are no decimals that end in 000, and 35万 is never 35."""
    values = number.values
    is_multiplied = language.script in {"Jpan", "Kore", "Hans", "Hant"} and number.text[-1].isalpha()
    if is_multiplied or (_THOUSAND.fullmatch(number.text) and not any(map(unicodedata.decimal, number.text[-3:]))):
        values = frozenset([max(values)])
    more = {value * factor for factor in _further_scales(text[number.end :], language) for value in values}
    return frozenset(map(Fraction, values | more | scaled(number, text, language)))


def _further_scales(after: str, language: Language) -> list[int]:
    """The factors of anchors.yaml whose word follows a number."""
    words: dict[str, int] = patterns()["scales"].get(base_code(language), {})
    return [factor for word, factor in words.items() if regex.match(rf"\s?(?:{word})", after, regex.I)]


def _is_part_of_a_name(text: str, number: Number) -> bool:
    """Whether a digit is raised (m², m^2) or belongs to the letters before it (CO2)."""
    before = text[max(0, number.start - 8) : number.start]
    if _RAISED.fullmatch(number.text) or _EXPONENT_OF_A_UNIT.search(before):
        return True
    letters = regex.search(rf"{_ALPHABET}+$", before)
    return letters is not None and not _currency().fullmatch(letters[0])


def _is_fraction(text: str, number: Number, following: Sequence[Number]) -> bool:
    if not following or not _SLASH.fullmatch(text[number.end : following[0].start]) or 0 in following[0].values:
        return False
    is_date = len(following) > 1 and _SLASH.fullmatch(text[following[0].end : following[1].start])
    return not is_date


def _raised(quantity: Quantity, power: regex.Match[str]) -> Quantity:
    exponent = int(unicodedata.normalize("NFKC", power["braced"] or power["bare"] or power["raised"]))
    return replace(quantity, end=power.end(), values=frozenset(value**exponent for value in quantity.values))


def _divided(above: Quantity, below: Number) -> Quantity:
    values = frozenset(a / Fraction(b) for a in above.values for b in below.values)
    return Quantity(above.start, below.end, values)


def _mixed(found: list[Quantity], fraction: Quantity) -> Quantity:
    """1 1/2, where the number before is whole and the fraction a part of one."""
    whole = [value for value in found[-1].values if value.denominator == 1]
    if not whole or not all(0 < value < 1 for value in fraction.values):
        return fraction
    before = found.pop()
    return Quantity(before.start, fraction.end, frozenset(a + b for a in whole for b in fraction.values))


def _signed(text: str, quantity: Quantity, language: Language) -> Quantity:
    head, tail = text[max(0, quantity.start - _REACH) : quantity.start], text[quantity.end : quantity.end + _REACH]
    beside = (_OTHER_NUMBER.split(tail)[0], _OTHER_NUMBER.split(head)[-1])
    percent = any(says_percent(words, language) for words in beside)
    sign = _MINUS.search(head)
    if sign and _is_minus(head, sign):
        start = quantity.start - len(head) + sign.start("minus")
    elif word := _minus_word().search(head):
        start = quantity.start - len(head) + word.start()
    else:
        return replace(quantity, percent=percent)
    return Quantity(start, quantity.end, frozenset(-value for value in quantity.values), percent)


def _is_minus(head: str, sign: regex.Match[str]) -> bool:
    """A dash is a sign where nothing stands before it that it could join or take away from."""
    if sign["before"] and _NO_SIGN_AFTER.match(sign["before"]):
        return False
    before = head[: sign.start("minus")].rstrip()
    if before and before[-1].isnumeric():
        return False
    return not sign["space"] or sign["minus"] == "−" or before.endswith(("=", "("))


@cache
def _minus_word() -> regex.Pattern[str]:
    return regex.compile(rf"(?<!{_ALPHABET})(?:{patterns()['minus']})\s?\p{{Sc}}?$", regex.I)


@cache
def _leading_minus() -> regex.Pattern[str]:
    return regex.compile(rf"\W*(?:{patterns()['minus']})(?!{_ALPHABET})", regex.I)


@cache
def _currency() -> regex.Pattern[str]:
    return regex.compile(patterns()["currency"], regex.I)
