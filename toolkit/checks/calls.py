"""API-Bank's text for calls, read into :class:`Call` objects: ``API-Request: [Name(key='value', ...), ...]->result``.

The grammar is Python's call syntax with JSON's literals besides Python's, and names of any characters (in quotes
where they hold a delimiter). A text is first read strictly; only if that fails, leniently, so that every rendered call
reads back as itself. The lenient reading takes what API-Bank (Li et al. 2023, arXiv:2304.08244) really holds: a quote
that closes nothing (``l'après-midi``, ``'['John']'``), values without quotes (``city=New York``), missing brackets
at the end. As API-Bank's own objects have it, a quoted value is a string, whatever is written in it.

Positional arguments, as BFCL's call strings have them, get the keys ``$0``, ``$1``, ... by their position.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..records import Call
from .literals import LiteralError, scan_string, scan_value, skip_space, unescape

_PREFIX = re.compile(r"\s*(?:API-Request\s*:)?\s*", re.I)
_NAME = r"[^\s\[\](){}=,;'\"<>]++"
_BARE = re.compile(_NAME)
_KEYWORD = re.compile(rf"({_NAME})\s*=(?!=)")
# Where a call may end in broken text: after the list, before its result, before the next call or line.
_TAIL = r"\)\s*(?:$|\]\s*(?:$|->)|->|[,;\n]\s*(?:$|[^\s\[\](){}=,;'\"<>]+\s*\())"
_END = rf"(?:,\s*{_NAME}\s*=(?!=)|{_TAIL}|\]\s*(?:$|->)|$)"
_AFTER_VALUE = re.compile(rf"\s*{_END}")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


class CallSyntaxError(ValueError):
    """The text holds no readable call; the message says at which character (counted from 0) and why."""


class Request(NamedTuple):
    """A read request. ``result`` is the text after ``->``, stripped; None where there is no ``->``."""

    calls: list[Call]
    result: str | None


def parse_calls(text: str) -> list[Call]:
    """The calls of ``API-Request: [A(k='v'), B()]`` or of a Python call string, in order.

    The prefix and the brackets of the list may be missing; a ``->result`` is passed over. Raises CallSyntaxError.
    """
    return parse_request(text).calls


def parse_request(text: str) -> Request:
    """Like :func:`parse_calls`, with the text of the result. Raises CallSyntaxError."""
    try:
        return _Reader(text, _strict_value).request()
    except (CallSyntaxError, LiteralError):
        pass
    try:
        return _Reader(text, _lenient_value, lenient=True).request()
    except LiteralError as error:
        raise CallSyntaxError(str(error)) from error


def position_key(position: int) -> str:
    """The argument key of a positional argument, ``position`` counted from 0."""
    return f"${position}"


class _Reader:
    """One pass over one text; ``value`` reads an argument's value at a position."""

    def __init__(self, text: str, value: Callable[[str, int], tuple[Any, int]], *, lenient: bool = False) -> None:
        self.text = text
        self.value = value
        self.lenient = lenient
        prefix = _PREFIX.match(text)
        self.pos = prefix.end() if prefix else 0

    def request(self) -> Request:
        bracketed = self._take("[")
        calls = self._calls(bracketed)
        if bracketed and not self._take("]") and not self._may_miss("]"):
            raise CallSyntaxError(f"']' expected at {self.pos}")
        if self._take("->"):
            return Request(calls, self.text[self.pos :].strip())
        if self.pos < len(self.text):
            raise CallSyntaxError(f"unexpected text at {self.pos}: {self.text[self.pos : self.pos + 40]!r}")
        return Request(calls, None)

    def _calls(self, bracketed: bool) -> list[Call]:
        calls: list[Call] = []
        while not (bracketed and self.text.startswith("]", self.pos)):
            calls.append(self._call())
            separated = self._take(",") or (not bracketed and self._take(";"))
            if bracketed and not separated:
                break
            if not bracketed and (self.pos >= len(self.text) or self.text.startswith("->", self.pos)):
                break
        return calls

    def _call(self) -> Call:
        name = self._name()
        if not self._take("("):
            raise CallSyntaxError(f"'(' expected after the name {name!r} at {self.pos}")
        arguments: dict[str, Any] = {}
        while not self._take(")"):
            key = self._key(len(arguments))
            if key in arguments:
                raise CallSyntaxError(f"argument {key!r} of {name!r} is given twice")
            arguments[key], self.pos = self.value(self.text, self.pos)
            self.pos = skip_space(self.text, self.pos)
            if self._take(",") or self.text.startswith(")", self.pos):
                continue
            if self._may_miss(")"):
                break
            raise CallSyntaxError(f"',' or ')' expected at {self.pos}")
        return Call(name, arguments)

    def _name(self) -> str:
        if self.text[self.pos : self.pos + 1] in ("'", '"'):
            name, self.pos = scan_string(self.text, self.pos)
        else:
            match = _BARE.match(self.text, self.pos)
            if match is None:
                raise CallSyntaxError(f"a call's name expected at {self.pos}")
            name, self.pos = match[0], match.end()
        self.pos = skip_space(self.text, self.pos)
        return name

    def _key(self, position: int) -> str:
        if match := _KEYWORD.match(self.text, self.pos):
            self.pos = skip_space(self.text, match.end())
            return match[1]
        if self.text[self.pos : self.pos + 1] in ("'", '"'):
            try:
                key, end = scan_string(self.text, self.pos)
            except LiteralError:
                return position_key(position)
            end = skip_space(self.text, end)
            if self.text.startswith("=", end):
                self.pos = skip_space(self.text, end + 1)
                return key
        return position_key(position)

    def _take(self, token: str) -> bool:
        if not self.text.startswith(token, self.pos):
            return False
        self.pos = skip_space(self.text, self.pos + len(token))
        return True

    def _may_miss(self, bracket: str) -> bool:
        """Whether a closing bracket may be left out here: in broken text, where nothing but closing follows."""
        at_end = self.pos >= len(self.text) or self.text.startswith("->", self.pos)
        return self.lenient and (at_end or (bracket == ")" and self.text.startswith("]", self.pos)))


def _strict_value(text: str, pos: int) -> tuple[Any, int]:
    return scan_value(text, pos)


def _lenient_value(text: str, pos: int) -> tuple[Any, int]:
    """A value of a broken call: a literal if the call goes on behind it, else the text up to where it does."""
    if text[pos : pos + 1] in ("'", '"'):
        return _lenient_string(text, pos)
    for lenient in (False, True):
        try:
            value, end = scan_value(text, pos, lenient=lenient)
        except LiteralError:
            continue
        if _AFTER_VALUE.match(text, end):
            return value, end
    return _bare_text(text, pos)


def _lenient_string(text: str, pos: int) -> tuple[str, int]:
    quote = text[pos]
    end = pos
    while (end := text.find(quote, end + 1)) >= 0:
        if not _is_escaped(text, end) and _AFTER_VALUE.match(text, end + 1):
            return unescape(text[pos + 1 : end]), end + 1
    raise CallSyntaxError(f"the string that starts at {pos} has no end")


def _is_escaped(text: str, index: int) -> bool:
    start = index
    while start and text[start - 1] == "\\":
        start -= 1
    return (index - start) % 2 == 1


def _bare_text(text: str, pos: int) -> tuple[str, int]:
    """A value without quotes: up to ``, key=`` or the call's end, brackets inside it in pairs."""
    open_brackets: list[str] = []
    overrun = False
    for index in range(pos, len(text)):
        char = text[index]
        if not open_brackets and char in ",)]" and _AFTER_VALUE.match(text, index):
            if overrun and char == "]":
                break
            return text[pos:index].strip(), index
        if char in _PAIRS:
            open_brackets.append(_PAIRS[char])
        elif open_brackets and char == open_brackets[-1]:
            open_brackets.pop()
        elif char in ")]":
            overrun = True
    if open_brackets or overrun:
        raise CallSyntaxError(f"the value that starts at {pos} has no end")
    return text[pos:].strip(), len(text)
