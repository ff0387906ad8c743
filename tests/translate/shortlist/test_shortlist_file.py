"""model.bin is read and written as CTranslate2 does it, whatever the weights are stored as."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mlt.toolkit.errors import DataError
from mlt.translate.model_store import tiny_folder
from mlt.translate.shortlist import ct2_file
from mlt.translate.shortlist.ct2_file import Entry, read_headers, write_model

# The names of CTranslate2's enum, and what stands for them in numpy (which has no bfloat16).
TYPES = {"float32": "<f4", "int8": "<i1", "int16": "<i2", "int32": "<i4", "float16": "<f2", "bfloat16": "<u2"}


def string(text: str) -> bytes:
    return struct.pack("<H", len(text.encode()) + 1) + text.encode() + b"\0"


def variable(name: str, array: np.ndarray, dtype: str) -> bytes:
    shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
    return string(name) + shape + struct.pack("<BI", list(TYPES).index(dtype), array.nbytes) + array.tobytes()


def model_file(path: Path, *variables: bytes, version: int = 6) -> Path:
    head = struct.pack("<I", version) + string("TransformerSpec") + struct.pack("<II", 7, len(variables))
    path.write_bytes(head + b"".join(variables) + struct.pack("<I", 1) + string("b/weight") + string("a/weight"))
    return path


def weights(dtype: str) -> np.ndarray:
    return np.arange(7 * 3).reshape(7, 3).astype(TYPES[dtype])


def test_what_is_written_back_whole_has_the_same_bytes(tmp_path: Path) -> None:
    model = read_headers(tiny_folder() / "model.bin")
    entries = [Entry(name, variable) for name, variable in model.variables.items()]
    write_model(tmp_path / "model.bin", model, entries, model.aliases)
    assert (tmp_path / "model.bin").read_bytes() == (tiny_folder() / "model.bin").read_bytes()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("rows", [[], [0], [6], [0, 1, 2, 3, 4, 5, 6], [1, 2, 5], [0, 3, 4, 6]])
def test_the_rows_that_were_asked_for_are_written(tmp_path: Path, dtype: str, rows: list[int]) -> None:
    array = weights(dtype)
    scalar = np.array(5, dtype="<i1")
    path = model_file(tmp_path / "in", variable("a/weight", array, dtype), variable("heads", scalar, "int8"))
    model = read_headers(path)
    entries = [Entry("a/weight", model.variables["a/weight"], rows), Entry("heads", model.variables["heads"])]
    write_model(tmp_path / "out", model, entries, model.aliases)
    expected = model_file(
        tmp_path / "expected", variable("a/weight", array[rows], dtype), variable("heads", scalar, "int8")
    )
    assert (tmp_path / "out").read_bytes() == expected.read_bytes()


def test_headers_tell_names_shapes_and_aliases(tmp_path: Path) -> None:
    model = read_headers(model_file(tmp_path / "in", variable("a/weight", weights("float16"), "float16")))
    assert (model.spec, model.revision, model.version) == ("TransformerSpec", 7, 6)
    assert {name: (v.shape, v.size) for name, v in model.variables.items()} == {"a/weight": ((7, 3), 42)}
    assert [model.stored(name) for name in ("a/weight", "b/weight", "c/weight")] == ["a/weight", "a/weight", None]


@pytest.mark.parametrize("kept", [0, 3, 12, 40, 60, 100])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = model_file(tmp_path / "in", variable("a/weight", weights("float32"), "float32"))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="convert the model again"):
        read_headers(path)


@pytest.mark.parametrize("version", [2, 7, 1_000_000])
def test_another_version_of_the_format_is_refused(tmp_path: Path, version: int) -> None:
    with pytest.raises(DataError, match=f"binary version {version}"):
        read_headers(model_file(tmp_path / "in", version=version))


def test_a_size_that_does_not_fit_the_shape_is_refused(tmp_path: Path) -> None:
    wrong = variable("a/weight", weights("int8"), "float32")
    with pytest.raises(DataError, match="damaged at a/weight"):
        read_headers(model_file(tmp_path / "in", wrong))


def test_memory_does_not_grow_with_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ct2_file, "_BLOCK", 10_000)
    array = np.zeros((4000, 1000), dtype="<i1")
    path = model_file(tmp_path / "in", variable("a/weight", array, "int8"), variable("other", array, "int8"))
    del array
    tracemalloc.start()
    model = read_headers(path)
    halved, whole = model.variables["a/weight"], model.variables["other"]
    entries = [Entry("a/weight", halved, range(0, 4000, 2)), Entry("other", whole)]
    write_model(tmp_path / "out", model, entries, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "out").stat().st_size > 6_000_000
    assert peak < 500_000
