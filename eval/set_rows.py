"""Rows of test sets as records in their own language. Human translations are no run of ours: a file a language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError, RowError, UsageError
from ..toolkit.languages import resolve
from ..toolkit.local_sets import content_hash
from ..toolkit.prompts import wants_calls
from ..toolkit.records import Record, Source
from ..toolkit.sources import open_source
from ..toolkit.tasks import get_task

_LANGUAGE = ("lang", "language")
_BARE = ("question", "answer")


@dataclass
class RecordReader:
    """Reads files into records of ``task``. ``skipped`` counts, by reason, the rows that are no item."""

    task: str
    columns: Mapping[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def read(
        self, spec: str | Path, lang: str | None, *, split: str | None = None, prefix: str = "", cache_dir: Any = None
    ) -> Iterator[Record]:
        """Records of a source that :func:`mlt.toolkit.sources.open_source` reads, or of a tsv file without a header.

        ``lang``: of all rows; None where each row says its own, English where it says none. ``prefix``: ids are this
        and the row's number where the rows have no id of their own, as files do that are parallel line by line; else
        they are hashes of the row.
        """
        for data, source in self._rows(spec, split, cache_dir):
            if data is None:
                self.skipped["malformed"] += 1
                continue
            try:
                record = self._record(data, source, lang)
            except RowError as error:
                self.skipped[error.reason] += 1
                continue
            if self.task == "api" and not wants_calls(record):
                self.skipped["no-call-wanted"] += 1
                continue
            yield _named(record, data, prefix)

    def _rows(self, spec: str | Path, split: str | None, cache_dir: Any) -> Iterator[tuple[Any, Source]]:
        if isinstance(spec, Path) and (pairs := _without_header(spec)) is not None:
            source = Source(spec.name, content_hash([spec]), "test", 0, "unknown")
            for number, pair in enumerate(pairs, 1):
                yield (
                    dict(zip(_BARE, pair, strict=True)),
                    Source(source.dataset, source.revision, source.split, number, source.license),
                )
            return
        for row in open_source(spec, task=self.task, split=split, cache_dir=cache_dir):
            yield row.data, row.source

    def _record(self, data: Mapping[str, Any], source: Source, lang: str | None) -> Record:
        renamed = {ours: data[theirs] for theirs, ours in self.columns.items() if data.get(theirs) is not None}
        # The adaptor reads English rows: that these are in another language is known, and kept beside it.
        row = {key: value for key, value in data.items() if key not in _LANGUAGE and key not in self.columns}
        record = get_task(self.task).record({**row, **renamed}, source)
        return record.with_(lang=lang or _language(data))


def _language(data: Mapping[str, Any]) -> str:
    stated = next((data[name] for name in _LANGUAGE if isinstance(data.get(name), str)), "en")
    try:
        return resolve(stated).language.code
    except UsageError:
        raise RowError("unknown-language", f"the row says its language is {stated[:40]!r}") from None


def _named(record: Record, data: Mapping[str, Any], prefix: str) -> Record:
    own = data.get("id")
    if isinstance(own, str) and own:
        id = own
    elif prefix:
        id = f"{prefix}-{record.source.row - 1:03d}"
    else:
        return record
    # A row that names no group is one of its own, and the same one in every language.
    return record.with_(id=id, group=id if record.group == record.id else record.group)


def _without_header(path: Path) -> list[list[str]] | None:
    """The lines of a tsv file of questions and answers without a header, as MGSM's are; None for any other file."""
    if path.suffix != ".tsv":
        return None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path.name}: {error}") from None
    rows = [line.split("\t") for line in lines if line.strip()]
    if not rows or any(len(row) != len(_BARE) for row in rows) or not rows[0][1].strip()[:1].isnumeric():
        return None
    return rows
