"""Whether the numbers of a source text stand in its translation.

Digits of any script are folded, separators are read as the language writes them (CLDR), and numbers are compared as
multisets of values. MT engines keep English separators in any language, so the English reading always counts too;
where a text can be read in two ways, both values are candidates. Numerals that are no digits (words, kanji) are not
read, a sign before a number is not part of it (engines turn hyphens into dashes), and numbers of one date, time or
fraction stand for themselves: ``1/2`` is 1 and 2, ``10:30`` is 10 and 30.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

import regex

from ..languages import Language
from .matching import leftovers
from .number_words_en import SCALES, word_values

_SPACES = "\u00a0\u2009\u202f"
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
# Multipliers that Chinese, Japanese and Korean put after digits: 3万 is 30,000.
_MULTIPLIERS = {
    **dict.fromkeys("百백", 100),
    **dict.fromkeys("千천", 1_000),
    **dict.fromkeys("万萬만", 10_000),
    **dict.fromkeys("億亿억", 100_000_000),
    **dict.fromkeys("兆조", 1_000_000_000_000),
}
_CJK = {"Jpan", "Kore", "Hans", "Hant"}
_AFTER = re.compile(rf"[ {_SPACES}]?([{''.join(_MULTIPLIERS)}]+)")
_SCALE_WORD = re.compile(rf"[\s-]?({'|'.join(SCALES)})s?\b", re.IGNORECASE)
_SHORT_RUN = 20  # characters: longer ones are not kept
_PIECES = re.compile(r"[0-9]+")
_BEGIN_ASCII = re.compile(r"[.0-9]")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_NUMERIC = regex.compile(r"[\p{Nd}\p{No}]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``text[start:end]``: the values that it may mean, and the digit runs that it is written with."""

    start: int
    end: int
    text: str
    values: frozenset[Decimal]
    parts: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class NumberVerdict:
    """Numbers of the source that the target lacks, and numbers of the target that the source does not explain."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]


def find_numbers(text: str, language: Language) -> list[Number]:
    """The numbers of a text in the given language, in reading order."""
    folded = _fold(text)
    numbers: list[Number] = []
    for match in _matches(_pattern(language), folded):
        if match["digits"] is None:
            numbers.append(_sign(text, match.start(), match.end()))
        elif match["fraction"] is not None:
            numbers.append(_mixed(text, match))
        else:
            numbers += _split(text, folded, match.start(), match.end(), language)
    if language.script in _CJK:
        return _multiplied(text, numbers)
    if language.code == "en":
        return [_scaled(text, number) for number in numbers]
    return numbers


def compare_numbers(source: str, target: str, source_language: Language, target_language: Language) -> NumberVerdict:
    """What the target lacks and what it adds; both empty means that the numbers agree.

    A number of the target counts for one number of the source. What the source says in English words ("twice",
    "half", "January") may stand in the target with digits.
    """
    missing, extra = unmatched_numbers(source, target, source_language, target_language)
    if extra and source_language.code == "en":
        extra = without_said(extra, word_values(source))
    return NumberVerdict(tuple(n.text for n in missing), tuple(n.text for n in extra))


def unmatched_numbers(
    source: str, target: str, source_language: Language, target_language: Language
) -> tuple[list[Number], list[Number]]:
    """The numbers written with digits that only the source has, and those that only the target has."""
    if not (_NUMERIC.search(source) or _NUMERIC.search(target)):
        return [], []
    sources = find_numbers(source, source_language)
    targets = find_numbers(target, target_language)
    alone = leftovers([number.values for number in sources], [number.values for number in targets])
    missing = [sources[index] for index in alone[0] if not _is_full_hour(source, sources[index])]
    extra = [targets[index] for index in alone[1] if not _is_full_hour(target, targets[index])]
    missing, extra = _split_up(missing, extra)
    extra, missing = _split_up(extra, missing)
    return missing, extra


def _matches(pattern: regex.Pattern[str], folded: str) -> Iterator[regex.Match[str]]:
    """What ``pattern.finditer`` gives, sooner: it is tried only where a number can begin."""
    begins, position = (_BEGIN_ASCII if folded.isascii() else _begin()).search, 0
    while begin := begins(folded, position):
        match = pattern.match(folded, begin.start())
        position = match.end() if match else begin.end()
        if match:
            yield match


@cache
def _begin() -> re.Pattern[str]:
    """What a number may begin with; all that stands beyond the BMP is let through, for a smaller class is faster."""
    signs = "".join(sign for sign in _signs() if sign < "\U00010000")
    return re.compile(f"[.0-9{signs}\U00010000-\U0010ffff]")


@cache
def _signs() -> str:
    """The numeric signs that are no digits: regex knows more of them, whose value this Python could not say."""
    return "".join(sign for code in range(0x80, 0x110000) if unicodedata.category(sign := chr(code)) == "No")


def _fold(text: str) -> str:
    """The text with decimal digits of every script as ASCII, character for character."""
    if text.isascii():
        return text
    text = text.replace("，", ",").replace("．", ".")
    return _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)


@cache
def _pattern(language: Language) -> regex.Pattern[str]:
    """Digit runs with what may separate them, a fraction sign after them, or a numeric sign alone."""
    spaces = _SPACES + (" " if language.group and language.group.isspace() else "")
    other = language.group if language.group and language.group not in ".,٬" and not language.group.isspace() else ""
    # A leading point is a decimal one (.5), but for an abbreviation's (Rs.50); Han and kana stand without spaces.
    before = r"[[\p{L}\p{M}0-9.,]--[\p{Hira}\p{Kana}\p{Hani}]]"
    return regex.compile(
        rf"(?P<digits>(?:(?<!{before})\.)?[0-9]+(?:(?:[.,٫٬{other}]|[{spaces}](?=[0-9]{{3}}(?![0-9])))[0-9]+)*)"
        rf"(?:[ {_SPACES}]?(?P<fraction>[\u00bc-\u00be\u2150-\u215e]))?"
        rf"|[{_SUPERSCRIPTS}]+|[{_SUBSCRIPTS}]+|[{_signs()}]",
        regex.V1,
    )


def _sign(text: str, start: int, end: int) -> Number:
    """A superscript, a fraction sign, an encircled number."""
    sign = text[start:end]
    plain = unicodedata.normalize("NFKC", sign)
    parts = tuple(Decimal(run) for run in _PIECES.findall(_fold(plain)))
    if plain.isdecimal():
        value = Decimal(plain)
    elif len(parts) == 2 and parts[1]:
        value = parts[0] / parts[1]
    else:
        value = Decimal(str(unicodedata.numeric(sign)))
    return Number(start, end, sign, frozenset([value]), parts or (value,))


def _mixed(text: str, match: regex.Match[str]) -> Number:
    """Digits and a fraction sign: 1½ is 1.5, which may be written 1 1/2."""
    fraction = _sign(text, *match.span("fraction"))
    parts = tuple(Decimal(run) for run in _PIECES.findall(match["digits"]))
    whole = _read(match["digits"], ".", ",") or parts[0]
    values = frozenset(whole + value for value in fraction.values)
    return Number(*match.span(), text[match.start() : match.end()], values, parts + fraction.parts)


def _split(text: str, folded: str, start: int, end: int, language: Language) -> Iterator[Number]:
    """One number where some reading makes the whole run one, else the numbers of its pieces."""
    run = folded[start:end]
    read = _whole if len(run) <= _SHORT_RUN else _whole.__wrapped__
    values, parts = read(run, language.decimal == ".")
    if values:
        yield Number(start, end, text[start:end], values, parts)
        return
    # A list comes apart at its spaces, then at its commas, and only then at its points.
    for separators in (rf"[ {_SPACES}]", "[,٬]", r"[^0-9]"):
        pieces = list(re.finditer(rf"(?:(?!{separators}).)+", run))
        if len(pieces) > 1:
            for piece in pieces:
                yield from _split(text, folded, start + piece.start(), start + piece.end(), language)
            return


@lru_cache(maxsize=32_768)
def _whole(run: str, point: bool) -> tuple[frozenset[Decimal], tuple[Decimal, ...]]:
    """What a run of digits and separators may mean as one number, in English and as the language writes (``point``:
    its decimals follow a point, as in English), and its pieces."""
    styles = [(".", ",")] if point else [(".", ","), (",", ".")]
    read = (_read(run, decimal, group) for decimal, group in styles)
    values = frozenset(value for value in read if value is not None)
    return values, tuple(Decimal(piece) for piece in _PIECES.findall(run)) if values else ()


def _read(run: str, decimal: str, group: str) -> Decimal | None:
    """The value of a run in one style; None where it is no single number in it."""
    whole, point, fraction = run.replace("٫", decimal).partition(decimal)
    if point and not fraction.isdecimal():
        return None
    separators = set(re.sub(r"[0-9]", "", whole))
    if separators:
        groups = re.split(r"[^0-9]", whole)
        if len(separators) > 1 or separators == {decimal} or not _are_groups(groups):
            return None
        if separators & {".", ","} - {group}:
            return None
        whole = "".join(groups)
    return Decimal(f"{whole or '0'}.{fraction or '0'}")


def _are_groups(groups: Sequence[str]) -> bool:
    """Whether digit groups are thousands (1,234,567) or Indian (12,34,567)."""
    first, *middle, last = groups
    if first.startswith("0") or len(last) != 3:
        return False
    sizes = {len(group) for group in middle}
    return (len(first) <= 3 and sizes <= {3}) or (len(first) <= 2 and sizes <= {2})


def _multiplied(text: str, numbers: Sequence[Number]) -> list[Number]:
    """Numbers with their multipliers; those that follow each other are one (1億2000万)."""
    result: list[Number] = []
    last = 0  # the multiplier that the number before ended with, 0 where it had none
    for number in numbers:
        found = _AFTER.match(text, number.end)
        multiplier = 1
        for character in found[1] if found else "":
            multiplier *= _MULTIPLIERS[character]
        end = found.end() if found else number.end
        values = number.values | {value * multiplier for value in number.values}
        gap = text[result[-1].end : number.start] if result else ""
        if last > multiplier and (not gap or (found and gap.isspace())):
            before = result.pop()
            total = max(before.values) + max(values)
            number = Number(
                before.start, end, text[before.start : end], frozenset([total]), before.parts + number.parts
            )
        else:
            number = Number(number.start, end, text[number.start : end], values, number.parts)
        result.append(number)
        last = multiplier if found else 0
    return result


def _scaled(text: str, number: Number) -> Number:
    """An English number that may be multiplied by the word after it ("3 million")."""
    found = _SCALE_WORD.match(text, number.end)
    if not found:
        return number
    scaled = {value * SCALES[found[1].lower()] for value in number.values}
    return Number(number.start, number.end, number.text, number.values | scaled, number.parts)


def _split_up(whole: list[Number], pieces: list[Number]) -> tuple[list[Number], list[Number]]:
    """Drop numbers of ``whole`` whose digit runs are all left over in ``pieces``, and those pieces.

    A list such as ``3,4`` reads as one number where a comma marks decimals.
    """
    kept = []
    for number in whole:
        left = _without(number.parts, pieces) if len(number.parts) > 1 else None
        if left is None:
            kept.append(number)
        else:
            pieces = left
    return kept, pieces


def _without(parts: Sequence[Decimal], pieces: list[Number]) -> list[Number] | None:
    """The pieces less one for every part; None where a part has none."""
    left = list(pieces)
    for part in parts:
        found = next((index for index, piece in enumerate(left) if part in piece.values), None)
        if found is None:
            return None
        del left[found]
    return left


def _is_full_hour(text: str, number: Number) -> bool:
    """Whether a number is the minutes of 5:00, which says no more than 5 o'clock."""
    return len(number.text) == 2 and number.values == {0} and text[: number.start].endswith((":", "："))


def without_said(extra: Sequence[Number], words: Counter[Decimal]) -> list[Number]:
    """The numbers that no word accounts for; each word accounts for one, and is taken out of ``words``."""
    left = []
    for number in extra:
        value = next((value for value in number.values if words[value] > 0), None)
        if value is None:
            left.append(number)
        else:
            words[value] -= 1
    return left
