"""API-Bank's layouts (Li et al. 2023): the test and training rows, the raw dialogues, and level 3 as objects.

- Rows ``{instruction, input, output | expected_output}`` of levels 1-3. API descriptions are JSON lines at the end of
  the instruction or the head of the input; the dialogue is split at its turn markers, so that a turn may hold line
  breaks. The prompt around them is left out: it belongs to whoever trains. Only what it says about the date stays, as
  a system message; ``TIME: ...`` at the end of a user's turn is what fills its ``{{time}}``.
- Raw dialogues ``{id, turns}``: the target is the last call, the messages are what stands before it; a dialogue
  without calls is a response row for its last turn.
- ``{requirement, apis, response}``: the calls and results are the messages, the response is the target.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from ..checks.calls import CallSyntaxError, Request, parse_request
from ..errors import RowError
from ..records import Call
from .api_draft import Dialogue, Draft, decoded, list_of, mapping_of, result_value, schemas_of, text_of

_MARKER = re.compile(r"^(User|AI|API-Request|Generate API Request|Generate AI Response):[^\S\n]*", re.MULTILINE)
_TIME = re.compile(r"\s*\bTIME:\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$")
_CONTEXT = re.compile(r"^The current .*$", re.MULTILINE)
_SLOT = "{{time}}"


def is_row(row: Mapping[str, Any]) -> bool:
    """Whether the row has the columns of API-Bank's test and training files."""
    return "instruction" in row and "input" in row and ("output" in row or "expected_output" in row)


def read_row(row: Mapping[str, Any]) -> Draft:
    """A test or training row. Raises RowError."""
    instruction, text = text_of(row, "instruction"), text_of(row, "input")
    output = text_of(row, "expected_output" if "expected_output" in row else "output").strip()
    head, _, described = instruction.partition("API descriptions:")
    first = _MARKER.search(text)
    tools = schemas_of(_descriptions(described) + _descriptions(text[: first.start() if first else None]))
    dialogue = Dialogue()
    _read_turns(dialogue, text)
    context = _context(dialogue, head)
    if context:
        dialogue.messages.insert(0, context)
    is_call = output.startswith("API-Request")
    if not is_call and row.get("target_kind") == "api":
        raise RowError("unparsable-call", f"the target is no API request: {output[:80]!r}")
    calls = _request(output).calls if is_call else []
    if is_call and not calls:
        raise RowError("unparsable-call", "the target is an empty list of calls")
    return dialogue.draft(calls, output.removeprefix("AI:"), tools, _group(row, dialogue))


def read_dialogue(row: Mapping[str, Any]) -> Draft:
    """A raw dialogue. Raises RowError."""
    turns = [mapping_of(turn, "a turn") for turn in list_of(row, "turns")]
    roles = [turn.get("role") for turn in turns]
    wanted = "API" if "API" in roles else "AI"
    if wanted not in roles:
        raise RowError("no-target", "the dialogue has no turn of the assistant or the API")
    last = len(roles) - 1 - roles[::-1].index(wanted)
    dialogue = Dialogue()
    for turn in turns[:last]:
        if turn.get("role") == "API":
            [call_id] = dialogue.request([_turn_call(turn)])
            dialogue.result(call_id, _output(turn.get("result")))
        elif turn.get("role") in ("User", "AI"):
            dialogue.say("user" if turn["role"] == "User" else "assistant", text_of(turn, "text").strip())
        else:
            raise RowError("bad-dialogue", f"unknown role {str(turn.get('role'))[:40]!r}")
    calls = [_turn_call(turns[last])] if wanted == "API" else []
    text = "" if calls else text_of(turns[last], "text")
    return dialogue.draft(calls, text, [], str(row.get("id") or ""))


def read_level3(row: Mapping[str, Any]) -> Draft:
    """A level 3 item as objects. Raises RowError."""
    dialogue = Dialogue()
    dialogue.say("user", text_of(row, "requirement").strip())
    for entry in list_of(row, "apis"):
        api = mapping_of(entry, "an entry of 'apis'")
        call = Call(text_of(api, "api_name"), dict(mapping_of(api.get("input"), "'input' of an API")))
        [call_id] = dialogue.request([call])
        dialogue.result(call_id, api.get("output"))
    return dialogue.draft([], text_of(row, "response"), [], _group(row, dialogue))


def _descriptions(text: str) -> list[Any]:
    return [decoded(line, "API description") for line in text.splitlines() if line.strip()]


def _read_turns(dialogue: Dialogue, text: str) -> None:
    markers = list(_MARKER.finditer(text))
    for marker, following in zip(markers, [*markers[1:], None], strict=True):
        body = text[marker.end() : following.start() if following else None].strip()
        if marker[1] in ("User", "AI"):
            dialogue.say("user" if marker[1] == "User" else "assistant", body)
        elif marker[1] == "API-Request":
            request = _request(body)
            ids = dialogue.request(request.calls)
            if request.result is not None:
                dialogue.result(ids[-1] if ids else None, result_value(request.result))
        elif body or following:
            raise RowError("bad-dialogue", f"text after {marker[1]!r}: {body[:60]!r}")


def _context(dialogue: Dialogue, head: str) -> Any:
    """The system message of what the prompt says about the date, if it says anything."""
    found = _CONTEXT.search(head)
    if found is None:
        return None
    line = found[0].strip()
    if _SLOT in line:
        time = _take_time(dialogue)
        if time is None:
            return None
        line = line.replace(_SLOT, time)
    context = Dialogue()
    context.say("system", line)
    return context.messages[0]


def _take_time(dialogue: Dialogue) -> str | None:
    """Moves ``TIME: ...`` out of the user's turn."""
    for index, message in enumerate(dialogue.messages):
        found = _TIME.search(message.content) if message.role == "user" else None
        if found:
            content = message.content[: found.start()]
            dialogue.messages[index] = type(message)(message.role, content, message.calls, message.call_id)
            return found[1]
    return None


def _request(text: str) -> Request:
    try:
        return parse_request(text)
    except CallSyntaxError as error:
        raise RowError("unparsable-call", f"{error}: {text[:80]!r}") from error


def _turn_call(turn: Mapping[str, Any]) -> Call:
    arguments = mapping_of(turn.get("param_dict"), "'param_dict' of an API turn")
    return Call(text_of(turn, "api_name"), dict(arguments))


def _output(result: Any) -> Any:
    """What the test rows write after ``->``: the output, unless the call failed."""
    if isinstance(result, Mapping) and "output" in result and result.get("exception") is None:
        return result["output"]
    return result


def _group(row: Mapping[str, Any], dialogue: Dialogue) -> str:
    """The dialogue's file for levels 1-2, the sample for level 3, the user's wording for its training rows."""
    if isinstance(row.get("file"), str):
        return str(row["file"])
    if isinstance(row.get("sample_id"), int):
        return f"l3-{row['sample_id']}"
    user = next((message.content for message in dialogue.messages if message.role == "user"), "")
    return "u-" + blake2b(user.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
