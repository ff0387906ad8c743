"""Dates and times as people and APIs write them, read only where they can mean one thing.

Month names come from CLDR through Babel, for the languages in :data:`LANGUAGES`. Years of the Thai calendar are read
as those of the Gregorian one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

LANGUAGES = ("en", "es", "fr", "de", "ru", "pt", "it", "sw", "yo", "bn", "te", "th", "hi", "ar", "id", "tr")
"""Languages whose month names are known; Chinese, Japanese and Korean write months with digits."""

_MAX_LENGTH = 60  # characters: a longer text is no date
_ISO = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})")
_EAST_ASIAN = re.compile(
    r"(?:(?P<year>\d{4})\s?[年년]\s?)?(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日号號일]", re.A
)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_CLOCK = re.compile(
    r"(?P<date>.*?)(?:^|[\s,]+|(?<=\d)t|(?<=[日号號일]))(?:at\s+|um\s+|a las\s+)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.0+)?)?)?"
    r"\s?(?P<half>[ap]\.?m\.?)?(?P<zone>z|[+-]\d{2}:?\d{2})?"
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e]*[^\W\d_]*)*")
# What else stands in a date: endings of ordinals, prepositions, articles, words and signs for "year".
_FILLERS = frozenset(
    {"st", "nd", "rd", "th", "of", "the", "on", "de", "del", "den", "der", "am", "le", "el", "la", "di", "do"}
    | {"года", "год", "г", "ที่", "พ", "ศ", "ค", "সাল"}
)
_THAI_YEARS = 543


class Moment(NamedTuple):
    """A date (year 0 where none is said), a time in seconds of the day, or both; ``zone`` as it was written."""

    date: tuple[int, int, int] | None
    seconds: int | None
    zone: str


def moment(text: str) -> Moment | None:
    """The date or time that a text is, as a whole; None for any other text.

    ``text`` has ASCII digits and no capitals. 26/10/2023 is read, 03/04/2023 is not; 26.10.2023 has its day first.
    """
    if len(text) > _MAX_LENGTH or not any(char.isdigit() for char in text):
        return None
    if (date := _date(text)) is not None:
        return Moment(date, None, "")
    found = _CLOCK.fullmatch(text)
    if found is None or not (found["minute"] or found["half"]):
        return None
    seconds = _seconds(found)
    date = _date(found["date"].strip(" ,")) if found["date"] else None
    if seconds is None or (found["date"] and date is None):
        return None
    return Moment(date, seconds, found["zone"] or "")


def _seconds(found: re.Match[str]) -> int | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else None


def _date(text: str) -> tuple[int, int, int] | None:
    for pattern in (_ISO, _EAST_ASIAN):
        if found := pattern.fullmatch(text):
            return _checked(int(found["year"] or 0), int(found["month"]), int(found["day"]))
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(int(found[1]), int(found[3]), int(found[4]), day_first=found[2] == ".")
    return _in_words(text)


def _year_last(first: int, second: int, year: int, *, day_first: bool) -> tuple[int, int, int] | None:
    if day_first or first > 12 or first == second:
        return _checked(year, second, first)
    return _checked(year, first, second) if second > 12 else None


def _in_words(text: str) -> tuple[int, int, int] | None:
    """A day and a month's name, with or without a year, and nothing else but what stands in dates."""
    months: list[int] = []
    numbers: list[str] = []
    for token in _TOKEN.findall(text):
        if token.isdigit():
            numbers.append(token)
        elif (month := _months().get(token)) is not None:
            months.append(month)
        elif token not in _FILLERS:
            return None
    days = [int(number) for number in numbers if len(number) <= 2]
    years = [int(number) for number in numbers if len(number) == 4]
    if len(months) != 1 or len(days) != 1 or len(years) > 1 or len(days) + len(years) != len(numbers):
        return None
    return _checked(years[0] if years else 0, months[0], days[0])


def _checked(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return (year - _THAI_YEARS if 2400 < year < 2700 else year), month, day


@cache
def _months() -> dict[str, int]:
    """Names of months, without case, and their numbers; a name that means two months is left out."""
    from babel import Locale

    names: dict[str, set[int]] = {}
    for code in LANGUAGES:
        months = Locale.parse(code).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    for token in _TOKEN.findall(name.casefold()):
                        names.setdefault(token, set()).add(number)
    return {name: numbers.pop() for name, numbers in names.items() if len(numbers) == 1 and not name.isdigit()}
