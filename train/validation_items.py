"""Held-out rows as items of the evaluation: what a model is asked, and what counts as right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..eval.items import Item, make_item
from ..toolkit.checks.call_formats import call_of, parse_openai
from ..toolkit.checks.calls import CallSyntaxError, parse_calls
from ..toolkit.checks.final_answer import final_answer
from ..toolkit.errors import DataError
from ..toolkit.records import Call, Gold, dump_json
from .training_rows import TrainingRow

ENGLISH = "en"


def validation_items(rows: Iterable[TrainingRow], name: str) -> list[Item]:
    """The rows as items of the test set ``name``; those that say nothing of what is right are left out.

    Gold is the row's own, else what its completion, or its last message, says. An item of calls knows the English
    calls of the same id. DataError for a gold that cannot be read.
    """
    found = [(row, gold) for row in rows if (gold := gold_of(row)) is not None]
    english = {row.id: gold.calls for row, gold in found if row.lang == ENGLISH and gold.calls}
    return [_item(row, gold, name, english) for row, gold in found]


def gold_of(row: TrainingRow) -> Gold | None:
    """What counts as right for a row; None where nothing says so: a problem without an answer, a reply in words."""
    gold = _gold_column(row) if row.gold is not None else _gold_said(row)
    if gold is None or row.task == "math":
        return gold if gold is not None and gold.answer is not None else None
    # No calls are the right answer where the row itself makes none of words: "[]" is what it is to write.
    return gold if gold.calls or _says_no_call(row) else None


def _item(row: TrainingRow, gold: Gold, name: str, english: Mapping[str, tuple[Call, ...]]) -> Item:
    return make_item(
        id=row.id,
        group=row.group,
        task=row.task,
        lang=row.lang,
        test_set=name,
        gold=gold,
        prompt=row.prompt or "",
        messages=None if row.messages is None else row.messages[:-1],
        tools=None if row.tools is None else dump_json(row.tools),
        source_calls=None if row.lang == ENGLISH else english.get(row.id),
    )


def _gold_column(row: TrainingRow) -> Gold:
    """The ``gold`` of a mixture: calls with their arguments, and ``accepts``, as JSON text or as objects."""
    gold = row.gold or {}
    try:
        calls = tuple(call_of(call) for call in gold.get("calls") or ())
        accepts = gold.get("accepts")
        accepts = json.loads(accepts) if isinstance(accepts, str) else accepts
    except (CallSyntaxError, ValueError) as error:
        raise DataError(f"row {row.id} ({row.lang}): its gold cannot be read: {error}") from None
    answer = gold.get("answer")
    return Gold(None if answer is None else str(answer), calls, None if accepts is None else tuple(accepts))


def _gold_said(row: TrainingRow) -> Gold | None:
    """What the row itself is to write, read as an answer or as calls."""
    last: dict[str, Any] = row.messages[-1] if row.messages else {"content": row.completion}
    text = last.get("content") or ""
    if row.task == "math":
        return Gold(answer=final_answer(text))
    try:
        calls = parse_openai(last["tool_calls"]) if last.get("tool_calls") else parse_calls(text)
    except CallSyntaxError:
        return None
    return Gold(calls=tuple(calls))


def _says_no_call(row: TrainingRow) -> bool:
    if row.messages is None:
        return (row.completion or "").strip() == "[]"
    last = row.messages[-1]
    return last["role"] == "assistant" and not last.get("tool_calls") and not (last.get("content") or "").strip()
