"""What test sets are made of: files a language, one source of rows, a run, a mixture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from ..toolkit import layout
from ..toolkit.errors import UsageError
from ..toolkit.local_sets import content_hash
from ..toolkit.mixtures import Mixture
from ..toolkit.prompts import wants_calls
from ..toolkit.records import Call, Record
from ..toolkit.run import Run
from .items import Item, gold_of, item_of, make_item
from .set_files import FileStore, SetFiles, is_language
from .set_rows import RecordReader
from .shots import HUB_FILE, Shots, exemplar_records, read_exemplars, read_literals, record_shots, shots_of


class SetKind(Protocol):
    """A test set that was opened. ``skipped`` counts, by reason, the rows that are no item."""

    name: str
    skipped: Counter[str]

    @property
    def languages(self) -> list[str]: ...

    def revision(self, lang: str) -> str:
        """What decides the items of a language: a commit, or a hash of its rows."""
        ...

    def items(self, lang: str, shots: Shots) -> Iterator[Item]:
        """The items of a language, in the set's order."""
        ...

    def shots(self, lang: str, count: int) -> Shots:
        """The first ``count`` worked examples of a language; UsageError where it has fewer."""
        ...


@dataclass
class FilesSet:
    """Files that are parallel line by line, one a language, here or on the Hub."""

    name: str
    task: str
    files: SetFiles
    store: FileStore
    columns: Mapping[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def languages(self) -> list[str]:
        return sorted(self.files.tests)

    def revision(self, lang: str) -> str:
        return self.store.revision or content_hash([self.store.fetch(self.files.tests[lang])])

    def items(self, lang: str, shots: Shots) -> Iterator[Item]:
        reader = RecordReader(self.task, self.columns, self.skipped)
        for record in reader.read(self.store.fetch(self.files.tests[lang]), lang, prefix=self.name):
            yield _item(record, self.name, shots)

    def shots(self, lang: str, count: int) -> Shots:
        records: Sequence[Record] = ()
        if lang in self.files.exemplars:
            records = read_exemplars(self.store.fetch(self.files.exemplars[lang]), lang)
        elif HUB_FILE in self.store.names:
            code = next((code for code in self._literals if self._literals[code] and is_language(code, lang)), "")
            records = exemplar_records(self._literals[code], lang, HUB_FILE) if code else ()
        if len(records) < count:
            raise _few_shots(self.name, lang, count, len(records), f"add a file {lang}.exemplars.jsonl beside the test")
        return record_shots(records[:count])

    @cached_property
    def _literals(self) -> dict[str, list[dict[str, str]]]:
        return read_literals(self.store.fetch(HUB_FILE))


@dataclass
class SourceSet:
    """One source of rows, each of which may say its language; ``lang`` is that of all rows where it is given."""

    name: str
    task: str
    spec: str | Path
    lang: str | None = None
    split: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    cache_dir: Path | None = None
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def languages(self) -> list[str]:
        return sorted(self._records)

    def revision(self, lang: str) -> str:
        return next(iter(self._records[lang])).source.revision

    def items(self, lang: str, shots: Shots) -> Iterator[Item]:
        english = {record.id: record.gold.calls for record in self._records.get("en", ())}
        for record in self._records[lang]:
            yield _item(record, self.name, shots, english)

    def shots(self, lang: str, count: int) -> Shots:
        raise _few_shots(
            self.name, lang, count, 0, "give a folder with a file of tests and one of exemplars a language"
        )

    @cached_property
    def _records(self) -> dict[str, list[Record]]:
        by_lang: dict[str, list[Record]] = {}
        reader = RecordReader(self.task, self.columns, self.skipped)
        for record in reader.read(self.spec, self.lang, split=self.split, cache_dir=self.cache_dir):
            by_lang.setdefault(record.lang, []).append(record)
        return by_lang


@dataclass
class RunSet:
    """A run: a test set that ``mlt translate`` has brought into other languages."""

    name: str
    task: str
    run: Run
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def languages(self) -> list[str]:
        return self.run.languages

    def revision(self, lang: str) -> str:
        return content_hash([self.run.file(layout.data_file(lang, index)) for index in self.run.shards(lang)])

    def items(self, lang: str, shots: Shots) -> Iterator[Item]:
        for record in self.run.records(lang):
            if record.task != self.task:
                self.skipped[f"task-{record.task}"] += 1
            elif self.task == "api" and not wants_calls(record):
                self.skipped["no-call-wanted"] += 1
            else:
                yield _item(record, self.name, shots, self._english)

    def shots(self, lang: str, count: int) -> Shots:
        raise _few_shots(self.name, lang, count, 0, "a run holds test items only; use --shots 0")

    @cached_property
    def _english(self) -> dict[str, tuple[Call, ...]]:
        if self.task != "api" or "en" not in self.run.languages:
            return {}
        return {record.id: record.gold.calls for record in self.run.records("en")}


@dataclass
class MixtureSet:
    """The validation split of a mixture, with rows of its training split as examples."""

    name: str
    task: str
    mixture: Mixture
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def languages(self) -> list[str]:
        return sorted({row["lang"] for row in self._held_out})

    def revision(self, lang: str) -> str:
        return content_hash(self.mixture.files("validation"))

    def items(self, lang: str, shots: Shots) -> Iterator[Item]:
        english = {row["id"]: gold_of(row["gold"]).calls for row in self._held_out if row["lang"] == "en"}
        for row in self._held_out:
            if row["lang"] == lang:
                yield _mixture_item(row, self.name, shots, english)

    def shots(self, lang: str, count: int) -> Shots:
        rows = list(islice(self._rows("train", lang), count))
        if len(rows) < count:
            raise _few_shots(self.name, lang, count, len(rows), "its training rows are the examples")
        pairs = [(row["prompt"], row["completion"]) for row in rows if row.get("prompt")]
        return shots_of(pairs, [message for row in rows for message in row.get("messages") or ()])

    @cached_property
    def _held_out(self) -> list[dict[str, Any]]:
        return list(self._rows("validation"))

    def _rows(self, split: str, lang: str | None = None) -> Iterator[dict[str, Any]]:
        for table in self.mixture.tables(split):
            for row in table.to_pylist():
                if row["task"] == self.task and lang in (None, row["lang"]):
                    yield row


def _item(record: Record, name: str, shots: Shots, english: Mapping[str, tuple[Call, ...]] | None = None) -> Item:
    source_calls = (english or {}).get(record.id) if record.lang != "en" else None
    return item_of(record, name, shots=shots, source_calls=source_calls)


def _mixture_item(row: Mapping[str, Any], name: str, shots: Shots, english: Mapping[str, tuple[Call, ...]]) -> Item:
    messages = row.get("messages")
    return make_item(
        **{key: row[key] for key in ("id", "group", "task", "lang")},
        test_set=name,
        gold=gold_of(row["gold"]),
        prompt=f"{shots.text}{row['prompt']}" if row.get("prompt") else "",
        messages=[*shots.messages, *messages[:-1]] if messages else None,
        tools=row.get("tools"),
        source_calls=english.get(row["id"]) if row["lang"] != "en" else None,
        stop=shots.stop,
    )


def _few_shots(name: str, lang: str, wanted: int, there: int, hint: str) -> UsageError:
    return UsageError(f"--shots {wanted}: {name} has {there} worked examples in {lang}: {hint}")
