"""Data sets of the Hugging Face Hub: resolved to a commit, then streamed through ``datasets`` or fetched as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import DataError, EnvironmentProblem, UsageError, one_line
from .hub_errors import Asked, gated, hub_errors
from .lines import RawRow, plain
from .presets import Preset
from .readers import count_rows, read_rows


@dataclass(frozen=True, slots=True)
class HubSet:
    """A set on the Hub at one commit. ``license`` is its card's, or "unknown"."""

    name: str
    config: str | None
    sha: str
    license: str
    gated: bool = False


def require_datasets() -> None:
    """Raises EnvironmentProblem where the ``datasets`` library is not installed."""
    try:
        import datasets  # noqa: F401
    except ImportError as error:
        raise EnvironmentProblem("Please install mlt[hf] to read data sets of the Hub (hf://...)") from error


def resolve(name: str, config: str | None, revision: str | None) -> HubSet:
    """The commit that ``revision`` (a branch, tag or commit; default: the main branch) is now.

    Raises UsageError for a set or revision that does not exist, EnvironmentProblem for a gated one or when the Hub
    cannot be reached.
    """
    from huggingface_hub import HfApi

    with hub_errors(_asked(name, revision)):
        info = HfApi().dataset_info(name, revision=revision, timeout=20)
    license_ = getattr(info.card_data, "license", None) if info.card_data else None
    if isinstance(license_, list):
        license_ = ", ".join(map(str, license_))
    return HubSet(name, config, str(info.sha), str(license_ or "unknown"), bool(info.gated))


class StreamPart:
    """A split, streamed through ``datasets``: nothing is downloaded that is not read."""

    task: str | None = None

    def __init__(self, hub: HubSet, split: str, data_files: str | None, cache_dir: Path | None) -> None:
        self.hub, self.split, self._data_files, self._cache_dir = hub, split, data_files, cache_dir

    def rows(self, start: int) -> Iterator[RawRow]:
        """Rows from the ``start``-th on; raises DataError at a row that ``datasets`` cannot read."""
        stream = self._stream.skip(start) if start else self._stream
        number = start
        try:
            with hub_errors(_asked(self.hub.name, self.hub.sha)):
                for number, row in enumerate(stream, start + 1):
                    yield RawRow(number, plain(row))
        except Exception as error:
            if not isinstance(error, _data_errors()):
                raise
            reason = one_line(error, 300)
            raise DataError(f"{self.hub.name}: row {number + 1} cannot be read: {reason}") from error

    def count(self) -> int:
        """How many rows there are, found by reading them."""
        return sum(1 for _ in self._stream)

    @cached_property
    def _stream(self) -> Any:
        from datasets import load_dataset

        try:
            with hub_errors(_asked(self.hub.name, self.hub.sha)):
                return load_dataset(
                    self.hub.name,
                    self.hub.config,
                    split=self.split,
                    revision=self.hub.sha,
                    data_files=self._data_files,
                    cache_dir=None if self._cache_dir is None else str(self._cache_dir),
                    streaming=True,
                )
        except Exception as error:
            if not isinstance(error, (ValueError, *_data_errors())):
                raise
            # A set whose terms were not accepted is "not found" to ``datasets``.
            if self.hub.gated and type(error).__name__ == "DatasetNotFoundError":
                raise gated(_asked(self.hub.name, self.hub.sha)) from error
            raise UsageError(f"{self.hub.name}: {one_line(error, 300)}") from error


class FilePart:
    """One file of a set, fetched as it is, with the columns of ``answers`` joined by ``id``."""

    task: str | None = None

    def __init__(self, hub: HubSet, split: str, file: str, answers: str | None, cache_dir: Path | None) -> None:
        from huggingface_hub.errors import EntryNotFoundError

        self.split, self._hub, self._cache_dir = split, hub, cache_dir
        try:
            self._path = self._fetch(file)
        except EntryNotFoundError as error:
            raise UsageError(f"{hub.name} has no file {file}: there is no config {hub.config!r}") from error
        self._answers = self._load(answers) if answers else {}

    def rows(self, start: int) -> Iterator[RawRow]:
        """Rows from the ``start``-th on."""
        for row in read_rows(self._path, start):
            if row.data is not None and (more := self._answers.get(str(row.data.get("id")))):
                row = RawRow(row.number, {**row.data, **more}, row.error, row.raw)
            yield row

    def count(self) -> int:
        """How many rows there are."""
        return count_rows(self._path)

    def _fetch(self, file: str) -> Path:
        from huggingface_hub import hf_hub_download

        with hub_errors(_asked(self._hub.name, self._hub.sha)):
            return Path(
                hf_hub_download(
                    self._hub.name,
                    file,
                    repo_type="dataset",
                    revision=self._hub.sha,
                    cache_dir=self._cache_dir,
                )
            )

    def _load(self, file: str) -> dict[str, Mapping[str, Any]]:
        """Answers by id. Some files have none (BFCL's irrelevance, where no call is right)."""
        from huggingface_hub.errors import EntryNotFoundError

        try:
            path = self._fetch(file)
        except EntryNotFoundError:
            return {}
        return {str(row.data.get("id")): row.data for row in read_rows(path) if row.data is not None}


def open_parts(hub: HubSet, preset: Preset | None, split: str, cache_dir: Path | None) -> list[StreamPart | FilePart]:
    """The parts of a split: a file where the preset names one, else a stream."""
    if preset is None or not preset.files:
        return [StreamPart(hub, split, preset.data_files if preset else None, cache_dir)]
    if split not in preset.files:
        raise UsageError(f"{hub.name} has no split {split!r}: choose one of {', '.join(preset.files)}")
    config = hub.config or preset.configs.get(split, "")
    answers = preset.answers.format(config=config) if preset.answers else None
    return [FilePart(hub, split, preset.files[split].format(config=config), answers, cache_dir)]


def _data_errors() -> tuple[type[Exception], ...]:
    import pyarrow as pa
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import EntryNotFoundError

    return (DatasetsError, EntryNotFoundError, FileNotFoundError, pa.ArrowException, UnicodeDecodeError)


def _asked(name: str, revision: str | None) -> Asked:
    instead = "name a local file or folder instead, or leave SOURCE out for the embedded sample"
    return Asked(name, "dataset", instead, revision=revision)
