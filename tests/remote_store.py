"""An object store in memory that can be cut off at any write, for tests of runs on URLs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import fsspec
from fsspec.implementations.memory import MemoryFileSystem


class CutOff(MemoryFileSystem):
    """``cut://``: after :attr:`left` more writes and removals nothing is answered any more (None: all is).

    ``late``: the last one is done, but not answered.
    """

    protocol = ("cut", "memory")
    store: dict[str, Any] = {}  # noqa: RUF012  (fsspec's way)
    pseudo_dirs = [""]  # noqa: RUF012
    left: int | None = None
    late = False
    changes: list[str] = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("cut://", "memory://", 1))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        self._change(path, lambda: MemoryFileSystem.pipe_file(self, path, value, mode=mode, **kwargs))

    def put_file(self, lpath: str, rpath: str, *args: Any, **kwargs: Any) -> None:
        self._change(rpath, lambda: MemoryFileSystem.put_file(self, lpath, rpath, *args, **kwargs))

    def rm_file(self, path: str) -> None:
        self._change(path, lambda: MemoryFileSystem.rm_file(self, path))

    def cat_file(self, *args: Any, **kwargs: Any) -> bytes:
        self._alive()
        return super().cat_file(*args, **kwargs)

    def ls(self, *args: Any, **kwargs: Any) -> Any:
        self._alive()
        return super().ls(*args, **kwargs)

    def _alive(self) -> None:
        if CutOff.left is not None and CutOff.left <= 0:
            raise ConnectionError("the line is dead")

    def _change(self, path: str, make: Callable[[], object]) -> None:
        self._alive()
        if CutOff.left is not None:
            CutOff.left -= 1
            if CutOff.left <= 0 and not CutOff.late:
                raise ConnectionError("the line is dead")
        make()
        CutOff.changes.append(path)
        self._alive()

    @classmethod
    def reset(cls, left: int | None = None, *, late: bool = False) -> None:
        """Cuts it off after so many changes."""
        cls.left, cls.late, cls.changes = left, late, []

    @classmethod
    def empty(cls) -> None:
        """Nothing is there, and all is answered."""
        cls.store.clear()
        cls.pseudo_dirs[:] = [""]
        cls.reset()


fsspec.register_implementation("cut", CutOff, clobber=True)


def objects(url: str) -> set[str]:
    """The names of all objects under a URL."""
    fs, root = fsspec.url_to_fs(url)
    return {path.removeprefix(f"{root}/") for path in fs.find(root)}


def let_lapse(url: str) -> None:
    """Makes the leases of a URL as old as those of a machine that died long ago."""
    fs, root = fsspec.url_to_fs(url)
    for path in fs.ls(root, detail=False) if fs.exists(root) else []:
        if path.rpartition("/")[2].startswith(".lease"):
            fs.pipe_file(path, json.dumps({**json.loads(fs.cat_file(path)), "renewed": 0}).encode())
