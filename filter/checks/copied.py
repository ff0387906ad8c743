"""Texts that were left in English."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest

import regex

from ...toolkit.languages import ENGLISH
from ..api_rules import call_values
from ..check import HardCheck
from ..pairs import Pair, Segment

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’\-][\p{L}\p{M}]+)*")
# Lines that a translator rightly copies: data, and requests to an API.
_DATA_LINE = regex.compile(r"^[^\S\n]*(?:[\[{].*[\]}]|API-Request:.*)[^\S\n]*$", regex.M)
# Words that stand inside names, and words that hardly do, whatever their case.
_IN_NAMES = frozenset(regex.findall(r"\w+", "of the and for a an in on at to by with from de la le el du van von"))
_IN_SENTENCES = frozenset(
    regex.findall(
        r"\w+",
        """
        i it he she we they you is are was were be been has have had do does did will would can could should not very
        this that what how who why when where which if than there because
        """,
    )
)
# Five words without a comma are no list of names.
_HEADLINE = regex.compile(r"(?<![\p{L}\p{M}])(?:[\p{L}\p{M}'’\-]++[ \t]++){4}\p{L}")


@dataclass(frozen=True)
class CopySettings:
    """``min_words``: plain words of a text that is judged. ``share``: of the English words, found in order."""

    min_words: int = 3
    share: float = 0.95


class CopyCheck(HardCheck):
    """The target is the source: equal but for case, space, punctuation and compatibility forms, or nearly.

    Nearly is ``share`` of the source's words in their order (longest common subsequence). Names, numbers, values of
    arguments, code and other spans may rightly stay: judged are texts with ``min_words`` plain words, or a headline of
    five. A pair without any is abstained from, and so is an engine that copies.
    """

    name = "copy"
    summary = "texts that were left in English"
    Settings = CopySettings

    def applies(self, pair: Pair) -> bool:
        """Whether the pair is a translation into another language that has prose."""
        if not pair.translates or pair.language.code == ENGLISH.code:
            return False
        values = call_values(pair)
        least = self.settings.min_words
        return any(_has_words(_prose(segment.source_words, values), least) for segment in pair.segments)

    def problems(self, pair: Pair) -> Iterator[str]:
        """The slots that are copies."""
        values = call_values(pair)
        for segment in pair.segments:
            if self._is_copy(segment, values):
                yield f"{segment.slot} is the English text: {' '.join(segment.target.split())[:80]!r}"

    def _is_copy(self, segment: Segment, values: tuple[str, ...]) -> bool:
        source, target = _prose(segment.source_words, values), _prose(segment.target_words, values)
        before, after = _words(source), _words(target)
        return _is_like(before, after, self.settings.share) and _has_words(source, self.settings.min_words)


def _is_like(before: list[str], after: list[str], share: float) -> bool:
    if "".join(before) == "".join(after):
        return True
    least = share * len(before)
    if sum((Counter(before) & Counter(after)).values()) < least:
        return False
    from rapidfuzz.distance import LCSseq

    return bool(LCSseq.similarity(before, after) >= least)


def _prose(text: str, values: tuple[str, ...]) -> str:
    for value in values:
        text = text.replace(value, " ")
    return _DATA_LINE.sub(" ", text)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _has_words(text: str, least: int) -> bool:
    return len(list(islice(_plain_words(text), least))) >= least or _HEADLINE.search(text) is not None


def _plain_words(text: str) -> Iterator[str]:
    """The words of a text that are hardly names: in small letters, or capitalised before such a word ("How many")."""
    words = _WORD.findall(text)
    for word, following in zip_longest(words, words[1:]):
        if word[0].islower():
            if word not in _IN_NAMES:
                yield word
        elif word.casefold() in _IN_SENTENCES or (following and word[1:].islower() and _is_plain(following)):
            yield word


def _is_plain(word: str) -> bool:
    return word[0].islower() and word not in _IN_NAMES
