"""One call object, four spellings: API-Bank text, OpenAI tool calls, xLAM answers, Hermes tags.

``parse(render(calls)) == calls`` holds for each of them. API-Bank text is read by :mod:`.calls`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..records import Call, dump_json
from .calls import CallSyntaxError, position_key
from .literals import MAX_DEPTH, LiteralError, is_deep, parse_literal

_BARE = re.compile(r"[^\W\d][\w.\-]*")
_ESCAPE = re.compile("[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TOOL_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.S)


def same_calls(first: Sequence[Call], second: Sequence[Call]) -> bool:
    """Whether two lists of calls are equal as JSON: 1, 1.0 and true differ; the order of arguments does not matter."""
    return _canonical(first) == _canonical(second)


def _canonical(calls: Sequence[Call]) -> str:
    return json.dumps([[call.name, dict(call.arguments)] for call in calls], sort_keys=True)


def render_api_bank(calls: Sequence[Call]) -> str:
    """``API-Request: [Name(key='value', ...), ...]``, with values as Python writes them."""
    return f"API-Request: [{', '.join(_render_call(call) for call in calls)}]"


def _render_call(call: Call) -> str:
    parts = []
    positional = True
    for index, (key, value) in enumerate(call.arguments.items()):
        positional = positional and key == position_key(index)
        text = render_value(value)
        parts.append(text if positional else f"{_render_name(key)}={text}")
    return f"{_render_name(call.name)}({', '.join(parts)})"


def _render_name(name: str) -> str:
    return name if _BARE.fullmatch(name) else _render_string(name)


def render_value(value: Any) -> str:
    """A JSON value as a Python literal; only controls, backslashes and the quote itself are escaped in strings."""
    if isinstance(value, str):
        return _render_string(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_render_string(k)}: {render_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(render_value, value)) + "]"
    if isinstance(value, float):
        return json.dumps(value)
    return repr(value)


def _render_string(text: str) -> str:
    quote = '"' if "'" in text and '"' not in text else "'"
    body = _ESCAPE.sub(_escape, text).replace(quote, "\\" + quote)
    return f"{quote}{body}{quote}"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def render_openai(calls: Sequence[Call], first_id: int = 0) -> list[dict[str, Any]]:
    """OpenAI's ``tool_calls`` of a message; ids are ``call_<n>``, counted from ``first_id``."""
    return [
        {
            "id": f"call_{first_id + index}",
            "type": "function",
            "function": {"name": call.name, "arguments": dump_json(dict(call.arguments))},
        }
        for index, call in enumerate(calls)
    ]


def parse_openai(tool_calls: Any) -> list[Call]:
    """The calls of OpenAI's ``tool_calls`` (a list, or its JSON text). Raises CallSyntaxError."""
    entries = _entries(tool_calls)
    return [call_of(entry.get("function", entry) if isinstance(entry, Mapping) else entry) for entry in entries]


def render_xlam(calls: Sequence[Call]) -> str:
    """xLAM's ``answers``: JSON text of ``[{"name": ..., "arguments": {...}}]``."""
    return dump_json([{"name": call.name, "arguments": dict(call.arguments)} for call in calls])


def parse_xlam(answers: Any) -> list[Call]:
    """The calls of xLAM's ``answers`` (JSON text or a list). Raises CallSyntaxError."""
    return [call_of(entry) for entry in _entries(answers)]


def render_hermes(calls: Sequence[Call]) -> str:
    """Hermes' text: one ``<tool_call>`` block with a JSON object a call."""
    return "\n".join(
        "<tool_call>\n"
        # "<\/" is JSON for "</": a value can then never close the block
        + dump_json({"name": call.name, "arguments": dict(call.arguments)}).replace("</", "<\\/")
        + "\n</tool_call>"
        for call in calls
    )


def parse_hermes(text: str) -> list[Call]:
    """The calls of every ``<tool_call>`` block of a text. Raises CallSyntaxError for a block that holds none."""
    return [call_of(_decoded(block)) for block in _TOOL_CALL.findall(text)]


def without_hermes_calls(text: str) -> str:
    """The text around the ``<tool_call>`` blocks, stripped."""
    return _TOOL_CALL.sub("", text).strip()


def call_of(entry: Any) -> Call:
    """The call of ``{"name": ..., "arguments": {...} or its JSON text}``. Raises CallSyntaxError."""
    if not isinstance(entry, Mapping):
        raise CallSyntaxError(f"a call object expected, not {type(entry).__name__}")
    name, arguments = entry.get("name"), entry.get("arguments")
    if isinstance(arguments, str):
        arguments = _decoded(arguments) if arguments.strip() else {}
    if arguments is None:
        arguments = {}
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        raise CallSyntaxError(f"a call needs a name and an object of arguments: {str(entry)[:80]}")
    return Call(name, _json_object(arguments))


def _json_object(arguments: Mapping[Any, Any]) -> dict[str, Any]:
    """A copy made of JSON values only; what JSON cannot hold is an error, not a surprise when written."""
    if is_deep(arguments):
        raise CallSyntaxError(f"arguments are nested deeper than {MAX_DEPTH}")
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(arguments)))
    except (TypeError, ValueError) as error:
        raise CallSyntaxError(f"arguments are not JSON: {error}") from error
    return copy


def _entries(value: Any) -> Sequence[Any]:
    decoded = _decoded(value) if isinstance(value, str) else value
    if decoded is None:
        return []
    if not isinstance(decoded, list | tuple):
        raise CallSyntaxError(f"a list of calls expected, not {type(decoded).__name__}")
    return decoded


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return parse_literal(text)  # Hermes' first releases hold Python's quotes
    except LiteralError as error:
        raise CallSyntaxError(f"neither JSON nor a literal: {error}") from error
