"""An item of an evaluation: what a model is asked in one language, and what counts as right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from ..toolkit.chat import chat_messages, tools_of
from ..toolkit.prompts import prompt_of
from ..toolkit.records import Call, Gold, Record, dump_json
from .shots import NONE, Shots


@dataclass(frozen=True)
class Item:
    """One question.

    ``id`` is the same in every language, ``group`` is the dialogue or problem it belongs to. ``prompt`` is plain text,
    empty where there are only ``messages`` (as chat templates take them, without what is to be written); ``tools`` is
    JSON text of what is offered. ``source_calls`` are the English gold calls, where they are known. An output ends
    where one of ``stop`` begins. ``key`` is :func:`item_key`.
    """

    key: str
    id: str
    group: str
    task: str
    lang: str
    test_set: str
    prompt: str
    messages: list[dict[str, Any]] | None
    tools: str | None
    gold: Gold
    source_calls: tuple[Call, ...] | None = None
    stop: tuple[str, ...] = ()


def item_key(task: str, lang: str, id: str, prompt: str, messages: Sequence[Mapping[str, Any]] | None = None) -> str:
    """blake2b-128 of what is asked: task, language, id and prompt; the messages where there is no prompt."""
    asked = prompt or dump_json([dict(message) for message in messages or ()])
    text = dump_json([task, lang, id, asked])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def make_item(
    *,
    id: str,
    group: str,
    task: str,
    lang: str,
    test_set: str,
    gold: Gold,
    prompt: str = "",
    messages: list[dict[str, Any]] | None = None,
    tools: str | None = None,
    source_calls: tuple[Call, ...] | None = None,
    stop: tuple[str, ...] = (),
) -> Item:
    """An item with its key."""
    key = item_key(task, lang, id, prompt, messages)
    return Item(key, id, group, task, lang, test_set, prompt, messages, tools, gold, source_calls, stop)


def item_of(
    record: Record, test_set: str, *, shots: Shots = NONE, source_calls: tuple[Call, ...] | None = None
) -> Item:
    """A record as an item, its prompt as in training, behind worked examples where there are any."""
    return make_item(
        id=record.id,
        group=record.group,
        task=record.task,
        lang=record.lang,
        test_set=test_set,
        gold=record.gold,
        prompt=f"{shots.text}{prompt_of(record)}",
        messages=[*shots.messages, *asked_messages(record)],
        tools=tools_of(record),
        source_calls=source_calls,
        stop=shots.stop,
    )


def asked_messages(record: Record) -> list[dict[str, Any]]:
    """A record's chat messages without the last one, which is what a model is to write."""
    return chat_messages(record)[:-1]


def gold_of(column: Mapping[str, Any]) -> Gold:
    """What counts as right, of a mixture's column ``gold``."""
    calls = tuple(Call(call["name"], json.loads(call["arguments"])) for call in column["calls"] or ())
    accepts = column["accepts"]
    return Gold(column["answer"], calls, None if accepts is None else tuple(json.loads(accepts)))
