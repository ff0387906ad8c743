"""Omission: sentences of the source that have no counterpart in the target."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from ...toolkit.languages import ENGLISH, Language
from ..alignment import Bead, align, lines, marks_sentences, sentences
from ..check import ABSTAIN, BaseCheck, Direction, Score
from ..length_factors import factors_for, source_size
from ..pairs import Pair, Segment, side_by_side
from ..requests_in_text import find_requests, without_requests


class OmissionCheck(BaseCheck):
    """The share of the source, in characters, that stands in sentences without a counterpart.

    Sentences are aligned by length, numbers and names; lines in Thai and Lao, which mark no sentence. A source of one
    sentence says nothing: the check abstains, and what is missing is for the check of length.
    """

    name: ClassVar[str] = "omission"
    direction: ClassVar[Direction] = "high"
    summary: ClassVar[str] = "share of the source in sentences that have no counterpart in the target"

    def identity(self, language: Language) -> dict[str, Any]:
        """The length factors in use."""
        factors = factors_for(language)
        return {"factors": factors.origin, "log_ratio": factors.log_ratio, "spread": factors.spread}

    def score_pair(self, pair: Pair) -> Score:
        """The share over all segments that have two sentences or more."""
        if not pair.translates:
            return ABSTAIN
        total = alone = 0.0
        seen: list[str] = []
        for segment in pair.segments:
            sizes, missing = self._compare(segment, pair.language, seen)
            total, alone = total + sizes, alone + missing
        if not total:
            return ABSTAIN
        return Score(round(alone / total, 4), "; ".join(seen)[:300] or None)

    def _compare(self, segment: Segment, language: Language, seen: list[str]) -> tuple[float, float]:
        """The size of a segment of two sentences or more, and of those without a counterpart; ``seen`` is told which.

        Where both texts have as many lines, a sentence is looked for in its own line only.
        """
        # Lines are compared with lines where the target does not show its sentences.
        cut = partial(sentences, language=ENGLISH) if marks_sentences(language) else lines
        pairs = side_by_side(_prose(segment.source), _prose(segment.target))
        sides = [(cut(source), sentences(target, language)) for source, target in pairs]
        if sum(len(source) for source, _ in sides) < 2 or not any(target for _, target in sides):
            return 0.0, 0.0
        total = alone = 0.0
        for source, target in sides:
            sizes = [source_size(text, language) for text in source]
            total += sum(sizes)
            for bead in align(source, target, language):
                alone += sum(sizes[index] for index in bead.source) if not bead.target else 0.0
                seen += _said(bead, source, target)
        return total, alone


def _said(bead: Bead, source: list[str], target: list[str]) -> Iterator[str]:
    if not bead.target:
        yield from (f"no counterpart of: {source[index][:100]}" for index in bead.source)
    if not bead.source:
        yield from (f"added: {target[index][:100]}" for index in bead.target)


def _prose(text: str) -> str:
    return without_requests(text, find_requests(text))
