"""What a model is trained on: rows as tokens with their labels, and the items that its accuracy is measured on.

The trainer is given finished tokens (columns ``input_ids`` and ``labels``), so that what was checked before training is
what is trained on. TRL takes such a set as it is: it is neither to add end tokens or masks (``completion_only_loss``
and ``assistant_only_loss`` stay unset), only to cut to ``max_length`` and to pack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.mixtures import Format
from ..toolkit.progress import NullProgress, Progress
from .labels import Labelled, label_messages, label_prompts
from .templates_check import Template, examine, require
from .training_rows import TrainingRow
from .training_sets import Kind, TrainingSet, open_training_set
from .validation_items import validation_items

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from ..eval.items import Item
    from .recipe import Recipe

_BATCH = 1000
_NAMES = ("id", "task", "lang")
_TOKENS = ("input_ids", "labels")
_NUMBERS = ("prompt_tokens", "shared_tokens")


@dataclass(frozen=True)
class TrainingData:
    """Tokens to train on, and what is held out.

    ``train``: a ``datasets.Dataset`` of the columns ``id``, ``task``, ``lang``, ``input_ids``, ``labels`` (-100 for
    what is not learned; both whole, nothing cut off), ``prompt_tokens`` and ``shared_tokens``
    (:class:`mlt.train.labels.Labelled`). ``held_out``: the validation split likewise, for the loss on it; it may be
    empty. ``validation``: the same rows as items of the evaluation, for the accuracy; those without gold are left out.
    ``languages``: of the rows, English first. ``left_out``: rows of other tasks than the recipe's.
    ``signature`` says what decided the rows, in one line. ``format`` is that of all rows. ``runs``: what a mixture was
    made of, as its manifest has it.
    """

    train: Dataset
    held_out: Dataset
    validation: list[Item]
    languages: list[str]
    signature: str
    kind: Kind
    name: str
    format: Format
    left_out: int
    license: str | None = None
    runs: tuple[Mapping[str, Any], ...] = ()


def load_training_data(
    path: str | Path, recipe: Recipe, tokenizer: Any, *, progress: Progress | None = None
) -> TrainingData:
    """The rows of the recipe's task in a set (see :func:`mlt.train.training_sets.open_training_set`), as tokens.

    Memory holds eight bytes a token. Raises UsageError where the rows are not of the recipe's format, none is of its
    task, or the model's chat template cannot hold them; DataError for damaged rows.
    """
    opened = open_training_set(path, recipe.task)
    progress = progress or NullProgress()
    labeller = _Labeller(tokenizer)
    train = _Split(opened, "train", recipe.task, recipe.format)
    with_labels = _dataset(train, labeller, progress)
    if train.format is None:
        found = ", ".join(sorted(train.other_tasks)) or "nothing at all"
        raise UsageError(f"task={recipe.task}: {opened.name} holds {found} to train on; choose a recipe of that task")
    held_out = _Split(opened, "validation", recipe.task, train.format)
    kept = list(held_out)
    return TrainingData(
        train=with_labels,
        held_out=_dataset(kept, labeller, progress),
        validation=validation_items(kept, opened.name),
        languages=sorted(train.languages | held_out.languages, key=lambda lang: (lang != "en", lang)),
        signature=opened.signature,
        kind=opened.kind,
        name=opened.name,
        format=train.format,
        left_out=sum(train.other_tasks.values()) + sum(held_out.other_tasks.values()),
        license=opened.license,
        runs=opened.runs,
    )


class _Split:
    """A split's rows of one task and format, streamed; what was seen on the way is told afterwards."""

    def __init__(self, opened: TrainingSet, split: str, task: str, wanted: str) -> None:
        self.format: Format | None = None
        self.languages: set[str] = set()
        self.other_tasks: Counter[str] = Counter()
        self._opened, self._split, self._task, self._wanted = opened, split, task, wanted

    def __iter__(self) -> Iterator[TrainingRow]:
        for row in self._opened.rows(self._split):
            if row.task != self._task:
                self.other_tasks[row.task] += 1
                continue
            if row.format != self.format:
                self._check(row)
            self.languages.add(row.lang)
            yield row

    def _check(self, row: TrainingRow) -> None:
        if self.format is not None:
            raise DataError(f"{self._opened.name} mixes prompts and messages (row {row.id}): keep one of the two")
        if self._wanted not in ("auto", row.format):
            raise UsageError(
                f"format={self._wanted}: the {self._split} rows of {self._opened.name} are of format {row.format}; "
                f"make them with mlt mix --format {self._wanted}, or set format={row.format}"
            )
        self.format = row.format


class _Labeller:
    """Cuts rows into tokens. The chat template is looked at when the first messages come."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, rows: Sequence[TrainingRow]) -> list[Labelled]:
        if rows[0].format == "prompt":
            return label_prompts(rows, self._tokenizer)
        calls = any(message.get("tool_calls") for row in rows for message in row.messages or ())
        require(self._template, tools=any(row.tools for row in rows), calls=calls)
        return [label_messages(row, self._tokenizer) for row in rows]

    @cached_property
    def _template(self) -> Template:
        return examine(self._tokenizer)


def _dataset(rows: Iterable[TrainingRow], label: _Labeller, progress: Progress) -> Dataset:
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable

    schema = _schema()
    tables, done, source = [], 0, iter(rows)
    while batch := list(islice(source, _BATCH)):
        columns = [_columns(row, labelled) for row, labelled in zip(batch, label(batch), strict=True)]
        tables.append(pa.Table.from_pylist(columns, schema=schema))
        done += len(batch)
        progress.message(f"cutting rows into tokens, {done:,} done")
    progress.message("")
    return Dataset(InMemoryTable(pa.concat_tables(tables) if tables else schema.empty_table()))


def _columns(row: TrainingRow, labelled: Labelled) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _NAMES},
        **{name: getattr(labelled, name) for name in (*_TOKENS, *_NUMBERS)},
    }


def _schema() -> pa.Schema:
    import pyarrow as pa

    # Not 64 bits, which lists of numbers would get: a corpus is then half as large in memory.
    tokens = pa.list_(pa.int32())
    return pa.schema(
        [
            *((name, pa.string()) for name in _NAMES),
            *((name, tokens) for name in _TOKENS),
            *((name, pa.int32()) for name in _NUMBERS),
        ]
    )
