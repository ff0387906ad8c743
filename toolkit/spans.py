"""Spans: parts of a text that must come through untouched, found on the original text.

A span has three faces. ``surface`` is what an engine reads when the span is sent along as it is: a calculator
annotation is left out, so ``48/2 = <<48/2=24>>24`` reads ``48/2 = 24``. ``expect`` is what must then stand in the
output, and ``restore`` is what the published text gets in its place.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from .checks.faces import occurrences
from .tasks.base import Protected


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
_NUMBER = rf"(?:{_CURRENCY}[ ]?)?(?:(?<!\d)(?<!\d,)\d++(?:,\d++)*+(?:\.\d++)?+|\.\d++)%?"
# A factor may carry a variable ("2S"), and a lone letter is one: algebra comes through as it is.
_FACTOR = rf"(?:{_NUMBER}(?:[A-Za-z](?![A-Za-z]))?|(?<![A-Za-z'’])[A-Za-z](?![A-Za-z'’]))"
_OPERAND = rf"(?:[-+]?\([ ]?){{0,30}}[-+]?(?:{_CURRENCY}[ ]?)?(?:{_ANNOTATION})?[-+]?{_FACTOR}(?:[ ]?\))*"
_OPERATOR = r"(?:[ ]*(?:\*\*|[+*/×÷=^·∙•−])[ ]*|[ ]*[xX](?=[ \d(.$])[ ]*|[ ][-–][ ]|[-–])"

# Braces inside braces, four deep: a pattern that knows no limit takes hours over a text of nothing but openings.
_BRACES = r"\{[^{}]*+\}"
for _ in range(3):
    _BRACES = rf"\{{(?:[^{{}}]++|{_BRACES})*+\}}"

# An environment, and those directly inside it.
_BODY = r"[^\\]++|\\(?!(?:begin|end)\{)"
_ENVIRONMENT = rf"\\begin\{{\w+\*?\}}(?:{_BODY})*+\\end\{{\w+\*?\}}"
_ENVIRONMENT = rf"\\begin\{{\w+\*?\}}(?:{_BODY}|{_ENVIRONMENT})*+\\end\{{\w+\*?\}}"

# In order of precedence; where two overlap, the earlier one leads and the two become one span.
_PATTERNS: dict[str, str] = {
    "code": r"```.+?```|`[^`\n]+`",
    "url": r"(?:https?|ftp)://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}]|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[^\s<>\"']*[^\s<>\"'.,;:!?)\]}])?",
    "email": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "latex": (
        r"\$\$.+?\$\$|\\\(.+?\\\)|\\\[.+?\\\]"
        rf"|{_ENVIRONMENT}"
        rf"|\\[a-zA-Z]+(?:{_BRACES}|\[[^\[\]\n]*+\])*+"
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
        r"|\b(?=[A-Za-z0-9-]{0,60}[A-Za-z]-?\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b"
    ),
}
_COMPILED = {
    kind: regex.compile(pattern, regex.DOTALL if kind in ("code", "latex") else 0)
    for kind, pattern in _PATTERNS.items()
}
_RANKS = {kind: rank for rank, kind in enumerate(["value", *_PATTERNS])}
_ANNOTATIONS = regex.compile(_ANNOTATION)
# A text without a match of these holds no span of the kind; they cost a tenth of the patterns above.
_MAY_HOLD = {
    kind: re.compile(pattern)
    for kind, pattern in {
        "code": "`",
        "url": r"://|www\.",
        "email": "@",
        "latex": r"[\\$]",
        "tag": "<",
        "placeholder": "[{%]",
        "datetime": r"\d[-:]\d",
        "arithmetic": r"[+*/×÷=^·∙•−]|<<|[\d%)][A-Za-z]?[ ]*[-–xX]|(?<![A-Za-z])[A-Za-z][ ]*[-–xX]",
        "identifier": r"[_@#/]|\.[A-Za-z]|[a-z0-9][A-Z]|[A-Za-z]-?\d|\d\.\d",
    }.items()
}


def find_spans(text: str, protected: Sequence[Protected] = ()) -> list[Span]:
    """The spans of a text, in order, none overlapping another.

    ``protected`` values lead: a value whose rendering differs from its surface keeps its bounds, and pattern spans
    that cross it are given up; all other spans that overlap are united into one.
    """
    spans: list[Span] = []
    for value in sorted(protected, key=lambda value: -len(value.surface)):
        for start, end in occurrences(text, value.surface):
            _add(spans, _value_span(text, start, end, value), text)
    for kind, pattern in _COMPILED.items():
        if not _MAY_HOLD[kind].search(text):
            continue
        for match in pattern.finditer(text):
            if match.end() > match.start():
                _add(spans, _verbatim(text, match.start(), match.end(), kind), text)
    return spans


def _verbatim(text: str, start: int, end: int, kind: str) -> Span:
    original = text[start:end]
    surface = _ANNOTATIONS.sub("", original)
    return Span(start, end, kind, surface, surface, original)


def _value_span(text: str, start: int, end: int, value: Protected) -> Span:
    if value.rendering == value.surface:
        return _verbatim(text, start, end, "value")
    return Span(start, end, "value", text[start:end], value.rendering, value.rendering)


def _add(spans: list[Span], new: Span, text: str) -> None:
    """Puts ``new`` into ``spans``, which stay in order; overlapping spans become one, unless one is rendered."""
    low = bisect_right(spans, new.start, key=lambda span: span.end)
    high = bisect_left(spans, new.end, key=lambda span: span.start)
    clashing = spans[low:high]
    if clashing:
        if any(not span.verbatim for span in clashing) or not new.verbatim:
            return
        kind = min((span.kind for span in clashing), key=_RANKS.__getitem__)
        new = _verbatim(text, min(new.start, clashing[0].start), max(new.end, clashing[-1].end), kind)
    spans[low:high] = [new]
