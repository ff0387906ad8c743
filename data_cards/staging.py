"""A folder that appears whole or not at all, though making it takes long and may be broken off and taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from ..toolkit import layout
from ..toolkit.errors import EnvironmentProblem
from ..toolkit.files import disk_errors, sync_folder


@contextmanager
def staged(out: Path, content: str) -> Iterator[Path]:
    """The folder that becomes ``out`` when the context ends without an error; ``out`` is missing or empty.

    What was made before it was broken off is still there, if it was begun for the same ``content`` (a hash). Raises
    EnvironmentProblem where another process makes the folder, or the disk does not let it be made.
    """
    from filelock import FileLock, Timeout

    base = out.with_name(f".{out.name}.staged")
    with disk_errors(out):
        base.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(base / layout.LOCK, timeout=0):
            for path in base.iterdir():
                if path.is_dir() and path.name != content:
                    rmtree(path)
            (base / content).mkdir(exist_ok=True)
            yield base / content
            with disk_errors(out):
                (base / content).replace(out)
                rmtree(base)
                sync_folder(out.parent)
    except Timeout:
        raise EnvironmentProblem(f"{out} is being written by another process: wait for it to end") from None
