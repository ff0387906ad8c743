"""A folder as a place to publish to: what it holds, and changes to it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..toolkit.errors import UsageError
from ..toolkit.files import disk_errors, file_hash, is_leftover, write_atomic
from ..toolkit.progress import Progress
from .changes import OWN_FOLDERS, Changes, Content
from .published import MANIFEST

_UNFINISHED = f".{MANIFEST}"
"""Stands in for the manifest while other files are written: a folder without a manifest is not read as published."""


@dataclass
class FolderPlace:
    """A folder, which need not be there yet."""

    path: Path

    @property
    def name(self) -> str:
        """The folder, for errors."""
        return str(self.path)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its files, but for hidden ones."""
        found = (path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file())
        return tuple(sorted(path.as_posix() for path in found if not any(part[0] == "." for part in path.parts)))

    def is_same(self, name: str, content: Content) -> bool:
        """Whether it holds this file, byte for byte."""
        path = self.path / name
        if isinstance(content, bytes):
            return path.read_bytes() == content
        return path.stat().st_size == content.stat().st_size and file_hash(path) == file_hash(content)

    def read(self, path: str) -> bytes | None:
        """A file's content; None where there is no such file. The manifest also of a folder that is not finished."""
        for name in (path, _UNFINISHED) if path == MANIFEST else (path,):
            if (self.path / name).is_file():
                return (self.path / name).read_bytes()
        return None

    def require_apart(self, source: Path) -> None:
        """UsageError where it is a file, or it and the folder to publish lie one within the other."""
        here, there = self.path.resolve(), source.resolve()
        if here == there or here in there.parents or there in here.parents:
            raise UsageError(f"--to-folder {self.path}: choose a folder apart from {source}")
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"--to-folder {self.path} is a file: choose a folder")

    def apply(self, changes: Changes, progress: Progress) -> None:
        """Makes the changes; broken off, the folder is not a published one until the same call has ended."""
        with disk_errors(self.path):
            self._clean()
            if not changes:
                return
            manifest = self._begin(changes)
            others = {name: content for name, content in changes.written.items() if name != MANIFEST}
            what = f"writing {self.path}"
            progress.start(what, len(others))
            for name, content in others.items():
                write_atomic(self.path / name, _bytes(content))
                progress.advance(what, 1)
            for name in changes.removed:
                (self.path / name).unlink(missing_ok=True)
            self._drop_empty_folders()
            write_atomic(self.path / MANIFEST, manifest)
            (self.path / _UNFINISHED).unlink()
            progress.finish(what)

    def _begin(self, changes: Changes) -> bytes:
        """Marks the folder as unfinished; what its manifest is to be."""
        path = self.path / MANIFEST
        wanted = changes.written.get(MANIFEST)
        manifest = path.read_bytes() if wanted is None else _bytes(wanted)
        if path.exists():
            path.replace(self.path / _UNFINISHED)
        elif not (self.path / _UNFINISHED).exists():
            write_atomic(self.path / _UNFINISHED, manifest)
        return manifest

    def _clean(self) -> None:
        """Removes what killed writers left behind."""
        for path in list(self.path.rglob(".*.tmp")):
            if is_leftover(path.name):
                path.unlink()
        if (self.path / MANIFEST).exists():
            (self.path / _UNFINISHED).unlink(missing_ok=True)

    def _drop_empty_folders(self) -> None:
        for own in OWN_FOLDERS:
            for base, _, _ in os.walk(self.path / own, topdown=False):
                with suppress(OSError):
                    Path(base).rmdir()


def _bytes(content: Content) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()
