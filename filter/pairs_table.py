"""Pairs as record columns, without an object a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..toolkit.records import record_schema
from .pairs import TEXT_TASK

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that pairs come from: its name and the hash of its content."""

    dataset: str
    revision: str


def pairs_table(lang: str, ids: Sequence[str], texts: Sequence[str], rows: Sequence[int], origin: Origin) -> pa.Table:
    """Records of task "text", one message each, all of one language. ``rows``: where each stands in the file."""
    import pyarrow as pa

    schema, size = record_schema(), len(ids)
    message = schema.field("messages").type.value_type
    calls = pa.array([[]] * size, message.field("calls").type)

    def constant(value: str) -> pa.Array:
        return pa.repeat(pa.scalar(value, pa.string()), size)

    messages = pa.StructArray.from_arrays(
        [constant("user"), pa.array(texts, pa.string()), calls, pa.nulls(size, pa.string())], fields=list(message)
    )
    gold = schema.field("gold").type
    source = schema.field("source").type
    columns = {
        "id": pa.array(ids, pa.string()),
        "group": pa.array(ids, pa.string()),
        "task": constant(TEXT_TASK),
        "lang": constant(lang),
        "messages": pa.ListArray.from_arrays(pa.array(range(size + 1), pa.int32()), messages),
        "target": constant(""),
        "gold": pa.StructArray.from_arrays(
            [pa.nulls(size, pa.string()), calls, pa.nulls(size, pa.string())], fields=list(gold)
        ),
        "source": pa.StructArray.from_arrays(
            [
                constant(origin.dataset),
                constant(origin.revision),
                constant(""),
                pa.array(rows, pa.int64()),
                constant("unknown"),
            ],
            fields=list(source),
        ),
        "units": pa.array([[]] * size, schema.field("units").type),
    }
    arrays = [columns.get(field.name, pa.nulls(size, field.type)).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
