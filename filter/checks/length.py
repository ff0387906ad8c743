"""Length: whether a target is as long as translations of its source are, and whether it comes to an end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import regex

from ...toolkit.errors import UsageError
from ...toolkit.languages import Language
from ..check import ABSTAIN, BaseCheck, Direction, Score
from ..length_factors import Factors, deviation, expected_size, factors_for, source_size, target_size
from ..pairs import Pair, Segment
from ..requests_in_text import find_requests, without_requests

_NO_FULL_STOP = {"Thai", "Laoo"}
_FINAL = regex.compile(r"[.!?…。！？．｡।॥؟۔።፧፨᙮။៕។༎།܂:;：；؛፡፤~\p{Pe}\p{Pf}\"'»«”’‘“＂＇]")
_SOURCE_FINAL = regex.compile(r"[.!?…][\"'”’»)\]]{0,3}$")
_BRACKETS = ("()", "[]", "「」", "『』", "（）", "《》", "【】")
_QUOTES = regex.compile('["“”„«»＂]')
# No Thai or Lao word ends with a vowel that is written before its consonant, or with a sign that stands between two
# consonants only; nor, unless such a vowel goes before, with a consonant that closes no syllable or one with a tone
# mark and no vowel.
_GOES_ON = regex.compile(r"(?:[เแโใไัื็ເແໂໃໄັົ]|(?<![เแโใไເແໂໃໄຽ].?)(?:[ฉฌผฝหฮຂຜຝຫ]|[ก-ฮກ-ຮ][่้๊๋່້໊໋]))$")


@dataclass(frozen=True)
class LengthSettings:
    """``factors``: by language code ``{"log_ratio": mean, "spread": deviation}`` of log(target / source size), instead
    of the shipped ones. ``unfinished``: deviations taken off a target that breaks off where its source ends.
    """

    factors: dict[str, Any] = field(default_factory=dict)
    unfinished: float = 2.5


class LengthCheck(BaseCheck):
    """Deviations from the usual length, negative where the target is short.

    Of a record, the worst segment, the less the more there are. A target that breaks off counts as shorter still.
    """

    name: ClassVar[str] = "length"
    direction: ClassVar[Direction] = "both"
    Settings: ClassVar[type] = LengthSettings
    summary: ClassVar[str] = "length against what is usual for the source, in standard deviations (negative: short)"

    def __init__(self, settings: Any = None, context: Any = None) -> None:
        super().__init__(settings, context)
        self._given = {code: _factors(code, entry) for code, entry in self.settings.factors.items()}

    def identity(self, language: Language) -> dict[str, Any]:
        """The factors in use, and whence they are."""
        factors = self._factors(language)
        return {"factors": factors.origin, "log_ratio": factors.log_ratio, "spread": factors.spread}

    def score_pair(self, pair: Pair) -> Score:
        """The deviation of the segment that is farthest from its usual length."""
        if not pair.translates:
            return ABSTAIN
        factors = self._factors(pair.language)
        found = [self._segment(segment, pair.language, factors) for segment in pair.segments]
        scores = [score for score in found if score is not None]
        if not scores:
            return ABSTAIN
        value, words = max(scores, key=lambda score: abs(score[0]))
        # The worst of many is worse than one: its chance is about their number times exp(-z²/3), the tails being heavy.
        adjusted = math.sqrt(max(0.0, value * value - 3 * math.log(len(scores))))
        return Score(round(math.copysign(adjusted, value), 4), words)

    def _segment(self, segment: Segment, language: Language, factors: Factors) -> tuple[float, str] | None:
        before = source_size(_prose(segment.source_words), language)
        if before < 1:
            return None
        after = target_size(_prose(segment.target_words), language)
        value = deviation(before, after, factors)
        words = f"{segment.slot}: {after} characters, usual are {expected_size(before, factors):.0f}"
        broken = breaks_off(segment.source, segment.target, language)
        if broken:
            value -= self.settings.unfinished
            words += f"; {broken}"
        return value, words

    def _factors(self, language: Language) -> Factors:
        return self._given.get(language.code) or factors_for(language)


def _prose(text: str) -> str:
    """A text without requests, which are as long in every language."""
    return without_requests(text, find_requests(text))


def breaks_off(source: str, target: str, language: Language) -> str | None:
    """In words why a target seems cut short where its source is not, or None.

    It lacks the final punctuation that its source has (not in Thai and Lao, which write none), ends with a letter
    that must be followed by another, or opens a bracket or quotation that it never closes.
    """
    source, target = source.rstrip(), target.rstrip()
    if not target or not _SOURCE_FINAL.search(source):
        return None
    if _GOES_ON.search(target):
        return "ends within a syllable"
    if language.script not in _NO_FULL_STOP and not _FINAL.match(target[-1]):
        return "lacks the final punctuation of its source"
    unclosed = _unclosed(target)
    if unclosed and not _unclosed(source):
        return f"never closes {unclosed}"
    return None


def _unclosed(text: str) -> str | None:
    for pair in _BRACKETS:
        if text.rfind(pair[0]) > text.rfind(pair[1]):
            return pair[0]
    marks = _QUOTES.findall(text)
    return marks[-1] if len(marks) % 2 else None


def _factors(code: str, entry: Any) -> Factors:
    """Factors of the settings; UsageError unless they are two numbers, the spread above 0."""
    values = [entry.get(key) for key in ("log_ratio", "spread")] if isinstance(entry, Mapping) else []
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != 2 or len(entry) != 2 or not numbers[1] > 0:
        raise UsageError(f"length.factors.{code}: expected log_ratio and spread (above 0), found {entry!r}")
    return Factors(float(numbers[0]), float(numbers[1]), "settings")
