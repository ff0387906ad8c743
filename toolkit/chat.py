"""A record as messages and tools for the chat templates of Hugging Face models, as TRL reads them from a data set."""

from __future__ import annotations

from typing import Any

from .checks.call_formats import render_openai
from .prompts import Annotations, question_of, solution_of, wants_calls
from .records import Record, dump_json
from .tool_pool import functions_of


def chat_messages(record: Record, *, annotations: Annotations = "keep") -> list[dict[str, Any]]:
    """Messages with ``role``, ``content``, ``tool_calls`` and ``tool_call_id``; the last one is what is to be learned.

    ``tool_calls`` are OpenAI's, their arguments JSON text, and None where there are none; calls are numbered
    ``call_0``, ``call_1``, ... through the dialogue. A math question has the line that asks for steps below it. What
    an assistant says before its final calls stands in one message with them, and neighbouring texts of one role are
    one message: many templates refuse two.
    """
    if record.task == "math":
        solution = solution_of(record, annotations).strip()
        return [_message("user", question_of(record)), _message("assistant", solution)]
    messages: list[dict[str, Any]] = []
    number = 0
    for said in record.messages:
        _append(messages, _message(said.role, said.content, render_openai(said.calls, number), said.call_id))
        number += len(said.calls)
    if wants_calls(record):
        _append(messages, _message("assistant", "", render_openai(record.gold.calls, number)))
    else:
        _append(messages, _message("assistant", record.target.strip()))
    return messages


def tools_of(record: Record) -> str | None:
    """JSON text of the list of tools as OpenAI writes them; None where the record offers none."""
    functions = functions_of(record)
    return dump_json([{"type": "function", "function": function} for function in functions]) if functions else None


def _message(
    role: str, content: str, calls: list[dict[str, Any]] | None = None, call_id: str | None = None
) -> dict[str, Any]:
    return {"role": role, "content": content, "tool_calls": calls or None, "tool_call_id": call_id}


def _append(messages: list[dict[str, Any]], new: dict[str, Any]) -> None:
    """Append a message, to the one before it where that is a text of the same role."""
    last = messages[-1] if messages else None
    if last is None or last["role"] != new["role"] or last["role"] == "tool" or last["tool_calls"]:
        messages.append(new)
        return
    texts = [text for text in (last["content"], new["content"]) if text.strip()]
    messages[-1] = new | {"content": "\n".join(texts)}
