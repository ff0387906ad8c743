"""Rows of jsonl and json files."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from .errors import RowError
from .lines import (
    CHUNK,
    DAMAGED,
    MAX_LINE,
    RAW_SHOWN,
    Line,
    RawRow,
    damaged,
    is_text,
    open_bytes,
    read_lines,
    shown,
    without_escapes,
)
from .records import dump_json

_SEPARATORS = re.compile(r"[ \t\r\n,]*")


def read_jsonl(path: Path, start: int) -> Iterator[RawRow]:
    filled = (line for line in read_lines(path) if line.problem or line.data.strip())
    for line in islice(filled, start, None):
        yield _json_line(path.name, line)


def _json_line(name: str, line: Line) -> RawRow:
    if line.problem:
        return RawRow(line.number, None, line.problem, shown(line.data))
    where = f"{name}: line {line.number}"
    try:
        return _checked(where, line.number, json.loads(line.data.decode()), None, line.data)
    except UnicodeDecodeError as error:
        problem = RowError("bad-utf8", f"{where}: byte {error.start + 1} of the line is not UTF-8")
    except (ValueError, RecursionError) as error:
        problem = RowError("bad-json", f"{where}: {error or type(error).__name__}")
    return RawRow(line.number, None, problem, shown(line.data))


def _checked(where: str, number: int, value: Any, text: str | None, data: bytes = b"") -> RawRow:
    """A parsed JSON value as a row: it must be an object, and hold no half of a surrogate pair."""
    escaped = "\\u" in text if text is not None else b"\\u" in data
    if not isinstance(value, dict):
        problem = RowError("not-an-object", f"{where} holds {type(value).__name__}, not an object of columns")
    elif escaped and not is_text(dump_json(value)):
        problem = RowError("bad-unicode", f"{where} has half of a surrogate pair, which is no character")
    else:
        return RawRow(number, value)
    return RawRow(number, None, problem, text if text is not None else shown(data))


def json_layout(path: Path) -> bool | None:
    """True for an array, False for objects spread over lines, None for one object a line (which is jsonl)."""
    with open_bytes(path) as stream:
        try:
            head = stream.read(CHUNK).removeprefix(codecs.BOM_UTF8).lstrip()
        except DAMAGED:
            return None
    if head[:1] == b"[":
        return True
    lines = [line for line in head.splitlines() if line.strip()]
    if len(lines) < 2 or lines[1][:1] == b"{":
        return None
    try:
        json.loads(lines[0])
    except ValueError:
        return False
    return None


def read_json(path: Path, is_array: bool) -> Iterator[RawRow]:
    """The elements of an array, or objects one behind the other, through a window of MAX_LINE at most.

    Behind an element that is no JSON nobody can tell where the next one begins: the rest is one malformed row.
    """
    decoder = json.JSONDecoder()
    window, at, number, opened, ended = "", 0, 1, not is_array, False
    with open_bytes(path) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
        while True:
            at = _SEPARATORS.match(window, at).end()  # type: ignore[union-attr]
            if not opened and window[at : at + 1] == "[":
                opened, at = True, at + 1
                continue
            if is_array and window[at : at + 1] == "]":
                return
            where = f"{path.name}: row {number}"
            problem = None
            try:
                value, end = decoder.raw_decode(window, at)
            except (ValueError, RecursionError) as error:
                end, problem = len(window), RowError("bad-json", f"{where} and all behind it: {error}")
            if problem is None and (ended or end < len(window)):
                yield _element(where, number, value, window[at:end])
                number, at = number + 1, end
                continue
            if ended or len(window) - at > MAX_LINE:
                if window[at:] or is_array:
                    yield RawRow(number, None, problem, without_escapes(window[at : at + RAW_SHOWN]))
                return
            try:
                more = text.read(max(CHUNK, len(window) - at))
            except DAMAGED as error:
                yield RawRow(
                    number, None, damaged(path, f"row {number}", error), without_escapes(window[at : at + RAW_SHOWN])
                )
                return
            window, at, ended = window[at:] + more, 0, not more


def _element(where: str, number: int, value: Any, text: str) -> RawRow:
    if is_text(text):
        return _checked(where, number, value, text)
    return RawRow(number, None, RowError("bad-utf8", f"{where} is not UTF-8"), without_escapes(text))
