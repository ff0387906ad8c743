"""What a study's plan is made of: data, ladders, runs, bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ....toolkit.errors import UsageError
from ....toolkit.mixtures import is_mixture
from ....train.recipe import Recipe
from .folder import Kind, StudyFolder
from .spec_types import DataSpec, StudySpec, TaskBudget

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True)
class LadderPlan:
    """A ladder of mixtures to be made of a task's data; budgets of the same amount share one.

    ``runs``: what is mixed; ``path``: the folder that holds the mixtures' folders; ``preset``: the ladder's name or
    file. The rest are the further settings of ``mlt mix``.
    """

    task: str
    budget: str
    key: str
    data_key: str
    path: Path
    runs: tuple[Path, ...]
    preset: str
    mixtures: tuple[str, ...]
    data: DataSpec
    amount: TaskBudget
    seed: int

    @property
    def made(self) -> bool:
        """Whether every mixture of it is there."""
        return all(is_mixture(self.path / name) for name in self.mixtures)


@dataclass(frozen=True, slots=True)
class DataPlan:
    """A task's data: its key, the runs that are mixed, and what ``mlt eval --data`` takes as its test set.

    ``source``: the folder of the study's own train and test rows; None without held-out items.
    """

    task: str
    key: str
    spec: DataSpec
    runs: tuple[Path, ...]
    test: str
    source: Path | None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A training and its evaluation.

    ``L``: how many ``languages`` the mixture has. ``steps``: optimiser steps, ``tokens``: those trained on, estimated
    until they are counted; ``rows``: of the mixture. ``pending``: its mixture or test set is not made yet, and the
    address will be another one.
    """

    name: str
    address: str
    task: str
    model: str
    family: str
    parameters: float
    mixture: str
    L: int
    languages: tuple[str, ...]
    budget: str
    seed: int
    steps: int
    tokens: int
    pending: bool
    rows: int
    recipe: Recipe
    mixture_path: Path

    def to_json(self) -> dict[str, Any]:
        """As study.json holds it."""
        names = ("name", "address", "task", "model", "family", "parameters", "mixture", "L")
        more = ("budget", "seed", "steps", "tokens", "pending")
        found = {name: getattr(self, name) for name in names} | {"languages": list(self.languages)}
        return found | {name: getattr(self, name) for name in more}


@dataclass(frozen=True, slots=True)
class BasePlan:
    """The evaluation of a model before training. ``pending``: as of a run."""

    name: str
    address: str
    task: str
    model: str
    family: str
    parameters: float
    pending: bool
    recipe: Recipe

    def to_json(self) -> dict[str, Any]:
        """As study.json holds it."""
        return {name: getattr(self, name) for name in ("name", "address", "task", "model", "family", "parameters")}


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a study, or the part of it that :meth:`selected` gives; ``data`` is by task."""

    spec: StudySpec
    folder: StudyFolder
    data: dict[str, DataPlan]
    ladders: tuple[LadderPlan, ...]
    runs: tuple[RunPlan, ...]
    bases: tuple[BasePlan, ...]

    @property
    def jobs(self) -> tuple[RunPlan | BasePlan, ...]:
        """All runs, then all bases."""
        return (*self.runs, *self.bases)

    def selected(self, only: Sequence[str]) -> Plan:
        """The runs and bases whose names match one of the patterns, with what they need; all without patterns.

        UsageError where a pattern matches none.
        """
        if not only:
            return self
        names = [job.name for job in self.jobs]
        for pattern in only:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise UsageError(f"--only {pattern}: no run of that name; they are named like {names[0]}")
        runs = tuple(run for run in self.runs if _matches(run.name, only))
        bases = tuple(base for base in self.bases if _matches(base.name, only))
        places = {run.mixture_path.parent for run in runs}
        tasks = {run.task for run in runs} | {base.task for base in bases}
        return replace(
            self,
            data={task: data for task, data in self.data.items() if task in tasks},
            ladders=tuple(ladder for ladder in self.ladders if ladder.path in places),
            runs=runs,
            bases=bases,
        )

    def names(self, kind: Kind, address: str) -> list[str]:
        """The names of all runs, or bases, of an address: they are done once, and count under each name."""
        jobs: Sequence[RunPlan | BasePlan] = self.runs if kind == "run" else self.bases
        return [job.name for job in jobs if job.address == address]

    def distinct_runs(self) -> list[RunPlan]:
        """The runs that are done: of those with one address the first."""
        return list({run.address: run for run in reversed(self.runs)}.values())[::-1]

    def distinct_bases(self) -> list[BasePlan]:
        """The same of bases."""
        return list({base.address: base for base in reversed(self.bases)}.values())[::-1]

    def to_json(self) -> dict[str, Any]:
        """What study.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.spec.name,
            "spec": self.spec.to_json(),
            "pivot": self.spec.pivot,
            "tiers": dict(self.spec.tiers),
            "evaluated": list(self.spec.evaluated),
            "ladder": _ladder_json(self.spec),
            "runs": [run.to_json() for run in self.runs],
            "bases": [base.to_json() for base in self.bases],
        }


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _ladder_json(spec: StudySpec) -> list[dict[str, Any]]:
    """The mixtures of all tasks; tasks of one ladder share them."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for task, ladder in spec.ladders.items():
        for mixture in ladder.mixtures:
            entry = {"name": mixture.name, "size": mixture.size, "languages": list(mixture.languages), "tasks": []}
            found.setdefault((mixture.name, mixture.languages), entry)["tasks"].append(task)
    return list(found.values())
