"""Where the files of a run stand, and which files in its folder are the run's own.

A language belongs to a run when ``done/<language>/`` is there: it comes before anything else of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .errors import MltError, UsageError
from .files import is_leftover

MANIFEST = "run.json"
EDITS = "edits.jsonl"
LOCK = ".lock"
SCRATCH = ".scratch"
STAGED = ".staged"

_STAGES = ("done", "plan", "rejected", "scores")
_PART = re.compile(r"part-(\d{5,})(\.[A-Za-z0-9_.-]+)?\.(?:json|parquet)")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def data_file(lang: str, index: int) -> str:
    """``sw/part-00000.parquet``"""
    return f"{_lang(lang)}/{_part(index)}.parquet"


def rejected_file(lang: str, index: int) -> str:
    """``rejected/sw/part-00000.parquet``"""
    return f"rejected/{data_file(lang, index)}"


def scores_file(lang: str, index: int) -> str:
    """``scores/sw/part-00000.parquet``"""
    return f"scores/{data_file(lang, index)}"


def marker_file(lang: str, index: int) -> str:
    """``done/sw/part-00000.json``"""
    return f"done/{_lang(lang)}/{_part(index)}.json"


def plan_file(lang: str, index: int, rung: str) -> str:
    """``plan/sw/part-00000.raw.json``"""
    return f"plan/{_lang(lang)}/{_part(index)}.{_name(rung)}.json"


def facts_file(name: str) -> str:
    """``facts/calibration-sw.json``"""
    return f"facts/{_name(name)}.json"


def part_of(path: Path) -> int | None:
    """The shard that a file of a run belongs to, by its name."""
    match = _PART.fullmatch(path.name)
    return int(match[1]) if match else None


def known_languages(folder: Path) -> list[str]:
    """The languages that were begun, English first."""
    names = (path.name for path in _entries(folder / "done") if path.is_dir() and _NAME.fullmatch(path.name))
    return sorted(names, key=lambda name: (name != "en", name))


def check_folder(folder: Path) -> None:
    """Refuses a folder that holds something which is not a run (UsageError). An empty one passes."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder: choose another --out")
    if (folder / MANIFEST).is_file():
        return
    foreign = next((p.name for p in _entries(folder) if p.name != LOCK and not is_leftover(p.name)), None)
    if foreign is not None and not (folder / MANIFEST).is_file():  # another task may just have begun it
        raise UsageError(
            f"{folder} is no run (it holds {foreign} and no {MANIFEST}): choose an empty or new one as --out"
        )


def shard_files(folder: Path, stage: str | None, lang: str) -> list[Path]:
    """The part files of a language: records where ``stage`` is None, else those of ``done``, ``plan``, …"""
    base = folder / lang if stage is None else folder / stage / lang
    return [path for path in _entries(base) if part_of(path) is not None]


def leftovers(folder: Path) -> list[Path]:
    """What killed writers left behind."""
    return [path for base in _folders(folder) for path in _entries(base) if is_leftover(path.name)]


def clear(folder: Path) -> None:
    """Removes the run's own files but the manifest and the edits; anything else in the folder stays.

    Markers go first: killed in between, the run has lost shards but holds no false one.
    """
    languages = known_languages(folder)
    for stage in ("done", "plan", "rejected", "scores", None):
        for lang in languages:
            remove(shard_files(folder, stage, lang))
    remove(path for path in _entries(folder / "facts") if path.suffix == ".json")
    remove(leftovers(folder))
    for base in sorted(_folders(folder), key=lambda path: len(path.parts), reverse=True):
        if base != folder:
            with suppress(OSError):  # a foreign file inside keeps its folder
                base.rmdir()


def remove(paths: Iterator[Path] | list[Path]) -> None:
    """Removes files, missing ones included."""
    for path in list(paths):
        path.unlink(missing_ok=True)


def _folders(folder: Path) -> list[Path]:
    languages = known_languages(folder)
    staged = [folder / stage / lang for stage in _STAGES for lang in languages]
    plain = [folder / name for name in (*_STAGES, "facts")]
    return [folder, *plain, *staged, *(folder / lang for lang in languages)]


def _entries(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(folder.iterdir())
    return []


def _part(index: int) -> str:
    if index < 0:
        raise MltError(f"a shard's number must not be negative: {index}")
    return f"part-{index:05d}"


def _lang(lang: str) -> str:
    if lang in (*_STAGES, "facts"):
        raise MltError(f"a language cannot be named {lang!r}: a run keeps other files there")
    return _name(lang)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise MltError(f"not fit for a file name: {name!r}")
    return name
