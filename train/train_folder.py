"""The folder of a training: one process at a time writes it, and it belongs to one signature.

``train.json`` is written first, with the identity, and again last, with ``finished``. ``checkpoints/`` is there while
it trains; ``validation/`` holds what the model wrote at each evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from ..toolkit import layout
from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import disk_errors, is_leftover, read_json, write_json
from ..toolkit.locks import locked
from ..toolkit.mixtures import is_mixture
from ..toolkit.shard_files import short
from ..toolkit.signature import diff, signature

MANIFEST = "train.json"
STATE = "trainer_state.json"
CHECKPOINTS = "checkpoints"
VALIDATION = "validation"
BASE = "base"
MERGED = "merged"
CURVES = "runs"
SCHEMA_VERSION = "1"

_PREFIX = "checkpoint-"
# What a checkpoint must hold to be gone on from. The state is the last of them that the trainer writes.
_NEEDED = ("scheduler.pt", STATE)


def check_train_folder(folder: Path) -> None:
    """UsageError for a folder that holds something else than a training. An empty or missing one passes."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder: choose another --out")
    if (folder / layout.MANIFEST).is_file() or is_mixture(folder):
        kind = "a mixture" if is_mixture(folder) else "a run"
        raise UsageError(f"{folder} is {kind}: choose another --out for the trained model")
    if (folder / MANIFEST).is_file() or not folder.is_dir():
        return
    foreign = [p.name for p in sorted(folder.iterdir()) if p.name != layout.LOCK and not is_leftover(p.name)]
    if foreign:
        raise UsageError(
            f"{folder} holds no training (it has {foreign[0]} and no {MANIFEST}): choose an empty or new one as --out"
        )


@contextmanager
def train_folder(folder: Path, identity: Mapping[str, Any], *, restart: bool) -> Iterator[dict[str, Any]]:
    """Holds a folder's lock and gives its manifest: one that stood there, finished or not, or a new one.

    DataError, naming the difference, where it was made by another identity; with ``restart`` what stood there goes.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if restart:
            _clear(folder)
        manifest = read_train(folder) if (folder / MANIFEST).is_file() else None
        if manifest is None:
            manifest = _begun(identity)
            write_json(folder / MANIFEST, manifest)
        check_identity(folder, manifest, identity)
        yield manifest


def read_train(folder: Path) -> dict[str, Any]:
    """What train.json holds; DataError where there is none, or it holds no identity."""
    path = folder / MANIFEST
    if not path.is_file():
        raise DataError(f"{folder} holds no training: it has no {MANIFEST}; make one with mlt train --out")
    manifest = read_json(path)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("identity"), dict):
        raise DataError(f"{path} is damaged: it holds no identity; use --restart or another --out")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"{folder} has schema_version {manifest.get('schema_version')}, this release reads {SCHEMA_VERSION}"
        )
    return manifest


def check_identity(folder: Path, manifest: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """DataError naming the first thing that differs from what a training was begun with."""
    for name, before, now in diff(manifest["identity"], identity):
        change = f"{name} = {short(before)}, now it is {short(now)}"
        raise DataError(f"{folder} was trained with {change}: use --restart (removes it) or another --out")


def last_checkpoint(folder: Path, world_size: int = 1) -> Path | None:
    """The latest checkpoint that is whole; None where there is none. One that a kill has torn is passed over."""
    whole = [path for path in _checkpoints(folder) if _is_whole(path, world_size)]
    return whole[-1] if whole else None


def remove_torn(folder: Path, world_size: int = 1) -> None:
    """Removes checkpoints that a kill has torn, so that none of them is taken for a whole one."""
    for path in _checkpoints(folder):
        if not _is_whole(path, world_size):
            rmtree(path, ignore_errors=True)


def checkpoint_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of an optimiser step lies."""
    return folder / CHECKPOINTS / f"{_PREFIX}{step}"


def remove_checkpoints(folder: Path) -> None:
    """Removes all checkpoints: once the model is written they have served."""
    rmtree(folder / CHECKPOINTS, ignore_errors=True)


def _begun(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "signature": signature(identity),
        "identity": dict(identity),
        "finished": False,
    }


def _checkpoints(folder: Path) -> list[Path]:
    found = []
    for path in (folder / CHECKPOINTS).glob(f"{_PREFIX}*"):
        step = path.name.removeprefix(_PREFIX)
        if step.isdecimal() and path.is_dir():
            found.append((int(step), path))
    return [path for _, path in sorted(found)]


def _is_whole(path: Path, world_size: int) -> bool:
    random_states = ["rng_state.pth"] if world_size == 1 else [f"rng_state_{rank}.pth" for rank in range(world_size)]
    if not all((path / name).is_file() for name in (*_NEEDED, *random_states)):
        return False
    try:
        return isinstance(read_json(path / STATE), dict)
    except DataError:
        return False


def _clear(folder: Path) -> None:
    """Removes everything of a training; the lock stays, and so does a folder that is none (it was refused before)."""
    with disk_errors(folder):
        for path in folder.iterdir() if (folder / MANIFEST).is_file() else ():
            if path.name == layout.LOCK:
                continue
            if path.is_dir() and not path.is_symlink():
                rmtree(path)
            else:
                path.unlink()
