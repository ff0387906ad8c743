"""One process at a time writes a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import layout
from .errors import EnvironmentProblem
from .files import disk_errors


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a folder's lock, which ends with the process at the latest; EnvironmentProblem where another has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / layout.LOCK, timeout=0)
    try:
        with disk_errors(folder / layout.LOCK):
            lock.acquire()
    except Timeout:
        raise EnvironmentProblem(
            f"{folder} is being written by another process: wait for it to end, or use another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()
