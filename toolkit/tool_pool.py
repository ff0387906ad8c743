"""The tools that a record offers, as prompts and chat templates want them: OpenAI's functions, nothing beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .records import Record
from .tasks.tool_schema import function_of

_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": None}
"""Names that data sets write for JSON Schema's; ``any`` says nothing there and is left out."""

_SCHEMAS = ("items", "additionalProperties", "not")
_SCHEMA_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions")


def functions_of(record: Record) -> list[dict[str, Any]]:
    """Name, description and parameters of every tool, in order; empty where the record offers none.

    ``parameters`` is an object schema, and empty where the tool takes nothing. What is no part of the standard goes:
    a tool's ``response``, ``x-type``, the type name ``dict``.
    """
    tools = json.loads(record.tools) if record.tools else []
    return [_function(function_of(tool)) for tool in tools]


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    parameters = tool.get("parameters")
    schema = _standard(parameters) if isinstance(parameters, Mapping) else {}
    return {
        "name": str(tool.get("name") or ""),
        "description": str(tool.get("description") or ""),
        "parameters": {"type": "object", "properties": {}} | schema,
    }


def _standard(schema: Any) -> Any:
    """A schema through all its levels; names of properties, defaults and examples are data and stay."""
    if not isinstance(schema, Mapping):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "x-type":
            continue
        if key == "type" and isinstance(value, str):
            if (name := _TYPES.get(value, value)) is not None:
                result[key] = name
        elif key in _SCHEMAS:
            result[key] = _standard(value)
        elif key in _SCHEMA_LISTS and isinstance(value, list):
            result[key] = [_standard(part) for part in value]
        elif key in _SCHEMA_MAPS and isinstance(value, Mapping):
            result[key] = {name: _standard(part) for name, part in value.items()}
        else:
            result[key] = value
    return result
