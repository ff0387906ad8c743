"""The long table of a study: a row an item, of every run and base that is finished.

==================  =================================================================================================
``run``             name of the run or base; two runs that share an address are there twice, each under its name
``address``         where it lies: ``runs/<address>`` or ``bases/<address>``
``model``           and ``family``, ``log10_parameters`` (NaN where the number is not known)
``task``            ``math`` or ``api``
``mixture``         ``L02-en-sw``; of a base ``base``
``L``               how many languages the mixture has, ``languages`` which (a tuple); 0 and () of a base
``budget``          of a base "", as it belongs to none
``seed``            of the training; 0 of a base
``steps``           optimiser steps and ``tokens`` of the training, 0 of a base
``lang``            the evaluated language
``exposure``        ``direct``: in the mixture; ``transfer``: not in it; ``pretrained``: a base
``tier``            ``high``, ``low``, or what the study calls it; ``other`` where it names none
``item``            the item's id, the same in every language
``group``           the problem or dialogue it belongs to; items of a group are no independent evidence
``correct``         by the verdict that the study asks for of the task
``file``            its sample's file, relative to the study's folder, and ``line``, from 1; "" and 0 where it has none
==================  =================================================================================================

``item`` and ``group`` are unique within a task: what pools tasks groups by both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.errors import DataError
from ....toolkit.files import read_json

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..planning.folder import StudyFolder

SCHEMA_VERSION = "1"
FILE = "items.parquet"
OTHER_TIER = "other"
BASE = "base"

CELL_LEVEL = (
    "run",
    "address",
    "model",
    "family",
    "log10_parameters",
    "task",
    "mixture",
    "L",
    "languages",
    "budget",
    "seed",
    "steps",
    "tokens",
    "lang",
    "exposure",
    "tier",
)
"""The columns that are the same in all rows of a cell."""

COLUMNS = (*CELL_LEVEL, "item", "group", "correct", "file", "line")

_METADATA = b"mlt_study"


@dataclass(frozen=True, slots=True, eq=False)
class StudyTable:
    """The rows, and what the study asked for. Two tables are the same only where they are one object.

    ``frame`` has :data:`COLUMNS`, the rows of a cell one behind the other. ``pivot`` is the language of every
    mixture, ``evaluated`` the languages asked, ``lmax`` the most languages of a mixture. ``expected`` counts, under
    ``runs`` and ``bases``, what is ``planned`` and ``finished``, and lists as ``unfinished`` every other run with its
    ``name``, ``kind``, ``address``, ``state`` (``to come``, ``running``, ``failed``, …) and ``error``. ``folder`` is
    the study's, None where there is none on disk.
    """

    frame: pd.DataFrame
    pivot: str
    evaluated: tuple[str, ...]
    tiers: Mapping[str, str]
    lmax: int
    expected: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


class TableBuilder:
    """Collects the rows of a table a cell at a time; what is the same in a cell is kept once until the end."""

    def __init__(self) -> None:
        self._cells: list[Mapping[str, Any]] = []
        self._sizes: list[int] = []
        self._items: dict[str, list[Any]] = {name: [] for name in COLUMNS if name not in CELL_LEVEL}

    def add(
        self,
        cell: Mapping[str, Any],
        items: Sequence[str],
        groups: Sequence[str],
        correct: Sequence[bool],
        *,
        file: str = "",
        lines: Sequence[int] | None = None,
    ) -> None:
        """Adds a cell: its :data:`CELL_LEVEL` values, and one id, group and verdict an item (ValueError else)."""
        if missing := [name for name in CELL_LEVEL if name not in cell]:
            raise ValueError(f"a cell needs {', '.join(missing)}")
        size = len(items)
        rows: dict[str, Sequence[Any]] = {
            "item": items,
            "group": groups,
            "correct": correct,
            "file": [file] * size,
            "line": [0] * size if lines is None else lines,
        }
        for name, values in rows.items():
            if len(values) != size:
                raise ValueError(f"{size} items, but {len(values)} of {name}")
        for name, values in rows.items():
            self._items[name].extend(values)
        self._cells.append(cell)
        self._sizes.append(size)

    def frame(self) -> pd.DataFrame:
        """The rows so far."""
        import numpy as np
        import pandas as pd

        dtypes = _dtypes()
        columns: dict[str, Any] = {}
        for name in CELL_LEVEL:
            # Filled one by one: numpy would make a table of equally long tuples.
            values = np.empty(len(self._cells), dtype=object)
            for index, cell in enumerate(self._cells):
                values[index] = cell[name]
            columns[name] = pd.Series(values, dtype=dtypes.get(name, object)).repeat(self._sizes).array
        columns |= {name: pd.array(values, dtype=dtypes[name]) for name, values in self._items.items()}
        return pd.DataFrame(columns, columns=list(COLUMNS), copy=False)


def exposure_of(lang: str, languages: Sequence[str], *, base: bool) -> str:
    """How a run has met the language that it is evaluated in."""
    if base:
        return "pretrained"
    return "direct" if lang in languages else "transfer"


def build_table(folder: StudyFolder) -> StudyTable:
    """Reads the answers of every finished run and base of a study, and writes ``report/items.parquet``.

    What is planned stands in study.json. DataError where that is missing, nothing is finished, or a finished run's
    answers are damaged or lack a language.
    """
    from .gather import gather

    table = gather(folder)
    write_table(table, folder.report / FILE)
    return table


def write_table(table: StudyTable, path: Path) -> None:
    """Writes a table as Parquet, with what the study asked for as metadata. Equal tables give equal bytes."""
    import pyarrow as pa

    from ....toolkit import shard_files

    about = {
        "schema_version": SCHEMA_VERSION,
        "pivot": table.pivot,
        "evaluated": list(table.evaluated),
        "tiers": dict(table.tiers),
        "lmax": table.lmax,
        "expected": dict(table.expected),
    }
    rows = pa.Table.from_pandas(table.frame, schema=_schema(), preserve_index=False)
    metadata = {_METADATA: json.dumps(about, ensure_ascii=False, sort_keys=True)}
    shard_files.write_table(path, rows.replace_schema_metadata(metadata))


def read_table(path: Path) -> StudyTable:
    """The table that :func:`write_table` wrote; ``folder`` is the study's where the file stands in its report.

    DataError where the file is missing, damaged or holds something else.
    """
    import pyarrow as pa

    from ....toolkit.table_rows import parquet_file

    if not path.is_file():
        raise DataError(f"no such file: {path}; make it with mlt study report")
    with parquet_file(path) as file:
        try:
            about = json.loads(file.schema_arrow.metadata[_METADATA])
            rows = file.read(list(COLUMNS))
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
            raise DataError(f"{path} holds no table of a study: make it anew with mlt study report") from None
    if about["schema_version"] != SCHEMA_VERSION:
        raise DataError(f"{path} was made by another version: make it anew with mlt study report")
    study = path.parent.parent
    return StudyTable(
        frame=_frame(rows),
        pivot=about["pivot"],
        evaluated=tuple(about["evaluated"]),
        tiers=about["tiers"],
        lmax=about["lmax"],
        expected=about["expected"],
        folder=study if (study / "study.json").is_file() else None,
    )


def cells(table: StudyTable) -> pd.DataFrame:
    """One row a cell, in the table's order: :data:`CELL_LEVEL`, ``n`` items, ``correct`` of them, ``accuracy``."""
    frame = table.frame
    keys = ["run", "lang"]
    first = frame.drop_duplicates(keys)[list(CELL_LEVEL)]
    counts = frame.groupby(keys, sort=False, observed=True)["correct"].agg(n="size", correct="sum")
    joined = first.merge(counts, left_on=keys, right_index=True, how="left", validate="one_to_one")
    joined["accuracy"] = joined["correct"] / joined["n"]
    return joined.reset_index(drop=True)


def log10_parameters(parameters: float | None) -> float:
    """The logarithm of a model's size; NaN where it is not known."""
    return math.log10(parameters) if parameters else math.nan


def read_study(path: Path) -> dict[str, Any]:
    """What a study.json holds; DataError where there is none or it is damaged."""
    if not path.is_file():
        raise DataError(f"{path.parent} holds no {path.name}: start the study with mlt study run")
    found = read_json(path)
    if not isinstance(found, dict) or not all(isinstance(found.get(name), list) for name in ("runs", "bases")):
        raise DataError(f"{path} is damaged: it lists no runs; run mlt study run again, finished runs are kept")
    return found


def _dtypes() -> dict[str, str]:
    """The dtypes of the columns but ``languages``, whose tuples are objects, and texts, which pandas infers."""
    numbers = {"log10_parameters": "float64", "L": "int64", "seed": "int64", "steps": "int64", "tokens": "int64"}
    texts = [name for name in COLUMNS if name not in (*numbers, "languages", "correct", "line")]
    return {**numbers, "correct": "bool", "line": "int64", **dict.fromkeys(texts, "str")}


def _schema() -> pa.Schema:
    import pyarrow as pa

    kinds = {"float64": pa.float64(), "int64": pa.int64(), "bool": pa.bool_(), "str": pa.string()}
    dtypes = _dtypes()
    texts = pa.list_(pa.string())
    return pa.schema([(name, kinds[dtypes[name]] if name in dtypes else texts) for name in COLUMNS])


def _frame(rows: pa.Table) -> pd.DataFrame:
    """The rows as :class:`TableBuilder` gives them. Languages are read once a run, not once an item."""
    frame = rows.drop_columns(["languages"]).to_pandas()
    first = frame["run"].drop_duplicates()
    listed = rows.column("languages").take(first.index.to_numpy()).to_pylist()
    of_run = {run: tuple(langs) for run, langs in zip(first, listed, strict=True)}
    frame["languages"] = frame["run"].map(of_run).astype(object)
    return frame[list(COLUMNS)].astype(_dtypes())
