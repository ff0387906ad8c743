"""Spans: parts of a text that must come through untouched, found on the original text.

A span has three faces. ``surface`` is what an engine reads when the span is sent along as it is: a calculator
annotation is left out, so ``48/2 = <<48/2=24>>24`` reads ``48/2 = 24``. ``expect`` is what must then stand in the
output, and ``restore`` is what the published text gets in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from ..toolkit.tasks.base import Protected
from .faces import occurrences


@dataclass(frozen=True, slots=True)
class Span:
    """A protected part ``text[start:end]`` of a text (offsets in characters)."""

    start: int
    end: int
    kind: str
    surface: str
    expect: str
    restore: str

    @property
    def verbatim(self) -> bool:
        """Whether the published text gets exactly what stood in the source."""
        return self.surface == self.expect


_ANNOTATION = r"<<[^<>\n]*>>"
_CURRENCY = r"[$£€¥₹]"
_NUMBER = rf"(?:{_CURRENCY}[ ]?)?(?:\d+(?:,\d+)*(?:\.\d+)?|\.\d+)%?"
# A factor may carry a variable ("2S"), and a lone letter is one: algebra comes through as it is.
_FACTOR = rf"(?:{_NUMBER}(?:[A-Za-z](?![A-Za-z]))?|(?<![A-Za-z'’])[A-Za-z](?![A-Za-z'’]))"
_OPERAND = rf"(?:[-+]?\([ ]?)*[-+]?(?:{_CURRENCY}[ ]?)?(?:{_ANNOTATION})?[-+]?{_FACTOR}(?:[ ]?\))*"
_OPERATOR = r"(?:[ ]*(?:\*\*|[+*/×÷=^·∙•−])[ ]*|[ ]*[xX](?=[ \d(.$])[ ]*|[ ][-–][ ]|[-–])"

# In order of precedence; where two overlap, the earlier one leads and the two become one span.
_PATTERNS: dict[str, str] = {
    "code": r"```.+?```|`[^`\n]+`",
    "url": r"(?:https?|ftp)://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}]|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s<>\"']*[^\s<>\"'.,;:!?)\]}])?",
    "email": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "latex": (
        r"\$\$.+?\$\$|\\\(.+?\\\)|\\\[.+?\\\]"
        r"|\\begin\{(?P<env>\w+\*?)\}.*?\\end\{(?P=env)\}"
        r"|\\[a-zA-Z]+(?P<arg>\{(?:[^{}]|(?&arg))*\}|\[[^\[\]\n]*\])*"
        # $…$ is mathematics only if it cannot be two prices: no space inside the dollars, no amount behind them,
        # and a first digit only where no words follow or a sign of LaTeX does.
        r"|\$(?![\s\d<])[^$\n]{1,200}?(?<!\s)\$(?![\w<])"
        r"|\$\d[^$\n]{0,200}?[\\^_{][^$\n]{0,200}?(?<!\s)\$(?![\w<])|\$\d[\d +*/=().-]*(?<![ ])\$(?![\w<])"
    ),
    "tag": r"</?[A-Za-z][\w-]*(?:\s[^<>\n]*)?/?>",
    "placeholder": r"\{\{[^{}\n]+\}\}|\$?\{\w[\w.:!-]*\}|\{\}|%\(\w+\)[sdif]|%[sdif]\b",
    "datetime": r"\b\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?\b|\b\d{1,2}:\d{2}(?::\d{2})?\b",
    "arithmetic": (
        rf"{_OPERAND}(?:{_OPERATOR}{_OPERAND})+|=[ ]*(?:{_CURRENCY}[ ]?)?{_ANNOTATION}(?:[ ]?{_FACTOR})?"
        rf"|(?:{_CURRENCY}[ ]?)?{_ANNOTATION}(?:[ ]?{_FACTOR})?"
    ),
    "identifier": (
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b|[@#][A-Za-z_]\w+|\b\w+_\w+\b|\b[\w-]+\.[A-Za-z]{2,4}\b(?=[\s\"',;:!?)]|\.?$)"
        r"|(?<![\w/])~?/[\w.-]+(?:/[\w.-]*)+|\b[a-z]+[A-Z]\w*\b|\b(?:[A-Z][a-z0-9]+){2,}\b"
        r"|\b(?=[A-Za-z0-9-]*[A-Za-z]-?\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b"
    ),
}
_COMPILED = {
    kind: regex.compile(pattern, regex.DOTALL if kind in ("code", "latex") else 0)
    for kind, pattern in _PATTERNS.items()
}
_ANNOTATIONS = regex.compile(_ANNOTATION)
_MAY_HOLD = {
    "code": "`",
    "url": ".",
    "email": "@",
    "latex": "\\$",
    "tag": "<",
    "placeholder": "{%",
}


def find_spans(text: str, protected: Sequence[Protected] = ()) -> list[Span]:
    """The spans of a text, in order, none overlapping another.

    ``protected`` values lead: a value whose rendering differs from its surface keeps its bounds, and pattern spans
    that cross it are given up; all other spans that overlap are united into one.
    """
    spans: list[Span] = []
    for value in sorted(protected, key=lambda value: -len(value.surface)):
        for start, end in occurrences(text, value.surface):
            spans = _add(spans, _value_span(text, start, end, value), text)
    for kind, pattern in _COMPILED.items():
        hints = _MAY_HOLD.get(kind)
        if hints is not None and not any(hint in text for hint in hints):
            continue
        for match in pattern.finditer(text):
            if match.end() > match.start():
                spans = _add(spans, _verbatim(text, match.start(), match.end(), kind), text)
    return sorted(spans, key=lambda span: span.start)


def _verbatim(text: str, start: int, end: int, kind: str) -> Span:
    original = text[start:end]
    surface = _ANNOTATIONS.sub("", original)
    return Span(start, end, kind, surface, surface, original)


def _value_span(text: str, start: int, end: int, value: Protected) -> Span:
    if value.rendering == value.surface:
        return _verbatim(text, start, end, "value")
    return Span(start, end, "value", text[start:end], value.rendering, value.rendering)


def _add(spans: list[Span], new: Span, text: str) -> list[Span]:
    """``spans`` with ``new`` in it; overlapping spans become one, unless one of them is rendered."""
    clashing = [span for span in spans if span.start < new.end and new.start < span.end]
    if not clashing:
        return [*spans, new]
    if any(not span.verbatim for span in clashing) or not new.verbatim:
        return spans
    start, end = min(new.start, *(s.start for s in clashing)), max(new.end, *(s.end for s in clashing))
    united = _verbatim(text, start, end, clashing[0].kind)
    return [span for span in spans if span not in clashing] + [united]
