"""What is no prose: code, URLs, LaTeX, tags, placeholders, tables, tool schemas, the turns of a dialogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ...toolkit.spans import Span
from ..api_rules import api_problems
from ..check import HardCheck
from ..pairs import Pair, Segment

_EXACT = frozenset({"code", "url", "email", "latex", "tag", "placeholder"})
_UNWANTED = frozenset({"url", "email", "tag", "placeholder"})
# Of identifiers and dates those that nobody writes otherwise: names like McCartney or WhatsApp, handles, web sites,
# 6-foot and 4:00 are put into other scripts and forms by people (NTREX).
_FIRM = re.compile(
    r"(?:\d{1,3}\.){3}\d{1,3}|\w*[a-z0-9]_\w+|~?/[\w.-]+(?:/[\w.-]*)+"
    r"|(?=\w{6})(?:[A-Za-z]+\d+[A-Za-z]|\w*\d[A-Za-z]+\d)\w*"
    r"|\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d.*)?|\d{1,2}:\d\d:\d\d"
)
_FIRM_KINDS = frozenset({"identifier", "datetime"})
_TEXT_IN_LATEX = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)\s?\{[^{}]*\}")
_BRACKETS = (("\\(", "\\)"), ("\\[", "\\]"), ("\\begin{", "\\end{"), ("{", "}"))
_TABLE_ROW = re.compile(r"^[ \t]*\|[^\n]*\|[ \t]*$", re.M)
# A token with a digit whose characters stand apart: "1.0.:.3.0".
_APART = re.compile(r"(?<!\S)\S(?:\.\S){1,100}(?!\S)")


class StructureCheck(HardCheck):
    """Spans of the source stand in the target as often, and no others; LaTeX is balanced, tables keep their shape.

    White space may come and go; words inside ``\\text{}`` are prose. Sums and numbers have checks of their own,
    but for dates and times as machines write them. Of records also: the turns have the same roles, and tool schemas
    the same tree with their descriptions left out.
    """

    name = "structure"
    summary = "code, URLs, LaTeX, tags, tables or schemas that are not those of the English"

    def problems(self, pair: Pair) -> Iterator[str]:
        """What is lost, new or broken."""
        before, after = ([message.role for message in record.messages] for record in (pair.source, pair.target))
        if before != after:
            yield f"{len(before)} turns became {len(after)}" if len(before) != len(after) else "roles differ"
        if pair.target.task == "api" and (found := api_problems(pair)):
            yield from found.structure
        for segment in pair.segments:
            lost = list(_lost(segment))
            # Lost in one line, and still there in another.
            yield from lost or (problem for line in segment.lines if line is not segment for problem in _lost(line))
            yield from _new(segment)
            yield from _unbalanced(segment)
            yield from _tables(segment)
            yield from _apart(segment)


def _lost(segment: Segment) -> Iterator[str]:
    wanted = Counter(_key(span) for span in segment.source_spans if _is_firm(span))
    if not wanted:
        return
    source, target = _squeezed(segment.source), _squeezed(segment.target)
    for key, count in wanted.items():
        found = target.count(key)
        if found < min(count, source.count(key)):
            yield f"{key[:80]!r} stands {found} times for {count}"


def _new(segment: Segment) -> Iterator[str]:
    source = ""
    for span in segment.target_spans:
        if span.kind in _UNWANTED:
            source = source or _squeezed(segment.source)
            if (key := _key(span)) not in source:
                yield f"{key[:80]!r} is new"


def _is_firm(span: Span) -> bool:
    return span.kind in _EXACT or (span.kind in _FIRM_KINDS and _FIRM.fullmatch(span.restore) is not None)


def _key(span: Span) -> str:
    return _squeezed(span.restore)


def _squeezed(text: str) -> str:
    return "".join((_TEXT_IN_LATEX.sub("", text) if "\\" in text else text).split())


def _unbalanced(segment: Segment) -> Iterator[str]:
    if "\\" not in segment.source and "$$" not in segment.source:
        return
    for opening, closing in _BRACKETS:
        if _balance(segment.source, opening, closing) == 0 and _balance(segment.target, opening, closing):
            yield f"{opening} and {closing} are not balanced"
    if segment.source.count("$$") % 2 == 0 and segment.target.count("$$") % 2:
        yield "$$ is not closed"


def _balance(text: str, opening: str, closing: str) -> int:
    return text.count(opening) - text.count(closing)


def _tables(segment: Segment) -> Iterator[str]:
    if "|" not in segment.source:
        return
    before, after = ([row.count("|") for row in _TABLE_ROW.findall(text)] for text in (segment.source, segment.target))
    if before != after:
        yield f"a table of {len(before)} rows became one of {len(after)}, or its cells differ"


def _apart(segment: Segment) -> Iterator[str]:
    """Tokens that were taken apart by dots, as models do with placeholders that they do not know.

    Digits alone are left to the check of numbers.
    """
    if "." not in segment.target:
        return
    for token in _APART.findall(segment.target):
        whole = token[::2]
        if whole.isdigit() or not any(map(str.isdigit, whole)) or token in segment.source:
            continue
        if len(whole) > 2 or whole in segment.source.split():
            yield f"{token[:80]!r} is taken apart"
