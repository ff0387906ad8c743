"""Local files as sources of rows: which files a folder's split means, and what stands for their revision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from pathlib import Path

from .errors import DataError, UsageError
from .lines import RawRow
from .readers import SUFFIXES, count_rows, data_suffix, read_rows


@dataclass(frozen=True)
class LocalPart:
    """One file. ``task`` is set where a source mixes tasks."""

    path: Path
    split: str
    task: str | None = None

    def rows(self, start: int) -> Iterator[RawRow]:
        """Its rows from the ``start``-th on; raises DataError where the file cannot be read."""
        try:
            yield from read_rows(self.path, start)
        except OSError as error:
            raise DataError(f"cannot read {self.path.name}: {error.strerror or error}") from error

    def count(self) -> int:
        """How many rows it has."""
        return count_rows(self.path)


def split_files(folder: Path, split: str | None) -> list[Path]:
    """The data files of a folder, or those of one split (``train.jsonl``, ``train-00000-of-2.parquet``)."""
    files = sorted(
        path
        for path in folder.iterdir()
        if data_suffix(path) and path.is_file() and not path.name.startswith((".", "_"))
    )
    if not files:
        raise DataError(f"{folder.name}: no data file in this folder; known are {', '.join(SUFFIXES)}")
    if split is None:
        return files
    chosen = [path for path in files if re.fullmatch(rf"{re.escape(split)}(?:[-_.]\d.*)?", stem_of(path))]
    if not chosen:
        stems = ", ".join(dict.fromkeys(stem_of(path) for path in files))
        raise UsageError(f"--split {split}: {folder.name} has {stems[:300]}")
    return chosen


def stem_of(path: Path) -> str:
    """A file's name without its endings, which is its split: ``train.jsonl.gz`` -> "train"."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return name[: -len(data_suffix(path) or "")]


def content_hash(paths: list[Path]) -> str:
    """ "blake2b:<16 hex digits>" over the files' bytes; of several files also over their names."""
    digests = []
    for path in paths:
        try:
            with path.open("rb") as stream:
                digests.append(file_digest(stream, lambda: blake2b(digest_size=8)).hexdigest())
        except OSError as error:
            raise DataError(f"cannot read {path.name}: {error.strerror or error}") from error
    if len(paths) == 1:
        return f"blake2b:{digests[0]}"
    listing = "".join(f"{digest} {path.name}\n" for digest, path in zip(digests, paths, strict=True))
    return f"blake2b:{blake2b(listing.encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"
