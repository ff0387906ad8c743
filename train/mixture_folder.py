"""The folder of a mixture: locked while it is written, whole or not there, and nothing else's.

What is made lies in ``.scratch`` until all of it is; ``mixture.json`` comes last. While ``.scratch`` is there, the
other files are a killed process's and are made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

from ..toolkit import layout
from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import disk_errors, file_hash, is_leftover, sync_folder, write_json
from ..toolkit.locks import locked
from ..toolkit.mixtures import MANIFEST, REMOVED, SPLITS, find_mixtures, is_mixture, open_mixture
from ..toolkit.shard_files import short
from ..toolkit.signature import diff


@contextmanager
def scratch_in(folder: Path) -> Iterator[Path]:
    """An empty folder ``.scratch`` inside a folder that no other process writes meanwhile; it goes at the end.

    The outer folder goes too where it was not there before and nothing was put into it.
    """
    new = not folder.exists()
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / layout.SCRATCH
    with locked(folder):
        try:
            with disk_errors(scratch):
                rmtree(scratch, ignore_errors=True)
                scratch.mkdir()
            yield scratch
        finally:
            if not is_mixture(folder):  # what was moved there before an error
                _clear(folder)
            rmtree(scratch, ignore_errors=True)
            if new and [path.name for path in folder.iterdir()] == [layout.LOCK]:
                with suppress(OSError):
                    (folder / layout.LOCK).unlink()
                    folder.rmdir()


def check_mixture_folder(folder: Path) -> None:
    """UsageError for a folder that holds something which is no mixture. An empty or missing one passes."""
    _check_kind(folder)
    if not is_mixture(folder) and not (folder / layout.SCRATCH).is_dir():
        _refuse_foreign(folder, ())


def check_ladder_folder(folder: Path, names: set[str]) -> None:
    """The same for a folder of mixtures: it may hold those that are to be made, and any others."""
    _check_kind(folder)
    if is_mixture(folder):
        raise UsageError(f"{folder} is a mixture itself: choose another --out for a ladder of them")
    if folder.is_dir() and not (folder / layout.SCRATCH).is_dir() and not find_mixtures(folder):
        _refuse_foreign(folder, names)


def standing(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The manifest of a finished mixture that is whole; None where there is none.

    DataError naming the difference where it was made by another identity.
    """
    if not is_mixture(folder):
        return None
    manifest = open_mixture(folder).manifest
    for name, before, now in diff(manifest.get("identity") or {}, identity):
        change = f"{name} = {short(before)}, now it is {short(now)}"
        raise DataError(f"{folder} was made with {change}: use --force (replaces that mixture) or another --out")
    return manifest if _whole(folder, manifest) else None


def publish(made: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Moves a mixture that lies finished in ``made`` into its folder, in the place of an earlier one."""
    with disk_errors(folder):
        (folder / MANIFEST).unlink(missing_ok=True)
        sync_folder(folder)
        _clear(folder)
        for source in sorted(path for path in made.rglob("*") if path.is_file()):
            target = folder / source.relative_to(made)
            target.parent.mkdir(exist_ok=True)
            source.replace(target)
            sync_folder(target.parent)
    write_json(folder / MANIFEST, manifest)


def _clear(folder: Path) -> None:
    """Removes a mixture's files but its manifest; anything else in the folder stays."""
    (folder / REMOVED).unlink(missing_ok=True)
    for split in SPLITS:
        layout.remove([path for path in (folder / split).glob("*") if layout.part_of(path) is not None])
        with suppress(OSError):  # missing, or a foreign file keeps it
            (folder / split).rmdir()


def _check_kind(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder: choose another --out")
    if (folder / layout.MANIFEST).is_file():
        raise UsageError(f"{folder} is a run: choose another --out, such as {folder}/mixtures/NAME")


def _refuse_foreign(folder: Path, names: set[str] | tuple[str, ...]) -> None:
    entries = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    foreign = [name for name in entries if name != layout.LOCK and name not in names and not is_leftover(name)]
    if foreign:
        raise UsageError(
            f"{folder} is no mixture (it holds {foreign[0]} and no {MANIFEST}): choose an empty or new one as --out"
        )


def _whole(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every file is there as it was written."""
    if manifest.get("decontamination") is not None and not (folder / REMOVED).is_file():
        return False
    try:
        return all(
            (folder / name).stat().st_size == entry["bytes"] and file_hash(folder / name) == entry["blake2b"]
            for name, entry in manifest["files"].items()
        )
    except (OSError, KeyError, TypeError):
        return False
