"""An item as the tokens that a model reads: plain text as in training, or rendered by the model's chat template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..toolkit.checks.call_formats import call_of
from ..toolkit.checks.calls import CallSyntaxError
from ..toolkit.errors import DataError, UsageError, one_line
from .items import Item


def prompt_ids(item: Item, tokenizer: Any) -> list[int]:
    """The tokens of an item's prompt, with whatever the tokenizer puts before a text and nothing after it."""
    if not item.prompt:
        raise UsageError(f"{item.test_set} holds chat messages and no prompts: a model is asked them with --chat on")
    ids: list[int] = tokenizer(item.prompt)["input_ids"]
    # A tokenizer that ends every text would tell the model that nothing follows.
    return ids[:-1] if len(ids) > 1 and ids[-1] == tokenizer.eos_token_id else ids


def chat_ids(item: Item, tokenizer: Any) -> list[int]:
    """The tokens of an item's messages and tools in the tokenizer's chat template, up to where the answer begins."""
    from jinja2.exceptions import TemplateError

    if not getattr(tokenizer, "chat_template", None):
        raise UsageError("the model's tokenizer has no chat template: ask it plain text with --chat off")
    try:
        rendered = tokenizer.apply_chat_template(
            template_messages(messages_of(item)),
            tools=json.loads(item.tools) if item.tools else None,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
        )
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise DataError(f"item {item.id} ({item.lang}) does not fit the chat template: {one_line(error)}") from None
    ids: list[int] = rendered["input_ids"]
    return ids


def messages_of(item: Item) -> list[dict[str, Any]]:
    """An item's messages; its prompt as the only one where it has none."""
    return item.messages or [{"role": "user", "content": item.prompt}]


def template_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages as chat templates want them: no keys without a value, a call's arguments as an object.

    DataError for arguments that are no JSON object.
    """
    cleaned = []
    for message in messages:
        kept = {key: value for key, value in message.items() if value is not None}
        kept.setdefault("content", "")
        if calls := kept.get("tool_calls"):
            kept["tool_calls"] = [_with_object(call) for call in calls]
        cleaned.append(kept)
    return cleaned


def _with_object(call: Mapping[str, Any]) -> dict[str, Any]:
    try:
        parsed = call_of(call.get("function", call))
    except CallSyntaxError as error:
        raise DataError(f"a message's tool_calls cannot be read: {error}; correct the data") from None
    return {**call, "function": {"name": parsed.name, "arguments": dict(parsed.arguments)}}
