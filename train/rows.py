"""A record as a row of a mixture, and the text of a row that tokens and bytes are counted on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..toolkit.chat import chat_messages, tools_of
from ..toolkit.mixtures import Format
from ..toolkit.prompts import Annotations, completion_of, prompt_of
from ..toolkit.records import Record, gold_row


def mixture_row(record: Record, format: Format, annotations: Annotations = "keep") -> dict[str, Any]:
    """A row of :func:`mlt.toolkit.mixtures.mixture_schema`; ``tokens`` is None, for whoever counts to fill in."""
    row: dict[str, Any] = {name: getattr(record, name) for name in ("id", "group", "task", "lang")}
    if format == "prompt":
        row["prompt"] = prompt_of(record)
        row["completion"] = completion_of(record, annotations=annotations)
    else:
        row["messages"] = chat_messages(record, annotations=annotations)
        row["tools"] = tools_of(record)
    return row | {"gold": gold_row(record.gold), "tokens": None}


def row_text(row: Mapping[str, Any]) -> str:
    """What a row's tokens and bytes are counted on.

    ``prompt``: prompt and completion, as a model sees them. ``messages``: tools, contents and calls, a line each; the
    marks that a model's chat template puts around them are the model's own and not counted.
    """
    if "prompt" in row:
        return f"{row['prompt']}{row['completion']}"
    parts = [row["tools"] or ""]
    for message in row["messages"]:
        parts.append(message["content"] or "")
        for call in message["tool_calls"] or ():
            parts += [call["function"]["name"], call["function"]["arguments"]]
    return "\n".join(part for part in parts if part)
