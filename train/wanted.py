"""The records that a catalogue names, read file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..toolkit import layout
from ..toolkit.errors import DataError
from ..toolkit.records import Record
from ..toolkit.run import Run
from .catalogue import Catalogue, Wanted
from .shards import read_records


def wanted_records(catalogue: Catalogue, runs: Sequence[Run]) -> Iterator[list[tuple[Wanted, Record]]]:
    """What the table ``wanted`` names, each file read once from its beginning, a piece at a time.

    DataError where a run was changed since its ids were read.
    """
    for (number, lang, index), wanted in catalogue.by_shard():
        run, done = runs[number], 0
        for records in read_records(run.file(layout.data_file(lang, index)), [entry.row for entry in wanted]):
            pairs = list(zip(wanted[done:], records, strict=False))
            if any(entry.id != record.id for entry, record in pairs):
                raise _changed(run, lang, index)
            yield pairs
            done += len(records)
        if done != len(wanted):
            raise _changed(run, lang, index)


def _changed(run: Run, lang: str, index: int) -> DataError:
    return DataError(
        f"shard {index} of {lang} in {run.where} was changed while it was read: run the same command again"
    )
