"""What ``mlt train`` can learn from, opened: a mixture, a set on the Hub, a folder or file as TRL reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..toolkit import layout
from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import file_hash
from ..toolkit.mixtures import FOLDER, Mixture, find_mixtures, open_mixture
from ..toolkit.signature import signature
from ..toolkit.sources import Row, SourceReader, open_source
from .training_rows import TrainingRow, training_row

HUB = "hf://"
Kind = Literal["mixture", "hub", "files"]


@dataclass(frozen=True)
class TrainingSet:
    """An opened set. ``rows`` gives a split's rows ("train", "validation"), none where there is no such split.

    ``signature`` says in one line all that decided its rows. ``runs``: those that a mixture was made of, as its
    manifest has them: their sources, models and licences.
    """

    name: str
    kind: Kind
    signature: str
    rows: Callable[[str], Iterator[TrainingRow]]
    license: str | None = None
    runs: tuple[Mapping[str, Any], ...] = ()


def open_training_set(spec: str | Path, task: str) -> TrainingSet:
    """The set that ``spec`` names.

    ``spec``: the folder of a mixture or one that holds a single mixture, ``hf://owner/name[:config][@revision]``, a
    folder with the files ``train.*`` and ``validation.*``, or a file (jsonl, json, csv, tsv, parquet). ``task`` is
    that of rows which do not name theirs.

    Raises UsageError for a run, and for a folder of several mixtures; DataError for what is missing or damaged.
    """
    if str(spec).startswith(HUB):
        return _from_source(str(spec), "hub", task)
    path = Path(spec)
    if not path.exists():
        raise DataError(f"no such mixture, folder or file: {path}; a set on the Hub is written {HUB}owner/name:config")
    if path.is_dir():
        mixtures = find_mixtures(path)
        if len(mixtures) > 1:
            names = ", ".join(str(mixture.path.relative_to(path)) for mixture in mixtures[:5])
            raise UsageError(f"{path} holds {len(mixtures)} mixtures: name one of them, such as {names}")
        if mixtures:
            return _from_mixture(open_mixture(mixtures[0].path))
        if (path / layout.MANIFEST).is_file():
            raise UsageError(f"{path} is a run: make a mixture of it first (mlt mix {path} -o {path / FOLDER}/NAME)")
    # As a path of several parts: a name alone could be a preset's.
    return _from_source(path.absolute(), "files", task)


def _from_mixture(mixture: Mixture) -> TrainingSet:
    for name, entry in mixture.manifest["files"].items():
        path = mixture.path / name
        if not path.is_file() or file_hash(path) != entry["blake2b"]:
            raise DataError(f"{path} is missing or not as mlt mix has written it: make the mixture again")

    def rows(split: str) -> Iterator[TrainingRow]:
        for table in mixture.tables(split):
            for row in table.to_pylist():
                yield training_row(row, f"{split} row {row['id']}", row["task"])

    runs = tuple(mixture.manifest.get("runs", ()))
    return TrainingSet(mixture.name, "mixture", str(mixture.manifest["signature"]), rows, runs=runs)


def _from_source(spec: str | Path, kind: Kind, task: str) -> TrainingSet:
    # A file is one split; of a folder and of a Hub set, the split of that name is taken.
    whole = isinstance(spec, Path) and spec.is_file()
    readers = {"train": open_source(spec, task=task, split=None if whole else "train")}
    if not whole and (validation := _opened(spec, task, "validation")):
        readers["validation"] = validation

    def rows(split: str) -> Iterator[TrainingRow]:
        for row in readers.get(split, ()):
            yield _row(row, split, task)

    train = readers["train"]
    license_ = None if train.license == "unknown" else train.license
    return TrainingSet(train.dataset, kind, _signature_of(readers), rows, license=license_)


def _opened(spec: str | Path, task: str, split: str) -> SourceReader | None:
    """The reader of a split that need not be there; None where it is not, or is empty."""
    try:
        reader = open_source(spec, task=task, split=split)
        return reader if next(iter(reader), None) is not None else None
    except UsageError:  # no such split: that of the training rows was opened, so the set itself is there
        return None


def _row(row: Row, split: str, task: str) -> TrainingRow:
    if row.data is None:
        raise DataError(f"{row.source.dataset}: {row.error}; correct or remove the row")
    return training_row(row.data, f"{split} row {row.source.row}", task)


def _signature_of(readers: Mapping[str, SourceReader]) -> str:
    """Set and config, and of each split its revision: of local files, the hash of what they hold."""
    described = readers["train"].describe()
    revisions = {split: reader.revision for split, reader in readers.items()}
    return signature({"source": {"dataset": described["dataset"], "config": described["config"], **revisions}})
