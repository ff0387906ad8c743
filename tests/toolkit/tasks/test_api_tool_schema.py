"""Tool descriptions of all dialects become JSON Schema; only their descriptions are text."""

from __future__ import annotations

from typing import Any

import pytest

from mlt.toolkit.tasks.tool_schema import blanked, descriptions, parameters_by_name, to_schemas, with_texts

PLAIN = {"name": "f", "parameters": {"type": "object", "properties": {"x": {"type": "string"}}}}
WRAPPED = {"type": "function", "function": PLAIN}


@pytest.mark.parametrize(
    ("tool", "schema"),
    [
        (PLAIN, PLAIN),
        (WRAPPED, WRAPPED),
        (
            {
                "name": "f",
                "description": "d",
                "parameters": {
                    "type": "dict",
                    "properties": {
                        "x": {"type": "array", "items": {"type": "float"}},
                        "y": {"type": "tuple", "default": {"type": "dict"}},
                    },
                    "required": ["x"],
                },
            },
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": "d",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "x": {"type": "array", "items": {"type": "number"}},
                            "y": {"type": "array", "x-type": "tuple", "default": {"type": "dict"}},
                        },
                        "required": ["x"],
                    },
                },
            },
        ),
        (
            {
                "apiCode": "f",
                "parameters": {"x": {"type": "str"}},
                "response": {"y": {"type": "Union[List[dict], dict]"}},
            },
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
                    "response": {"type": "object", "properties": {"y": {"x-type": "Union[List[dict], dict]"}}},
                },
            },
        ),
        (
            {"name": "f", "parameters": {"x": {"type": "List[str]"}, "y": {"type": "Optional[int]", "default": 1}}},
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "x": {"type": "array", "items": {"type": "string"}},
                            "y": {"type": "integer", "default": 1},
                        },
                        "required": ["x"],
                    },
                },
            },
        ),
    ],
)
def test_dialect_becomes_json_schema(tool: dict[str, Any], schema: dict[str, Any]) -> None:
    assert to_schemas([tool]) == [schema]


@pytest.mark.parametrize("tool", [1, {}, {"name": 3}, {"name": "f", "parameters": [1]}])
def test_what_is_no_tool_is_refused(tool: Any) -> None:
    with pytest.raises(ValueError, match=r"tool|parameters"):
        to_schemas([tool])


TOOLS = [
    {
        "name": "f",
        "description": "one",
        "parameters": {
            "type": "object",
            "properties": {
                "description": {"type": "string", "description": "two"},
                "a.b": {"description": "three", "default": {"description": "data"}},
                "c": {"type": "array", "items": {"description": "four", "enum": ["description"]}},
            },
        },
        "response": {"type": "object", "description": " "},
    }
]


def test_descriptions_are_found_and_nothing_else() -> None:
    found = descriptions(TOOLS)
    assert [slot for slot, _ in found] == [
        "tools.0.description",
        "tools.0.parameters.properties.description.description",
        "tools.0.parameters.properties.a~1b.description",
        "tools.0.parameters.properties.c.items.description",
    ]
    changed = with_texts(TOOLS, {path: "x" for _, path in found})
    assert changed != TOOLS
    assert blanked(changed) == blanked(TOOLS)
    assert with_texts(changed, dict(zip([p for _, p in found], ["one", "two", "three", "four"], strict=True))) == TOOLS


def test_parameters_are_found_by_the_tools_name() -> None:
    assert parameters_by_name([WRAPPED, {"name": "g"}, 3]) == {"f": {"x": {"type": "string"}}}
