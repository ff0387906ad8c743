"""The plan of a study: every mixture, run and base with its address, from what is made already and what is to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ....toolkit.files import write_json
from ....toolkit.mixtures import open_mixture
from ....train.ladder import LadderMixture
from . import addresses
from .estimates import rows_of, steps_of, trained_tokens
from .folder import StudyFolder
from .plan_types import BasePlan, DataPlan, LadderPlan, Plan, RunPlan
from .spec_types import BudgetSpec, ModelSpec, StudySpec

__all__ = ["BasePlan", "DataPlan", "LadderPlan", "Plan", "RunPlan", "make_plan", "write_study"]


@dataclass(frozen=True, slots=True)
class _Mixture:
    """A mixture: its hash, whether that is of what is made, its rows, and their tokens by the models' estimate."""

    path: Path
    languages: tuple[str, ...]
    name: str
    digest: str
    made: bool
    rows: int
    tokens: float


@dataclass(frozen=True, slots=True)
class _Test:
    """A test set: what decides its items, and whether that is so for good."""

    digest: str
    made: bool


def make_plan(spec: StudySpec, folder: StudyFolder) -> Plan:
    """The plan of a study as things stand in its folder, which may be missing. It writes nothing and loads no torch.

    Raises UsageError for what cannot be trained: a batch that cannot be divided, a budget too small for a language.
    """
    data = {task: _data(spec, folder, task) for task in spec.tasks}
    ladders: dict[Path, LadderPlan] = {}
    runs: list[RunPlan] = []
    bases: list[BasePlan] = []
    for task in spec.tasks:
        test = _test(spec, data[task])
        mixtures: dict[str, list[_Mixture]] = {}
        for budget in spec.budgets:
            ladder = _ladder(spec, folder, data[task], budget)
            ladders.setdefault(ladder.path, ladder)
            mixtures[budget.name] = [_mixture(spec, ladder, mixture) for mixture in spec.ladders[task].mixtures]
        runs += [
            _run(spec, model, task, budget, mixture, seed, test)
            for model in spec.models
            for budget, found in mixtures.items()
            for mixture in found
            for seed in spec.seeds
        ]
        if spec.evaluate.base:
            bases += [_base(spec, model, task, test) for model in spec.models if model.base == "checkpoint"]
    return Plan(spec, folder, data, tuple(ladders.values()), tuple(runs), tuple(bases))


def write_study(plan: Plan) -> None:
    """Writes study.json. The plan is that of all runs: one of a part would hide the others."""
    write_json(plan.folder.manifest, plan.to_json())


def _data(spec: StudySpec, folder: StudyFolder, task: str) -> DataPlan:
    data = spec.data[task]
    key = addresses.data_key(data, spec.languages(task))
    return DataPlan(
        task=task,
        key=key,
        spec=data,
        runs=data.runs if data.translate is None else (folder.data(task, key),),
        test=data.test or str(folder.tests(task, key)),
        source=folder.source(task, key) if data.holdout else None,
    )


def _ladder(spec: StudySpec, folder: StudyFolder, data: DataPlan, budget: BudgetSpec) -> LadderPlan:
    task, amount = data.task, budget.tasks[data.task]
    alike = (found.name for found in spec.budgets if found.tasks[task].argv() == amount.argv())
    key = addresses.ladder_key(data.spec, data.key, spec.ladders[task], amount, spec.mixture_seed)
    name = next(alike)
    return LadderPlan(
        task=task,
        budget=name,
        key=key,
        data_key=data.key,
        path=folder.mixtures(task, name, key),
        runs=data.runs,
        preset=spec.ladder_places[task],
        mixtures=tuple(mixture.name for mixture in spec.ladders[task].mixtures),
        data=data.spec,
        amount=amount,
        seed=spec.mixture_seed,
    )


def _test(spec: StudySpec, data: DataPlan) -> _Test:
    """A set that has a name counts by it, one that lies here by its content."""
    place = Path(data.test.rpartition("=")[2])
    if not place.is_absolute():
        return _Test(data.test, made=True)
    languages = spec.evaluate.languages[data.task]
    found, run = addresses.local_set(place, languages), addresses.run_at(place)
    own = data.spec.test is None
    begun = run is not None and (not set(languages) <= set(run.languages) or (own and not run.manifest.get("complete")))
    if found is None or begun:
        return _Test(f"planned {data.key if own else place}", made=False)
    return _Test(found, made=True)


def _mixture(spec: StudySpec, ladder: LadderPlan, mixture: LadderMixture) -> _Mixture:
    path = ladder.path / mixture.name
    per_row = spec.estimates.tokens_per_row[ladder.task]
    planned = rows_of(ladder.amount.budget, mixture.languages, per_row)
    digest = addresses.mixture_digest(path)
    made = digest is not None
    if digest is None:
        pool = sorted(spec.languages(ladder.task))
        data = spec.data[ladder.task]
        digest = addresses.planned_mixture(data, ladder.data_key, pool, planned, ladder.amount, spec.mixture_seed)
    rows, tokens = sum(planned.values()), sum(planned.values()) * per_row
    if made:
        rows, counted = _counted(path, ladder.task)
        tokens = rows * per_row if counted is None else counted
    return _Mixture(path, mixture.languages, mixture.name, digest, made, rows, tokens)


def _counted(path: Path, task: str) -> tuple[int, float | None]:
    """The training rows of a mixture that is made, and their tokens where they were counted."""
    manifest = open_mixture(path).manifest
    rows = sum(manifest["counts"]["train"].get(task, {}).values())
    tokens: Mapping[str, int] | None = manifest["tokens"] and manifest["tokens"]["train"].get(task)
    return rows, None if tokens is None else sum(tokens.values())


def _run(
    spec: StudySpec, model: ModelSpec, task: str, budget: str, mixture: _Mixture, seed: int, test: _Test
) -> RunPlan:
    recipe = replace(model.recipe(task, budget), seed=seed)
    # A limit that the epochs come to by themselves changes nothing: said in either way it is one training.
    free = replace(recipe, max_steps=None)
    if recipe.max_steps == steps_of(free, mixture.rows, mixture.tokens):
        recipe = free
    steps = steps_of(recipe, mixture.rows, mixture.tokens)
    return RunPlan(
        name=f"{task}/{model.name}/{budget}/{mixture.name}/s{seed}",
        address=addresses.run_address(recipe, mixture.digest, spec.evaluate, test.digest),
        task=task,
        model=model.name,
        family=model.family,
        parameters=model.parameters,
        mixture=mixture.name,
        L=len(mixture.languages),
        languages=mixture.languages,
        budget=budget,
        seed=seed,
        steps=steps,
        tokens=trained_tokens(recipe, steps, mixture.rows, mixture.tokens),
        pending=not (mixture.made and test.made),
        rows=mixture.rows,
        recipe=recipe,
        mixture_path=mixture.path,
    )


def _base(spec: StudySpec, model: ModelSpec, task: str, test: _Test) -> BasePlan:
    recipe = model.recipes[task]
    return BasePlan(
        name=f"{task}/{model.name}/base",
        address=addresses.base_address(recipe, spec.evaluate, test.digest),
        task=task,
        model=model.name,
        family=model.family,
        parameters=model.parameters,
        pending=not test.made,
        recipe=recipe,
    )
