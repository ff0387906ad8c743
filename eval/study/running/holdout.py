"""A source divided into rows to train on and rows to ask, by whole problems or dialogues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.errors import DataError, RowError
from ....toolkit.files import write_atomic, write_json
from ....toolkit.records import dump_json
from ....toolkit.sources import open_source, parse_columns
from ....toolkit.tasks import get_task
from ..planning.folder import TEST_ROWS, TRAIN_ROWS

if TYPE_CHECKING:
    from ..planning.spec_types import TranslateSpec

SUMMARY = "source.json"
READING = ("split", "columns", "limit")
"""Options of ``mlt translate`` that say which rows are read; those of a divided source are applied here."""


@dataclass
class _Rows:
    """Rows by group, in the source's order, and what is no record, by reason."""

    groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def hold_out(task: str, spec: TranslateSpec, folder: Path, *, seed: int = 0) -> None:
    """Writes ``train.jsonl`` and ``test.jsonl`` into ``folder``, and ``source.json`` last; does nothing where it is.

    The test set has ``spec.holdout`` rows, or fewer where groups would be cut; which groups is decided by ``seed`` and
    the group's name alone. Raises DataError where one side would be empty, and what
    :func:`mlt.toolkit.sources.open_source` raises.
    """
    if (folder / SUMMARY).is_file():
        return
    options = {name: spec.options[name] for name in READING if name in spec.options}
    reader = open_source(
        None if spec.source == "sample" else spec.source,
        task=task,
        split=options.get("split"),
        columns=parse_columns(options.get("columns")),
        limit=options.get("limit"),
    )
    rows = _read(task, reader)
    held = _held(rows.groups, spec.holdout, seed)
    test = [row for group in rows.groups if group in held for row in rows.groups[group]]
    train = [row for group in rows.groups if group not in held for row in rows.groups[group]]
    if not test or not train:
        raise DataError(
            f"{spec.source}: {len(train) + len(test)} rows of {task} in {len(rows.groups)} groups cannot be divided "
            f"with {spec.holdout} of them held out: change holdout"
        )
    _write(folder / TRAIN_ROWS, train)
    _write(folder / TEST_ROWS, test)
    made = {"train": len(train), "test": len(test), "left_out": dict(sorted(rows.left_out.items()))}
    write_json(folder / SUMMARY, {"source": reader.describe(), "seed": seed, "rows": made})


def _read(task: str, reader: Iterable[Any]) -> _Rows:
    rows, adaptor = _Rows(), get_task(task)
    for row in reader:
        try:
            if row.data is None:
                raise row.error or RowError("malformed")
            group = adaptor.record(row.data, row.source).group
        except RowError as error:
            rows.left_out[error.reason] += 1
        else:
            rows.groups.setdefault(group, []).append(dict(row.data))
    return rows


def _held(groups: Mapping[str, list[dict[str, Any]]], holdout: int, seed: int) -> set[str]:
    """The groups that rank first and, together, have no more rows than are to be held out."""
    held: set[str] = set()
    left = holdout
    for group in sorted(groups, key=lambda group: _rank(group, seed)):
        if len(groups[group]) <= left:
            held.add(group)
            left -= len(groups[group])
    return held


def _rank(group: str, seed: int) -> bytes:
    return blake2b(f"{seed}:{group}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    write_atomic(path, "".join(f"{dump_json(row)}\n" for row in rows).encode("utf-8", "backslashreplace"))
