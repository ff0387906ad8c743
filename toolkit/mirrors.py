"""What the cache keeps of runs on URLs (:mod:`.run_mirror`): all of it can be fetched again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from .errors import EnvironmentProblem
from .files import disk_errors
from .locks import locked
from .run_mirror import MIRRORS

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is kept of one run for one use. ``last_used`` in seconds since 1970."""

    name: str
    use: str
    size: int
    last_used: float
    folder: str


def mirrors_in_cache(root: Path) -> list[Mirror]:
    """The mirrors under a cache folder, by name."""
    return [_describe(path) for path in sorted((root / MIRRORS).glob("*/*")) if path.is_dir()]


def evict_mirrors(root: Path, *, older_than_days: float) -> int:
    """Removes mirrors that were not used since, and returns how many bytes that freed. One that is written stays."""
    freed = 0
    for mirror in mirrors_in_cache(root):
        if time.time() - mirror.last_used > older_than_days * _DAY and _remove(Path(mirror.folder)):
            freed += mirror.size
    return freed


def _remove(folder: Path) -> bool:
    try:
        with locked(folder), disk_errors(folder):
            rmtree(folder, ignore_errors=True)
    except EnvironmentProblem:  # it is in use
        return False
    return True


def _describe(folder: Path) -> Mirror:
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    last_used = max((stat.st_mtime for stat in files), default=folder.stat().st_mtime)
    return Mirror(folder.parent.name, folder.name, sum(stat.st_size for stat in files), last_used, str(folder))
