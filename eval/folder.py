"""The folder of an evaluation: eval.json says what decided its samples, and a folder of something else is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import disk_errors, is_leftover, read_json, write_json
from ..toolkit.layout import LOCK
from ..toolkit.locks import locked
from ..toolkit.signature import diff, signature

MANIFEST = "eval.json"
PLAN = "asked.json"
SCHEMA_VERSION = "1"
_MADE = ("results.json", "report.md", "report.html", PLAN, "samples")


@contextmanager
def opened_folder(
    out: Path, identity: Mapping[str, Any], entry: Mapping[str, Any], *, force: bool = False
) -> Iterator[None]:
    """:func:`open_folder` of a folder that is made where it is missing and locked as long as the block runs."""
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        open_folder(out, identity, entry, force=force)
        yield


def open_folder(
    out: Path, identity: Mapping[str, Any], entry: Mapping[str, Any], *, force: bool = False
) -> dict[str, Any]:
    """Makes or continues the evaluation in ``out``, whose lock is held, and gives what its eval.json holds now.

    ``identity`` must be the one that began it. ``entry`` is a test set: name, task, settings, and ``revisions`` by
    language; a set of that name must have the same settings, and the same revision of each language that it had
    before. With ``force`` whatever differs is replaced. Raises UsageError, naming what differs.
    """
    if force:
        clear(out)
    manifest = _read(out)
    sets = dict(manifest["sets"]) if manifest else {}
    if manifest:
        _refuse(out, manifest["identity"], identity)
    before = sets.get(entry["name"])
    if before:
        shared = {lang: rev for lang, rev in entry["revisions"].items() if lang in before["revisions"]}
        _refuse(out, _fixed(before, shared), _fixed(entry, shared))
    revisions = {**(before["revisions"] if before else {}), **entry["revisions"]}
    sets[entry["name"]] = {**entry, "revisions": revisions}
    made = {
        "schema_version": SCHEMA_VERSION,
        "identity": dict(identity),
        "signature": signature({**identity, "sets": sets}),
        "sets": sets,
    }
    write_json(out / MANIFEST, made)
    return made


def check_out(out: Path) -> None:
    """UsageError for a file, or a folder that holds something else than an evaluation."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: name a folder")
    if not out.is_dir() or (out / MANIFEST).exists():
        return
    # What a task is writing at this moment, or was when it was killed, is not somebody else's.
    names = [path.name for path in out.iterdir()]
    ours = all(name.startswith(LOCK) or is_leftover(name) for name in names)
    if not ours and not (out / MANIFEST).exists():
        raise UsageError(f"--out {out} holds something else than an evaluation: name another folder")


def clear(out: Path) -> None:
    """Removes what an evaluation has written, eval.json last: a folder without it is not taken for one."""
    for name in _MADE:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (out / MANIFEST).unlink(missing_ok=True)


def _read(out: Path) -> dict[str, Any] | None:
    path = out / MANIFEST
    if not path.is_file():
        return None
    manifest = read_json(path)
    if not isinstance(manifest, dict) or not all(isinstance(manifest.get(key), dict) for key in ("identity", "sets")):
        raise DataError(f"{path} is damaged: use --force, or another --out")
    return manifest


def _fixed(entry: Mapping[str, Any], revisions: Mapping[str, str]) -> dict[str, Any]:
    """What of a set must not change; of its languages, those of ``revisions``."""
    settings = {key: value for key, value in entry.items() if key not in ("revisions", "skipped")}
    return {**settings, "revisions": {lang: entry["revisions"][lang] for lang in revisions}}


def _refuse(out: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    if differences := diff(before, now):
        name, old, new = differences[0]
        raise UsageError(f"{out} was evaluated with {name} {old!r}, now it is {new!r}: use --force or another --out")
