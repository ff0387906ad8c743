"""The record: one item in one language, and its Arrow schema.

Records of one item share its ``id``; that is what makes a corpus parallel. Calls are held once, as objects
(:class:`Call`); API-Bank text, OpenAI tool calls, xLAM and Hermes are rendered from them and parsed into them.
In Parquet, values whose shape differs from row to row (arguments, tool schemas, ``accepts``) are JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "1"
Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: a name and its arguments, in their source order. Values are JSON values."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. ``content`` of a ``tool`` message is JSON text of the result object of call ``call_id``."""

    role: Role
    content: str
    calls: tuple[Call, ...] = ()
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Gold:
    """What counts as right: a final answer, or calls; ``accepts`` maps, per call, argument -> allowed values."""

    answer: str | None = None
    calls: tuple[Call, ...] = ()
    accepts: tuple[Mapping[str, list[Any]], ...] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where an item comes from. ``row`` counts from 1 in its file or split."""

    dataset: str
    revision: str
    split: str
    row: int
    license: str


@dataclass(frozen=True, slots=True)
class Translation:
    """How a record was made."""

    model: str
    revision: str
    signature: str
    arguments_policy: str
    tools_policy: str


@dataclass(frozen=True, slots=True)
class UnitTrace:
    """A unit as it was sent and accepted, on which rung of the ladder, with flags (no-end-token, unk, ...)."""

    source: str
    target: str
    rung: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """An item in one language. ``tools`` and ``edit`` are JSON text or None."""

    id: str
    group: str
    task: str
    lang: str
    messages: tuple[Message, ...]
    target: str
    gold: Gold
    source: Source
    tools: str | None = None
    translation: Translation | None = None
    units: tuple[UnitTrace, ...] = ()
    edit: str | None = None

    def with_(self, **changes: Any) -> Record:
        """A copy with some fields replaced."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was set aside: the record as far as it got (None for a malformed source row), and why.

    ``raw`` is the source row's text where no record could be made of it; ``score`` what the check that set it aside
    has measured, None where nothing was.
    """

    reason: str
    detail: str
    record: Record | None = None
    raw: str | None = None
    source: Source | None = field(default=None)
    score: float | None = None


def dump_json(value: Any) -> str:
    """JSON text in one canonical form per value: key order kept, no ASCII escapes, no spaces to spare."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def item_id(task: str, row: Mapping[str, Any]) -> str:
    """The id of a canonical source row: blake2b-128 over the task and the row with its keys sorted."""
    text = json.dumps([task, row], ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def record_schema() -> pa.Schema:
    """The Arrow schema of a record; ``schema_version`` stands in its metadata."""
    import pyarrow as pa

    text = pa.string()
    calls = pa.list_(pa.struct([("name", text), ("arguments", text)]))
    message = pa.struct([("role", text), ("content", text), ("calls", calls), ("call_id", text)])
    source = pa.struct([("dataset", text), ("revision", text), ("split", text), ("row", pa.int64()), ("license", text)])
    translation = pa.struct(
        [(name, text) for name in ("model", "revision", "signature", "arguments_policy", "tools_policy")]
    )
    unit = pa.struct([("source", text), ("target", text), ("rung", text), ("flags", pa.list_(text))])
    columns = [
        ("id", text),
        ("group", text),
        ("task", text),
        ("lang", text),
        ("messages", pa.list_(message)),
        ("target", text),
        ("tools", text),
        ("gold", pa.struct([("answer", text), ("calls", calls), ("accepts", text)])),
        ("source", source),
        ("translation", translation),
        ("units", pa.list_(unit)),
        ("edit", text),
    ]
    return pa.schema(columns, metadata={"schema_version": SCHEMA_VERSION})


def rejected_schema() -> pa.Schema:
    """The record's schema with ``reason``, ``detail``, ``score`` and ``raw`` behind it."""
    import pyarrow as pa

    schema = record_schema()
    for name, kind in (("reason", pa.string()), ("detail", pa.string()), ("score", pa.float64()), ("raw", pa.string())):
        schema = schema.append(pa.field(name, kind))
    return schema


def to_row(record: Record) -> dict[str, Any]:
    """A record as one row of :func:`record_schema`."""
    row = {name: getattr(record, name) for name in ("id", "group", "task", "lang", "target", "tools", "edit")}
    row["messages"] = [
        {"role": m.role, "content": m.content, "calls": _calls_out(m.calls), "call_id": m.call_id}
        for m in record.messages
    ]
    row["gold"] = gold_row(record.gold)
    row["source"] = asdict(record.source)
    row["translation"] = None if record.translation is None else asdict(record.translation)
    row["units"] = [
        {"source": u.source, "target": u.target, "rung": u.rung, "flags": list(u.flags)} for u in record.units
    ]
    return row


def gold_row(gold: Gold) -> dict[str, Any]:
    """What counts as right, as the column ``gold`` holds it."""
    return {
        "answer": gold.answer,
        "calls": _calls_out(gold.calls),
        "accepts": None if gold.accepts is None else dump_json([dict(entry) for entry in gold.accepts]),
    }


def from_row(row: Mapping[str, Any]) -> Record:
    """The inverse of :func:`to_row`."""
    gold, translation = row["gold"], row["translation"]
    accepts = gold["accepts"]
    return Record(
        **{name: row[name] for name in ("id", "group", "task", "lang", "target", "tools", "edit")},
        messages=tuple(Message(m["role"], m["content"], _calls_in(m["calls"]), m["call_id"]) for m in row["messages"]),
        gold=Gold(gold["answer"], _calls_in(gold["calls"]), None if accepts is None else tuple(json.loads(accepts))),
        source=Source(**row["source"]),
        translation=None if translation is None else Translation(**translation),
        units=tuple(UnitTrace(u["source"], u["target"], u["rung"], tuple(u["flags"])) for u in row["units"]),
    )


def rejected_to_row(rejected: Rejected) -> dict[str, Any]:
    """A rejected row as one row of :func:`rejected_schema`; columns that were never reached are null."""
    if rejected.record is not None:
        row = to_row(rejected.record)
    else:
        row = dict.fromkeys(record_schema().names)
        row["source"] = None if rejected.source is None else asdict(rejected.source)
    why = {name: getattr(rejected, name) for name in ("reason", "detail", "score", "raw")}
    return {**row, **why}


def _calls_out(calls: tuple[Call, ...]) -> list[dict[str, str]]:
    return [{"name": call.name, "arguments": dump_json(dict(call.arguments))} for call in calls]


def _calls_in(rows: list[dict[str, str]] | None) -> tuple[Call, ...]:
    return tuple(Call(row["name"], json.loads(row["arguments"])) for row in rows or ())
