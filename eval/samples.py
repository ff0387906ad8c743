"""The samples of an evaluation on disk: a file a task and language, a line a sample, appended as they come.

Tasks that answer an evaluation together have files of their own beside it (``math-sw.part-3-of-8.jsonl``); what two of
them have answered counts once. :func:`settle` makes one file of them again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ..toolkit.errors import DataError
from ..toolkit.files import disk_errors, write_atomic
from ..toolkit.parts import Part
from ..toolkit.records import dump_json

FOLDER = "samples"
SampleKey = tuple[str, str]
"""Test set and key of a sample."""


class SampleFile:
    """One file, open for appending inside a ``with`` block, of a task where there is a ``part``.

    ``keys``: what it held when opened.
    """

    def __init__(self, folder: Path, task: str, lang: str, part: Part | None = None) -> None:
        own = f".part-{part.name}" if part else ""
        self.path = folder / FOLDER / f"{task}-{lang}{own}.jsonl"
        self.keys: set[SampleKey] = set()
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
            self._read(self._file)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        file, self._file = self._file, None
        if file is not None:
            with file, disk_errors(self.path):
                file.flush()
                os.fsync(file.fileno())

    def append(self, sample: Mapping[str, object]) -> None:
        """Adds a sample, whole or not at all as far as a kill of this process goes."""
        if self._file is None:
            raise ValueError(f"{self.path} is not open")
        with disk_errors(self.path):
            self._file.write(f"{dump_json(dict(sample))}\n".encode("utf-8", "backslashreplace"))
            self._file.flush()

    def _read(self, file: BinaryIO) -> None:
        """Takes in the keys; a last line that a kill has torn is cut off."""
        file.seek(0)
        whole = 0
        for key, line in _whole_lines(self.path, file):
            whole += len(line)
            self.keys.add(key)
        file.truncate(whole)


def answered(folder: Path, task: str, lang: str) -> set[SampleKey]:
    """What the files of a task and language hold, those that others are writing now included."""
    return {key for path in _files(folder, task, lang) for key, _ in _lines_of(path)}


def settle(folder: Path, task: str, lang: str, order: Sequence[SampleKey] = ()) -> None:
    """Makes one file of what one process or several tasks have left of a task and language; nobody may be writing it.

    Each sample stands there once, those of ``order`` in this order and behind all others. Killed in between, samples
    stand in two files and none is lost.
    """
    files = _files(folder, task, lang)
    main = folder / FOLDER / f"{task}-{lang}.jsonl"
    if not order and files in ([], [main]):
        return
    rank = {key: place for place, key in enumerate(order)}
    found: dict[SampleKey, bytes] = {}
    for path in files:
        for key, line in _lines_of(path):
            found.setdefault(key, line)
    data = b"".join(found[key] for key in sorted(found, key=lambda key: rank.get(key, -1)))
    if not main.is_file() or main.read_bytes() != data:
        write_atomic(main, data)
    with disk_errors(main):
        for path in files:
            if path != main:
                path.unlink()


def _files(folder: Path, task: str, lang: str) -> list[Path]:
    """The one file first."""
    base = folder / FOLDER
    main = base / f"{task}-{lang}.jsonl"
    return [*([main] if main.is_file() else []), *sorted(base.glob(f"{task}-{lang}.part-*.jsonl"))]


def _lines_of(path: Path) -> Iterator[tuple[SampleKey, bytes]]:
    with path.open("rb") as file:
        yield from _whole_lines(path, file)


def _whole_lines(path: Path, file: BinaryIO) -> Iterator[tuple[SampleKey, bytes]]:
    """Key and line of every sample, up to a last line that is torn or not yet whole."""
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            return
        try:
            sample = json.loads(line)
            yield (sample["test_set"], sample["key"]), line
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{path} line {number} is damaged: remove the line, or use --force") from None
