"""Where rows come from: the embedded sample, local files, the Hub. Streamed, in order, none lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from . import samples
from .errors import DataError, RowError, UsageError
from .lines import RawRow
from .local_sets import LocalPart, content_hash, split_files, stem_of
from .presets import Preset, preset_of_hub, presets
from .readers import SUFFIXES, data_suffix
from .records import Source
from .tasks import TASKS, detect_task, task_of

_HUB_SPEC = re.compile(r"(?P<name>[^/:@\s]+/[^/:@\s]+)(?::(?P<config>[^@\s]+))?(?:@(?P<revision>\S+))?")
_PRESET_SPEC = re.compile(r"(?P<name>[^/:@\s]+)(?::(?P<config>[^@\s]+))?(?:@(?P<revision>\S+))?")
_SAMPLE = ("math", "api")
_LOOK_AHEAD = 1000  # rows read to find good ones
_GOOD_ROWS = 20  # good rows whose columns are tried


@dataclass(frozen=True, slots=True)
class Row:
    """A source row: ``data`` (columns by our names), or ``error`` and the ``raw`` text of a malformed one."""

    source: Source
    data: Mapping[str, Any] | None
    error: RowError | None
    raw: str | None
    task: str


class _Part(Protocol):
    """A file or a Hub split. ``task`` is set where a source mixes tasks."""

    @property
    def split(self) -> str: ...

    @property
    def task(self) -> str | None: ...

    def rows(self, start: int) -> Iterator[RawRow]: ...

    def count(self) -> int: ...


@dataclass(frozen=True)
class SourceReader:
    """A source that can be read from any row on, as often as wished.

    ``task`` is "math", "api" or, for the whole embedded sample, "math+api": every row knows its own. ``limit`` is
    the number of source rows, malformed ones included; it is no part of what the source is (:meth:`describe`).
    """

    dataset: str
    revision: str
    split: str
    license: str
    task: str
    columns: Mapping[str, str] = field(default_factory=dict)
    config: str | None = None
    limit: int | None = None
    parts: tuple[_Part, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return self.rows()

    def rows(self, start: int = 0) -> Iterator[Row]:
        """Rows from the ``start``-th on (0 = the first), up to the limit."""
        count = None if self.limit is None else max(0, self.limit - start)
        return islice(self._rows(start), count)

    def describe(self) -> dict[str, Any]:
        """What the source is, as JSON values, for manifests and signatures."""
        return {
            "dataset": self.dataset,
            "config": self.config,
            "revision": self.revision,
            "split": self.split,
            "license": self.license,
            "task": self.task,
            "columns": dict(self.columns),
        }

    def _rows(self, start: int) -> Iterator[Row]:
        last = len(self.parts) - 1
        for index, part in enumerate(self.parts):
            if start and index < last and start >= (count := part.count()):
                start -= count
                continue
            for row in part.rows(start):
                source = Source(self.dataset, self.revision, part.split, row.number, self.license)
                data = None if row.data is None else _renamed(row.data, self.columns)
                yield Row(source, data, row.error, row.raw, part.task or self.task)
            start = 0


def open_source(
    spec: str | Path | None,
    *,
    task: str = "auto",
    split: str | None = None,
    columns: Mapping[str, str] | None = None,
    limit: int | None = None,
    cache_dir: str | Path | None = None,
) -> SourceReader:
    """A reader of what ``spec`` names.

    ``spec``: None (the embedded sample), a preset (``gsm8k``, ``bfcl:parallel``), ``hf://owner/name[:config]
    [@revision]``, or a local file or folder (jsonl, json, csv, tsv, parquet; text files also gzipped). A preset's
    name wins over a file of that name: write ``./gsm8k`` for the file. ``split``: of a Hub set ("train" unless the
    preset says otherwise), or the files ``<split>.jsonl``, ``<split>-*.parquet``, ... of a folder. ``columns``: their
    column -> ours. ``cache_dir``: for what the Hub gives (its own default otherwise).

    Raises UsageError (unknown task, split, column, format; a task that cannot be told), DataError (missing or
    unreadable file), EnvironmentProblem (no Hub, or ``datasets`` is not installed).
    """
    if task not in ("auto", *TASKS):
        raise UsageError(f"--task {task}: choose auto, {' or '.join(TASKS)}")
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit}: choose 0 or more rows")
    cache = None if cache_dir is None else Path(cache_dir)
    if spec is None:
        reader = _open_sample(task, split)
    elif (hub := _hub_spec(str(spec))) is not None:
        reader = _open_hub(*hub, split, cache)
    else:
        reader = _open_local(Path(spec), split)
    return _settled(reader, task, dict(columns or {}), limit)


def parse_columns(text: str | None) -> dict[str, str]:
    """``--columns theirs=ours,...`` as a mapping, e.g. "problem=question,solution=answer"."""
    pairs = {}
    for item in (text or "").split(","):
        theirs, equals, ours = (part.strip() for part in item.partition("="))
        if item.strip() and not (theirs and equals and ours):
            raise UsageError(f"--columns {item.strip()!r}: write theirs=ours, such as problem=question")
        if theirs:
            pairs[theirs] = ours
    return pairs


def _settled(reader: SourceReader, task: str, columns: Mapping[str, str], limit: int | None) -> SourceReader:
    """The reader with its task and columns decided, by a look at the first good rows where they must be seen."""
    columns = columns or reader.columns
    wanted = reader.task if task == "auto" else task
    if wanted == "auto" or columns:
        rows = list(_first_good(reader))
        _require_columns(rows, columns, reader.dataset)
        if wanted == "auto":
            wanted = _tell_task([_renamed(row, columns) for row in rows], reader)
    return replace(reader, task=wanted, columns=columns, limit=limit)


def _first_good(reader: SourceReader) -> Iterator[Mapping[str, Any]]:
    plain_reader = replace(reader, columns={}, limit=_LOOK_AHEAD)
    return islice((row.data for row in plain_reader if row.data is not None), _GOOD_ROWS)


def _tell_task(rows: list[Mapping[str, Any]], reader: SourceReader) -> str:
    if not rows:
        bad = next((row.error for row in reader.rows() if row.error), None)
        found = f"the first problem is {bad}" if bad else "it has no rows"
        raise DataError(f"{reader.dataset}: no row to tell the task from ({found}); name it with --task")
    return next((task for row in rows if (task := task_of(row))), None) or detect_task(rows[0])


def _require_columns(rows: list[Mapping[str, Any]], columns: Mapping[str, str], name: str) -> None:
    seen = {column for row in rows for column in row}
    for theirs in columns:
        if rows and theirs not in seen:
            raise UsageError(f"--columns {theirs}={columns[theirs]}: {name} has {', '.join(sorted(seen))}")


def _renamed(data: Mapping[str, Any], columns: Mapping[str, str]) -> Mapping[str, Any]:
    if not columns:
        return data
    renamed = {ours: data[theirs] for theirs, ours in columns.items() if theirs in data}
    return {key: value for key, value in data.items() if key not in columns and key not in renamed} | renamed


# --- local -----------------------------------------------------------------------------------------------------------


def _open_sample(task: str, split: str | None) -> SourceReader:
    """The sample's files, math first; with a task or a split ("math", "api"), that one alone."""
    if split is not None and split not in _SAMPLE:
        raise UsageError(f"--split {split}: the embedded sample has the splits {' and '.join(_SAMPLE)}")
    names = [name for name in _SAMPLE if task in ("auto", name) and split in (None, name)]
    if not names:
        raise UsageError(f"--split {split} of the embedded sample holds no rows of --task {task}")
    folder = Path(next(iter(samples.__path__)))
    parts = tuple(LocalPart(folder / f"{name}.jsonl", name, name) for name in names)
    revision = content_hash([part.path for part in parts])
    return SourceReader("mlt-sample", revision, "+".join(names), "CC0-1.0", "+".join(names), parts=parts)


def _open_local(path: Path, split: str | None) -> SourceReader:
    if path.is_dir():
        paths = split_files(path, split)
    elif not path.exists():
        hint = f"; a Hub set is written hf://{path}" if re.fullmatch(r"[\w.-]+/[\w.-]+", str(path)) else ""
        raise DataError(f"no file, folder or preset {str(path)!r} (presets: {', '.join(presets())}){hint}")
    elif data_suffix(path) is None:
        raise UsageError(f"{path.name}: unknown format; known are {', '.join(SUFFIXES)}, and .gz of the text ones")
    elif split is not None:
        raise UsageError(f"--split {split} chooses a file of a folder, but {path.name} is a file: leave it out")
    else:
        paths = [path]
    parts = tuple(LocalPart(file, stem_of(file)) for file in paths)
    name = path.resolve().name
    splits = split or (parts[0].split if len(parts) == 1 else "all")
    return SourceReader(name, content_hash(paths), splits, "unknown", "auto", parts=parts)


def _hub_spec(spec: str) -> tuple[str, Preset | None, str | None, str | None] | None:
    """Hub id, preset, config and revision of an ``hf://`` or preset spec; None for a path."""
    if spec.startswith("hf://"):
        match = _HUB_SPEC.fullmatch(spec.removeprefix("hf://"))
        if match is None:
            raise UsageError(f"{spec!r}: write hf://owner/name, hf://owner/name:config or hf://owner/name@revision")
        return match["name"], preset_of_hub(match["name"]), match["config"], match["revision"]
    match = _PRESET_SPEC.fullmatch(spec)
    if match is None or match["name"] not in presets():
        return None
    preset = presets()[match["name"]]
    return preset.hub, preset, match["config"], match["revision"]


def _open_hub(
    name: str,
    preset: Preset | None,
    config: str | None,
    revision: str | None,
    split: str | None,
    cache_dir: Path | None,
) -> SourceReader:
    from . import hub_sets

    split = split or (preset.split if preset else "train")
    if preset:
        name, config = preset.hub, config or preset.config or preset.configs.get(split)
    if not (preset and preset.files):
        hub_sets.require_datasets()
    hub = hub_sets.resolve(name, config, revision)
    return SourceReader(
        dataset=hub.name,
        revision=hub.sha,
        split=split,
        license=preset.license if preset else hub.license,
        task=preset.task if preset else "auto",
        columns=preset.columns if preset else {},
        config=hub.config,
        parts=tuple(hub_sets.open_parts(hub, preset, split, cache_dir)),
    )
