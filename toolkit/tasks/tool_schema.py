"""Tool descriptions: the dialects that data sets write, turned into JSON Schema, and their description texts.

==========================  =====================================================================================
source                      result
==========================  =====================================================================================
OpenAI, plain JSON Schema   kept as it is
BFCL ``type: "dict"``       types renamed to JSON Schema's, everything else kept, in OpenAI's wrapper
API-Bank descriptions       ``input_parameters``/``parameters`` -> ``parameters``, ``output_parameters``/``response``
                            -> ``response``, both as object schemas, in OpenAI's wrapper; nothing is required, as the
                            source does not say
xLAM ``name -> {type}``     ``parameters`` as an object schema; required = neither "optional" nor with a default
==========================  =====================================================================================

A type name whose meaning JSON Schema cannot hold (``tuple``, ``Union[...]``, ``any``) stays beside it as ``x-type``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]
Path = tuple[str | int, ...]

_TYPES = {
    "string": ("str", "string", "char", "text"),
    "integer": ("int", "integer", "long", "short", "byte"),
    "number": ("float", "number", "double"),
    "boolean": ("bool", "boolean"),
    "array": ("list", "array", "arraylist", "tuple", "set"),
    "object": ("dict", "object", "hashmap", "json", "map"),
    "null": ("null", "none"),
}
_JSON_TYPE = {alias: name for name, aliases in _TYPES.items() for alias in aliases}
_EXACT = {"str", "int", "float", "bool", "list", "dict", "json", "string", "boolean", *_TYPES}
_GENERIC = re.compile(r"(\w+)\s*[\[(<](.*)[\])>]", re.S)
_DATA_KEYS = frozenset({"default", "enum", "const", "example", "examples", "required", "x-type"})


def to_schemas(tools: Sequence[Any]) -> list[Schema]:
    """One JSON Schema tool for each description, in order. Raises ValueError where one is no tool."""
    return [_to_schema(tool) for tool in tools]


def _to_schema(tool: Any) -> Schema:
    if not isinstance(tool, Mapping):
        raise ValueError(f"a tool is {type(tool).__name__}, an object is needed")
    if isinstance(tool.get("function"), Mapping):
        return copy.deepcopy(dict(tool))
    name = tool.get("name", tool.get("apiCode"))
    if not isinstance(name, str):
        raise ValueError(f"a tool has no name: {str(tool)[:80]}")
    inputs = tool.get("input_parameters", tool.get("parameters"))
    outputs = tool.get("output_parameters", tool.get("response"))
    if inputs is not None and not isinstance(inputs, Mapping):
        raise ValueError(f"parameters of {name!r} are {type(inputs).__name__}, an object is needed")
    if "input_parameters" not in tool and "apiCode" not in tool and _is_json_schema(inputs):
        return copy.deepcopy(dict(tool))
    function: Schema = {"name": name}
    if "description" in tool:
        function["description"] = tool["description"]
    is_bfcl = isinstance(inputs, Mapping) and isinstance(inputs.get("properties"), Mapping)
    lists_required = "input_parameters" not in tool and "apiCode" not in tool
    function["parameters"] = _convert(inputs) if is_bfcl else _object_schema(inputs or {}, lists_required)
    if isinstance(outputs, Mapping):
        is_schema = isinstance(outputs.get("properties"), Mapping)
        function["response"] = _convert(outputs) if is_schema else _object_schema(outputs, False)
    return {"type": "function", "function": function}


def _is_json_schema(parameters: Any) -> bool:
    if not isinstance(parameters, Mapping):
        return parameters is None
    return parameters.get("type") == "object" and isinstance(parameters.get("properties", {}), Mapping)


def _object_schema(parameters: Mapping[str, Any], lists_required: bool) -> Schema:
    """``name -> {type, description, ...}`` as an object schema."""
    properties = {str(name): _convert(spec) for name, spec in parameters.items()}
    schema: Schema = {"type": "object", "properties": properties}
    if lists_required:
        schema["required"] = [str(name) for name, spec in parameters.items() if not _is_optional(spec)]
    return schema


def _is_optional(spec: Any) -> bool:
    if not isinstance(spec, Mapping):
        return False
    return "optional" in str(spec.get("type", "")).lower() or "default" in spec


def _convert(spec: Any) -> Schema:
    """A parameter's specification with JSON Schema's type names, through all levels."""
    if isinstance(spec, str):
        return _types(spec)
    if not isinstance(spec, Mapping):
        return {}
    result: Schema = {}
    for key, value in spec.items():
        if key == "type" and isinstance(value, str):
            result |= {name: part for name, part in _types(value).items() if name not in result}
        elif key == "properties" and isinstance(value, Mapping):
            result[key] = {str(name): _convert(part) for name, part in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, Mapping):
            result[key] = _convert(value)
        else:
            result[str(key)] = copy.deepcopy(value)
    return result


def _types(written: str) -> Schema:
    text = re.sub(r",?\s*optional\s*$", "", written.strip(), flags=re.I)
    generic = _GENERIC.fullmatch(text)
    if generic and generic[1].lower() == "optional":
        return _types(generic[2])
    base = (generic[1] if generic else text).lower()
    name = _JSON_TYPE.get(base)
    schema: Schema = {"type": name} if name else {}
    item = _JSON_TYPE.get(generic[2].strip().lower()) if generic and name == "array" else None
    if item:
        schema["items"] = {"type": item}
    if base not in _EXACT or (generic and not item):
        schema["x-type"] = written
    return schema


def function_of(tool: Any) -> Mapping[str, Any]:
    """The function inside OpenAI's wrapper, or the tool itself where it has none."""
    inner = tool.get("function") if isinstance(tool, Mapping) else None
    if isinstance(inner, Mapping):
        return inner
    return tool if isinstance(tool, Mapping) else {}


def parameters_by_name(tools: Any) -> dict[str, Mapping[str, Any]]:
    """For each tool's name, the schema of each of its parameters."""
    found: dict[str, Mapping[str, Any]] = {}
    for tool in tools if isinstance(tools, list) else ():
        function = function_of(tool)
        parameters = function.get("parameters")
        properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
        if isinstance(properties, Mapping):
            found[str(function.get("name"))] = properties
    return found


def described_in(result: Any) -> Iterator[Schema]:
    """Tools that stand as API-Bank descriptions inside a result, as a search for tools gives them."""
    if isinstance(result, list):
        for item in result:
            yield from described_in(item)
    elif isinstance(result, Mapping):
        if isinstance(result.get("input_parameters"), Mapping) and isinstance(result.get("name"), str):
            yield _to_schema(result)
        else:
            for item in result.values():
                yield from described_in(item)


def descriptions(tools: Any) -> list[tuple[str, Path]]:
    """Slot and path of every description text, in order; ``.`` and ``~`` in a key are written ``~1`` and ``~0``."""
    return [
        ("tools." + ".".join(str(key).replace("~", "~0").replace(".", "~1") for key in path), path)
        for path in _description_paths(tools, ())
    ]


def _description_paths(node: Any, path: Path) -> Iterator[Path]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _description_paths(item, (*path, index))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key == "description" and isinstance(value, str):
                if value.strip():
                    yield (*path, key)
            elif key in ("properties", "response") and isinstance(value, Mapping):
                for name, part in value.items():
                    yield from _description_paths(part, (*path, key, name))
            elif key not in _DATA_KEYS:
                yield from _description_paths(value, (*path, key))


def fixed_strings(tools: Any, path: Path) -> list[str]:
    """Strings of the schema around the description at ``path`` that it may name: enum values and the default."""
    node = at(tools, path[:-1])
    values = list(node.get("enum") or ()) if isinstance(node.get("enum"), list) else []
    return [value for value in [*values, node.get("default")] if isinstance(value, str)]


def at(tools: Any, path: Path) -> Any:
    """The value at ``path``."""
    for key in path:
        tools = tools[key]
    return tools


def with_texts(tools: Any, texts: Mapping[Path, str]) -> Any:
    """A copy with the descriptions at these paths replaced."""
    result = copy.deepcopy(tools)
    for path, text in texts.items():
        at(result, path[:-1])[path[-1]] = text
    return result


def blanked(tools: Any) -> Any:
    """A copy with every description empty: equal for two schemas that differ in their descriptions only."""
    return with_texts(tools, {path: "" for _, path in descriptions(tools)})
