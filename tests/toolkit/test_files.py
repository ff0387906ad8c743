"""Whole files or none."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mlt.toolkit.errors import DataError, EnvironmentProblem
from mlt.toolkit.files import disk_errors, file_hash, is_leftover, read_json, write_atomic, write_json


def test_a_written_file_is_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomic(tmp_path / "new" / "a.bin", b"12")
    write_atomic(tmp_path / "new" / "a.bin", memoryview(b"345"))
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"345"
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "a.bin"]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "a", b"old")

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(EnvironmentProblem, match=r"no space left to write .*: free some"):
        write_atomic(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_what_the_disk_refuses_is_one_line(code: int) -> None:
    with (
        pytest.raises(EnvironmentProblem, match=r"cannot write x: .*; choose another folder") as caught,
        disk_errors("x"),
    ):
        raise OSError(code, "refused")
    assert "\n" not in str(caught.value)


def test_other_errors_pass() -> None:
    with pytest.raises(IsADirectoryError), disk_errors("x"):
        raise IsADirectoryError(errno.EISDIR, "is a directory")


def test_files_follow_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomic(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("value", [{"a": [1, None, "ก"]}, "lone \ud83d surrogate", [], 1.5])
def test_json_comes_back(tmp_path: Path, value: object) -> None:
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"\xff\xfe", b"\0" * 20])
def test_torn_json_is_a_data_error_with_the_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json is damaged"):
        read_json(tmp_path / "a.json")


def test_missing_json_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_json(tmp_path / "none" / "a.json")


def test_hash_is_of_the_content(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    assert file_hash(tmp_path / "a") == file_hash(tmp_path / "b") != file_hash(tmp_path / "c")
    assert len(file_hash(tmp_path / "a")) == 32


@pytest.mark.parametrize(
    ("name", "expected"),
    [(".run.json.0123456789ab.tmp", True), ("run.json", False), (".notes.tmp", False), ("a.0123456789ab.tmp", False)],
)
def test_only_our_leftovers_are_known(name: str, expected: bool) -> None:
    assert is_leftover(name) is expected
