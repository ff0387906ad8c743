"""What a study file says, checked: the parts of :class:`StudySpec`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ....train.ladder import Ladder
from ....train.recipe import Recipe
from ....train.request import Budget

Base = Literal["none", "checkpoint"]


@dataclass(frozen=True, slots=True)
class TranslateSpec:
    """Data that ``mlt translate`` makes. ``source``: ``sample``, an absolute path, a preset or ``hf://…``;
    ``holdout``: items, in whole groups, set apart as test set; ``options``: further options of the command."""

    source: str
    model: str
    holdout: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def argv(self) -> list[str]:
        """The options of ``mlt translate`` for them, model included."""
        return ["--model", self.model, *(part for name, value in self.options.items() for part in _option(name, value))]


@dataclass(frozen=True, slots=True)
class DataSpec:
    """One task's data: a translation to be made, or finished runs.

    ``test``: what ``mlt eval --data`` takes; None: what was held out. ``validation``: items a language;
    ``decontaminate``: test sets as ``mlt mix`` names them.
    """

    task: str
    translate: TranslateSpec | None = None
    runs: tuple[Path, ...] = ()
    test: str | None = None
    validation: int = 0
    decontaminate: tuple[str, ...] = ()

    @property
    def holdout(self) -> bool:
        """Whether the study makes its own test set."""
        return self.translate is not None and self.translate.holdout > 0


@dataclass(frozen=True, slots=True)
class TaskBudget:
    """One task's amount in a budget. ``tokenizer`` counts tokens; ``settings`` are recipe settings that belong to it
    (``max_steps``)."""

    budget: Budget
    tokenizer: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def argv(self) -> list[str]:
        """The options of ``mlt mix`` for it."""
        options: dict[str, Any] = {self.budget.kind: self.budget.amount, "tokenizer": self.tokenizer}
        if self.budget.kind == "steps":
            options |= {name: getattr(self.budget, name) for name in ("batch_size", "epochs", "sequence_length")}
        return [part for name, value in options.items() if value is not None for part in _option(name, value)]

    def to_json(self) -> dict[str, Any]:
        """As study.json holds it."""
        return {**self.budget.to_json(), "tokenizer": self.tokenizer, "set": dict(self.settings)}


@dataclass(frozen=True, slots=True)
class BudgetSpec:
    """A budget by its name: how much each task trains on."""

    name: str
    tasks: Mapping[str, TaskBudget]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model: its recipe a task (the seed is the run's), how many weights it has, and the family it is of.

    ``budget_recipes``: the same with each budget's settings, by budget, then task. ``base``: whether its
    checkpoint is evaluated before training.
    """

    name: str
    recipes: Mapping[str, Recipe]
    budget_recipes: Mapping[str, Mapping[str, Recipe]]
    parameters: float
    family: str
    base: Base = "checkpoint"

    def recipe(self, task: str, budget: str) -> Recipe:
        """The recipe of a task's runs under a budget."""
        return self.budget_recipes[budget][task]


@dataclass(frozen=True, slots=True)
class EvaluateSpec:
    """How models are asked; what may differ by task is a mapping. ``base``: whether checkpoints are, before training.

    ``verdict``: per task the one that counts as right (``robust``, ``strict``); samples hold them all. ``limit`` and
    ``max_new_tokens``: None for all items and for the command's default.
    """

    languages: Mapping[str, tuple[str, ...]]
    limit: Mapping[str, int | None]
    max_new_tokens: Mapping[str, int | None]
    shots: Mapping[str, int]
    verdict: Mapping[str, str]
    batch_size: int = 8
    lid: str = "none"
    chat: str = "auto"
    backend: str = "auto"
    seed: int = 0
    base: bool = True

    def of(self, task: str) -> dict[str, Any]:
        """One task's settings, as job.json holds them and as they decide an address."""
        own = ("languages", "limit", "max_new_tokens", "shots", "verdict")
        settings: dict[str, Any] = {name: getattr(self, name)[task] for name in own}
        settings["languages"] = list(settings["languages"])
        return settings | {name: getattr(self, name) for name in ("batch_size", "lid", "chat", "backend", "seed")}


@dataclass(frozen=True, slots=True)
class EstimateSpec:
    """What costs are estimated with: a device's peak operations a second, the shares of it that training and
    generation reach, and per task the tokens of a row and the items of a test set whose size is not known."""

    device: str = "A100-80GB"
    flops: float = 312e12
    utilisation: float = 0.4
    generation: float = 0.05
    tokens_per_row: Mapping[str, float] = field(default_factory=lambda: {"math": 300.0, "api": 700.0})
    test_items: Mapping[str, float] = field(default_factory=lambda: {"math": 250.0, "api": 399.0})


@dataclass(frozen=True, slots=True)
class StudySpec:
    """A study as its file says it, with everything looked up.

    ``ladders`` and ``ladder_places`` (what ``mlt mix --preset`` takes) are by task; ``tiers`` holds every language of
    the study that has one. ``path`` is the study file.
    """

    name: str
    path: Path
    ladders: Mapping[str, Ladder]
    ladder_places: Mapping[str, str]
    data: Mapping[str, DataSpec]
    budgets: tuple[BudgetSpec, ...]
    models: tuple[ModelSpec, ...]
    seeds: tuple[int, ...]
    mixture_seed: int
    evaluate: EvaluateSpec
    tiers: Mapping[str, str]
    keep_models: bool
    estimates: EstimateSpec

    @property
    def ladder(self) -> Ladder:
        """The first task's ladder, which is every task's in most studies."""
        return next(iter(self.ladders.values()))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in the file's order."""
        return tuple(self.data)

    @property
    def pivot(self) -> str:
        """The language that stands alone in the ladder: what gains are measured against. English where none does."""
        alone = [mixture.languages[0] for mixture in self.ladder.mixtures if mixture.size == 1]
        return "en" if "en" in alone or not alone else alone[0]

    @property
    def evaluated(self) -> tuple[str, ...]:
        """Every language that a task is evaluated in, in the file's order."""
        return tuple(dict.fromkeys(lang for langs in self.evaluate.languages.values() for lang in langs))

    def languages(self, task: str) -> tuple[str, ...]:
        """The languages that a task's data must hold: the ladder's."""
        return self.ladders[task].languages

    def to_json(self) -> dict[str, Any]:
        """The study as JSON values, as study.json holds it."""
        return {
            "name": self.name,
            "path": str(self.path),
            "ladders": dict(self.ladder_places),
            "data": {task: _data_json(data) for task, data in self.data.items()},
            "budgets": {b.name: {task: amount.to_json() for task, amount in b.tasks.items()} for b in self.budgets},
            "models": [_model_json(model) for model in self.models],
            "seeds": list(self.seeds),
            "mixture_seed": self.mixture_seed,
            "evaluate": asdict(self.evaluate),
            "tiers": dict(self.tiers),
            "keep_models": self.keep_models,
            "estimates": asdict(self.estimates),
        }


def recipe_json(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings as JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(recipe).items()}


def _data_json(data: DataSpec) -> dict[str, Any]:
    return {**asdict(data), "runs": [str(path) for path in data.runs], "decontaminate": list(data.decontaminate)}


def _model_json(model: ModelSpec) -> dict[str, Any]:
    recipes = {task: recipe_json(recipe) for task, recipe in model.recipes.items()}
    return {"name": model.name, "parameters": model.parameters, "family": model.family} | {
        "base": model.base,
        "recipes": recipes,
    }


def _option(name: str, value: Any) -> list[str]:
    return [f"--{name.replace('_', '-')}", str(value)]
