"""The samples of an evaluation on disk: a file a task and language, a line a sample, appended as they come."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ..toolkit.errors import DataError
from ..toolkit.files import disk_errors
from ..toolkit.records import dump_json

FOLDER = "samples"


class SampleFile:
    """One file, open for appending inside a ``with`` block. ``keys``: (test set, key) of what it held when opened."""

    def __init__(self, folder: Path, task: str, lang: str) -> None:
        self.path = folder / FOLDER / f"{task}-{lang}.jsonl"
        self.keys: set[tuple[str, str]] = set()
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

    def append(self, sample: Mapping[str, Any]) -> None:
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
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                sample = json.loads(line)
                self.keys.add((sample["test_set"], sample["key"]))
            except (ValueError, KeyError, TypeError):
                raise DataError(f"{self.path} line {number} is damaged: remove the line, or use --force") from None
        file.truncate(whole)
