"""Recipes: all that decides a training run, but for its data, in one YAML file each.

A recipe of the package is named by model and task, ``qwen3-0.6b/math``. Its file says only what differs from the
defaults of :class:`Recipe` and from the settings of its method (``_OF_METHOD``).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_type_hints

from ..toolkit.errors import UsageError, did_you_mean
from ..toolkit.yaml_files import read_yaml
from .recipe_values import as_type

Method = Literal["lora", "qlora", "dora", "full"]
METHODS: tuple[Method, ...] = ("lora", "qlora", "dora", "full")

_FOLDER = Path(__file__).with_name("recipes")

PAPER: Mapping[str, Any] = {
    "method": "full",
    "epochs": 6.0,
    "learning_rate": 1e-5,
    "scheduler": "cosine",
    "warmup_ratio": 0.03,
    "weight_decay": 0.01,
    "batch_size": 512,
    "gradient_checkpointing": True,
    "keep": "accuracy",
}
"""The settings of arXiv:2604.13286. That it trained all weights is inferred: it mentions no adapters."""

_ADAPTER = {
    # The best rate of an adapter on all linear layers is about ten times that of all weights, whatever its rank
    # (Schulman et al., "LoRA Without Regret", 2025); ten times the paper's.
    "learning_rate": 1e-4,
    # Adapters lose more to large batches than full training does (the same source), and 512 would leave an API-calling
    # corpus of one language some 36 updates.
    "batch_size": 64,
}
_OF_METHOD: Mapping[str, Mapping[str, Any]] = {
    "lora": _ADAPTER,
    "dora": _ADAPTER,
    "qlora": _ADAPTER,
    "full": {name: PAPER[name] for name in _ADAPTER},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All settings of a training run. Lengths are tokens, steps are optimiser steps.

    =====================  ============================================================================================
    name                   what the recipe is called
    model                  a Hub id, a folder with a checkpoint, or ``tiny``: made on the spot with random weights
    revision               commit, tag or branch of a Hub model; none: the newest
    task                   what is trained, and how validation answers are judged
    method                 ``lora``, ``qlora`` (LoRA on 4-bit weights), ``dora``, or ``full``: all weights
    format                 rows as ``prompt`` and completion or as ``messages``; ``auto``: as the data have them
    lora_r, lora_alpha     rank of an adapter, and its scale times the rank
    lora_dropout           share of an adapter's inputs that are dropped
    target_modules         names of layers that get an adapter; ``auto``: every linear layer of the text tower
    learning_rate          the highest, after the warm-up; by method where a recipe does not say
    epochs, max_steps      passes over the data, or exactly so many steps where max_steps is given
    batch_size             rows a step, over all devices; by method where a recipe does not say
    micro_batch_size       rows a device holds at once; the rest of a batch is accumulated
    warmup_ratio           share of the steps in which the rate rises
    weight_decay           AdamW's
    scheduler              how the rate falls after the warm-up
    max_length             longer rows are cut; see truncation_limit
    truncation_limit       the share of rows that may be cut before training is refused
    packing                several rows in one sequence, without padding
    gradient_checkpointing layers are computed again in the backward pass: less memory, a third more time
    dtype                  of the computation; ``auto``: bfloat16 or float16 where the device has it, else float32
    attn                   the implementation of attention; ``auto``: the library's choice
    seed                   order of the rows, dropout, new weights
    eval_steps             steps between two validations; none: one at the end of each epoch
    eval_samples           validation items a language that answers are generated for
    max_new_tokens         of a generated answer
    keep                   the checkpoint with the best validation ``accuracy`` (task accuracy, mean over languages) or
                           ``loss``
    save_steps             steps between two checkpoints to go on from; none: only at validations and when stopped
    report_to              where curves are sent
    =====================  ============================================================================================
    """

    name: str
    model: str
    revision: str | None = None
    task: Literal["math", "api"]
    method: Method = "lora"
    format: Literal["auto", "prompt", "messages"] = "auto"
    lora_r: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    target_modules: Literal["auto"] | tuple[str, ...] = "auto"
    learning_rate: float
    epochs: float = 6.0
    max_steps: int | None = None
    batch_size: int
    micro_batch_size: int = 4
    warmup_ratio: float = 0.03
    weight_decay: float = 0.01
    scheduler: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    max_length: int = 2048
    truncation_limit: float = 0.01
    packing: bool = False
    gradient_checkpointing: bool = True
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    attn: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    seed: int = 0
    eval_steps: int | None = None
    eval_samples: int = 50
    max_new_tokens: int = 512
    keep: Literal["accuracy", "loss"] = "accuracy"
    save_steps: int | None = None
    report_to: Literal["none", "tensorboard", "wandb", "comet_ml"] = "none"


_LEAST: Mapping[str, float] = {
    **dict.fromkeys(("lora_r", "lora_alpha", "max_steps", "batch_size", "micro_batch_size", "max_new_tokens"), 1),
    **dict.fromkeys(("eval_steps", "eval_samples", "save_steps"), 1),
    **dict.fromkeys(("weight_decay", "seed", "lora_dropout", "warmup_ratio", "truncation_limit"), 0),
    "max_length": 2,
}
_ABOVE_ZERO = ("learning_rate", "epochs")
_MOST: Mapping[str, float] = {"lora_dropout": 0.99, "warmup_ratio": 1, "truncation_limit": 1}


def recipe_names() -> list[str]:
    """The names of the recipes that come with the package, ``model/task``."""
    return sorted(path.relative_to(_FOLDER).with_suffix("").as_posix() for path in _FOLDER.glob("*/*.yaml"))


def load_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of a name, or of a YAML file of one's own, with ``key=value`` overrides read as ``--set`` has them.

    Raises UsageError for an unknown name or key (naming the nearest), a value of another type or out of its bounds
    and settings that exclude each other, DataError for a file that cannot be read.
    """
    path = _path_of(name_or_path)
    given = {"name": _name_of(path), **_read(path, name_or_path)}
    values = {key: _checked(key, value, f"{name_or_path}: {key}") for key, value in given.items()}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise UsageError(f"--set {override}: write it as key=value")
        values[key.strip()] = _checked(key.strip(), text.strip(), f"--set {override}")
    values = {**_OF_METHOD[values.get("method", "lora")], **values}
    if missing := [key for key in ("model", "task") if key not in values]:
        raise UsageError(f"{name_or_path}: {missing[0]} is missing: a recipe names its model and its task")
    recipe = Recipe(**values)
    _check_together(recipe, name_or_path)
    return recipe


def _path_of(name_or_path: str) -> Path:
    names = recipe_names()
    if name_or_path in names:
        return _FOLDER / f"{name_or_path}.yaml"
    if (path := Path(name_or_path)).is_file():
        return path
    # A model's name alone is the most likely slip: its recipes are what was meant.
    near = [name for name in names if name.partition("/")[0] == name_or_path.rstrip("/")]
    near = near or difflib.get_close_matches(name_or_path, names, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "mlt recipes lists them"
    raise UsageError(f"{name_or_path}: no recipe and no file of that name; {hint}")


def _name_of(path: Path) -> str:
    """``model/task`` of a recipe of the package, else the file's own name."""
    own = path.is_relative_to(_FOLDER)
    return path.relative_to(_FOLDER).with_suffix("").as_posix() if own else path.stem


def _read(path: Path, where: str) -> dict[str, Any]:
    values = read_yaml(path, where)
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UsageError(f"{where}: a recipe is keys with values, not {values!r:.80}")
    return values


def _checked(key: str, value: Any, where: str) -> Any:
    """A value as its field's type has it, within its bounds. ``where`` begins an error."""
    types = _types()
    if key not in types:
        raise UsageError(f"{where}: no setting of that name; {did_you_mean(key, types)}")
    try:
        read = as_type(types[key], value)
    except ValueError as error:
        raise UsageError(f"{where}: {value!r:.80} is not {error}") from None
    if isinstance(read, int | float) and not isinstance(read, bool):
        _check_bounds(key, read, where)
    return read


def _check_bounds(key: str, number: float, where: str) -> None:
    if key in _ABOVE_ZERO and number <= 0:
        raise UsageError(f"{where}: {number:g} is no {key}; give a number above 0")
    if number < _LEAST.get(key, number):
        raise UsageError(f"{where}: {number:g} is too small; {key} is at least {_LEAST[key]:g}")
    if number > _MOST.get(key, number):
        raise UsageError(f"{where}: {number:g} is too large; {key} is at most {_MOST[key]:g}")


@cache
def _types() -> Mapping[str, Any]:
    hints = get_type_hints(Recipe)
    return {field.name: hints[field.name] for field in fields(Recipe)}


def _check_together(recipe: Recipe, where: str) -> None:
    """UsageError for settings that exclude each other."""
    if recipe.batch_size % recipe.micro_batch_size:
        raise UsageError(
            f"{where}: batch_size {recipe.batch_size} is no multiple of micro_batch_size {recipe.micro_batch_size}: "
            "a step could not be divided; change one of them"
        )
    if recipe.method == "full" and recipe.target_modules != "auto":
        raise UsageError(f"{where}: target_modules are for adapters, and method full has none; leave them out")
