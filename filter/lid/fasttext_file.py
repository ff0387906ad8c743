"""The labels of a fastText file, read from its dictionary alone, so that routing loads no weights.

The layout is that of fastText's ``FastText::saveModel`` (version 11 and 12, which all published models have):
magic and version, the arguments, then the dictionary: counts, and an entry (word, frequency, kind) each, labels last.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ...toolkit.errors import DataError

_MAGIC = 793712314
_VERSIONS = (11, 12)
_SUPERVISED = 3
_ARGUMENTS = struct.Struct("<12id")
_COUNTS = struct.Struct("<3i2q")
_LABEL = 1


def labels_of(path: Path) -> tuple[str, ...]:
    """The labels of a fastText classifier, in its order. DataError for a file that is none."""
    stat = path.stat()
    return _labels(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _labels(path: Path, size: int, _: int) -> tuple[str, ...]:
    problem = DataError(f"{path} is no fastText classifier (.bin or .ftz); check the file, or fetch it again")
    if size < 8:
        raise problem
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        magic, version = struct.unpack_from("<ii", data)
        if magic != _MAGIC or version not in _VERSIONS:
            raise problem
        try:
            labels = tuple(_entries(data))
        except (struct.error, ValueError):
            raise problem from None
    if not labels:
        raise problem
    return labels


def _entries(data: mmap.mmap) -> Iterator[str]:
    if _ARGUMENTS.unpack_from(data, 8)[7] != _SUPERVISED:
        return
    position = 8 + _ARGUMENTS.size
    size, words, *_ = _COUNTS.unpack_from(data, position)
    position += _COUNTS.size
    for place in range(size):
        end = data.find(b"\0", position)
        if end < 0:
            raise ValueError("the dictionary is cut off")
        if place >= words:
            if data[end + 9] != _LABEL:
                raise ValueError("no label")
            yield data[position:end].decode("utf-8")
        position = end + 10
