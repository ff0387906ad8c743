"""A run that several processes write at once, each its own shards; who does which is settled elsewhere.

Shards are whole files with a marker written last, so processes that write different shards, or the same rows twice,
do not disturb each other. What only one may do (clean up, write the manifest) is done by who holds the run's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from shutil import rmtree
from typing import Any

from . import layout
from .errors import DataError, MltError
from .files import disk_errors
from .parts import Part
from .replacing import finish_replacing
from .run import read_manifest
from .run_home import home_of
from .store import RunStore, settle


class JoinedRun(RunStore):
    """A run that this process writes shards of beside others. The manifest is not its to write."""

    @classmethod
    def join(cls, path: str | PathLike[str], cache_dir: Path | None = None) -> JoinedRun:
        """Joins a run that is there; DataError where it is not, as on a machine that does not see its folder.

        ``cache_dir``: where this process alone keeps what it needs of a run on a URL.
        """
        home = home_of(path, cache_dir, use="joined")
        home.open(["en"])
        if not (home.path / layout.MANIFEST).is_file():
            raise DataError(f"no run at {home.shown}: put it where every machine sees it under this path")
        return cls(home.path, read_manifest(home.path), home)

    def save_manifest(self, **updates: Any) -> None:
        """Raises MltError."""
        raise MltError(f"{self.where} is written by several processes: none of them may write its manifest")

    def save_facts(self, name: str, obj: Any) -> None:
        """Keeps a small JSON value unless there is one: the first process decides, the others read it back."""
        self.home.decide(layout.facts_file(name), obj)


@contextmanager
def open_part(
    path: str | PathLike[str],
    identity: Mapping[str, Any],
    part: Part,
    begin: Callable[[RunStore], None],
    cache_dir: Path | None = None,
) -> Iterator[JoinedRun]:
    """Joins, as one of several tasks, a run that is begun if need be.

    ``begin`` is called with the run under its lock: each task in turn makes sure of what all of them need. Raises
    what :meth:`RunStore.open` does, but waits where another process has the lock; EnvironmentProblem where a task of
    this part runs already.
    """
    home = home_of(path, cache_dir, use=f"part-{part.name}")
    with ExitStack() as held:
        with home.locked(wait=True, beside=True):
            alone = not home.busy_tasks()
            if alone:
                finish_replacing(home.path)
            store = RunStore(home.path, settle(home, identity, False), home)
            held.enter_context(home.task_lock(part.name))
            if alone:  # what others are writing now looks like something left over
                with disk_errors(home.path):
                    store.clean()
            try:
                begin(store)
            finally:
                rmtree(home.path / layout.SCRATCH, ignore_errors=True)
        yield JoinedRun(home.path, dict(store.manifest), home)
