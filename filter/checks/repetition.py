"""Repetition: how much of a target says again what it has said, beyond what its source repeats."""

from __future__ import annotations

import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from operator import eq
from typing import ClassVar, NamedTuple

import regex

from ..check import BaseCheck, Direction, Score
from ..pairs import Pair

GRAM = 4  # characters that count as said again
MIN_COMPRESSED = 40  # characters: the compression of fewer says nothing
HALF = 10.0  # characters repeated at once that score one half
_LAGS = 16  # distances looked at: the most frequent ones
_FEW = 3  # n-grams at a distance; fewer are no loop
_TWICE = 0.6  # weight of what stands twice, for some words do; three times is a loop
_NO_WORDS = 0.5
_MOST = 0.6  # share of a text that is no word doubled but the text itself
_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")


class Repeats(NamedTuple):
    """Of one text: the weight of its worst loop and what is looped, the share that is said again, bytes a character
    when compressed.
    """

    weight: float
    looped: str
    share: float
    compressed: float


class RepetitionCheck(BaseCheck):
    """From 0 to 1: a loop (a part again and again at once), n-grams said again, or compression beyond the source's.

    One half is a loop of ten letters (five of a script that writes a word in two), or half of the text said again.
    """

    name: ClassVar[str] = "repetition"
    direction: ClassVar[Direction] = "high"
    summary: ClassVar[str] = "what is said again at once or anywhere, beyond the source's own repetition (0 to 1)"

    def score_pair(self, pair: Pair) -> Score:
        """The worst segment."""
        scores = [_compared(segment.source, segment.target) for segment in pair.segments if segment.target]
        return max(scores, key=lambda score: score.value or 0.0, default=Score(0.0))


def _compared(source: str, target: str) -> Score:
    before, after = repeats(source), repeats(target)
    weight = max(0.0, after.weight - before.weight)
    loop = weight / (weight + HALF)
    share = after.share - before.share
    compression = 1 - after.compressed / before.compressed if before.compressed and after.compressed else 0.0
    value = round(max(loop, share, compression, 0.0), 4)
    if value == 0:
        return Score(0.0)
    if value == round(loop, 4):
        return Score(value, f"again and again: {after.looped[:80]}")
    what = f"{after.share:.0%} is said again" if share >= compression else f"compresses {compression:.0%} further"
    return Score(value, f"{what} (source: {before.share:.0%})" if share >= compression else f"{what} than the source")


def repeats(text: str) -> Repeats:
    """What a text repeats, spaces and case aside."""
    solid = "".join(unicodedata.normalize("NFC", text).casefold().split())
    if not solid:
        return Repeats(0.0, "", 0.0, 0.0)
    lags, covered = _repeated(solid)
    weight, looped = max(_loops(solid, lags), default=(0.0, ""))
    size = len(zlib.compress(solid.encode("utf-16-le", "surrogatepass"), 1))
    return Repeats(weight, looped, covered / len(solid), size / len(solid) if len(solid) >= MIN_COMPRESSED else 0.0)


def _repeated(solid: str) -> tuple[Counter[int], int]:
    """How far n-grams stand behind their last occurrence, and how many characters they cover."""
    last: dict[str, int] = {}
    lags: Counter[int] = Counter()
    covered = end = 0
    for index, gram in enumerate([solid[start : start + GRAM] for start in range(len(solid) - GRAM + 1)]):
        before = last.get(gram)
        last[gram] = index
        if before is not None:
            lags[index - before] += 1
            covered += index + GRAM - max(end, index)
            end = index + GRAM
    return lags, covered


def _loops(solid: str, lags: Counter[int]) -> Iterator[tuple[float, str]]:
    """Weights of parts that stand again at once: the characters repeated, more for scripts that need fewer."""
    for lag, count in lags.most_common(_LAGS):
        if count < _FEW:
            break
        same = bytes(map(eq, solid[lag:], solid))
        longest = max(map(len, same.split(b"\0")))
        if longest < lag:
            continue
        start = same.find(b"\1" * longest)
        looped = solid[start : start + lag]
        weight = float(longest) if longest >= 2 * lag or longest + lag >= _MOST * len(solid) else _TWICE * longest
        yield weight * _density(looped), looped


def _density(looped: str) -> float:
    """How much a character says: less in numbers (100,000,000) and lines, more where a word has two."""
    if not any(map(str.isalpha, looped)):
        return _NO_WORDS
    return 2.0 if _DENSE.search(looped) else 1.0
