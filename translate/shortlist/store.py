"""Models that were cut to a list of words, kept in the cache beside the models they come from."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from ...toolkit.errors import MltError
from ...toolkit.files import disk_errors
from ..engines.ct2 import Ct2Engine
from ..model_store import ABOUT_FILE, Progress, about_model, chosen_root, new_model_folder, read_about
from ..unit_file import file_name
from .cut import cut_folder
from .pieces import Shortlist

FOLDER = "shortlists"


@dataclass(frozen=True, slots=True)
class CutModel:
    """A model that was cut before; ``words`` may come out of it, ``size`` in bytes, ``created`` in UTC."""

    name: str
    revision: str
    kind: str
    words: int
    created: str
    size: int
    folder: str


def cut_once(engine: Ct2Engine, shortlist: Shortlist, root: Path, progress: Progress | None = None) -> Path:
    """The folder of an engine's model with the words of ``shortlist`` alone, made where it is not there yet.

    It is seen whole or not at all; of several processes one makes it. Raises UsageError for a model that cannot be
    cut, EnvironmentProblem where the disk is full or its permissions do not allow it.
    """
    from filelock import FileLock

    destination = root / FOLDER / _folder_name(engine, shortlist)
    if (destination / ABOUT_FILE).is_file():
        return destination
    with disk_errors(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(destination.with_name(f".{destination.name}.lock")):
            if not (destination / ABOUT_FILE).is_file():
                _make(engine, shortlist, destination, progress)
    return destination


def drop_cut(engine: Ct2Engine, shortlist: Shortlist, root: Path) -> None:
    """Removes what :func:`cut_once` made, if it is there. A process that still needs it cuts it again."""
    _drop(root / FOLDER / _folder_name(engine, shortlist))


def evict_shortlists(root: Path, *, older_than_days: float | None = None, model: str | None = None) -> int:
    """Removes cut models, and returns how many bytes that freed; ``model`` and age limit it.

    All of them can be made again in a second each from the runs that use them.
    """
    freed = 0
    for cut in shortlists_in_cache(root):
        age = datetime.now(UTC) - datetime.fromisoformat(cut.created)
        if (model is None or file_name(model) == file_name(cut.name)) and (
            older_than_days is None or age > timedelta(days=older_than_days)
        ):
            _drop(Path(cut.folder))
            freed += cut.size
    return freed


def shortlists_in_cache(cache_dir: str | Path | None = None) -> list[CutModel]:
    """The models that were cut, by name; a folder that cannot be read is left out."""
    found = []
    for path in (chosen_root(cache_dir) / FOLDER).glob(f"[!.]*/{ABOUT_FILE}"):
        with suppress(MltError, KeyError, TypeError, OSError):
            about = read_about(path.parent)
            facts = {name: about[name] for name in ("name", "revision", "created")}
            kind, words = about["shortlist"]["kind"], about["shortlist"]["target"]
            size = sum(file.stat().st_size for file in path.parent.iterdir())
            found.append(CutModel(**facts, kind=kind, words=words, size=size, folder=str(path.parent)))
    return sorted(found, key=lambda model: (model.name, model.created))


def _drop(folder: Path) -> None:
    """Removes a folder so that it is seen whole or not at all."""
    from filelock import FileLock

    with disk_errors(folder), suppress(FileNotFoundError):
        lock = folder.with_name(f".{folder.name}.lock")
        with FileLock(lock):
            unfinished = folder.with_name(f".{folder.name}.tmp")
            shutil.rmtree(unfinished, ignore_errors=True)
            folder.replace(unfinished)
            shutil.rmtree(unfinished, ignore_errors=True)


def _make(engine: Ct2Engine, shortlist: Shortlist, destination: Path, progress: Progress | None) -> None:
    what = f"cutting {engine.name} to {len(shortlist.target):,} words"
    with new_model_folder(destination, _about(engine, shortlist), what, progress) as unfinished:
        cut_folder(engine.folder, unfinished, target=shortlist.target, source=shortlist.source)
        shutil.rmtree(destination, ignore_errors=True)


def _about(engine: Ct2Engine, shortlist: Shortlist) -> dict[str, object]:
    parent = {name: value for name, value in read_about(engine.folder).items() if name in ("quantization", "languages")}
    return about_model(
        name=engine.name,
        revision=engine.identity["revision"],
        license=engine.license,
        notice=engine.notice,
        patience=engine.patience,
        **parent,
        shortlist={
            "kind": shortlist.kind,
            "hash": shortlist.hash,
            "target": len(shortlist.target),
            "source": len(shortlist.source),
        },
    )


def _folder_name(engine: Ct2Engine, shortlist: Shortlist) -> str:
    """The model's name and a hash over its revision, the form its weights are stored in, and the list."""
    stored = read_about(engine.folder).get("quantization")  # one revision may be converted to several forms
    key = f"{engine.identity['revision']}\0{stored}\0{shortlist.hash}"
    return f"{file_name(engine.name)}-{blake2b(key.encode(), digest_size=8).hexdigest()}"
