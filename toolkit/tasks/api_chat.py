"""Chats with tool calls in them: OpenAI's messages and Hermes' conversations.

The target is the last turn of the assistant; what it says beside its final calls is the message before the target.
System prompts are English instructions and translated like any other text. Hermes' is mostly the frame of its format:
the tools are read from it, its sentences about ``<tools>`` and ``<tool_call>`` are left out like API-Bank's prompt,
and any other sentence before the tools stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..checks.call_formats import call_of, parse_hermes, parse_openai, without_hermes_calls
from ..errors import RowError
from ..records import Role
from .api_draft import (
    Dialogue,
    Draft,
    decoded,
    group_of,
    list_of,
    mapping_of,
    result_value,
    schemas_of,
    text_of,
)

_TOOLS = re.compile(r"<tools>\s*(.*?)\s*</tools>", re.S)
_RESPONSE = re.compile(r"<tool_response>\s*(.*?)\s*</tool_response>", re.S)
_FRAME = re.compile(
    r"function calling AI|function signatures|call one or more functions|make assumptions|"
    r"available tools|<tools>|<tool_call>|pydantic|json schema",
    re.I,
)
_HERMES_ROLES: dict[str, Role] = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_OPENAI_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


def read_openai(row: Mapping[str, Any]) -> Draft:
    """OpenAI messages and tools; the target is the last message of the assistant."""
    turns = []
    for entry in list_of(row, "messages"):
        message = mapping_of(entry, "a message")
        role = _OPENAI_ROLES.get(str(message.get("role")))
        if role is None:
            raise RowError("unsupported-format", f"role {str(message.get('role'))[:40]!r}")
        requests = list_of(message, "tool_calls", optional=True) if role == "assistant" else []
        calls = parse_openai(requests)
        if role == "assistant" and isinstance(message.get("function_call"), Mapping):
            calls.append(call_of(message["function_call"]))
        ids = [str(entry.get("id")) for entry in requests]
        turns.append((role, _content(message.get("content")), calls, ids, str(message.get("tool_call_id"))))
    last = _last_assistant([turn[0] for turn in turns])
    dialogue = Dialogue()
    known: dict[str, str] = {}
    for role, content, calls, ids, call_id in turns[:last]:
        if role == "tool":
            dialogue.result(known.get(call_id), result_value(content))
            continue
        dialogue.say(role, content)
        if calls:
            known.update(zip(ids, dialogue.request(calls), strict=False))
    _, content, calls, _, _ = turns[last]
    tools = schemas_of(list_of(row, "tools" if "tools" in row else "functions", optional=True))
    if calls:
        dialogue.say("assistant", content)
    return dialogue.draft(calls, content, tools, group_of(row))


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, Mapping) else None for part in parts]
    if any(not isinstance(text, str) for text in texts):
        raise RowError("unsupported-format", "a message's content holds something else than text")
    return "\n".join(str(text) for text in texts)


def _last_assistant(roles: list[Any]) -> int:
    if "assistant" not in roles:
        raise RowError("no-target", "no message of the assistant")
    return len(roles) - 1 - roles[::-1].index("assistant")


def read_hermes(row: Mapping[str, Any]) -> Draft:
    """A Hermes conversation; the target is the last turn of the assistant."""
    turns: list[tuple[Role, str]] = []
    for entry in list_of(row, "conversations"):
        turn = mapping_of(entry, "a turn")
        role = _HERMES_ROLES.get(str(turn.get("from", turn.get("role"))))
        if role is None:
            raise RowError("unsupported-format", f"turn from {str(turn.get('from'))[:40]!r}")
        turns.append((role, text_of(turn, "value" if "value" in turn else "content")))
    last = _last_assistant([role for role, _ in turns])
    tools: list[Any] = []
    dialogue = Dialogue()
    waiting: list[str] = []
    for role, text in turns[:last]:
        if role == "tool":
            for result in _RESPONSE.findall(text) or [text]:
                dialogue.result(waiting.pop(0) if waiting else None, result_value(result))
        elif role == "system":
            tools += [tool for block in _TOOLS.findall(text) for tool in _tool_list(block)]
            dialogue.say("system", _without_frame(text))
        else:
            calls = parse_hermes(text) if role == "assistant" else []
            dialogue.say(role, without_hermes_calls(text) if calls else text)
            waiting = dialogue.request(calls) if calls else []
    text = turns[last][1]
    calls = parse_hermes(text)
    if calls:
        dialogue.say("assistant", without_hermes_calls(text))
    tools = tools or list_of(row, "tools", optional=True)
    return dialogue.draft(calls, text, schemas_of(tools), group_of(row))


def _tool_list(block: str) -> list[Any]:
    """The tools of a block: one JSON list, or a JSON object a line; older releases have Python's quotes."""
    whole = result_value(block)
    if isinstance(whole, list):
        return whole
    if isinstance(whole, Mapping):
        return [whole]
    return [decoded(line, "<tools>") for line in block.splitlines() if line.strip()]


def _without_frame(text: str) -> str:
    if not _TOOLS.search(text):
        return text
    before = text[: text.index("<tools>")]
    sentences = re.split(r"(?<=[.!?:])\s+|\n+", before)
    return " ".join(part for part in sentences if part.strip() and not _FRAME.search(part)).strip()
