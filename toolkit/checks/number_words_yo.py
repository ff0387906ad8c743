"""Yoruba numbers: twenties, to which units, tens and hundreds are added (*lé*) or from which they are taken (*dín*).

48 is *méjìdínláàádọ́ta*, two less than fifty. Patterns are for text without marks and doubled vowels
(:func:`.number_words.fold_words`). After J. F. Ade Ajayi's and Abraham's accounts: Ekundayo, "Vigesimal numeral
derivational morphology: Yoruba grammatical competence epitomized", Anthropological Linguistics 19 (1977).
"""

from __future__ import annotations

from collections.abc import Iterator

_UNITS = {1: "kan", 2: "ji", 3: "ta", 4: "rin", 5: "a?run", 6: "fa", 7: "je", 8: "jo", 9: "san", 10: "wa"}
_TENS = {
    20: "ogun",
    30: "ogbon",
    40: "ogoji",
    50: "adota",
    60: "ogota",
    70: "adorin",
    80: "ogorin",
    90: "adorun",
    100: "ogorun",
    110: "adofa",
    120: "ogofa",
    130: "adoje",
    140: "ogoje",
    150: "adojo",
    160: "ogojo",
    170: "adosan",
    180: "ogosan",
    190: "adowa",
}
_HUNDREDS = {
    200: "igba",
    220: "okol[eu]n?[iu]gba",
    240: "ojil[eu]n?[iu]gba",
    260: "otal[eu]n?[iu]gba",
    280: "orinl[eu]n?[iu]gba",
    300: "odu(?:n?run?|n(?= ?din))",
    400: "[ie]rinwo",
    500: "ede?gbeta",
    600: "egbeta",
    700: "ede?gberin",
    800: "egberin",
    900: "ede?gberun",
    1000: "egberun",
    1200: "egbefa",
    1400: "egbeje",
    1600: "egbejo",
    1800: "egbesan",
    2000: "egbewa",
}
_START = "(?<![a-z])"
_END = r"(?:u?n|jo)?(?![a-jl-z])"  # k: the hour is followed by "ku", less so many minutes
_LESS = r" ?din ?(?:[ln]i? ?)?"
_MORE = r" ?(?:(?:o )?le ?(?:[ln]i? ?)?|ati |pelu )"
_LONA = r" ?(?:(?:ni ?)?lona ?)?"

ANY = (
    r"(?<![a-z])[a-z]*?(?:mewa|(?:kan|ji|ta|rin)la|edo(?:gun|gbon)|ogbon|ogoji|adota|ogota|adorin|ogorin|adorun|irinwo"
    r"|egbe(?:ta|rin|run|fa|je|jo|san|dogun)|odun?run|din ?l?[aoeiu](?:gun|dun))[a-z]*"
)
"""Any number from ten on, but for those that are other words too without marks (20 a war, 200 a time, 300 a year)."""


def forms(value: int) -> list[str]:
    """The patterns of a value up to a thousand million, bounded; empty beyond."""
    if value == 0:  # without marks, òdo is also a river and a place
        return []
    if value == 1:
        return [f"{_START}[mi]?[ko]?[oi]?kan{_END}", f"{_START}i?kinni(?![a-z])", f"{_START}akoko(?![a-z])"]
    # A round number alone has few prefixes: any other makes it the end of another number (16 ends in 20).
    prefix = "(?:[lnkm]|ku|el[eo]?|oni?)?" if value in _TENS or value in _HUNDREDS else "[a-z]{0,8}?"
    return [f"{_START}{prefix}(?:{form}){_END}" for form in _forms(value)]


def _forms(value: int) -> Iterator[str]:
    if value >= 1_000_000:
        yield from _millions(value)
    elif value > 1000:
        yield from _thousands(value)
    if value <= 2000:
        yield from _hundreds(value)
    if value < 200:
        yield from _tens(value)


def _any(value: int) -> str:
    """One pattern for a part of a number."""
    return f"(?:{'|'.join(_forms(value))})"


def _tens(value: int) -> Iterator[str]:
    if value <= 10:
        yield f"[mkewioy]{_units(value)}" if value > 1 else "kan"
    elif value < 15:
        yield f"{_units(value - 10)}la"
    elif value == 15:
        yield "edogun"
    elif value == 25:
        yield "edogbon"
    if value in _TENS:
        yield f"{_vowel_open(_TENS[value])}(?:un)?"
    elif value > 15:
        below, above = value // 10 * 10, value // 10 * 10 + 10
        if below in _TENS:
            yield f"{_units(value - below)}{_MORE}{_vowel_open(_TENS[below])}"
            yield f"{_vowel_open(_TENS[below])}{_MORE}[a-z]{{0,3}}{_units(value - below)}"
        if above in _TENS:
            yield f"{_units(above - value)}{_LESS}{_vowel_open(_TENS[above])}"


def _units(value: int) -> str:
    return _UNITS[value] + {5: "(?:un)?", 9: "(?:an)?"}.get(value, "")


def _vowel_open(word: str) -> str:
    """A base whose first vowel may be elided or merged with the one before."""
    return f"[aoeiu]?{word[1:]}"


def _hundreds(value: int) -> Iterator[str]:
    if value in _HUNDREDS:
        yield _HUNDREDS[value] if value != 200 else "[iu]gba"
        return
    for base, word in _HUNDREDS.items():
        rest = value - base
        if value > 100 and 0 < rest < 200:
            yield f"{word}{_MORE}[a-z]{{0,3}}?{_any(rest)}"
            if rest < 100:
                yield f"{_any(rest)}{_MORE}{word}"
            if 20 < rest < 100 and rest % 10:
                yield f"{_any(rest // 10 * 10)}{_MORE}{word}{_MORE}[a-z]{{0,3}}?{_any(rest % 10)}"
        elif value > 180 and 0 < -rest <= 100:
            yield f"{word}{_LESS}[a-z]{{0,3}}?{_any(-rest)}"
            if -rest <= 10:
                yield f"{_units(-rest)}{_LESS}{word}"


def _thousands(value: int) -> Iterator[str]:
    often, rest = divmod(value, 1000)
    if not rest:
        yield f"egberun{_LONA}[a-z]{{0,4}}? ?{_odun(often)}"
        return
    head = f"egberun{_LONA}[a-z]{{0,4}}? ?{_odun(often)}"
    yield f"{head}{_MORE}[a-z]{{0,4}}?{_any(rest)}"
    if 1000 - rest <= 400:
        yield f"egberun{_LONA}[a-z]{{0,4}}? ?{_odun(often + 1)}{_LESS}{_odun(1000 - rest)}"


def _odun(value: int) -> str:
    """A part of a number, where 300 may be shortened to *ọ̀ọ́dún*."""
    return f"(?:{_any(value)}|odun)" if value == 300 else _any(value)


def _millions(value: int) -> Iterator[str]:
    word, size = ("bil+i[oe]nu", 10**9) if value >= 10**9 else ("mil+i[oe]nu", 10**6)
    often, rest = divmod(value, size)
    if often < 1000:
        head = f"{word} ?[a-z]{{0,4}}?{_any(often)}"
        yield f"{head}{_MORE}[a-z]{{0,4}}?{_any(rest)}" if rest else head
