"""Whether a translation got caught in a loop, the way decoders do: the same words or letters over and over.

Repetition that the source has is right ("10 + 10 + 10 + 10", "ha ha ha"), so a loop is a run that is clearly longer
than the longest of the source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import eq

import regex

MAX_PERIOD = 40  # units (words or letters) of the part that repeats
MIN_COUNT = 4  # times that a part stands in a row
MIN_COUNT_LONG = 3  # the same for a long part
LONG_WORDS, LONG_LETTERS = 4, 20  # units that make a part long
MIN_LETTERS = 12  # letters that a run of letters fills at least
MIN_SOURCE_LETTERS = 8  # the same in the source: "banana" is no repetition

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_NO_LETTER = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


def has_loop(source: str, target: str) -> bool:
    """Whether the target repeats a part again and again at once, which the source does not.

    Looked at are n-grams of words and, for scripts without spaces and loops inside a word, of letters. A part must
    stand there four times (a long one three times), and at least twice more often than any part of the source.
    """
    if not _may_repeat(target):
        return False
    words = _counts(_words(target), LONG_WORDS)
    letters = _counts(_letters(target, MIN_LETTERS), LONG_LETTERS)
    longest = max([0, *words, *letters])
    if not longest:
        return False
    in_source = [*_words(source), *_letters(source, MIN_SOURCE_LETTERS)]
    return longest >= 2 + max([1, *(count for _, count in in_source)])


def _may_repeat(text: str) -> bool:
    """A quick look that spares most texts the long one: every run has a word, or four letters, three times over."""
    folded = text.casefold()
    solid = _NO_LETTER.sub("", folded)
    grams = Counter(solid[index : index + 4] for index in range(len(solid) - 3))
    words = Counter(_WORD.findall(folded))
    return max([0, *grams.values(), *words.values()]) >= 3


def _counts(runs: Iterator[tuple[int, int]], long: int) -> list[int]:
    """The counts of runs that are long enough to be a loop."""
    return [count for period, count in runs if count >= (MIN_COUNT_LONG if period >= long else MIN_COUNT)]


def _words(text: str) -> Iterator[tuple[int, int]]:
    yield from _runs(_WORD.findall(text.casefold()))


def _letters(text: str, least: int) -> Iterator[tuple[int, int]]:
    """Runs of letters that fill a least length."""
    solid = _NO_LETTER.sub("", text.casefold())
    yield from ((period, count) for period, count in _runs(solid) if period * count >= least)


def _runs(units: Sequence[str]) -> Iterator[tuple[int, int]]:
    """For every period, how often a part of so many units stands in a row at most; parts of digits only are left out.

    Sums repeat digits rightly, and what is wrong with them is for the check of numbers.
    """
    for period in range(1, min(MAX_PERIOD, len(units) // 2) + 1):
        same = bytes(map(eq, units[period:], units))
        longest = max(map(len, same.split(b"\0")))
        start = same.find(b"\1" * longest)
        if longest >= period and not "".join(units[start : start + period]).isdecimal():
            yield period, longest // period + 1
