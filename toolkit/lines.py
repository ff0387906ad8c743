"""Lines of text files, gzipped or not: never longer than a limit, and damage is told, not raised."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from .errors import RowError

MAX_LINE = 16 * 1024 * 1024  # bytes (characters inside a json array): a longer row is set aside, not held
RAW_SHOWN = 64 * 1024  # of a row that is too long, or of the rest of a damaged file, this much is kept
CHUNK = 64 * 1024
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of a file: ``data`` or ``error`` is set. ``number`` counts from 1: the line in jsonl, else the row."""

    number: int
    data: Mapping[str, Any] | None
    error: RowError | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    data: bytes
    problem: RowError | None = None


def open_bytes(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked where its name ends in ``.gz``."""
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file with their ends, none longer than MAX_LINE; the last one may tell of damage."""
    number = 0
    with open_bytes(path) as stream:
        try:
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                problem = None
                if len(line) > MAX_LINE:
                    rest = line
                    while rest and not rest.endswith(b"\n"):
                        rest = stream.readline(MAX_LINE)
                    limit = f"longer than {MAX_LINE // 1024**2} MiB"
                    problem = RowError("line-too-long", f"{path.name}: line {number} is {limit}")
                    line = line[:RAW_SHOWN]
                elif number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                yield Line(number, line, problem)
        except DAMAGED as error:
            yield Line(number + 1, b"", damaged(path, f"line {number + 1}", error))


def damaged(path: Path, where: str, error: Exception) -> RowError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return RowError("damaged-file", f"{path.name}: {where} and all behind it cannot be read ({reason})")


def shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace").rstrip("\r\n")


def is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def without_escapes(text: str) -> str:
    """Text that was decoded with surrogateescape, its undecodable bytes written as ``\\xff``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def plain(value: Any) -> Any:
    """A value of Arrow or ``datasets`` as a JSON value: dates in ISO form, other foreign types as their text."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
