"""Converted models in the cache folder, and the content hash that stands for a local model's revision."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..toolkit.cache_folder import cache_root
from ..toolkit.errors import MltError
from ..toolkit.files import disk_errors, file_hash, read_json, sync_folder, write_json

# What is being done, how much of it is done, and how much there is (None: not known).
Progress = Callable[[str, int, int | None], None]

ABOUT_FILE = "mlt_model.json"
_HASHED = {".bin", ".safetensors", ".json", ".txt", ".model", ".spm"}
_REMEMBERED_FROM = 64_000_000  # bytes; a smaller folder is hashed again in a fraction of a second


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A model that was converted before; ``size`` in bytes, ``requested`` the revision as the user named it."""

    name: str
    revision: str
    quantization: str
    license: str | None
    requested: str | None
    created: str
    size: int
    folder: str


def chosen_root(cache_dir: str | Path | None = None) -> Path:
    """``cache_dir``, else the cache folder that MLT_CACHE_DIR or the user's system names."""
    return Path(cache_dir).expanduser() if cache_dir else cache_root()


def models_in_cache(cache_dir: str | Path | None = None) -> list[CachedModel]:
    """The converted models, by name; a folder that cannot be read is left out."""
    return sorted(_models(chosen_root(cache_dir) / "models"), key=lambda model: (model.name, model.created))


def find_converted(root: Path, name: str, quantization: str, requested: str | None = None) -> CachedModel | None:
    """The newest conversion of ``name``; with ``requested``, of that revision (as then named, or its commit)."""
    found = [
        model
        for model in _models(root / "models")
        if (model.name, model.quantization) == (name, quantization)
        and (requested is None or requested in (model.requested, model.revision))
    ]
    return max(found, key=lambda model: model.created, default=None)


def about_model(**facts: Any) -> dict[str, Any]:
    """The content of ``mlt_model.json``: the facts and the time (UTC)."""
    return {**facts, "created": datetime.now(UTC).isoformat(timespec="seconds")}


@contextmanager
def new_model_folder(
    destination: Path, about: Mapping[str, Any], what: str, progress: Progress | None = None
) -> Iterator[Path]:
    """A folder beside ``destination`` to fill, which takes its place, with ``about``, once the block has ended well.

    Whole or not at all; the caller holds the lock. ``progress`` is told ``what`` is done.
    """
    unfinished = destination.with_name(f".{destination.name}.tmp")
    with disk_errors(destination):
        shutil.rmtree(unfinished, ignore_errors=True)  # left by a process that was killed
        destination.parent.mkdir(parents=True, exist_ok=True)
    if progress:
        progress(what, 0, None)
    try:
        yield unfinished
        write_json(unfinished / ABOUT_FILE, dict(about))
        unfinished.replace(destination)
        sync_folder(destination.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if progress:
        progress(what, 1, 1)


def read_about(folder: Path) -> dict[str, Any]:
    """``mlt_model.json`` of a folder, empty where there is none."""
    path = folder / ABOUT_FILE
    about = read_json(path) if path.is_file() else {}
    return about if isinstance(about, dict) else {}


def tiny_folder() -> Path:
    """The embedded model's folder."""
    return Path(str(files("mlt.translate.tiny")))


def tiny_notice() -> str:
    """What must be said of the embedded model wherever it is named."""
    return str(read_about(tiny_folder()).get("notice", "not installed"))


def content_revision(folder: Path, root: Path) -> str:
    """``blake2b:`` and a hash over the names and contents of a model folder's files.

    Large folders are remembered in ``root`` by path, sizes and times, so that gigabytes are read once.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix in _HASHED and path.name != ABOUT_FILE)
    stats: list[list[Any]] = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    large = sum(size for _, size, _ in stats) >= _REMEMBERED_FROM
    memory, key = root / "hashes.json", str(folder.resolve())
    known: dict[str, Any] = {}
    if large:
        with suppress(MltError, AttributeError):
            known = dict(read_json(memory))
            if known.get(key, {}).get("files") == stats:
                return str(known[key]["revision"])
    lines = "".join(f"{path.name}\0{file_hash(path)}\n" for path in files)
    revision = "blake2b:" + blake2b(lines.encode(), digest_size=16).hexdigest()
    if large:
        with suppress(MltError):
            write_json(memory, {**known, key: {"files": stats, "revision": revision}})
    return revision


def _models(folder: Path) -> Iterator[CachedModel]:
    for path in folder.glob(f"[!.]*/{ABOUT_FILE}"):
        with suppress(MltError, KeyError, TypeError):
            about = read_about(path.parent)
            size = sum(file.stat().st_size for file in path.parent.iterdir())
            yield CachedModel(
                **{name: about[name] for name in ("name", "revision", "quantization", "created")},
                license=about.get("license"),
                requested=about.get("requested"),
                size=size,
                folder=str(path.parent),
            )
