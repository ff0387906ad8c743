"""Where a run stands: a folder of this machine, or (:mod:`.run_mirror`) a URL of which this machine keeps a part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from secrets import token_hex
from typing import Any

from . import layout, locks
from .files import disk_errors, write_json
from .remote_files import url_of


class RunHome:
    """A folder of this machine. What a run on a URL asks for besides has a method here that does nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def shown(self) -> str:
        """How messages and manifests name it."""
        return str(self.path)

    def open(self, langs: Sequence[str] | None = None) -> None:
        """Makes ready what is needed to read the run, or of it only ``langs`` (others once they are refreshed)."""

    @contextmanager
    def locked(self, *, wait: bool = False, beside: bool = False, take_over: bool = False) -> Iterator[None]:
        """As :func:`locks.locked`, and ready to be read; UsageError where something stands there that is no run.

        ``take_over``: whoever has the lock loses it, where a lock can outlive its process.
        """
        layout.check_folder(self.path)
        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        with locks.locked(self.path, wait=wait, beside=beside):
            layout.check_folder(self.path)
            yield

    @contextmanager
    def task_lock(self, name: str) -> Iterator[None]:
        """As :func:`locks.task_lock`."""
        with locks.task_lock(self.path, name):
            yield

    def busy_tasks(self) -> list[str]:
        """The names of the tasks that write it now."""
        return locks.busy_tasks(self.path)

    def refresh(self, lang: str) -> None:
        """Looks at what others have finished of a language, and found out."""

    def file(self, name: str) -> Path:
        """A file of the run on this machine's disk, fetched if need be. It need not be there."""
        return self.path / name

    def fetch_all(self) -> None:
        """Fetches all files of the run."""

    def size(self, name: str) -> int | None:
        """How many bytes a file has; None where there is none."""
        try:
            return (self.path / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def written(self, name: str) -> None:
        """To be told of a file that was written in :attr:`path`."""

    def shard_written(self, marker: Mapping[str, Any]) -> None:
        """To be told of a shard whose files were written in :attr:`path`, the marker last."""

    def removing(self, *names: str) -> None:
        """To be told of files that are going to be removed from :attr:`path`, in this order."""

    def decide(self, name: str, obj: Any) -> None:
        """Writes a JSON file unless there is one: of several processes the first one decides."""
        path = self.path / name
        own = path.with_name(f".{path.name}.{token_hex(6)}.tmp")
        write_json(own, obj)
        with disk_errors(path):
            try:
                os.link(own, path)  # whole, and never over another one
            except FileExistsError:
                pass
            finally:
                own.unlink()

    def clean(self) -> None:
        """Removes what no marker speaks for, where that is not in :attr:`path`."""

    def clear(self) -> None:
        """Removes the run's own files but the manifest and the edits; anything else stays."""
        with disk_errors(self.path):
            layout.clear(self.path)


def home_of(path: str | PathLike[str], cache_dir: Path | None = None, *, use: str = "run") -> RunHome:
    """Where a run stands. What the cache keeps of one on a URL is kept for each ``use``, so that uses do not meet."""
    if (url := url_of(path)) is None:
        return RunHome(Path(path))
    from .run_mirror import RunMirror

    return RunMirror(url, cache_dir, use)
