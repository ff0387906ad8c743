"""``job.json``: all that is needed to do one run of a study, wherever it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....toolkit.errors import DataError
from ....toolkit.files import read_json, write_atomic, write_json
from ..planning.folder import JOB, MODEL, Kind
from ..planning.plan import BasePlan, Plan, RunPlan
from ..planning.spec_types import recipe_json
from .stages import RECIPE, eval_argv, train_argv


def write_job(plan: Plan, job: RunPlan | BasePlan) -> Path:
    """Writes a run's or base's ``job.json``, and the recipe of a run beside it, where they differ; their folder.

    Paths are absolute, but for those that the study file left to the current folder: ``cwd`` names that. Raises
    DataError for a run whose mixture or test set is not made.
    """
    if job.pending:
        raise DataError(f"{job.name}: its mixture or its test set is not there; check the data of {plan.spec.path}")
    kind: Kind = "run" if isinstance(job, RunPlan) else "base"
    place = plan.folder.job(kind, job.address)
    settings = plan.spec.evaluate.of(job.task)
    data = plan.data[job.task].test
    made: dict[str, Any] = {
        **job.to_json(),
        "kind": kind,
        "names": plan.names(kind, job.address),
        "recipe": recipe_json(job.recipe),
        "mixture_path": str(job.mixture_path) if isinstance(job, RunPlan) else None,
        "evaluate": settings,
        "keep_model": plan.spec.keep_models,
        "cwd": str(Path.cwd()),
        "commands": {},
    }
    if isinstance(job, RunPlan):
        _write_recipe(place / RECIPE, made["recipe"])
        made["commands"]["train"] = train_argv(place, job.mixture_path)
        made["commands"]["eval"] = eval_argv(str(place / MODEL), job.task, data, settings, place)
    else:
        made["commands"]["eval"] = eval_argv(_checkpoint(job), job.task, data, settings, place)
    if not (place / JOB).is_file() or read_json(place / JOB) != made:
        write_json(place / JOB, made)
    return place


def read_job(place: Path) -> dict[str, Any]:
    """What ``job.json`` holds; DataError where the run was never planned, or the file is damaged."""
    if not (place / JOB).is_file():
        raise DataError(f"{place} holds no planned run: begin with mlt study run")
    job = read_json(place / JOB)
    if not isinstance(job, dict) or not isinstance(job.get("commands"), dict) or "address" not in job:
        raise DataError(f"{place / JOB} is damaged: remove it, and run mlt study run again")
    return job


def _checkpoint(base: BasePlan) -> str:
    """A recipe's model as ``mlt eval`` takes it."""
    recipe = base.recipe
    return recipe.model if recipe.revision is None else f"{recipe.model}@{recipe.revision}"


def _write_recipe(path: Path, recipe: dict[str, Any]) -> None:
    import yaml

    text = yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True).encode()
    if not path.is_file() or path.read_bytes() != text:
        write_atomic(path, text)
