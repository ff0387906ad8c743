"""A COMET checkpoint on this machine: fetched from the Hub once, or a local one, named by its content."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ...toolkit.errors import MltError, UsageError
from ...toolkit.files import file_hash, read_json, write_json
from ...toolkit.hub_files import Progress, fetch_files
from .routing import Spec

_FILES = ("hparams.yaml", "checkpoints/model.ckpt")
_HINT = "name a local checkpoint with --qe, or run again when it can"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The ``.ckpt`` file (``hparams.yaml`` stands one folder up), and what stands for it in reports and keys.

    ``revision`` is the Hub's commit, or ``blake2b:`` and a hash of the files.
    """

    name: str
    revision: str
    license: str | None
    path: str


def find_checkpoint(spec: Spec, root: Path, progress: Progress | None = None) -> Checkpoint:
    """The checkpoint that ``spec`` means. One from the Hub is fetched once and then never asked for again; what is
    known of it stands under ``root``, the cache folder.

    Raises UsageError where there is none, EnvironmentProblem where it cannot be had.
    """
    if spec.path is not None:
        path = _local(spec)
        return Checkpoint(spec.name, _content_revision(path, root), None, str(path))
    memory = (
        root / "comet" / f"{spec.name.replace('/', '--')}{f'@{_slug(spec.revision)}' if spec.revision else ''}.json"
    )
    with suppress(MltError, TypeError):
        known = Checkpoint(**read_json(memory))
        if all((Path(known.path).parents[1] / name).is_file() for name in _FILES):
            return known
    got = fetch_files(spec.name, _FILES, option="--qe", hint=_HINT, revision=spec.revision, progress=progress)
    found = Checkpoint(spec.name, got.revision, got.license or spec.license, str(got.folder / _FILES[1]))
    write_json(memory, asdict(found))
    return found


def _local(spec: Spec) -> Path:
    assert spec.path is not None
    if spec.path.is_file():
        path = spec.path
    else:
        found = sorted((spec.path / "checkpoints").glob("*.ckpt")) or sorted(spec.path.glob("*.ckpt"))
        if len(found) != 1:
            raise UsageError(f"--qe {spec.text}: expected one checkpoint (checkpoints/*.ckpt), found {len(found)}")
        path = found[0]
    if not (path.parents[1] / "hparams.yaml").is_file():
        raise UsageError(f"--qe {spec.text}: no hparams.yaml in {path.parents[1]}, which tells COMET the model's class")
    return path


def _content_revision(path: Path, root: Path) -> str:
    """A hash of both files; remembered under ``root`` by size and time, so that gigabytes are read once."""
    files = [path.parents[1] / "hparams.yaml", path]
    stats: list[list[Any]] = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    memory = root / "comet" / f"local-{blake2b(str(path).encode(), digest_size=8).hexdigest()}.json"
    with suppress(MltError, TypeError, KeyError):
        known = read_json(memory)
        if known["files"] == stats:
            return str(known["revision"])
    digest = blake2b("\n".join(file_hash(file) for file in files).encode(), digest_size=16).hexdigest()
    with suppress(MltError):
        write_json(memory, {"files": stats, "revision": f"blake2b:{digest}"})
    return f"blake2b:{digest}"


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-@" else "--" for letter in text)
