"""Other numbers that a translator may write for a number of the English: the same hour, decade, length or amount.

What a human translation localises is no error: ``3 p.m.`` becomes 15:00, in Swahili *saa 9*; the 1930s become *años
30*, 30 yards 27 metres, the 19th century *siglo XIX*. Each rule sees the numbers that stand on one side only and takes
away those that it explains. Rules are for text; where a number is to be computed with, none may be used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import regex

from ..languages import Language
from .number_units import conversions, converted, heights, measures_in_words, near, whole_near
from .number_words import SaidNumbers, base_code, says_percent
from .number_words_en import cardinals
from .numbers import Number, find_numbers

# Languages of peoples who count the hours from sunrise, and Thai, which counts them in fours of six.
_SIX_HOURS = frozenset(["sw", "am", "ti", "om", "so", "rw", "rn", "lg", "ki", "luo", "th"])
_TIME = regex.compile(
    r"(?<![\d.,:/])(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?(?![\d:/]|[.,]\d)"
    r"(?:(?<=:\d\d)|(?=(?:\s?(?:to|and|or|until|till|[-–—])\s?\d{1,2}(?:[:.]\d\d)?)?\s?(?:(?P<half>[ap])\.?\s?m\b|o['’]clock)))",
    regex.IGNORECASE,
)
_DECADE = regex.compile(r"(?<!\d)(?:[12]\d)?\d0['’]?s\b")
_CENTURY = regex.compile(r"(?:st|nd|rd|th)(?:[\s-](?:to|and|or)\s\d\d?(?:st|nd|rd|th))?[\s-]centur", regex.IGNORECASE)
_ROMAN = regex.compile(r"(?<![\p{L}\p{N}])[IVXLІХ]{1,7}(?![\p{L}\p{N}])")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "І": 1, "Х": 10}
_ROMAN_FORM = regex.compile("X{0,3}(?:IX|IV|V?I{0,3})|X?L(?:X{0,3})(?:IX|IV|V?I{0,3})")
_CERTAIN = regex.compile(
    r"\s?(?:%|per\s?cent)[\s-](?:certain|sure|positive|confident|convinced|committed|behind|clear|correct|right|true|"
    r"honest|focused|fit|safe|wrong|in|of the time)\b",
    regex.IGNORECASE,
)
_WORD_AFTER = regex.compile(r"[\s\p{P}]{0,2}(\p{L}{3,}(?:\sof\s\p{L}+)?)")
_OPENS_BEFORE = regex.compile(r"[(（][^()（）]*$")
_OPENS_AFTER = regex.compile(r"[^()（）.。;]{0,24}[(（]")
_APART = 40  # characters between a measure and the same in other units


@dataclass(slots=True)
class Scene:
    """A source and its target, the numbers of either that are still unexplained, and what the target says in words."""

    source: str
    target: str
    language: Language
    missing: list[Number]
    extra: list[Number]
    said: SaidNumbers

    def take_extra(self, fits: Callable[[Decimal], bool]) -> bool:
        """Whether a number of the target fits; it is explained then."""
        for number in self.extra:
            if any(fits(value) for value in number.values):
                self.extra.remove(number)
                return True
        return False

    def kept(self) -> list[Number]:
        """The target's numbers."""
        return find_numbers(self.target, self.language)

    def explain(self, numbers: Iterable[Number]) -> None:
        """These numbers of the source are in the target."""
        for number in numbers:
            if number in self.missing:
                self.missing.remove(number)

    def after(self, number: Number) -> str:
        """The source's text after one of its numbers, as much of it as rules look at."""
        return self.source[number.end : number.end + _APART]


def clock(scene: Scene) -> None:
    """Hours by another clock: 3 p.m. is 15 o'clock, and the ninth hour in East Africa; half past, quarter to."""
    if not scene.missing:
        return
    for match in _TIME.finditer(scene.source):
        inside = [n for n in scene.missing if n.start < match.end() and match.start() < n.end]
        if inside:
            hours = _hours(int(match["hour"]), match, base_code(scene.language) in _SIX_HOURS)
            _explain_time(scene, inside, hours, int(match["minute"] or 0), match.end("hour"))


def _explain_time(scene: Scene, inside: list[Number], names: list[int], minute: int, end_of_hour: int) -> None:
    said = scene.said

    def same(value: Decimal) -> bool:
        return value in names

    def same_time(value: Decimal) -> bool:
        return value - Decimal(minute) / 100 in names

    if minute and scene.take_extra(same_time):
        scene.explain(inside)
        return
    hours = [n for n in inside if n.start < end_of_hour]
    minutes = [n for n in inside if n.end > end_of_hour + 1]
    told = not hours or scene.take_extra(same) or any(said.take(Decimal(h)) for h in names)
    to_next = bool(hours) and not told and minute > 30 and any(said.take(Decimal(h % 24 + 1)) for h in names)
    if told and (not minutes or not minute or _minute_told(scene, minute)):
        scene.explain(inside)
    elif told:
        scene.explain(number for number in hours if number not in minutes)
    elif to_next and _minute_told(scene, minute):
        scene.explain(inside)


def _hours(hour: int, match: regex.Match[str], six: bool) -> list[int]:
    """The names of an hour, itself first: by the clock of twelve and of twenty-four hours, and by that of six."""
    if six:
        return [hour] + [h for h in range(25) if h != hour and (h - hour) % 6 == 0]
    names = [hour]
    if hour == 12:
        names += [0, 24]
    elif hour > 12:
        names.append(hour - 12)
    elif (match["half"] or "p") in "pP" and (match["half"] or match["minute"] is None):
        names.append(hour + 12)
    return names


def _minute_told(scene: Scene, minute: int) -> bool:
    if scene.take_extra(lambda value: value == minute):
        return True
    part = {30: "half", 15: "quarter", 45: "quarter"}.get(minute)
    if part and scene.said.take_part(part):
        return True
    return scene.said.take(Decimal(minute)) or (minute > 30 and scene.said.take(Decimal(60 - minute)))


def decade(scene: Scene) -> None:
    """The 1930s as the thirties, in digits or words, with their century, or from 1930 to 1939."""
    for match in _DECADE.finditer(scene.source):
        inside = [n for n in scene.missing if match.start() <= n.start < match.end()]
        value = next((int(v) for n in find_numbers(match[0], scene.language) for v in n.values), 0)
        scene.take_extra(lambda v, last=value + 9: v == last)  # type: ignore[misc]
        short, century = value % 100, value // 100 + 1
        if inside and (
            scene.take_extra(lambda v, short=short: v == short and short > 0)  # type: ignore[misc]
            or scene.said.take(Decimal(short or century))
        ):
            scene.explain(inside)
            inside = []
        if not inside:
            scene.take_extra(lambda v, century=century: v == century)  # type: ignore[misc]


def century(scene: Scene) -> None:
    """The 19th century as the 1800s, and the other way round."""
    for number in list(scene.missing):
        after, value = scene.after(number), max(number.values)
        if _CENTURY.match(after) and scene.take_extra(lambda v, wanted=(value - 1) * 100: v == wanted):  # type: ignore[misc]
            scene.explain([number])
        elif 1000 <= value <= 2000 and value % 100 == 0 and regex.match("['’]?s\\b", after):
            ordinal = value / 100 + 1
            if scene.take_extra(lambda v, wanted=ordinal: v == wanted) or _roman(scene.target, ordinal):  # type: ignore[misc]
                scene.explain([number])


def roman(scene: Scene) -> None:
    """Roman numerals on either side: the 19th century is *siglo XIX*, World War II is 第2次."""
    found = list(_romans(scene.target)) if scene.missing else []
    for number in list(scene.missing):
        value = next((v for v in found if v in number.values), None)
        if value is not None and (value > 1 or _CENTURY.match(scene.after(number))):
            found.remove(value)
            scene.explain([number])
    for value in _romans(scene.source) if scene.extra else ():
        scene.take_extra(lambda v, wanted=value: v == wanted)  # type: ignore[misc]


def _romans(text: str) -> Iterator[int]:
    for match in _ROMAN.finditer(text):
        plain = match[0].replace("І", "I").replace("Х", "X")
        if _ROMAN_FORM.fullmatch(plain):
            signs = [_ROMAN_VALUES[sign] for sign in plain]
            yield sum(-a if a < b else a for a, b in zip(signs, [*signs[1:], 0], strict=True))


def _roman(text: str, value: Decimal) -> bool:
    return any(found == value for found in _romans(text))


def unit(scene: Scene) -> None:
    """Measures in other units; one of two where the source gives the same measure in both."""
    for start, end, metres in heights(scene.source) if scene.missing else ():
        inside = [n for n in scene.missing if start <= n.start < end]
        if inside and (_exactly(scene, metres) or _exactly(scene, metres * 100)):
            scene.explain(inside)
    kept = _kept_units(scene)
    for number in list(scene.missing):
        after = scene.after(number)
        if _bracket_stays(scene, number):
            continue
        candidates = [size for value in number.values for size in converted(value, after)]
        fits = conversions(after) not in kept and any(_measured(scene, size) for size in candidates)
        if fits or _in_both(scene, number, candidates):
            scene.explain([number])
    if scene.extra:
        for size in measures_in_words(scene.source):
            scene.take_extra(lambda v, size=size: near(size, v))  # type: ignore[misc]


def _kept_units(scene: Scene) -> set[tuple[Decimal, ...]]:
    """The units that a number of the target has kept: a single one of them that is missing was not converted."""
    missing = Counter(conversions(scene.after(number)) for number in scene.missing)
    kept = {conversions(scene.after(n)) for n in _source_numbers(scene.source) if n not in scene.missing}
    return {unit for unit in kept if unit and missing[unit] == 1}


def _measured(scene: Scene, size: Decimal) -> bool:
    if scene.take_extra(lambda value: near(size, value)):
        return True
    return abs(size) < 1000 and any(scene.said.take(Decimal(whole)) for whole in whole_near(size))


def _exactly(scene: Scene, size: Decimal) -> bool:
    if scene.take_extra(lambda value: abs(value - size) <= size * Decimal("0.02")):
        return True
    return scene.said.take(Decimal(round(size)))


def _in_both(scene: Scene, number: Number, candidates: Sequence[Decimal]) -> bool:
    """Whether the source has the measure in other units beside it, and the target has that one."""
    for other in _source_numbers(scene.source):
        if other.start == number.start or other in scene.missing:
            continue
        if abs(other.start - number.start) > _APART or not any(
            near(size, value) for size in candidates for value in other.values
        ):
            continue
        return not any(_in_brackets(scene.target, n) for n in scene.kept() if n.values & other.values)
    return False


def _bracket_stays(scene: Scene, number: Number) -> bool:
    """Whether a measure stands in brackets, and the target has as many: it is not left out, but its number is lost."""
    if scene.source[: number.start].rstrip()[-1:] != "(" or scene.extra:
        return False
    return scene.target.count("(") + scene.target.count("（") >= scene.source.count("(")


def _in_brackets(text: str, number: Number) -> bool:
    """Whether a bracket opens at a number: the other measure stood there, or stands there without its number."""
    before, after = text[max(0, number.start - 12) : number.start], text[number.end : number.end + 25]
    return bool(_OPENS_BEFORE.search(before) or _OPENS_AFTER.match(after))


def percent(scene: Scene) -> None:
    """``100 percent certain`` as "wholly certain"; where the translation says percent, their number is lost."""
    certain = [n for n in scene.missing if 100 in n.values and _CERTAIN.match(scene.after(n))]
    if certain and not says_percent(scene.target, scene.language):
        scene.explain(certain)


def repeat(scene: Scene) -> None:
    """A number said again, or not again: "400-meter hurdles" once for twice, "the 3 meals" for "the meals"."""
    if not scene.missing and not scene.extra:
        return
    numbers = _source_numbers(scene.source)
    for number in list(scene.missing):
        noun = _noun(scene.source, number)
        if noun and any(
            other not in scene.missing and other.values & number.values and _noun(scene.source, other) == noun
            for other in numbers
        ):
            scene.explain([number])
    known = {value for number in numbers if number not in scene.missing for value in number.values}
    known |= {value for value in cardinals(scene.source) if value > 1}
    while scene.take_extra(lambda value: value in known):
        pass


def _noun(text: str, number: Number) -> str | None:
    found = _WORD_AFTER.match(text, number.end)
    return found[1].lower().rstrip("s") if found else None


@lru_cache(maxsize=64)
def _source_numbers(source: str) -> tuple[Number, ...]:
    from ..languages import ENGLISH

    return tuple(find_numbers(source, ENGLISH))


RULES: dict[str, Callable[[Scene], None]] = {
    "clock": clock,
    "decade": decade,
    "century": century,
    "roman": roman,
    "unit": unit,
    "percent": percent,
    "repeat": repeat,
}
"""The rules by name, in the order in which they are tried."""
