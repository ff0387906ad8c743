"""One process at a time writes a folder, or several that share the work between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import layout
from .errors import EnvironmentProblem
from .files import disk_errors

_POLL_S = 0.25


@contextmanager
def locked(folder: Path, *, wait: bool = False, beside: bool = False, shown: str | None = None) -> Iterator[None]:
    """Holds a folder's lock, which ends with the process at the latest; EnvironmentProblem where another has it.

    ``wait``: until the other one ends. ``beside``: also while tasks (:func:`task_lock`) write the folder. ``shown``:
    what an error calls it.
    """
    name = shown or str(folder)
    with _held(folder / layout.LOCK, f"{name} is being written by another process", wait=wait):
        if not beside:
            refuse_busy(name, busy_tasks(folder))
        yield


@contextmanager
def task_lock(folder: Path, name: str, shown: str | None = None) -> Iterator[None]:
    """Held by one of several tasks that write a folder together, each under a name of its own."""
    with _held(folder / f"{layout.LOCK}-{name}", f"{shown or folder} has a task {name} already that runs"):
        yield


def refuse_busy(shown: str, tasks: Sequence[str]) -> None:
    """EnvironmentProblem where tasks write what one process alone may write now."""
    if tasks:
        names = ", ".join(tasks)
        raise EnvironmentProblem(
            f"{shown} is being written by the tasks {names}: wait for them to end, or use another --out"
        )


def busy_tasks(folder: Path) -> list[str]:
    """The names of the tasks that write the folder now."""
    from filelock import FileLock, Timeout

    busy = []
    for path in sorted(folder.glob(f"{layout.LOCK}-*")):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            busy.append(path.name.removeprefix(f"{layout.LOCK}-"))
    return busy


@contextmanager
def _held(path: Path, problem: str, *, wait: bool = False) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=-1 if wait else 0)
    try:
        with disk_errors(path):
            lock.acquire(poll_interval=_POLL_S)
    except Timeout:
        raise EnvironmentProblem(f"{problem}: wait for it to end, or use another --out") from None
    try:
        yield
    finally:
        lock.release()
