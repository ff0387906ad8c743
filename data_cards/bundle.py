"""Everything of a run, or of mixtures, that is published: one view, whether it lies in a run or as on the Hub.

Whoever writes a card, publishes, checks or restores reads a :class:`Bundle` and need not know which it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.errors import DataError
from ..toolkit.mixtures import Mixture
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.records import record_schema, rejected_schema
from .divide import kinds_of, put_together, read_parquet
from .published import SPLITS, Kind, Shards, config_name, data_file

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Config:
    """A config of the published set: rows of one task and language, or a mixture.

    ``splits``: split -> its published paths, in order.
    """

    name: str
    task: str | None
    lang: str | None
    mixture: str | None
    splits: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Bundle:
    """What is published, but for the card.

    ``files``: published path -> the local file, sorted. ``manifest``: what the published run.json holds; empty for
    mixtures. ``languages``: English first. ``shards``: what the kept rows of each shard are.
    """

    kind: Kind
    files: Mapping[str, Path]
    manifest: Mapping[str, Any]
    configs: tuple[Config, ...]
    languages: tuple[str, ...]
    mixtures: tuple[Mixture, ...]
    shards: Shards = field(default_factory=dict)

    def kept(self, lang: str) -> Iterator[pa.Table]:
        """The kept rows of a language (:func:`record_schema`), a shard at a time; none for a language without any."""
        for index in self.shards.get(lang, {}):
            yield self.kept_shard(lang, index)

    def rejected(self, lang: str) -> Iterator[pa.Table]:
        """The rows of a language that were set aside (:func:`rejected_schema`), a shard at a time."""
        for index in self.shards.get(lang, {}):
            if (table := self.rejected_shard(lang, index)) is not None:
                yield table

    def scores(self, lang: str) -> Iterator[pa.Table]:
        """The score columns of a language as they stand, a shard at a time."""
        for index in self.shards.get(lang, {}):
            if path := self.files.get(layout.scores_file(lang, index)):
                yield read_parquet(path)

    def kept_shard(self, lang: str, index: int) -> pa.Table:
        """One shard's kept rows, in the run's order; DataError where its files are damaged."""
        pieces, tables = self.shards[lang][index], []
        for (task, split), count in kinds_of(pieces).items():
            path = self.files[data_file(task, lang, split, index)]
            table = read_parquet(path, schema=record_schema())
            if len(table) != count:
                raise DataError(f"{path} is damaged: it holds {len(table)} rows, not {count}; get it again")
            tables.append(table)
        return put_together(tables, pieces)

    def rejected_shard(self, lang: str, index: int) -> pa.Table | None:
        """What one shard has set aside; None where it is nothing."""
        path = self.files.get(layout.rejected_file(lang, index))
        return None if path is None else read_parquet(path, schema=rejected_schema())


@contextmanager
def open_bundle(folder: Path, progress: Progress | None = None) -> Iterator[Bundle]:
    """What would be published of a folder, or what has been: for a run (with the mixtures in its ``mixtures/``), a
    mixture, a ladder of them, or a published folder. Files made for it are gone when the context ends.

    Raises DataError or UsageError for anything else, for a run that is not finished, and for what is damaged.
    """
    from .gather import gather

    with TemporaryDirectory(prefix="mlt-bundle-", ignore_cleanup_errors=True) as scratch:
        yield gather(folder, Path(scratch), progress or NullProgress())


def run_configs(shards: Shards) -> Iterator[Config]:
    """The configs of a run, by language, English first, then by task."""
    for lang, found in shards.items():
        kinds = {(piece.task, piece.split) for pieces in found.values() for piece in pieces}
        for task in sorted({task for task, _ in kinds}):
            splits = {
                split: tuple(
                    data_file(task, lang, split, index)
                    for index, pieces in found.items()
                    if (task, split) in kinds_of(pieces)
                )
                for split in SPLITS
                if (task, split) in kinds
            }
            yield Config(config_name(task, lang), task, lang, None, splits)
