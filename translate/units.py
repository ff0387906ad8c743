"""Texts taken apart into units for the translator, and put together again byte for byte.

Lines and sentences are units; line breaks, indents, list markers and the spaces between sentences are kept outside.
What has no letters of its own, and lines of code, JSON or LaTeX, is copied and never sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import regex
import sentencex

from ..toolkit.spans import Span, find_spans
from ..toolkit.tasks.base import Protected

Segment = Literal["sentence", "line"]

_LINE = regex.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_EDGES = regex.compile(r"(\s*(?:(?:[-*•‣–]|\d{1,3}[.)])\s+)?)(.*?)(\s*)", regex.DOTALL)
_LETTER = regex.compile(r"\p{L}")
_CODE_LINE = regex.compile(
    r"\s*(?:(?:async )?def \w+\(.*|class \w+[(:].*|import [\w.]+(?: as \w+)?|from [\w.]+ import .+|#include\s*<.+"
    r"|(?:print|console\.log)\(.*\);?|(?:const|let|var) \w+ = .+|[\w.\[\]]+\s*[-+*/]?=\s*\S.*;|[{}()\[\];,]+|//.*"
    r"|return\b.*;)\s*"
)


@dataclass(frozen=True, slots=True)
class UnitSpan:
    """A span inside a unit; offsets are in the unit's ``text``."""

    start: int
    end: int
    kind: str
    expect: str
    restore: str


@dataclass(frozen=True)
class Unit:
    """A piece of text for the translator: ``text`` is what an engine reads, with every span as its surface."""

    text: str
    spans: tuple[UnitSpan, ...] = ()

    @cached_property
    def restored(self) -> str:
        """The text with every span as the published row has it; of an untranslated unit, its source bytes."""
        return self.fill([span.restore for span in self.spans])

    def fill(self, faces: Sequence[str]) -> str:
        """The unit's text with other faces for its spans, one each in order."""
        out, position = [], 0
        for span, face in zip(self.spans, faces, strict=True):
            out += [self.text[position : span.start], face]
            position = span.end
        return "".join([*out, self.text[position:]])

    @cached_property
    def gaps(self) -> tuple[str, ...]:
        """The text before, between and behind the spans: one more than there are spans."""
        edges = [0, *(edge for span in self.spans for edge in (span.start, span.end)), len(self.text)]
        return tuple(self.text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


Piece = str | Unit


@dataclass(frozen=True, slots=True)
class Plan:
    """A text as pieces: strings are copied, units are sent."""

    pieces: tuple[Piece, ...]

    @property
    def units(self) -> Iterator[Unit]:
        """The units in reading order."""
        return (piece for piece in self.pieces if isinstance(piece, Unit))

    def join(self, translated: Mapping[Unit, str]) -> str:
        """The text with each unit replaced by its translation."""
        return "".join(piece if isinstance(piece, str) else translated[piece] for piece in self.pieces)


def plan_text(text: str, protected: Sequence[Protected] = (), segment: Segment = "sentence") -> Plan:
    """Take a text apart.

    Pieces joined as they are give the text back byte for byte wherever no protected value is rendered otherwise.
    ``segment`` says whether a line is a unit, or each of its sentences (split by sentencex, the sentence splitter of
    the Wikimedia translation tools). Nothing is ever split inside a span.
    """
    spans = find_spans(text, protected)
    pieces: list[Piece] = []
    in_fence = False
    for start, end in _lines(text, spans):
        inside = [span for span in spans if start <= span.start and span.end <= end]
        line = text[start:end]
        fence = line.lstrip().startswith(("```", "~~~")) and not inside
        if fence or in_fence or _LINE.fullmatch(line) or _is_code(line):
            in_fence ^= fence
            pieces.append(_render(text, start, end, inside))
            continue
        for first, last in _sentences(text, start, end, inside, segment):
            pieces += _unit_pieces(text, first, last, [s for s in inside if first <= s.start and s.end <= last])
    return Plan(tuple(_merged(pieces)))


def _lines(text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Bounds of lines and of the breaks between them; a break inside a span breaks nothing."""
    position = 0
    for match in _LINE.finditer(text):
        if any(span.start <= match.start() < span.end for span in spans):
            continue
        if position < match.start():
            yield position, match.start()
        yield match.span()
        position = match.end()
    if position < len(text):
        yield position, len(text)


def _is_code(line: str) -> bool:
    stripped = line.strip()
    if stripped[:1] in ("{", "[") and stripped[-1:] in ("}", "]"):
        try:
            json.loads(stripped)
            return True
        except (ValueError, RecursionError):
            return False
    return _CODE_LINE.fullmatch(line) is not None


def _sentences(text: str, start: int, end: int, spans: Sequence[Span], segment: Segment) -> Iterator[tuple[int, int]]:
    """Bounds of the sentences of a line, none inside a span."""
    if segment == "line":
        yield start, end
        return
    masked = list(text[start:end])
    for span in spans:
        # A word that could begin or stand in a sentence, of the same length, so that offsets hold.
        masked[span.start - start : span.end - start] = "X" * (span.end - span.start)
    line = "".join(masked)
    sentences = list(sentencex.segment("en", line))
    if "".join(sentences) != line:  # the splitter changed a character it did not know: the line stays whole
        yield start, end
        return
    first = start
    for sentence in sentences:
        last = first + len(sentence)
        if any(span.start < last < span.end for span in spans):
            continue
        yield first, last
        first = last
    if first < end:
        yield first, end


def _unit_pieces(text: str, start: int, end: int, spans: Sequence[Span]) -> list[Piece]:
    """A sentence as copied edges around one unit, or as one copied piece where nothing is to be translated."""
    edges = _EDGES.fullmatch(text, start, end)
    assert edges is not None
    first, last = edges.span(2)
    if spans:
        first, last = min(first, spans[0].start), max(last, spans[-1].end)
    unit = _unit(text, first, last, spans)
    if not any(_LETTER.search(gap) for gap in unit.gaps):
        return [_render(text, start, end, spans)]
    return [text[start:first], unit, text[last:end]]


def _unit(text: str, start: int, end: int, spans: Sequence[Span]) -> Unit:
    out: list[str] = []
    inner: list[UnitSpan] = []
    position, length = start, 0
    for span in spans:
        gap = text[position : span.start]
        begin = length + len(gap)
        length = begin + len(span.surface)
        inner.append(UnitSpan(begin, length, span.kind, span.expect, span.restore))
        out += [gap, span.surface]
        position = span.end
    return Unit("".join([*out, text[position:end]]), tuple(inner))


def _render(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    """Copied text, with protected values in their rendering."""
    return _unit(text, start, end, spans).restored


def _merged(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces without empty strings, neighbouring strings as one."""
    held = ""
    for piece in pieces:
        if isinstance(piece, str):
            held += piece
            continue
        if held:
            yield held
        held = ""
        yield piece
    if held:
        yield held
