"""Files that are either whole or absent: temporary file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import DataError, EnvironmentProblem

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EFBIG}


def is_leftover(name: str) -> bool:
    """Whether a file of this name is what a killed :func:`write_atomic` leaves behind."""
    return _LEFTOVER.fullmatch(name) is not None


@contextmanager
def disk_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turns what the machine refuses (no space, no permission) into a one-line EnvironmentProblem."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise EnvironmentProblem(f"no space left to write {path}: free some, then run again") from error
        if error.errno in _REFUSED:
            reason = os.strerror(error.errno or 0)
            raise EnvironmentProblem(f"cannot write {path}: {reason}; choose another folder") from error
        raise


def write_atomic(path: str | os.PathLike[str], data: bytes | memoryview) -> None:
    """Write a file so that it is seen whole or not at all, and survives a power cut once this returns.

    The folder is made where it is missing. Raises EnvironmentProblem on a full or read-only disk.
    """
    target = Path(path)
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
        try:
            # Not tempfile: its files are private (0600), and a run is meant to be shared as the umask says.
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames and removals in a folder survive a power cut, where the file system knows how."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some network file systems cannot sync a folder; the rename itself stands
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def write_json(path: str | os.PathLike[str], obj: Any, *, indent: int | None = 2) -> None:
    """Write ``obj`` as UTF-8 JSON, atomically. A lone surrogate becomes its JSON escape."""
    text = json.dumps(obj, ensure_ascii=False, indent=indent) + "\n"
    write_atomic(path, text.encode("utf-8", "backslashreplace"))


def read_json(path: str | os.PathLike[str]) -> Any:
    """The value in a JSON file; raises DataError where there is no such file or it holds no JSON."""
    try:
        return json.loads(Path(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"no such file: {path}") from None
    except ValueError as error:
        raise DataError(f"{path} is damaged: it holds no JSON ({error})") from None


def file_hash(path: str | os.PathLike[str]) -> str:
    """blake2b-128 of a file's content, in hex."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
