"""Literals as Python and JSON write them, in one grammar, read without ``eval``.

Strings in either quotes, numbers, True/true, False/false, None/null, NaN, Infinity, lists, tuples (read as lists) and
dicts (keys become strings, as in JSON), to any mixture. The lenient reading also takes strings whose own quote
stands inside them unescaped, as API-Bank's results have it: ``'Nature's Haven'``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 100
_SPACE = re.compile(r"\s*")
_STRING = {quote: re.compile(rf"{quote}((?:[^{quote}\\]++|\\.)*+){quote}", re.S) for quote in "'\""}
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(\.[0-9]*)?|(\.[0-9]+))([eE][-+]?[0-9]+)?(?![\w.])", re.A)
_WORD = re.compile(r"-?[A-Za-z]+(?![\w.])")
_WORDS: dict[str, Any] = {
    "True": True,
    "False": False,
    "None": None,
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "nan": float("nan"),
    "Infinity": float("inf"),
    "inf": float("inf"),
    "-Infinity": float("-inf"),
    "-inf": float("-inf"),
}
_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))",
    re.S,
)
_ESCAPED = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "a": "\a",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "/": "/",
    "\n": "",
}
# A quote closes a string inside a broken literal only where the literal goes on as one.
_LENIENT_CLOSE = re.compile(r"\s*(?:$|[\]})]|:|,\s*(?:['\"\[{(]|[-+]?[0-9]|True|False|None|true|false|null))")


class LiteralError(ValueError):
    """The text is no literal; the message says at which character (counted from 0) reading stopped."""


def is_deep(value: Any) -> bool:
    """Whether lists and objects are nested in each other to more than MAX_DEPTH levels."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                inner += item.values()
            elif isinstance(item, list | tuple):
                inner += item
        level, depth = inner, depth + 1
    return bool(level)


def skip_space(text: str, pos: int) -> int:
    """The first position from ``pos`` on that is no white space."""
    match = _SPACE.match(text, pos)
    return match.end() if match else pos


def unescape(body: str) -> str:
    """The characters that a string's inside stands for; an unknown escape stays as it is, as in Python.

    Raises LiteralError for a code point beyond Unicode.
    """
    if "\\" not in body:
        return body
    return _ESCAPE.sub(_escaped, body)


def _escaped(match: re.Match[str]) -> str:
    high, low, x, u, wide, char = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    digits = x or u or wide
    if digits:
        if int(digits, 16) > 0x10FFFF:
            raise LiteralError(f"\\U{digits} is beyond Unicode")
        return chr(int(digits, 16))
    return _ESCAPED.get(char, "\\" + char)


def parse_literal(text: str) -> Any:
    """The JSON value of a whole text that is one literal, strictly if that works, else leniently.

    Raises LiteralError where it is none.
    """
    for lenient in (False, True):
        try:
            value, end = scan_value(text, skip_space(text, 0), lenient=lenient)
        except LiteralError:
            if lenient:
                raise
            continue
        if skip_space(text, end) == len(text):
            return value
    raise LiteralError(f"text goes on after the literal at {end}")


def scan_value(text: str, pos: int, *, lenient: bool = False, depth: int = 0) -> tuple[Any, int]:
    """The literal that starts at ``pos`` and the position after it. Raises LiteralError."""
    if depth > MAX_DEPTH:
        raise LiteralError(f"nested deeper than {MAX_DEPTH} at {pos}")
    char = text[pos : pos + 1]
    if char in ("'", '"'):
        return scan_string(text, pos, lenient=lenient)
    if char in ("[", "("):
        return _scan_list(text, pos, lenient, depth)
    if char == "{":
        return _scan_dict(text, pos, lenient, depth)
    return _scan_scalar(text, pos)


def scan_string(text: str, pos: int, *, lenient: bool = False) -> tuple[str, int]:
    """The quoted string that starts at ``pos`` and the position after it. Raises LiteralError."""
    quote = text[pos : pos + 1]
    match = _STRING[quote].match(text, pos) if quote in _STRING else None
    if match is None:
        raise LiteralError(f"no closed string at {pos}")
    if lenient:
        end = match.end()
        while end and not _LENIENT_CLOSE.match(text, end):
            end = text.find(quote, end) + 1
        if not end:
            raise LiteralError(f"no closed string at {pos}")
        return unescape(text[pos + 1 : end - 1]), end
    return unescape(match[1]), match.end()


def _scan_scalar(text: str, pos: int) -> tuple[Any, int]:
    if match := _NUMBER.match(text, pos):
        is_float = match[1] is not None or match[2] is not None or match[3] is not None
        try:
            return (float(match[0]) if is_float else int(match[0])), match.end()
        except ValueError as error:  # Python reads no integer of more than 4,300 digits
            raise LiteralError(f"number too long at {pos}") from error
    match = _WORD.match(text, pos)
    if match and match[0] in _WORDS:
        return _WORDS[match[0]], match.end()
    raise LiteralError(f"no literal at {pos}")


def _scan_list(text: str, pos: int, lenient: bool, depth: int) -> tuple[list[Any], int]:
    close = "]" if text[pos] == "[" else ")"
    items: list[Any] = []
    pos = skip_space(text, pos + 1)
    while not text.startswith(close, pos):
        item, pos = scan_value(text, pos, lenient=lenient, depth=depth + 1)
        items.append(item)
        pos = _after_item(text, pos, close)
    return items, pos + 1


def _scan_dict(text: str, pos: int, lenient: bool, depth: int) -> tuple[dict[str, Any], int]:
    result: dict[str, Any] = {}
    pos = skip_space(text, pos + 1)
    while not text.startswith("}", pos):
        key, pos = scan_value(text, pos, lenient=lenient, depth=depth + 1)
        pos = skip_space(text, pos)
        if not text.startswith(":", pos):
            raise LiteralError(f"':' expected at {pos}")
        value, pos = scan_value(text, skip_space(text, pos + 1), lenient=lenient, depth=depth + 1)
        result[_key(key)] = value
        pos = _after_item(text, pos, "}")
    return result, pos + 1


def _key(key: Any) -> str:
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    return key if isinstance(key, str) else str(key)


def _after_item(text: str, pos: int, close: str) -> int:
    pos = skip_space(text, pos)
    if text.startswith(",", pos):
        return skip_space(text, pos + 1)
    if not text.startswith(close, pos):
        raise LiteralError(f"',' or {close!r} expected at {pos}")
    return pos
