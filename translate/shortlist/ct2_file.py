"""CTranslate2's ``model.bin``, read and written piece by piece.

The layout is that of ``ModelSpec._serialize`` (ctranslate2/specs/model_spec.py, binary version 6): specification name
and revision, then named variables with shape, type and bytes, then aliases of variables. An alias of ``weight`` also
stands for ``weight_scale``. Weights stay on the disk: only headers and one block at a time are in memory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import BinaryIO

from ...toolkit.errors import DataError

_VERSIONS = (4, 5, 6)  # before 4, sizes were stored otherwise
_ITEM_SIZES = (4, 1, 2, 4, 2, 2)  # float32, int8, int16, int32, float16, bfloat16: the enum DataType of types.h
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Variable:
    """One stored variable: ``dtype`` is the number of CTranslate2's enum, ``offset`` where its bytes begin."""

    shape: tuple[int, ...]
    dtype: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The headers of a file: everything but the bytes of the variables. ``aliases`` are alias -> stored name."""

    path: Path
    version: int
    spec: str
    revision: int
    variables: Mapping[str, Variable]
    aliases: Mapping[str, str]

    def stored(self, name: str) -> str | None:
        """The name under which a variable's bytes are stored; None where the model has no such variable."""
        name = self.aliases.get(name, name)
        return name if name in self.variables else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A variable to be written: bytes of ``source`` under ``name``; of its rows only ``rows`` where they are named."""

    name: str
    source: Variable
    rows: Sequence[int] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as it will be written."""
        return self.source.shape if self.rows is None else (len(self.rows), *self.source.shape[1:])

    @property
    def size(self) -> int:
        """The bytes that will be written."""
        return self.source.size if self.rows is None else self.row_size * len(self.rows)

    @property
    def row_size(self) -> int:
        """The bytes of one row."""
        return self.source.size // self.source.shape[0]

    def stretches(self) -> Iterator[tuple[int, int]]:
        """(offset, size) of the parts of the source file that make up this entry, in order."""
        if self.rows is None:
            yield self.source.offset, self.source.size
            return
        for first, count in _runs(self.rows):
            yield self.source.offset + first * self.row_size, count * self.row_size


def read_headers(path: Path) -> ModelFile:
    """The headers of ``path``; raises DataError where it is no such file, or is cut short."""
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        try:
            return _read(file, path, end)
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise DataError(f"{path} is no model.bin of CTranslate2, or damaged: convert the model again") from error


def write_model(path: Path, model: ModelFile, entries: Sequence[Entry], aliases: Mapping[str, str]) -> None:
    """Writes a file with the specification of ``model`` and the given variables, whose bytes are taken from it."""
    with model.path.open("rb") as source, path.open("wb") as out:
        out.write(struct.pack("<I", model.version))
        _write_string(out, model.spec)
        out.write(struct.pack("<II", model.revision, len(entries)))
        for entry in entries:
            _write_string(out, entry.name)
            shape = entry.shape
            out.write(struct.pack(f"<B{len(shape)}IBI", len(shape), *shape, entry.source.dtype, entry.size))
            for block in _blocks(source, entry.stretches()):
                out.write(block)
        out.write(struct.pack("<I", len(aliases)))
        for alias, name in aliases.items():
            _write_string(out, alias)
            _write_string(out, name)


def _read(file: BinaryIO, path: Path, end: int) -> ModelFile:
    version = _number(file, "<I")
    if version not in _VERSIONS:
        raise DataError(f"{path} has CTranslate2's binary version {version}: convert the model again")
    spec, revision = _string(file), _number(file, "<I")
    variables = {}
    for _ in range(_number(file, "<I")):
        name = _string(file)
        shape = tuple(_number(file, "<I") for _ in range(_number(file, "<B")))
        dtype, size = _number(file, "<B"), _number(file, "<I")
        variables[name] = Variable(shape, dtype, file.tell(), size)
        if size != prod(shape) * _ITEM_SIZES[dtype] or file.tell() + size > end:
            raise DataError(f"{path} is damaged at {name}: convert the model again")
        file.seek(size, os.SEEK_CUR)
    aliases = {_string(file): _string(file) for _ in range(_number(file, "<I"))}
    return ModelFile(path, version, spec, revision, variables, aliases)


def _number(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "<H"))[:-1].decode("utf-8")


def _write_string(out: BinaryIO, text: str) -> None:
    data = text.encode("utf-8") + b"\0"
    out.write(struct.pack("<H", len(data)) + data)


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, count) of each stretch of neighbouring rows."""
    if not rows:
        return
    starts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(rows)) if b != a + 1), len(rows)]
    for start, stop in pairwise(starts):
        yield rows[start], stop - start


def _blocks(file: BinaryIO, stretches: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    for offset, size in stretches:
        file.seek(offset)
        while size:
            block = file.read(min(size, _BLOCK))
            if not block:
                raise DataError(f"{file.name} is cut short: convert the model again")
            yield block
            size -= len(block)
