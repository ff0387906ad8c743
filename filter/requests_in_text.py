"""API requests that stand in a plain text: ``API-Request: [A(k='v')]`` lines, call lists, ``<tool_call>`` blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..toolkit.checks.call_formats import parse_hermes
from ..toolkit.checks.calls import CallSyntaxError, parse_request
from ..toolkit.records import Call

_REQUEST = re.compile(
    r"API-Request[ \t]*:[ \t]*\n?[^\n]*|<tool_call>.*?(?:</tool_call>|\Z)|^[ \t]*\[[A-Za-z_][\w.]{0,100}\([^\n]*",
    re.S | re.M,
)
# Descriptions of tools: JSON, a line each.
_DATA_LINE = re.compile(r"^[ \t]*[\[{][^\n]*[\]}][ \t]*$", re.M)
_TAG = "<tool_call>"
_HINTS = ("API-Request", _TAG, "(")


@dataclass(frozen=True, slots=True)
class Request:
    """A request at ``text[start:end]``; ``calls`` is None where it cannot be read. ``result``: the text after ``->``.

    ``closed``: its list has an end.
    """

    start: int
    end: int
    calls: tuple[Call, ...] | None
    result: str | None = None
    closed: bool = True


def find_requests(text: str) -> list[Request]:
    """The requests of a text, in order. A request of API-Bank ends with its line, its result included."""
    if not any(hint in text for hint in _HINTS):
        return []
    return [_read(*match.span(), match[0]) for match in _REQUEST.finditer(text)]


def without_requests(text: str, requests: list[Request]) -> str:
    """The text around the requests, without lines of JSON."""
    return _DATA_LINE.sub("", "".join(_around(text, requests)))


def _around(text: str, requests: list[Request]) -> Iterator[str]:
    position = 0
    for request in requests:
        yield text[position : request.start]
        yield "\n"
        position = request.end
    yield text[position:]


def _read(start: int, end: int, text: str) -> Request:
    try:
        if text.startswith(_TAG):
            return Request(start, end, tuple(parse_hermes(text)) or None)
        calls, result = parse_request(text)
    except CallSyntaxError:
        return Request(start, end, None)
    closed = result is not None or "[" not in text or text.rstrip().endswith("]")
    return Request(start, end, tuple(calls) or None, result, closed)
