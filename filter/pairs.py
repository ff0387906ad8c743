"""What a check looks at: a record beside its English source, cut into segments that stand at the same place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import regex

from ..toolkit.languages import Language
from ..toolkit.records import Record
from ..toolkit.spans import Span, find_spans

TEXT_TASK = "text"
"""The task of pairs that `mlt` did not make: one text, no roles, no gold."""

_NUMBERS = regex.compile(r"[\p{N}][\p{N}.,:/٫٬]*")


@dataclass(frozen=True)
class Segment:
    """A text of a record and its translation. ``slot`` names its place: ``messages.0``, ``target``, ``text``."""

    slot: str
    source: str
    target: str

    @cached_property
    def source_spans(self) -> list[Span]:
        """Code, URLs, LaTeX, arithmetic and the like in the source; see :func:`find_spans`."""
        return find_spans(self.source)

    @cached_property
    def target_spans(self) -> list[Span]:
        """The same in the target."""
        return find_spans(self.target)

    @cached_property
    def source_words(self) -> str:
        """The source without its spans, each a space: what a translator has put into words."""
        return _without(self.source, self.source_spans)

    @cached_property
    def target_words(self) -> str:
        """The target without its spans."""
        return _without(self.target, self.target_spans)

    @cached_property
    def lines(self) -> tuple[Segment, ...]:
        """The lines of both texts side by side where there are as many of them, else the segment itself."""
        pairs = side_by_side(self.source, self.target)
        if len(pairs) == 1:
            return (self,)
        return tuple(Segment(self.slot, source, target) for source, target in pairs)


@dataclass(frozen=True)
class Pair:
    """A record, its English source and the language that the target should be in.

    ``translates`` is False where the engine copies (the identity engine): checks of language abstain then.
    """

    source: Record
    target: Record
    language: Language
    segments: tuple[Segment, ...]
    translates: bool = True

    @property
    def id(self) -> str:
        """The item's id."""
        return self.target.id

    @cached_property
    def source_prose(self) -> str:
        """All of the source's own words, NFC, without spans and numbers, a line a segment."""
        return prose(segment.source_words for segment in self.segments)

    @cached_property
    def target_prose(self) -> str:
        """The same of the target."""
        return prose(segment.target_words for segment in self.segments)


def pair_of(source: Record, target: Record, language: Language) -> Pair:
    """The pair of two records of one item. Segments are texts that stand on both sides.

    Messages of tools, and a target that holds calls, are no text: nobody translates them.
    """
    return Pair(source, target, language, tuple(_segments(source, target)), _translates(target))


def all_texts(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """Slot, source and target of every text of a pair, results and calls too."""
    if pair.target.task == TEXT_TASK:
        yield from ((segment.slot, segment.source, segment.target) for segment in pair.segments)
        return
    for index, (before, after) in enumerate(zip(pair.source.messages, pair.target.messages, strict=False)):
        yield f"messages.{index}", before.content, after.content
    yield "target", pair.source.target, pair.target.target


def side_by_side(source: str, target: str) -> list[tuple[str, str]]:
    """The lines of two texts, those without a word left out, where there are as many; else the two texts."""
    if "\n" in source:
        lines = [[line for line in text.splitlines() if line.strip()] for text in (source, target)]
        if len(lines[0]) == len(lines[1]):
            return list(zip(*lines, strict=True))
    return [(source, target)]


def prose(texts: Iterator[str]) -> str:
    """Texts as one, NFC, without numbers and needless space."""
    lines = (" ".join(_NUMBERS.sub(" ", text).split()) for text in texts)
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def _segments(source: Record, target: Record) -> Iterator[Segment]:
    if target.task == TEXT_TASK:
        yield Segment("text", source.messages[0].content, target.messages[0].content)
        return
    for index, (before, after) in enumerate(zip(source.messages, target.messages, strict=False)):
        if before.role != "tool" and before.content.strip():
            yield Segment(f"messages.{index}", before.content, after.content)
    if not source.gold.calls and source.target.strip():
        yield Segment("target", source.target, target.target)


def _without(text: str, spans: list[Span]) -> str:
    if not spans:
        return text
    out, position = [], 0
    for span in spans:
        out += [text[position : span.start], " "]
        position = span.end
    return "".join([*out, text[position:]])


def _translates(target: Record) -> bool:
    return target.translation is None or target.translation.model != "identity"
