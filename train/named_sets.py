"""Test sets by name or place, and their English records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from ..toolkit.errors import DataError, RowError, UsageError
from ..toolkit.presets import presets
from ..toolkit.records import Record
from ..toolkit.sources import SourceReader, open_source
from ..toolkit.tasks import get_task

RULES = ("exact", "13-gram", "api")


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A test set as ``test_sets.yaml`` describes it; the fields are explained there."""

    name: str
    sources: tuple[str, ...]
    rules: tuple[str, ...] = RULES
    ignored: tuple[str, ...] = ()


@dataclass(slots=True)
class Rows:
    """The rows of an opened test set, read once. ``skipped`` counts, by reason, those that are no English record."""

    readers: tuple[SourceReader, ...]
    skipped: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Each record with its row, counted from 1 through all files of the set."""
        number = 0
        for reader in self.readers:
            for row in reader:
                number += 1
                if row.data is None:
                    self.skipped[row.error.reason if row.error else "malformed"] += 1
                    continue
                try:
                    yield number, get_task(row.task).record(row.data, row.source)
                except RowError as error:
                    self.skipped[error.reason] += 1


@cache
def known_sets() -> Mapping[str, NamedSet]:
    """The named test sets."""
    import yaml

    entries = yaml.safe_load(Path(__file__).with_name("test_sets.yaml").read_text(encoding="utf-8"))
    return {
        name: NamedSet(name, **{key: tuple(value) for key, value in entry.items()}) for name, entry in entries.items()
    }


def find_set(spec: str) -> NamedSet:
    """The set of a name, or of ``NAME=SOURCE``. Raises UsageError."""
    name, equals, source = (part.strip() for part in spec.partition("="))
    known = known_sets().get(name)
    if not equals:
        if known is None:
            names = ", ".join(known_sets())
            raise UsageError(f"--decontaminate {spec}: known are {names}; write NAME=FILE for a set of your own")
        return known
    if not name or not source:
        raise UsageError(f"--decontaminate {spec}: write NAME=FILE, such as mine=tests/questions.jsonl")
    return replace(known, sources=(source,)) if known else NamedSet(name, (source,))


def find_sets(specs: Sequence[str]) -> list[NamedSet]:
    """The sets of several specs; UsageError where two have one name."""
    sets = [find_set(spec) for spec in specs]
    twice = next((name for name, count in Counter(one.name for one in sets).items() if count > 1), None)
    if twice:
        raise UsageError(f"--decontaminate: {twice} is named twice; give each set a name of its own, NAME=FILE")
    return sets


def open_set(named: NamedSet, cache_dir: str | Path | None = None) -> Rows:
    """The set's rows. Raises what :func:`mlt.toolkit.sources.open_source` does, naming the set."""
    where = f"--decontaminate {named.name}"
    try:
        return Rows(tuple(_open(source, cache_dir) for source in named.sources))
    except (UsageError, DataError) as error:
        raise type(error)(f"{where}: {error}") from error


def _open(source: str, cache_dir: str | Path | None) -> SourceReader:
    is_hub = source.startswith("hf://") or re.split("[:@]", source)[0] in presets()
    return open_source(source, split="test" if is_hub else None, cache_dir=cache_dir)
