"""A finished shard written anew so that none of its rows can be lost, whenever the process is killed.

The new files wait in a folder of their own; the marker among them, written last, says that all are there. From then on
whoever opens the run for writing moves them to their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from . import layout
from .files import disk_errors, read_json, sync_folder, write_json
from .shard_files import write_table

if TYPE_CHECKING:
    import pyarrow as pa


def replace_shard(folder: Path, marker: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Puts ``tables`` (file name -> content) in place of a shard's files; its new marker."""
    staged = folder / layout.STAGED
    new = {**marker, "files": {name: write_table(staged / name, table) for name, table in tables.items()}}
    write_json(staged / layout.marker_file(marker["lang"], marker["index"]), new)
    finish_replacing(folder)
    return new


def finish_replacing(folder: Path) -> None:
    """Moves to their places the shards that wait whole, and removes those that were never whole."""
    staged = folder / layout.STAGED
    if not staged.is_dir():
        return
    with disk_errors(folder):
        for path in sorted(staged.glob("done/*/*.json")):
            marker = read_json(path)
            lang, index = marker["lang"], marker["index"]
            for name in (layout.data_file(lang, index), layout.rejected_file(lang, index)):
                if name not in marker["files"]:
                    (folder / name).unlink(missing_ok=True)
                elif (staged / name).exists():
                    _move(staged / name, folder / name)
            _move(path, folder / layout.marker_file(lang, index))
        rmtree(staged)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    sync_folder(target.parent)
