"""What a published folder looks like: the names of its files, and ``published.json``, which says what stands where.

The files of a run's kept rows are sorted by task and split, so that the Hub shows each as a config of its own. A shard
whose rows are all of one task and split is published as it is; another is divided, and ``published.json`` keeps how its
rows alternate, so that it can be put together again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ..toolkit import layout
from ..toolkit.errors import DataError, MltError
from ..toolkit.files import read_json
from ..toolkit.records import SCHEMA_VERSION

MANIFEST = "published.json"
README = "README.md"
SPLITS = ("train", "validation", "dev", "test")
Kind = Literal["run", "mixtures"]

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Piece(NamedTuple):
    """Rows of a shard that follow each other and are of one task and split."""

    task: str
    split: str
    rows: int


Shards = Mapping[str, Mapping[int, tuple[Piece, ...]]]
"""Language -> number of the shard -> what its kept rows are, in order. Languages and shards are in order."""


@dataclass(frozen=True)
class Published:
    """What ``published.json`` holds."""

    kind: Kind
    signature: str
    shards: Shards

    def to_json(self) -> dict[str, Any]:
        """The inverse of :func:`read_published`."""
        shards = {
            lang: {str(index): [list(piece) for piece in pieces] for index, pieces in found.items()}
            for lang, found in self.shards.items()
        }
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": self.kind,
            "signature": self.signature,
            "shards": shards,
        }


def data_file(task: str, lang: str, split: str, index: int) -> str:
    """``data/math_sw/train-00000.parquet``"""
    return f"data/{config_name(task, lang)}/{split}-{index:05d}.parquet"


def config_name(task: str, lang: str) -> str:
    """``math_sw``"""
    return f"{task}_{lang}"


def split_name(split: str | None) -> str:
    """The published split of a record whose source names ``split``; "train" for a name of the source's own."""
    return split if split in SPLITS else "train"


def safe_name(name: Any) -> bool:
    """Whether a text can be one part of a path, and of a config's name: it leads nowhere else."""
    return isinstance(name, str) and _WORD.fullmatch(name) is not None


def is_published(folder: Path) -> bool:
    """Whether a folder is laid out as the Hub holds it."""
    return (folder / MANIFEST).is_file()


def read_published(folder: Path) -> Published:
    """What a folder's ``published.json`` says; DataError where it is damaged or of another release."""
    path = folder / MANIFEST
    found = read_json(path)
    if not isinstance(found, dict) or found.get("kind") not in get_args(Kind):
        raise DataError(f"{path} is damaged: it names no kind of data; publish the folder again")
    if found.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"{folder} has schema_version {found.get('schema_version')}, this release reads {SCHEMA_VERSION}"
        )
    try:
        shards = {lang: _shards_of(lang, entry) for lang, entry in found["shards"].items()}
        if not isinstance(found["signature"], str):
            raise ValueError("its signature is no text")
    except (KeyError, TypeError, ValueError, AttributeError, MltError) as error:
        raise DataError(f"{path} is damaged: {error or 'a value is missing'}; publish the folder again") from None
    ordered = {lang: shards[lang] for lang in in_order(shards)}
    return Published(found["kind"], found["signature"], ordered)


def in_order(langs: Any) -> list[str]:
    """Languages, English first."""
    return sorted(langs, key=lambda lang: (lang != "en", lang))


def _shards_of(lang: str, entry: Mapping[str, Any]) -> dict[int, tuple[Piece, ...]]:
    layout.data_file(lang, 0)  # refuses what is no name of a language's folder
    shards = {_index(name): tuple(_piece(*piece) for piece in pieces) for name, pieces in entry.items()}
    return dict(sorted(shards.items()))


def _index(name: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", name):
        raise ValueError(f"{name!r} is no shard")
    return int(name)


def _piece(task: Any, split: Any, rows: Any) -> Piece:
    if not safe_name(task) or split not in SPLITS or type(rows) is not int or rows < 1:
        raise ValueError(f"{[task, split, rows]!r:.80} are no rows of a task and split")
    return Piece(task, split, rows)
