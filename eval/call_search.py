"""Where a model's output holds its calls, whatever stands around them.

Read are API-Bank's ``API-Request: [Name(key='value')]`` with or without its prefix and brackets, Hermes'
``<tool_call>`` blocks and JSON objects of a name and arguments (OpenAI's, xLAM's, Llama's ``parameters``), in a code
fence or between sentences. Of several requests the one that the output begins with counts, else the first behind the
marker, in tags, in a fence, in the text, in this order: a base model writes on after its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..toolkit.checks.call_formats import call_of
from ..toolkit.checks.calls import CallSyntaxError, parse_calls
from ..toolkit.checks.literals import LiteralError, scan_value, skip_space
from ..toolkit.records import Call

_MAX_STARTS = 40
_MAX_CALLS = 100  # of one answer, where they stand without brackets
_MAX_LENGTH = 20_000  # characters that are searched; a call that comes later is none that anybody waits for
_NAME = r"[^\W\d][\w.\-/]*"
_QUOTED = r"(?:'[^'\n]{1,200}'|\"[^\"\n]{1,200}\")"
_CALL = re.compile(rf"(?:{_NAME}|{_QUOTED})\(")
_ANOTHER = re.compile(rf"\s*[,;]?\s*(?={_NAME}\()")
_OBJECT_FOLLOWS = re.compile(r"\s*[,;]?\s*(?=\{)")
_KEY = r"['\"](?:name|function|tool_calls|function_call)['\"]\s*:"

_THOUGHT, _THOUGHT_ENDS = "<think>", "</think>"
_MARKER = re.compile(r"API-Request\s*:\s*", re.I)
_TAG = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.S)
_FENCE = re.compile(r"```[\w+-]*[ \t]*\r?\n?\s*")
_IN_TEXT = re.compile(
    rf"(?P<list>\[\s*(?:{_NAME}|{_QUOTED})\()"
    rf"|(?P<json>[\[{{]\s*(?:\{{\s*)?(?:['\"][\w-]+['\"]\s*:\s*['\"][^'\"\n]*['\"]\s*,\s*){{0,3}}{_KEY})"
    rf"|^[ \t>*`-]*(?P<bare>{_NAME}\(\s*(?:\)|[^\W\d][\w.\-]*\s*=(?!=)))",
    re.M,
)
_LIKE_A_CALL = re.compile(
    rf"<tool_call>|\[\s*(?:{_NAME}|{_QUOTED})(?:\(|\s+[\w.-]+\s*=)|{_NAME}\([^()\n]*=|[\[{{]\s*(?:\{{\s*)?{_KEY}"
)
_EMPTY_LIST = re.compile(r"\[\s*\]\s*(?:```|$)", re.M)
# Strings of one line, or of several, and brackets. A quote that closes nothing (l'après-midi) is passed over.
_TOKENS = (
    re.compile(r"'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"|[\[\](){}]"),
    re.compile(r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"|[\[\](){}]", re.S),
)


class Found(NamedTuple):
    """Calls at ``output[start:end]``, in order; ``calls`` is None where what looks like a call cannot be read."""

    calls: tuple[Call, ...] | None
    start: int
    end: int


def find_calls(output: str) -> Found | None:
    """The calls of an output; None where it holds nothing that looks like one. ``[]`` is found as no calls at all."""
    text = output[:_MAX_LENGTH]
    begin = after_thoughts(text)
    broken: Found | None = None
    for start in _starts(text, begin):
        read = _read_at(text, start)
        if read is not None:
            return Found(read[0], start, read[1])
        if broken is None and _LIKE_A_CALL.match(text, start):
            broken = Found(None, start, len(text))
    return broken


def after_thoughts(output: str) -> int:
    """Where an answer begins behind what a model thinks aloud in ``<think>`` tags; a chat template may open them.

    The end of the output where the thoughts never end.
    """
    end = output.find(_THOUGHT_ENDS)
    if end >= 0:
        return end + len(_THOUGHT_ENDS)
    return len(output) if output.lstrip().startswith(_THOUGHT) else 0


def _starts(text: str, begin: int) -> Iterator[int]:
    """The places where a request may begin, the likeliest first, none twice."""
    seen: set[int] = set()
    for start in _candidates(text, begin):
        if start not in seen and start < len(text):
            seen.add(start)
            yield start
        if len(seen) >= _MAX_STARTS:
            return


def _candidates(text: str, begin: int) -> Iterator[int]:
    first = skip_space(text, begin)
    for opening in (_FENCE, _MARKER):
        if found := opening.match(text, first):
            first = found.end()
    yield first
    for found in _MARKER.finditer(text, begin):
        yield found.end()
    for found in _TAG.finditer(text, begin):
        yield found.start()
    for found in _FENCE.finditer(text, begin):
        yield found.end()
    for found in _IN_TEXT.finditer(text, begin):
        yield found.start(found.lastgroup or 0)


def _read_at(text: str, start: int) -> tuple[tuple[Call, ...], int] | None:
    """The calls that begin at ``start`` and where they end; None where none can be read there."""
    return _tagged(text, start) if text.startswith("<tool_call>", start) else _untagged(text, start)


def _untagged(text: str, start: int) -> tuple[tuple[Call, ...], int] | None:
    if empty := _EMPTY_LIST.match(text, start):
        return (), empty.end()
    if text[start : start + 1] in ("[", "{"):
        return _objects(text, start) or _listed(text, start)
    return _bare(text, start) if _CALL.match(text, start) else None


def _tagged(text: str, start: int) -> tuple[tuple[Call, ...], int] | None:
    calls: list[Call] = []
    end = start
    for block in _TAG.finditer(text, start):
        read = _untagged(block[1], 0)
        if read is None:
            return None
        calls += read[0]
        end = block.end()
    return tuple(calls), end


def _objects(text: str, start: int) -> tuple[tuple[Call, ...], int] | None:
    """JSON objects, in a list or one after another."""
    calls: list[Call] = []
    at = start
    try:
        while True:
            value, end = scan_value(text, at)
            calls += _calls_of(value)
            following = _OBJECT_FOLLOWS.match(text, end)
            if following is None:
                return (tuple(calls), end) if calls else None
            at = following.end()
    except (LiteralError, CallSyntaxError):
        return (tuple(calls), at) if calls else None


def _calls_of(value: Any) -> list[Call]:
    """The calls of a JSON value. Raises CallSyntaxError where it is none."""
    if isinstance(value, list):
        return [call for entry in value for call in _calls_of(entry)]
    if isinstance(value, Mapping):
        for container in ("tool_calls", "function_call", "function"):
            if isinstance(value.get(container), Mapping | list):
                return _calls_of(value[container])
        if "arguments" not in value and "parameters" not in value:
            raise CallSyntaxError("an object without arguments is no call")
        return [call_of({"name": value.get("name"), "arguments": value.get("arguments", value.get("parameters"))})]
    return [call_of(value)]


def _listed(text: str, start: int) -> tuple[tuple[Call, ...], int] | None:
    """A request in brackets, tried up to several ends: broken quotes make the right one uncertain."""
    line = _line_end(text, start)
    ends = (
        _balanced(text, start, _TOKENS[0]),
        line,
        text.rfind(")]", start, line) + 2,
        _balanced(text, start, _TOKENS[1]),
        len(text),
    )
    for end in dict.fromkeys(ends):
        calls = _parsed(text[start:end]) if end and end > start + 1 else None
        if calls:
            return calls, end or start
    return None


def _bare(text: str, start: int) -> tuple[tuple[Call, ...], int] | None:
    """Calls without brackets around them, parted by commas, semicolons or line breaks."""
    calls: list[Call] = []
    at, end = start, start
    while True:
        closed = _balanced(text, at, _TOKENS[0]) or _balanced(text, at, _TOKENS[1])
        read = _parsed(text[at:closed]) if closed else None
        if read is None:
            closed = _line_end(text, at)
            read = _parsed(text[at:closed])
        if read is None:
            return (tuple(calls), end) if calls else None
        calls += read
        end = closed or at
        following = _ANOTHER.match(text, end)
        if following is None or len(calls) >= _MAX_CALLS:
            return tuple(calls), end
        at = following.end()


def _parsed(text: str) -> tuple[Call, ...] | None:
    try:
        return tuple(parse_calls(text))
    except CallSyntaxError:
        return None


def _balanced(text: str, start: int, tokens: re.Pattern[str]) -> int | None:
    """Where the first bracket from ``start`` on is closed; None where it is not."""
    depth = 0
    for token in tokens.finditer(text, start):
        if token[0] in "[({":
            depth += 1
        elif token[0] in "])}":
            depth -= 1
            if depth <= 0:
                return token.end()
    return None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
