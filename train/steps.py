"""How many optimiser updates a recipe makes of its rows, as the trainer of transformers counts them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..toolkit.errors import UsageError
from .preflight_report import Steps

if TYPE_CHECKING:
    from .recipe import Recipe


def plan_steps(recipe: Recipe, lengths: Sequence[int], world: int = 1) -> Steps:
    """The updates for rows of these lengths in tokens, trained by ``world`` processes.

    Packed rows are counted as full sequences of ``max_length``, which is a lower bound. UsageError where the global
    batch is no multiple of what the processes take at once, where packing has no length, or where no update is made.
    """
    accumulation = accumulation_of(recipe, world)
    sequences = _sequences(recipe, lengths)
    batches = math.ceil(sequences / (recipe.micro_batch_size * world))
    per_epoch = math.ceil(batches / accumulation)
    limited = recipe.max_steps is not None and recipe.max_steps > 0
    updates = recipe.max_steps if limited else math.ceil(per_epoch * recipe.epochs)
    if not updates or updates < 1:
        raise UsageError(f"epochs={recipe.epochs} of {sequences} rows make no step: set epochs or max_steps")
    return Steps(sequences, recipe.packing, world, recipe.micro_batch_size, accumulation, per_epoch, updates)


def accumulation_of(recipe: Recipe, world: int = 1) -> int:
    """How many micro batches make one update, so that the global batch is what the recipe says on any machine."""
    taken = recipe.micro_batch_size * world
    if taken < 1 or recipe.batch_size < taken or recipe.batch_size % taken:
        raise UsageError(
            f"batch_size={recipe.batch_size} is no multiple of micro_batch_size={recipe.micro_batch_size} times "
            f"{world} processes: change one of them"
        )
    return recipe.batch_size // taken


def _sequences(recipe: Recipe, lengths: Sequence[int]) -> int:
    if not recipe.packing:
        return len(lengths)
    if recipe.max_length is None:
        raise UsageError("packing=true needs a max_length: set how many tokens a packed sequence holds")
    return math.ceil(sum(min(length, recipe.max_length) for length in lengths) / recipe.max_length)
