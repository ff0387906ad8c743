"""Records for tests: made by hand, from the embedded sample, from real data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlt.toolkit.errors import RowError
from mlt.toolkit.records import Call, Gold, Message, Record, Source, dump_json
from mlt.toolkit.sources import open_source
from mlt.toolkit.tasks import get_task

SOURCE = Source("made", "r1", "train", 1, "CC0-1.0")


def math_record(question: str = "How many?", target: str = "2+2 = <<2+2=4>>4\n#### 4", **fields: Any) -> Record:
    values = {"id": "m1", "group": "m1", "lang": "en", "gold": Gold(answer="4"), **fields}
    return Record(task="math", messages=(Message("user", question),), target=target, source=SOURCE, **values)


def api_record(*messages: Message, calls: tuple[Call, ...] = (), target: str = "", **fields: Any) -> Record:
    """``tools`` may be given as objects."""
    values = {"id": "a1", "group": "a1", "lang": "en", "gold": Gold(calls=calls), **fields}
    if not isinstance(values.get("tools"), str | None):
        values["tools"] = dump_json(values["tools"])
    return Record(task="api", messages=messages, target=target, source=SOURCE, **values)


def gave(call_id: str | None, value: Any) -> Message:
    return Message("tool", json.dumps(value), call_id=call_id)


def records_of(source: str | Path | None) -> Iterator[Record]:
    """The records of a source (None: the embedded sample); rows that are none are passed over."""
    for row in open_source(source):
        if row.data is None:
            continue
        try:
            yield get_task(row.task).record(row.data, row.source)
        except RowError:
            continue


def real_records(data_dir: Path) -> Iterator[Record]:
    """Every record that API-Bank and BFCL give, and GSM8K's."""
    for path in (*sorted((data_dir / "api_bank").glob("*.jsonl")), *sorted((data_dir / "bfcl").glob("*.jsonl*"))):
        if "func_doc" not in path.name:
            yield from records_of(path)
    yield from records_of(data_dir / "gsm8k" / "train_first1000.jsonl")
