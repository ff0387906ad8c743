"""What score columns were made from: a hash of the rows, and the keys that a scores file holds in its metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from .edits import Edit
from .records import dump_json

if TYPE_CHECKING:
    import pyarrow as pa

_METADATA = b"mlt_columns"


def rows_key(english: Mapping[str, Any], marker: Mapping[str, Any], edits: Iterable[Edit]) -> str:
    """The key of a shard's rows: its done marker, that of its English, and the edits of its rows, in their order."""
    files = [entry["blake2b"] for found in (english, marker) for entry in found["files"].values()]
    return json_hash([files, [edit.to_json() for edit in edits]])


def json_hash(value: Any) -> str:
    """blake2b-128 of a JSON value, in hex."""
    return blake2b(dump_json(value).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def column_keys(schema: pa.Schema) -> dict[str, Any]:
    """What decided each column of a scores file: check -> object. Entries that are none are left out."""
    try:
        found = json.loads((schema.metadata or {}).get(_METADATA, b"{}"))
    except ValueError:
        return {}
    return {name: entry for name, entry in found.items() if isinstance(entry, dict)} if isinstance(found, dict) else {}


def with_column_keys(table: pa.Table, keys: Mapping[str, Any]) -> pa.Table:
    """The table with these keys in its metadata."""
    text = json.dumps(keys, sort_keys=True, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _METADATA: text})
