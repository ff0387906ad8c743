"""Rows as tokens and labels: which tokens a model learns to write, and where its prompt ends.

Prompts and completions are cut into tokens together, as one text, and the tokens behind the prompt are labels, with the
end token after them. Of messages, labels are the tokens that the chat template marks as the assistant's. Everything
else is ``IGNORED``, which the loss passes over. Nothing is cut off here: how much would be is asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..eval.prompting import template_messages
from ..toolkit.errors import DataError, UsageError, one_line
from .training_rows import TrainingRow

IGNORED = -100
"""The label of a token that is not learned (torch's cross entropy passes over it)."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row as the trainer takes it.

    ``input_ids`` and ``labels`` are of one length. ``prompt_tokens`` is how many tokens the prompt has alone, as it is
    when the model is asked; ``shared_tokens`` with how many of them the row begins. Where the second is less, the model
    learns behind another prompt than it will read.
    """

    input_ids: list[int]
    labels: list[int]
    prompt_tokens: int
    shared_tokens: int


def label_prompts(rows: Sequence[TrainingRow], tokenizer: Any) -> list[Labelled]:
    """Rows with a prompt and a completion, in one go. UsageError where the tokenizer has no end token."""
    if tokenizer.eos_token_id is None:
        raise UsageError("the model's tokenizer has no end token (eos_token), so the model would never learn to stop")
    prompts = tokenizer([row.prompt for row in rows])["input_ids"]
    wholes = tokenizer([f"{row.prompt}{row.completion}" for row in rows])["input_ids"]
    return [_labelled(prompt, whole, tokenizer.eos_token_id) for prompt, whole in zip(prompts, wholes, strict=True)]


def label_messages(row: TrainingRow, tokenizer: Any) -> Labelled:
    """A row of messages, the last one the assistant's. DataError, naming the row, where the template refuses it."""
    from jinja2.exceptions import TemplateError

    messages = template_messages(row.messages or [])
    try:
        whole = tokenizer.apply_chat_template(
            messages, tools=row.tools, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        asked = tokenizer.apply_chat_template(
            messages[:-1],
            tools=row.tools,
            tokenize=True,
            return_dict=True,
            add_generation_prompt=True,
        )["input_ids"]
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise DataError(f"row {row.id} ({row.lang}) does not fit the chat template: {one_line(error)}") from None
    ids, marked = whole["input_ids"], whole["assistant_masks"]
    labels = [token if mark else IGNORED for token, mark in zip(ids, marked, strict=True)]
    return Labelled(ids, labels, len(asked), _shared(asked, ids))


def _labelled(prompt: list[int], whole: list[int], end: int) -> Labelled:
    if len(prompt) > 1 and prompt[-1] == end:  # a tokenizer that ends every text; a model is asked without
        prompt = prompt[:-1]
    ids = whole if whole and whole[-1] == end and len(whole) > len(prompt) else [*whole, end]
    start = _shared(prompt, ids)
    return Labelled(ids, [IGNORED] * start + ids[start:], len(prompt), start)


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """With how many equal tokens the two begin."""
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return length
