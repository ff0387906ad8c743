"""Imperial measures that a translator has converted, with the rounding that people do: 30 yards become 27 metres."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import regex

# English unit -> what one of it is in the units that translators use instead.
_FACTORS: dict[str, tuple[str, ...]] = {
    r"square\s(?:miles?|mi)|sq\.?\s?mi(?:les?)?": ("2.59", "259"),
    r"square\s(?:feet|foot)|sq\.?\s?f(?:ee)?t": ("0.0929",),
    r"(?:miles?|mi)(?:\s(?:per|an)\s|/)(?:hour|h)|mph": ("1.609", "0.447"),
    r"inch(?:es)?|in\b(?=\.?\))|″|”(?=\s?(?:tall|wide|long|x))": ("2.54", "25.4", "0.0254"),
    r"feet|foot|ft": ("0.3048", "30.48"),
    r"yards?|yds?": ("0.9144",),
    r"miles?|mi": ("1.609", "1609"),
    r"pounds?|lbs?": ("0.4536", "453.6"),
    r"ounces?|oz": ("28.35", "29.57"),
    r"stones?": ("6.35",),
    r"tons?": ("0.907", "1.016"),
    r"gallons?": ("3.785", "4.546"),
    r"pints?": ("0.473", "0.568"),
    r"acres?": ("0.4047", "4047"),
    r"hours?|hrs?": ("60",),
    r"minutes?|mins?": ("60",),
}
_UNIT = {name: tuple(map(Decimal, factors)) for name, factors in _FACTORS.items()}
_CLOSE = Decimal("0.007")
_COARSE = Decimal("0.05")
_HOTTEST = 600  # degrees: what is more and ends in s is a decade
_LARGEST = 10**12
# Where the unit is, after what may be the rest of a range ("3 to 6 inches", "6 or 7-inch").
_RANGE = r"(?:\s?(?:to|and|or|by|-|–|—|x)\s?[0-9][0-9.,]{0,9})?"
_AFTER = [
    (regex.compile(rf"{_RANGE}[\s-]{{0,2}}(?:{name})(?!\p{{L}})", regex.IGNORECASE), factors)
    for name, factors in _UNIT.items()
]
_DEGREES = regex.compile(
    rf"{_RANGE}(?:[\s-]?degrees?(?!\s(?:Celsius|C\b))|s\b|\s?°\s?F?(?!\s?C)|[\s-]?F(?:ahrenheit)?\b)",
    regex.IGNORECASE,
)
_HEIGHT = regex.compile(
    r"(?P<feet>\d)(?:[\s-]?(?:foot|feet|ft)[\s-]?|['′’]\s?)(?P<inches>\d{1,2})(?!\d)", regex.IGNORECASE
)
_ONE = regex.compile(
    rf"\b(?P<half>half\s)?(?:an?|one)\s(?P<half2>half[\s-])?(?P<unit>{'|'.join(_FACTORS)})(?!\p{{L}})", regex.IGNORECASE
)


def conversions(after: str) -> tuple[Decimal, ...]:
    """The factors by which a number may be multiplied, from the English text right after it; empty without a unit."""
    if not after or not (after[0].isspace() or after[0] in "-–—″”'/" or after[0].isalpha()):
        return ()
    return next((factors for pattern, factors in _AFTER if pattern.match(after)), ())


def converted(value: Decimal, after: str) -> Iterator[Decimal]:
    """What a number with its unit is in other units; degrees as a temperature and as a difference."""
    for factor in conversions(after):
        yield value * factor
    if _DEGREES.match(after) and value < _HOTTEST:
        yield (value - 32) / Decimal("1.8")
        yield value / Decimal("1.8")


def near(exact: Decimal, rounded: Decimal) -> bool:
    """Whether people may have rounded one to the other: to a whole number up or down, or to a round one."""
    exact, rounded = abs(exact), abs(rounded)
    off = abs(exact - rounded)
    if off <= exact * _CLOSE:
        return True
    if rounded > _LARGEST:
        return False
    if rounded != int(rounded):
        return off <= exact * _COARSE if rounded * 2 != int(rounded * 2) else off <= Decimal("0.25")
    step = 10 ** max(0, len(str(int(rounded))) - 2)
    is_round = rounded % 5 == 0 or (rounded >= 100 and rounded % step == 0)
    return off < min(Decimal(1), exact / 4) or (is_round and off <= exact * _COARSE)


def whole_near(exact: Decimal, limit: int = 8) -> list[int]:
    """The whole numbers, few of them, that it may have been rounded to, the nearest first."""
    middle = round(abs(exact))
    found = [n for n in range(max(1, middle - limit // 2), middle + limit // 2 + 1) if near(exact, Decimal(n))]
    return sorted(found, key=lambda n: abs(n - abs(exact)))


def heights(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Where the English text says a height such as ``6-foot-6``, and how many metres that is."""
    for match in _HEIGHT.finditer(text):
        metres = int(match["feet"]) * Decimal("0.3048") + int(match["inches"]) * Decimal("0.0254")
        yield match.start(), match.end(), metres


def measures_in_words(text: str) -> Iterator[Decimal]:
    """What ``a mile``, ``half an inch`` and the like may be in other units."""
    for match in _ONE.finditer(text):
        size = Decimal("0.5") if match["half"] or match["half2"] else Decimal(1)
        for factor in next((f for name, f in _UNIT.items() if regex.fullmatch(name, match["unit"], regex.I)), ()):
            yield size * factor
