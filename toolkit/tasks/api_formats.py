"""Rows of BFCL and xLAM data, and the choice of a reader by a row's columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..checks.call_formats import parse_xlam, render_api_bank
from ..checks.calls import CallSyntaxError
from ..errors import RowError
from ..records import Call, Gold, Message
from . import api_bank, api_chat
from .api_draft import Dialogue, Draft, group_of, list_of, mapping_of, not_deep, schemas_of, text_of
from .tool_schema import function_of

_BFCL_LIVE = re.compile(r"(live_.+?)_\d+-(\d+)-\d+")


def read(row: Mapping[str, Any]) -> Draft:
    """The draft of a row of any known layout. Raises RowError, or CallSyntaxError for a call that cannot be read."""
    if api_bank.is_row(row):
        return api_bank.read_row(row)
    if "turns" in row:
        return api_bank.read_dialogue(row)
    if "requirement" in row and "apis" in row:
        return api_bank.read_level3(row)
    if "question" in row:
        return read_bfcl(row)
    if "query" in row and "answers" in row:
        return read_xlam(row)
    if "conversations" in row:
        return api_chat.read_hermes(row)
    if "messages" in row:
        return api_chat.read_openai(row)
    raise RowError("unknown-format", f"no API layout has the columns {sorted(map(str, row))[:12]}")


def read_bfcl(row: Mapping[str, Any]) -> Draft:
    """A single-turn BFCL row; the gold call takes the first allowed value of each argument that must be there."""
    turns = list_of(row, "question")
    name = str(row.get("id") or "")
    if len(turns) != 1 or "multi_turn" in name or "initial_config" in row:
        raise RowError("unsupported-format", f"{len(turns)} turns: only single-turn categories are read")
    if not isinstance(turns[0], list):
        raise RowError("missing-field", "'question' holds no list of messages")
    dialogue = Dialogue()
    for entry in turns[0]:
        message = mapping_of(entry, "a message")
        role = message.get("role")
        if role not in ("user", "assistant", "system"):
            raise RowError("unsupported-format", f"role {str(role)[:40]!r} in a question")
        dialogue.say(role, text_of(message, "content"))
    tools = schemas_of(list_of(row, "function"))
    found = _BFCL_LIVE.fullmatch(name)
    group = f"{found[1]}-{found[2]}" if found else name
    if row.get("ground_truth") is None:
        if "irrelevance" not in f"{name} {row.get('category')}":
            raise RowError("no-gold", "the row has no ground truth")
        return Draft(_with_user(dialogue), "", Gold(), tools, group)
    calls, accepts = [], []
    required = {function_of(tool).get("name"): _required(function_of(tool)) for tool in tools}
    for entry in list_of(row, "ground_truth"):
        for function, arguments in mapping_of(entry, "an entry of 'ground_truth'").items():
            allowed = _allowed(function, arguments)
            accepts.append(allowed)
            calls.append(Call(function, _first(allowed, required.get(function, frozenset()))))
    return Draft(
        _with_user(dialogue),
        render_api_bank(calls) if calls else "",
        Gold(calls=tuple(calls), accepts=tuple(accepts)),
        tools,
        group,
    )


def _with_user(dialogue: Dialogue) -> tuple[Message, ...]:
    if not any(message.role == "user" for message in dialogue.messages):
        raise RowError("no-user-text", "the question has no message of a user")
    return tuple(dialogue.messages)


def _required(function: Mapping[str, Any]) -> frozenset[str]:
    parameters = function.get("parameters")
    required = parameters.get("required") if isinstance(parameters, Mapping) else None
    if not isinstance(required, list):
        return frozenset()
    return frozenset(name for name in required if isinstance(name, str))


def _allowed(function: str, arguments: Any) -> dict[str, list[Any]]:
    allowed = mapping_of(arguments, f"the arguments of {str(function)[:40]!r}")
    for name, values in allowed.items():
        if not isinstance(values, list):
            raise RowError("missing-field", f"allowed values of {str(name)[:40]!r} are no list")
    return dict(allowed)


def _first(allowed: Mapping[str, list[Any]], required: frozenset[str]) -> dict[str, Any]:
    """BFCL's ``""`` in first place means "may be left out", and is; so is an argument without any value."""
    chosen = {}
    for name, values in allowed.items():
        given = [value for value in values if value != ""]
        if values and values[0] != "":
            chosen[name] = _first_inside(values[0])
        elif name in required and values:
            chosen[name] = _first_inside(given[0]) if given else ""
    return chosen


def _first_inside(value: Any) -> Any:
    """Objects in the ground truth hold allowed values again, on every level."""
    if isinstance(value, Mapping):
        if all(isinstance(part, list) for part in value.values()):
            return _first(value, frozenset())
        return dict(value)
    if isinstance(value, list):
        return [_first_inside(item) if isinstance(item, Mapping) else item for item in value]
    return value


def read_xlam(row: Mapping[str, Any]) -> Draft:
    """An xLAM row: query, tools, answers (lists or their JSON text)."""
    dialogue = Dialogue()
    dialogue.say("user", text_of(row, "query"))
    calls = parse_xlam(row.get("answers"))
    tools = schemas_of(list_of(row, "tools", optional=True))
    if not calls:
        return Draft(_with_user(dialogue), "", Gold(), tools, group_of(row, "xlam-"))
    return dialogue.draft(calls, "", tools, group_of(row, "xlam-"))


def read_safely(row: Any) -> tuple[Mapping[str, Any], Draft]:
    """The row as plain JSON, and its draft. Whatever a malformed row holds, only RowError is raised."""
    if not isinstance(row, Mapping):
        raise RowError("bad-row", f"a row is {type(row).__name__}, an object is needed")
    try:
        plain = _plain(row)
        return plain, read(plain)
    except CallSyntaxError as error:
        raise RowError("unparsable-call", str(error)) from error
    except RecursionError as error:
        raise RowError("too-deep", "objects are nested too deeply") from error
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        # A shape that no reader looked for: one odd row must not end a run over millions.
        raise RowError("unexpected-shape", f"{type(error).__name__}: {error}"[:200]) from error


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """JSON values only: what Arrow, YAML or Python bring beyond it would fail when the record is written."""
    try:
        text = json.dumps(dict(row), ensure_ascii=False, default=str)
        plain: dict[str, Any] = json.loads(text.encode("utf-8").decode("utf-8"))
    except UnicodeError as error:
        raise RowError("bad-text", f"half of a surrogate pair: {error}") from error
    except (TypeError, ValueError) as error:
        raise RowError("bad-json", str(error)) from error
    not_deep(plain, "the row")
    return plain
