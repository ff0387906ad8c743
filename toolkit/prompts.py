"""A record as plain text: the prompt that a model reads and the completion that it is to write.

Math: the question, then the language's own "Let's think step by step.", each on a line. API calling, after API-Bank
(Li et al. 2023, arXiv:2304.08244): what is wanted, the tools (a JSON object a line), the dialogue, and the marker of
the turn to write. ``parse_calls(completion_of(record))`` gives the gold calls back.

Every prompt ends with a line break and no completion begins with white space, so that the two share no token: a prompt
that ended with a space would be cut into other tokens alone, as it is when a model is asked, than before its
completion, as it is in training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from .checks import arithmetic
from .checks.call_formats import render_api_bank, render_value
from .records import Record, dump_json
from .tool_pool import functions_of

PROMPTS_VERSION = 1

Annotations = Literal["keep", "strip"]
ANNOTATIONS: tuple[Annotations, ...] = ("keep", "strip")

_FALLBACK = "en"


def prompt_of(record: Record) -> str:
    """What a model reads of a record. It ends with a line break and holds nothing of the target."""
    if record.task == "math":
        return f"{question_of(record)}\n"
    return _api_prompt(record)


def completion_of(record: Record, *, annotations: Annotations = "keep") -> str:
    """What a model is to write, without white space around it.

    Math: the target, with ``annotations="strip"`` without its ``<<48/2=24>>``. API: ``[Name(key='value')]`` where the
    gold is calls, the target where it is an answer, ``[]`` where there is neither: no call is the right one.
    """
    if record.task == "math":
        return solution_of(record, annotations).strip()
    if wants_calls(record):
        return render_api_bank(record.gold.calls).removeprefix("API-Request: ")
    return record.target.strip()


def has_steps_line(lang: str) -> bool:
    """Whether a language has a "Let's think step by step." of its own; elsewhere prompts take the English one."""
    return lang in _texts()["steps"]


def steps_line(lang: str) -> str:
    """The language's "Let's think step by step.", or the English one."""
    steps: Mapping[str, str] = _texts()["steps"]
    return steps.get(lang, steps[_FALLBACK])


def question_of(record: Record) -> str:
    """A math record's question with the line that asks for steps below it."""
    question = "\n".join(message.content for message in record.messages)
    return f"{question.rstrip()}\n{steps_line(record.lang)}"


def solution_of(record: Record, annotations: Annotations) -> str:
    """A math record's target, with or without its calculator annotations."""
    if annotations == "keep":
        return record.target
    parts, at = [], 0
    for found in arithmetic.annotations(record.target):
        parts.append(record.target[at : found.start])
        at = found.end
    return "".join([*parts, record.target[at:]])


def wants_calls(record: Record) -> bool:
    """Whether calls are to be written: there are gold calls, or no answer either."""
    return bool(record.gold.calls) or not record.target.strip()


def _api_prompt(record: Record) -> str:
    texts = _texts()
    calls = wants_calls(record)
    head = [texts["call" if calls else "response"]]
    head += [message.content.strip() for message in record.messages if message.role == "system"]
    tools = [dump_json(function) for function in functions_of(record)]
    blocks = [head, [texts["tools"], *tools] if tools else [], [*_dialogue(record), "API-Request:" if calls else "AI:"]]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _dialogue(record: Record) -> list[str]:
    """A line a turn, and one a request with what it gave behind ``->``."""
    given: dict[str | None, list[Any]] = {}
    for message in record.messages:
        if message.role == "tool":
            given.setdefault(message.call_id, []).append(_value(message.content))
    lines: list[str] = []
    number = 0
    for message in record.messages:
        if message.role == "user":
            lines.append(f"User: {message.content.strip()}")
        elif message.role == "assistant":
            if message.content.strip():
                lines.append(f"AI: {message.content.strip()}")
            ids = [f"call_{number + index}" for index in range(len(message.calls))]
            number += len(ids)
            if ids:
                results = [value for call_id in ids for value in given.pop(call_id, [])]
                lines.append(render_api_bank(message.calls) + _arrow(results))
        elif message.role == "tool" and message.call_id in given:  # no call of this id came before it
            lines.append(_arrow(given.pop(message.call_id)))
    return lines


def _arrow(results: Sequence[Any]) -> str:
    """``->result``; of several calls that each gave something, a list in the order of the calls."""
    if not results:
        return ""
    return f"->{render_value(results[0] if len(results) == 1 else list(results))}"


def _value(content: str) -> Any:
    """The result that a tool message holds as JSON; other text stands for itself."""
    try:
        return json.loads(content)
    except ValueError:
        return content


@cache
def _texts() -> Mapping[str, Any]:
    import yaml

    texts: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("prompts.yaml").read_text(encoding="utf-8"))
    return texts
