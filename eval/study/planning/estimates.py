"""What a study costs before it is run: rows, steps, tokens, device hours, disk.

Operations are 6 a weight and token for full training (forward 2, backward 4; Kaplan et al. 2020, arXiv:2001.08361),
4 where only adapters are trained, for no gradient of the frozen weights is computed, and 2 for what is generated.
Recomputed activations count for the utilisation, not as operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.mixtures import is_mixture, open_mixture
from ....train.quotas import largest_remainder
from ....train.recipe import Recipe
from ....train.request import Budget
from ....train.steps import plan_steps
from ...api import MAX_NEW_TOKENS
from . import addresses

if TYPE_CHECKING:
    from .plan_types import BasePlan, Plan, RunPlan
    from .spec_types import StudySpec

_BYTES_PER_TOKEN = 4  # of text; a mixture's Parquet files are compressed to less
_WEIGHT_BYTES = 4  # trained weights are kept in float32
_NEAR = 0.05  # epochs end with a smaller batch, so that steps are seldom met exactly
_ANSWER_BYTES = 4000  # a sample with its prompt


@dataclass(frozen=True, slots=True)
class Cost:
    """Several runs together. ``hours``: of one device; ``disk``: bytes that stay, ``scratch``: the most that one
    training holds beside them. ``steps``: least and most of a run."""

    runs: int
    bases: int
    cells: int
    steps: tuple[int, int]
    tokens: int
    hours: float
    disk: int
    scratch: int

    def to_json(self) -> dict[str, Any]:
        """As ``mlt study plan --json`` prints it."""
        return {**asdict(self), "steps": list(self.steps)}


def rows_of(budget: Budget, languages: Sequence[str], tokens_per_row: float) -> dict[str, int]:
    """The rows of each language in a mixture under a budget; of one in tokens as many as ``tokens_per_row`` gives."""
    if budget.kind == "per_language":
        return dict.fromkeys(languages, budget.amount)
    volume = budget.volume if budget.unit == "rows" else round(budget.volume / tokens_per_row)
    return largest_remainder(volume, dict.fromkeys(languages, 1.0))


def steps_of(recipe: Recipe, rows: int, tokens: float) -> int:
    """The optimiser steps that a recipe makes of ``rows`` rows of together ``tokens`` tokens."""
    if not recipe.packing:
        return plan_steps(recipe, range(rows)).updates
    return plan_steps(recipe, [math.ceil(tokens / max(rows, 1))] * rows).updates


def trained_tokens(recipe: Recipe, steps: int, rows: int, tokens: float) -> int:
    """The tokens that are trained on: of every row as often as it is seen, whole epochs ending with what is left."""
    if not rows:
        return 0
    if recipe.packing:
        return round(min(steps * recipe.batch_size * recipe.max_length, tokens * recipe.epochs))
    per_epoch = math.ceil(rows / recipe.batch_size)
    epochs, rest = divmod(steps, per_epoch)
    return round((epochs * rows + min(rest * recipe.batch_size, rows)) * tokens / rows)


def cost_of(plan: Plan, runs: Sequence[RunPlan], bases: Sequence[BasePlan] = ()) -> Cost:
    """The cost of runs and bases. Those that share an address are counted as runs, and cost what one of them does."""
    spec = plan.spec
    done = list({run.address: run for run in runs}.values())
    asked = list({base.address: base for base in bases}.values())
    named: list[RunPlan | BasePlan] = [*runs, *bases]
    jobs: list[RunPlan | BasePlan] = [*done, *asked]
    steps = [run.steps for run in runs] or [0]
    answers = sum(_items(spec, job.task) * len(spec.evaluate.languages[job.task]) for job in jobs)
    return Cost(
        runs=len(runs),
        bases=len(bases),
        cells=sum(len(spec.evaluate.languages[job.task]) for job in named),
        steps=(min(steps), max(steps)),
        tokens=sum(run.tokens for run in done),
        hours=sum(_train_hours(spec, run) for run in done) + sum(_ask_hours(spec, job) for job in jobs),
        disk=round(answers * _ANSWER_BYTES + sum(_kept_bytes(spec, run) for run in done)),
        scratch=max((_scratch_bytes(run) for run in done), default=0),
    )


def mixture_bytes(plan: Plan) -> int:
    """The disk that the mixtures of a plan take, each once: of those that are made, their files'."""
    per_row = plan.spec.estimates.tokens_per_row
    sizes: dict[Path, float] = {}
    for run in plan.runs:
        if run.mixture_path not in sizes:
            sizes[run.mixture_path] = _size(run.mixture_path) or run.rows * per_row[run.task] * _BYTES_PER_TOKEN
    return round(sum(sizes.values()))


def assumptions(plan: Plan) -> list[str]:
    """What the estimates rest on, in words, a line each."""
    found = plan.spec.estimates
    tasks = plan.data
    made = sum(ladder.made for ladder in plan.ladders)
    rows = ", ".join(f"{found.tokens_per_row[task]:g} tokens a row of {task}" for task in tasks)
    items = ", ".join(f"{_items(plan.spec, task):g} items a language of {task}" for task in tasks)
    return [
        f"{found.device}: {found.flops / 1e12:g} TFLOP/s, {found.utilisation:.0%} of it in training and "
        f"{found.generation:.0%} in generation",
        "6 operations a weight and token of full training, 4 with adapters, 2 a token read or generated; generation is "
        "counted to the limit of new tokens",
        f"{rows}, where a tokenizer has not counted them; {items} in tests",
        f"{made} of {len(plan.ladders)} ladders of mixtures are made; the rows of the others are what the budget asks",
        "weights of 4 bytes; while it trains a full run keeps two checkpoints with the optimiser's moments",
    ]


def notes(plan: Plan) -> list[str]:
    """What a user should know before it is run, a line each: missing data, steps that are not the budget's."""
    found = []
    for task, data in plan.data.items():
        missing = [str(path) for path in data.runs if data.spec.translate is None and addresses.run_at(path) is None]
        test = Path(data.test.rpartition("=")[2])
        if data.spec.test is not None and test.is_absolute() and not test.exists():
            missing.append(str(test))
        if missing:
            found.append(f"{task}: {', '.join(missing)} is not there yet; it is needed to run the study")
    budgets = {budget.name: budget.tasks for budget in plan.spec.budgets}
    for run in {(run.task, run.model, run.budget): run for run in plan.runs}.values():
        asked = budgets[run.budget][run.task].budget
        if asked.kind == "steps" and abs(run.steps - asked.amount) > _NEAR * asked.amount:
            found.append(f"{run.name}: {run.steps:,} steps, and its budget says {asked.amount:,}: see its batch_size")
    return found


def _size(mixture: Path) -> int:
    """Bytes of a mixture's files; 0 where it is not made."""
    if not is_mixture(mixture):
        return 0
    return sum(entry["bytes"] for entry in open_mixture(mixture).manifest["files"].values())


def _items(spec: StudySpec, task: str) -> float:
    data, limit = spec.data[task], spec.evaluate.limit[task]
    known = data.translate.holdout if data.holdout and data.translate else spec.estimates.test_items[task]
    return known if limit is None else min(limit, known)


def _train_hours(spec: StudySpec, run: RunPlan) -> float:
    found, recipe = spec.estimates, run.recipe
    operations = (6 if recipe.method == "full" else 4) * run.parameters * run.tokens
    # Validation: the answers that choose the checkpoint.
    checks = math.ceil(run.steps / recipe.eval_steps) if recipe.eval_steps else math.ceil(recipe.epochs)
    items = (
        min(recipe.eval_samples, spec.data[run.task].validation) * run.L * (checks if recipe.keep == "accuracy" else 0)
    )
    generated = items * (found.tokens_per_row[run.task] + recipe.max_new_tokens)
    return _hours(spec, operations, 2 * run.parameters * generated)


def _ask_hours(spec: StudySpec, job: RunPlan | BasePlan) -> float:
    task = job.task
    limit = spec.evaluate.max_new_tokens[task] or MAX_NEW_TOKENS[task]
    items = _items(spec, task) * len(spec.evaluate.languages[task])
    return _hours(spec, 0, 2 * job.parameters * items * (spec.estimates.tokens_per_row[task] + limit))


def _hours(spec: StudySpec, trained: float, generated: float) -> float:
    found = spec.estimates
    return (trained / found.utilisation + generated / found.generation) / found.flops / 3600


def _kept_bytes(spec: StudySpec, run: RunPlan) -> float:
    return _trained_weights(run) * _WEIGHT_BYTES if spec.keep_models else 0


def _scratch_bytes(run: RunPlan) -> int:
    """Two checkpoints, each the weights and two moments, and the model that is kept."""
    return round(7 * _trained_weights(run) * _WEIGHT_BYTES)


def _trained_weights(run: RunPlan) -> float:
    """All weights, or an adapter's: of those whose shape is known exactly, else one in a hundred."""
    from ....train.memory import shapes, trained_parameters

    if run.recipe.method == "full":
        return run.parameters
    shape = shapes().get(run.recipe.model)
    return run.parameters / 100 if shape is None else trained_parameters(run.recipe, shape)
