"""How much of a text stands in the script of its language."""

from __future__ import annotations

from functools import cache

import regex

from ..languages import Language

MIN_LETTERS = 4
# ISO 15924 codes of mixed scripts. Unicode does not tell simplified from traditional Han.
_MEMBERS = {
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang", "Hani"),
    "Hans": ("Hani",),
    "Hant": ("Hani",),
}
_LETTERS = regex.compile(r"[\p{L}--\p{scx=Zyyy}]+", regex.V1)


def script_share(text: str, language: Language) -> float | None:
    """The share (0 to 1) of letters that belong to the language's script; None below four letters.

    Script extensions count, so that marks which several scripts share belong to each of them; letters of no script
    at all (ª, µ) are left out.
    """
    letters = "".join(_LETTERS.findall(text))
    if len(letters) < MIN_LETTERS:
        return None
    return len("".join(_pattern(language.script).findall(letters))) / len(letters)


def script_class(script: str) -> str:
    """The characters of an ISO 15924 script, mixed ones included, as the inside of a set of ``regex``."""
    return "".join(rf"\p{{scx={name}}}" for name in _MEMBERS.get(script, (script,)))


@cache
def _pattern(script: str) -> regex.Pattern[str]:
    return regex.compile(f"[{script_class(script)}]+")
