"""What would go wrong in training without a word, asked before the first step.

Each check is a function that passes, or raises one line which says what is wrong, where, and what to do. They look at
the very tokens and labels that are trained on (:class:`mlt.train.data.TrainingData`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.tables import size_text
from .adapter_targets import count_adapters
from .label_facts import LabelFacts, label_facts
from .preflight_report import LanguageTokens, Report
from .steps import plan_steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from .data import TrainingData
    from .recipe import Recipe

_SAFE = 0.9  # of the device's memory


def preflight(
    recipe: Recipe,
    model: Any,
    tokenizer: Any,
    data: TrainingData,
    *,
    world: int = 1,
    memory: Mapping[str, int] | None = None,
    device_memory: int | None = None,
) -> Report:
    """Everything that is known before training; ``model`` with or without its adapters, and not changed.

    ``world`` is the number of processes. ``memory`` holds estimated bytes by part with their sum as ``total``, and
    ``device_memory`` the bytes of the device; where either is None, they are not compared.

    Raises DataError or UsageError for the first check that fails.
    """
    stops = stop_ids(model, tokenizer)
    facts = label_facts(data.train, stops, recipe.max_length)
    check_labels(facts, data)
    check_seam(facts, data)
    check_stop(facts, data, tokenizer, stops)
    check_answer_start(facts, data)
    check_length(recipe, model)
    languages = tokens_by_language(facts, recipe.max_length)
    check_truncation(languages, recipe)
    check_vocabulary(facts, model)
    check_validation(recipe, data)
    adapters = count_adapters(recipe, model)
    check_memory(memory, device_memory)
    steps = plan_steps(recipe, [int(length) for length in facts.tokens], world)
    return Report(
        languages=languages,
        steps=steps,
        adapters=adapters,
        memory=memory,
        device=device_memory,
        validation=len(data.validation),
        notes=(*_notes(facts, data, recipe), *_memory_notes(memory, device_memory)),
    )


def stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens at which generation stops: the model's own, or the tokenizer's end token where it names none."""
    config = getattr(model, "generation_config", None)
    named = getattr(config, "eos_token_id", None)
    if named is None:
        named = tokenizer.eos_token_id
    if named is None:
        raise UsageError("neither the model nor its tokenizer names an end token: the model would never learn to stop")
    return frozenset([named] if isinstance(named, int) else named)


def check_labels(facts: LabelFacts, data: TrainingData) -> None:
    """DataError where a row has no token to learn."""
    empty = facts.labels == 0
    if empty.any():
        raise DataError(
            f"{_rows(empty, data)} no token to learn: all labels are masked; see what the chat template marks as the "
            "assistant's, or use prompts (mlt mix --format prompt)"
        )


def check_seam(facts: LabelFacts, data: TrainingData) -> None:
    """DataError where a row does not begin with the tokens of its prompt alone."""
    broken = ~facts.seams
    if broken.any():
        raise DataError(
            f"{_rows(broken, data)} a prompt that is cut into other tokens alone, as the model will read it, than "
            "before its completion: move white space from the end of the prompt to the beginning of the completion"
            if data.format == "prompt"
            else f"{_rows(broken, data)} a prompt that the chat template writes otherwise when the answer is asked for "
            "than when it stands there: use prompts (mlt mix --format prompt), or another template"
        )


def check_stop(facts: LabelFacts, data: TrainingData, tokenizer: Any, stops: frozenset[int]) -> None:
    """DataError where a row's labels hold no token that ends generation."""
    without = ~facts.stops
    if without.any():
        names = ", ".join(repr(tokenizer.convert_ids_to_tokens(token)) for token in sorted(stops))
        way_out = (
            f"the tokenizer's end token is {tokenizer.eos_token!r}, make the two the same"
            if data.format == "prompt"
            else "the chat template must mark it as the assistant's, or use prompts (mlt mix --format prompt)"
        )
        raise DataError(
            f"{_rows(without, data)} no end token among the labels, so the model would never learn to stop: "
            f"generation stops at {names}; {way_out}"
        )


def check_answer_start(facts: LabelFacts, data: TrainingData) -> None:
    """DataError where the token right behind the prompt, the first that the model will write, is not learned."""
    late = ~facts.starts
    if late.any():
        raise DataError(
            f"{_rows(late, data)} tokens between the prompt and what is learned: the model would be asked to write "
            "what it has never learned to; mend the chat template, or use prompts (mlt mix --format prompt)"
        )


def check_length(recipe: Recipe, model: Any) -> None:
    """UsageError where rows may be longer than the model has positions for."""
    config = model.config.get_text_config()
    positions = getattr(config, "max_position_embeddings", None)
    if positions is not None and recipe.max_length is not None and recipe.max_length > positions:
        raise UsageError(f"max_length={recipe.max_length}: the model reads {positions} tokens at most; set it to that")


def tokens_by_language(facts: LabelFacts, max_length: int | None) -> tuple[LanguageTokens, ...]:
    """Tokens of every language's rows, English first. Percentiles are lengths that rows have."""
    import numpy as np

    found = []
    for lang in sorted(set(facts.lang), key=lambda lang: (lang != "en", lang)):
        chosen = facts.lang == lang
        lengths = facts.tokens[chosen]
        p50, p99 = np.percentile(lengths, [50, 99], method="higher")
        truncated = 0 if max_length is None else int((lengths > max_length).sum())
        labels = int(facts.labels[chosen].sum())
        found.append(LanguageTokens(lang, len(lengths), int(p50), int(p99), int(lengths.max()), truncated, labels))
    return tuple(found)


def check_truncation(languages: tuple[LanguageTokens, ...], recipe: Recipe) -> None:
    """DataError where more of a language's rows than ``truncation_limit`` would lose their end. Looked at by language:
    the scripts that take most tokens lose most, and an average over languages hides it."""
    worst = max(languages, key=lambda found: found.share_truncated)
    if worst.share_truncated > recipe.truncation_limit:
        raise DataError(
            f"{worst.truncated:,} of {worst.rows:,} rows of {worst.lang} ({100 * worst.share_truncated:.1f} %) are "
            f"longer than max_length={recipe.max_length} and would lose their end: set max_length={worst.max}, or "
            f"allow it with truncation_limit={_up(worst.share_truncated)}"
        )


def check_vocabulary(facts: LabelFacts, model: Any) -> None:
    """DataError where a token has no embedding: tokenizer and model are not of one make."""
    size = model.get_input_embeddings().weight.shape[0]
    if facts.highest >= size:
        raise DataError(
            f"the tokenizer gives token {facts.highest}, but the model knows {size}: use the tokenizer of the model"
        )


def check_validation(recipe: Recipe, data: TrainingData) -> None:
    """DataError where the best checkpoint is to be chosen by what is not there."""
    if recipe.keep == "accuracy" and not data.validation:
        raise DataError(
            f"keep=accuracy, but {data.name} holds no validation items with gold: make the mixture with "
            "mlt mix --validation N, or set keep=loss"
        )
    if recipe.keep == "loss" and not len(data.held_out):
        raise DataError(f"keep=loss, but {data.name} holds no validation rows: make it with mlt mix --validation N")


def check_memory(memory: Mapping[str, int] | None, device_memory: int | None) -> None:
    """UsageError where the estimate is more than the device has."""
    if memory is not None and device_memory is not None and memory["total"] > device_memory:
        raise UsageError(
            f"training takes about {size_text(memory['total'])}, the device has {size_text(device_memory)}: set a "
            "smaller micro_batch_size or max_length, gradient_checkpointing=true, or method=lora or qlora"
        )


def _notes(facts: LabelFacts, data: TrainingData, recipe: Recipe) -> list[str]:
    notes = []
    if data.left_out:
        notes.append(f"{data.left_out:,} rows of other tasks than {recipe.task} are left out")
    if dropped := int((facts.kept_labels == 0).sum()):
        notes.append(f"{dropped:,} rows hold nothing to learn once they are cut to max_length, and are left out")
    return notes


def _memory_notes(memory: Mapping[str, int] | None, device_memory: int | None) -> list[str]:
    if memory is None or device_memory is None or memory["total"] <= _SAFE * device_memory:
        return []
    return ["the memory fits narrowly, if at all: it is an estimate, and the device keeps some for itself"]


def _rows(found: np.ndarray[Any, Any], data: TrainingData) -> str:
    """ "12 of 400 rows (the first is 8f3a of sw) have" """
    first = data.train[int(found.argmax())]
    number, total = int(found.sum()), len(found)
    return f"{number:,} of {total:,} rows (the first is {first['id']} of {first['lang']}) have"


def _up(share: float) -> float:
    """A share rounded up to three digits, so that it is really allowed."""
    return -(-share * 1000 // 1) / 1000
