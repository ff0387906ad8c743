"""A run that several processes write at once, each its own shards; who does which is settled elsewhere.

Shards are whole files with a marker written last, so processes that write different shards, or the same rows twice,
do not disturb each other. What only one may do (clean up, write the manifest) is done by who holds the run's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import Any

from . import layout
from .errors import DataError, MltError
from .files import disk_errors, write_json
from .locks import busy_tasks, locked, task_lock
from .parts import Part
from .replacing import finish_replacing
from .run import read_manifest
from .store import RunStore, settle


class JoinedRun(RunStore):
    """A run that this process writes shards of beside others. The manifest is not its to write."""

    @classmethod
    def join(cls, path: Path) -> JoinedRun:
        """Joins a run that is there; DataError where it is not, as on a machine that does not see its folder."""
        if not (path / layout.MANIFEST).is_file():
            raise DataError(f"no run at {path}: put it where every machine sees it under this path")
        return cls(path, read_manifest(path))

    def save_manifest(self, **updates: Any) -> None:
        """Raises MltError."""
        raise MltError(f"{self.path} is written by several processes: none of them may write its manifest")

    def save_facts(self, name: str, obj: Any) -> None:
        """Keeps a small JSON value unless there is one: the first process decides, the others read it back."""
        path = self.path / layout.facts_file(name)
        own = path.with_name(f".{path.name}.{token_hex(6)}.tmp")
        write_json(own, obj)
        with disk_errors(path):
            try:
                os.link(own, path)  # whole, and never over another one
            except FileExistsError:
                pass
            finally:
                own.unlink()


@contextmanager
def open_part(
    path: Path, identity: Mapping[str, Any], part: Part, begin: Callable[[RunStore], None]
) -> Iterator[JoinedRun]:
    """Joins, as one of several tasks, a run that is begun if need be.

    ``begin`` is called with the run under its lock: each task in turn makes sure of what all of them need. Raises
    what :meth:`RunStore.open` does, but waits where another process has the lock; EnvironmentProblem where a task of
    this part runs already.
    """
    layout.check_folder(path)
    with disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with locked(path, wait=True, beside=True):
            layout.check_folder(path)
            alone = not busy_tasks(path)
            if alone:
                finish_replacing(path)
            store = RunStore(path, settle(path, identity, False))
            held.enter_context(task_lock(path, part.name))
            if alone:  # what others are writing now looks like something left over
                with disk_errors(path):
                    store.clean()
            try:
                begin(store)
            finally:
                rmtree(path / layout.SCRATCH, ignore_errors=True)
        yield JoinedRun(path, dict(store.manifest))
