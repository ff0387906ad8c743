"""Rows to train on, from whatever holds them: a mixture, a set on the Hub, a file that TRL would read.

Known columns are ``prompt`` and ``completion`` (text, or messages each), or ``messages``, with ``tools``; beside them
``id``, ``group``, ``task``, ``lang`` and ``gold`` as mixtures have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.mixtures import Format

UNKNOWN_LANG = "und"
"""BCP-47's code for a language that nobody has named."""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One row. ``prompt`` and ``completion`` are set, or ``messages`` is. ``tools`` are OpenAI's, as objects.

    ``gold`` is what a mixture's column holds, or None.
    """

    id: str
    group: str
    task: str
    lang: str
    prompt: str | None = None
    completion: str | None = None
    messages: list[dict[str, Any]] | None = None
    tools: list[dict[str, Any]] | None = None
    gold: Mapping[str, Any] | None = None

    @property
    def format(self) -> Format:
        """Whether it is prompt and completion, or messages."""
        return "prompt" if self.messages is None else "messages"


def training_row(row: Mapping[str, Any], place: str, task: str) -> TrainingRow:
    """The row of a file. ``place`` ("train row 3") stands for an id that it lacks and names it in errors, ``task`` for
    the task.

    UsageError for columns that say nothing of what is to be learned, DataError for values of another kind.
    """
    id_ = str(row.get("id") or place)
    named: dict[str, Any] = {
        "id": id_,
        "group": str(row.get("group") or id_),
        "task": str(row.get("task") or task),
        "lang": str(row.get("lang") or UNKNOWN_LANG),
    }
    gold = row.get("gold") if isinstance(row.get("gold"), Mapping) else None
    prompt, completion = row.get("prompt"), row.get("completion")
    if isinstance(prompt, str) and isinstance(completion, str):
        if not completion.strip():
            raise DataError(f"{place} has an empty completion: nothing can be learned from it; leave it out")
        return TrainingRow(**named, prompt=prompt, completion=completion, gold=gold)
    messages = _messages(row, place)
    return TrainingRow(**named, messages=messages, tools=_tools(row.get("tools"), place), gold=gold)


def _messages(row: Mapping[str, Any], place: str) -> list[dict[str, Any]]:
    messages = row.get("messages")
    if {"messages", "target", "gold"} <= row.keys():
        # Its messages are what is asked: earlier answers would be learned, and the target would not.
        raise UsageError(f"{place} is a record of a run, not a row to train on: make a mixture of the run (mlt mix)")
    if messages is None and isinstance(row.get("prompt"), list) and isinstance(row.get("completion"), list):
        messages = [*row["prompt"], *row["completion"]]
    if messages is None:
        columns = ", ".join(sorted(map(str, row))) or "none"
        raise UsageError(f"{place} needs prompt and completion, or messages; its columns are {columns}")
    fits = isinstance(messages, list) and all(isinstance(said, Mapping) and "role" in said for said in messages)
    if not fits or not messages:
        raise DataError(f"{place}: messages must be a list of objects with role and content")
    if (role := messages[-1]["role"]) != "assistant":
        raise DataError(f"{place} has no token to learn: its last message is of the {role}; leave the row out")
    return [dict(message) for message in messages]


def _tools(tools: Any, place: str) -> list[dict[str, Any]] | None:
    if isinstance(tools, str):
        try:
            tools = json.loads(tools)
        except ValueError:
            raise DataError(f"{place}: tools are no JSON text") from None
    if not tools:
        return None
    if not isinstance(tools, list) or not all(isinstance(tool, Mapping) for tool in tools):
        raise DataError(f"{place}: tools must be a list of objects, or its JSON text")
    return [dict(tool) for tool in tools]
