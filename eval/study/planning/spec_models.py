"""The models of a study file, each with its recipes: by task, and by budget where that has settings of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ....toolkit.errors import UsageError
from ....toolkit.tasks import TASKS
from ....train.memory import shapes
from ....train.recipe import Recipe, load_recipe
from ....train.tiny_model import NAME as TINY
from . import spec_values as read
from .spec_types import Base, BudgetSpec, ModelSpec

_KEYS = ("name", "recipes", "set", "parameters", "family", "base")
_FAMILY = re.compile(r"[A-Za-z]+")


def read_models(
    value: Any, budgets: Sequence[BudgetSpec], settings: Any, overrides: Sequence[str], base: Path
) -> tuple[ModelSpec, ...]:
    """The models with their recipes; ``settings`` is the study's own ``set``, ``overrides`` those of the command."""
    for override in overrides:
        read.recipe_settings({override.partition("=")[0].strip(): None}, f"--set {override}")
    common = _settings(settings, list(budgets[0].tasks), "set")
    models = tuple(_model(entry, budgets, common, overrides, base) for entry in read.items(value, "models"))
    names = [model.name for model in models]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"models: {twice} is named twice: give each a name of its own")
    return models


def _model(
    value: Any,
    budgets: Sequence[BudgetSpec],
    common: Mapping[str, Mapping[str, Any]],
    overrides: Sequence[str],
    base: Path,
) -> ModelSpec:
    tasks = list(common)
    found = {"name": value} if isinstance(value, str) else read.mapping(value, "models", _KEYS)
    name = read.name(found.get("name"), "models: name")
    where = f"models: {name}"
    named = read.mapping(found.get("recipes", {task: f"{name}/{task}" for task in tasks}), f"{where}: recipes", TASKS)
    if missing := [task for task in tasks if task not in named]:
        raise UsageError(f"{where}: recipes: {missing[0]} is missing: name a recipe or a file")
    own = _settings(found.get("set"), tasks, f"{where}: set")

    def recipes(of_budget: Mapping[str, Mapping[str, Any]]) -> dict[str, Recipe]:
        settings = {task: {**common[task], **own[task], **of_budget.get(task, {})} for task in tasks}
        argv = {task: [*read.settings_argv(settings[task]), *overrides] for task in tasks}
        return {task: _recipe(named[task], task, argv[task], where, base) for task in tasks}

    plain = recipes({})
    changed = {budget.name: {task: amount.settings for task, amount in budget.tasks.items()} for budget in budgets}
    first = plain[tasks[0]]
    return ModelSpec(
        name=name,
        recipes=plain,
        budget_recipes={budget: recipes(more) if any(more.values()) else plain for budget, more in changed.items()},
        parameters=_parameters(found.get("parameters"), first, where),
        family=read.text(found.get("family", _family(first.model)), f"{where}: family"),
        base=_base(found.get("base"), first, f"{where}: base"),
    )


def _base(value: Any, recipe: Recipe, where: str) -> Base:
    if recipe.model != TINY:
        return cast("Base", read.choice("checkpoint" if value is None else value, where, ("none", "checkpoint")))
    if value not in (None, "none"):
        raise UsageError(f"{where}: tiny is made when it is trained and has no checkpoint; leave base out")
    return "none"


def _recipe(name: Any, task: str, settings: Sequence[str], where: str, base: Path) -> Recipe:
    beside = base / read.text(name, f"{where}: recipes")
    try:
        recipe = load_recipe(str(beside) if beside.is_file() else name, settings)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if recipe.task != task:
        raise UsageError(f"{where}: recipes: {name} is a recipe for {recipe.task}, not for {task}")
    return recipe if recipe.model == TINY else replace(recipe, model=read.place(recipe.model, base))


def _parameters(value: Any, recipe: Recipe, where: str) -> float:
    if value is not None:
        return read.number(value, f"{where}: parameters", 1)
    if recipe.model not in shapes():
        raise UsageError(f"{where}: parameters is missing: the size of {recipe.model} is not known; such as 1.35e8")
    return float(shapes()[recipe.model].parameters)


def _family(model: str) -> str:
    """``Qwen`` of ``Qwen/Qwen3-8B-Base``."""
    found = _FAMILY.match(model.rpartition("/")[2])
    family = found[0] if found else model
    return family[0].upper() + family[1:]


def _settings(value: Any, tasks: Sequence[str], where: str) -> dict[str, dict[str, Any]]:
    """Recipe settings by task."""
    return {task: read.recipe_settings(own, where) for task, own in read.by_task(value or {}, tasks).items()}
