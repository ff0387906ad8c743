"""Whether the target is written in its language's script, and Chinese in the right characters.

Names in Latin letters are common in sound text of any language, so that only a low share means anything. What
Unicode's scripts do not tell apart is told by letters that one language has and the other lacks: kana in Japanese
against Chinese, hangul in Korean, and the characters that are simplified or traditional only (CC-CEDICT, by zhon).
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import regex

from ...toolkit.checks.script import script_share
from ...toolkit.languages import Language
from ..check import BaseCheck, Direction, Score
from ..pairs import Pair

LETTERS_WORTH = {"Jpan": 3, "Hans": 3, "Hant": 3, "Kore": 2}
"""Scripts whose letter says as much as several of an alphabet, and as how many."""

_KANA = r"\p{Hiragana}\p{Katakana}"
_EAST_ASIAN = rf"\p{{Han}}\p{{Hangul}}{_KANA}"
_OWN = {"Jpan": (_KANA, "kana"), "Kore": (r"\p{Hangul}", "hangul")}
# In 20 letters of human Japanese a quarter and more are kana; a title or a name may have none.
_LONG = 20
_ENOUGH_OWN = 0.1
_TOO_MUCH_KANA = 0.2
_BEARING = 4
_MIN_VISIBLE = 0.9


class ScriptCheck(BaseCheck):
    """The share of letters in the script, lowered by what speaks against the language or variant within it.

    A Chinese letter counts for as much as three of an alphabet, as :data:`LETTERS_WORTH` says.
    """

    name: ClassVar[str] = "script"
    direction: ClassVar[Direction] = "low"
    summary: ClassVar[str] = "share of letters that are of the language's script and variant (0 to 1)"

    def score_pair(self, pair: Pair) -> Score:
        """The least of all shares; text of fewer than four letters is not judged."""
        if not pair.translates:
            return Score(None, "the engine copies")
        text = pair.target_prose
        share = script_share(text, pair.language)
        if share is None:
            return Score(None, "too short")
        worth = LETTERS_WORTH.get(pair.language.script, 1)
        share = worth * share / (worth * share + 1 - share)
        value, detail = min(((share, f"in {pair.language.script}"), *_more_shares(text, pair.language)))
        return Score(value, f"{value:.0%} {detail}" if value < _MIN_VISIBLE else None)


def _more_shares(text: str, language: Language) -> list[tuple[float, str]]:
    script = language.script
    if script in _OWN:
        pattern, name = _OWN[script]
        own, east_asian = _count(pattern, text), _count(_EAST_ASIAN, text)
        return [(min(1.0, own / east_asian / _ENOUGH_OWN), f"of the {name} to expect")] if east_asian >= _LONG else []
    if script in ("Hans", "Hant"):
        return [*_without_kana(text), *_in_variant(text, script)]
    return []


def _without_kana(text: str) -> list[tuple[float, str]]:
    kana = _count(_KANA, text)
    if not kana:
        return []
    share = kana / (kana + _count(r"\p{Han}", text))
    return [(max(0.0, 1 - share / _TOO_MUCH_KANA), "as Chinese, for its kana")]


def _in_variant(text: str, script: str) -> list[tuple[float, str]]:
    """The share of the right variant among characters that only one of them has."""
    simplified, traditional = (sum(map(only.__contains__, text)) for only in _variants())
    right, both = (simplified if script == "Hans" else traditional), simplified + traditional
    return [(right / both, f"of the telling characters in {script}")] if both >= _BEARING else []


@cache
def _variants() -> tuple[frozenset[str], frozenset[str]]:
    """Characters that are simplified only, and traditional only."""
    from zhon import cedict

    simplified, traditional = frozenset(cedict.simplified), frozenset(cedict.traditional)
    return simplified - traditional, traditional - simplified


def _count(members: str, text: str) -> int:
    return sum(map(len, _runs(members).findall(text)))


@cache
def _runs(members: str) -> regex.Pattern[str]:
    return regex.compile(f"[{members}]++")
