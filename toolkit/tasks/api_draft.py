"""What the readers of API rows share: the draft of a record, and typed access to the fields of an untrusted row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..checks.call_formats import render_api_bank
from ..checks.literals import MAX_DEPTH, LiteralError, is_deep, parse_literal
from ..errors import RowError
from ..records import Call, Gold, Message, Role, dump_json
from .tool_schema import to_schemas


@dataclass(slots=True)
class Draft:
    """A record without its id and source. ``tools`` is a list of schemas; ``group`` may be empty (then the id)."""

    messages: tuple[Message, ...]
    target: str
    gold: Gold = field(default_factory=Gold)
    tools: list[dict[str, Any]] = field(default_factory=list)
    group: str = ""


@dataclass(slots=True)
class Dialogue:
    """Messages as they come in; calls are numbered ``call_0``, ``call_1``, ... through the dialogue."""

    messages: list[Message] = field(default_factory=list)
    n_calls: int = 0

    def say(self, role: Role, content: str) -> None:
        """Append a text; empty ones are left out."""
        if content.strip():
            self.messages.append(Message(role, content))

    def request(self, calls: Sequence[Call]) -> list[str]:
        """Append calls, to the assistant's text just before them if there is one; gives their ids."""
        last = self.messages[-1] if self.messages else None
        if last is not None and last.role == "assistant" and not last.calls:
            self.messages[-1] = Message("assistant", last.content, tuple(calls))
        else:
            self.messages.append(Message("assistant", "", tuple(calls)))
        ids = [f"call_{self.n_calls + index}" for index in range(len(calls))]
        self.n_calls += len(calls)
        return ids

    def result(self, call_id: str | None, value: Any) -> None:
        """Append the result of a call, a JSON value."""
        self.messages.append(Message("tool", dump_json(value), call_id=call_id))

    def draft(self, calls: Sequence[Call], text: str, tools: list[dict[str, Any]], group: str) -> Draft:
        """The draft whose target is ``calls``, or where there are none, ``text``. Raises RowError without a user."""
        if not any(message.role == "user" for message in self.messages):
            raise RowError("no-user-text", "no message of a user stands before the target")
        if calls:
            gold = Gold(calls=tuple(calls))
            return Draft(tuple(self.messages), render_api_bank(calls), gold, tools, group)
        if not text.strip():
            raise RowError("no-target", "the row holds neither a call nor an answer to learn")
        return Draft(tuple(self.messages), text.strip(), Gold(), tools, group)


def text_of(row: Mapping[str, Any], key: str) -> str:
    """The text under ``key``. Raises RowError where it is missing or no text."""
    value = row.get(key)
    if not isinstance(value, str):
        raise RowError("missing-field", f"{key!r} is {type(value).__name__}, a text is needed")
    return value


def list_of(row: Mapping[str, Any], key: str, *, optional: bool = False) -> list[Any]:
    """The list under ``key``, given as a list or as its JSON text. Raises RowError."""
    value = row.get(key)
    if isinstance(value, str):
        value = decoded(value, key)
    if value is None and optional:
        return []
    if not isinstance(value, list | tuple):
        raise RowError("missing-field", f"{key!r} is {type(value).__name__}, a list is needed")
    return list(value)


def decoded(text: str, what: str) -> Any:
    """The value of a JSON text. Raises RowError("bad-json") or RowError("too-deep")."""
    try:
        return not_deep(json.loads(text), what)
    except ValueError as error:
        raise RowError("bad-json", f"{what}: {error}") from error


def not_deep(value: Any, what: str) -> Any:
    """``value`` itself. Raises RowError("too-deep") where walking through it could exhaust the stack."""
    if is_deep(value):
        raise RowError("too-deep", f"{what} is nested deeper than {MAX_DEPTH}")
    return value


def mapping_of(value: Any, what: str) -> Mapping[str, Any]:
    """``value`` if it is an object. Raises RowError."""
    if not isinstance(value, Mapping):
        raise RowError("missing-field", f"{what} is {type(value).__name__}, an object is needed")
    return value


def result_value(text: str) -> Any:
    """The object that a result's text stands for, or the text itself where it is no Python or JSON literal."""
    try:
        return parse_literal(text)
    except LiteralError:
        return text.strip()


def schemas_of(tools: Sequence[Any]) -> list[dict[str, Any]]:
    """The tools' schemas. Raises RowError("bad-tools")."""
    try:
        return to_schemas(tools)
    except ValueError as error:
        raise RowError("bad-tools", str(error)) from error


def group_of(row: Mapping[str, Any], prefix: str = "") -> str:
    """The group of a row whose items stand alone: its own id, or empty."""
    value = row.get("id")
    return f"{prefix}{value}" if isinstance(value, str | int) and not isinstance(value, bool) else ""
