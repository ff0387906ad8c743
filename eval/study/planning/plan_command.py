"""``mlt study plan``, as the command line calls it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....toolkit.tables import print_json, print_table, size_text
from .estimates import Cost, assumptions, cost_of, mixture_bytes, notes
from .folder import study_folder
from .plan import Plan, make_plan
from .spec import load_spec

_NUMBERS = ("runs", "cells", "steps", "tokens", "device hours", "disk")


def run_plan(study: str, *, out: Path | None, overrides: Sequence[str], only: Sequence[str], as_json: bool) -> None:
    """Prints which runs a study is made of, and what they cost; writes nothing."""
    spec = load_spec(study, overrides)
    plan = make_plan(spec, study_folder(spec, out)).selected(only)
    if as_json:
        print_json(_json(plan))
    else:
        _print(plan)


def shares(plan: Plan) -> list[tuple[str, str, str, Cost]]:
    """The cost of each task, model and budget; of the bases, under the budget "base", of each task and model."""
    found = []
    for task in plan.data:
        for model in dict.fromkeys(job.model for job in plan.jobs):
            bases = [base for base in plan.bases if (base.task, base.model) == (task, model)]
            if bases:
                found.append((task, model, "base", cost_of(plan, (), bases)))
            for budget in dict.fromkeys(run.budget for run in plan.runs):
                runs = [run for run in plan.runs if (run.task, run.model, run.budget) == (task, model, budget)]
                if runs:
                    found.append((task, model, budget, cost_of(plan, runs)))
    return found


def _json(plan: Plan) -> dict[str, Any]:
    found = [
        {"task": task, "model": model, "budget": budget, **cost.to_json()} for task, model, budget, cost in shares(plan)
    ]
    return {
        **plan.to_json(),
        "folder": str(plan.folder.path),
        "total": {**_total(plan).to_json(), "mixtures": mixture_bytes(plan)},
        "shares": found,
        "shared": _shared(plan),
        "done": _done(plan),
        "notes": notes(plan),
        "assumptions": assumptions(plan),
    }


def _print(plan: Plan) -> None:
    total, mixtures = _total(plan), mixture_bytes(plan)
    rows = [(task, model, budget, *_cells(cost)) for task, model, budget, cost in shares(plan)]
    rows.append(("in all", "", "", *_cells(total)))
    title = f"Study {plan.spec.name}, {plan.spec.path}"
    print_table(("task", "model", "budget", *_NUMBERS), rows, right=_NUMBERS, title=title)
    distinct = len(plan.distinct_runs())
    bases = f" and {total.bases:,} checkpoints before training" if total.bases else ""
    print(f"\n{total.runs:,} runs{bases}: {total.cells:,} cells, a language each")
    if distinct < total.runs:
        print(f"{total.runs - distinct:,} runs are the same as others, and done once: {distinct:,} trainings, such as")
        print(f"  {' = '.join(next(iter(_shared(plan).values())))}")
    print(f"{_done(plan):,} of {distinct + len(plan.distinct_bases()):,} are done, in {plan.folder.path}")
    print(
        f"disk: {size_text(total.disk)} stay and {size_text(mixtures)} of mixtures; "
        f"a training takes up to {size_text(total.scratch)} more"
    )
    for heading, lines in (("to know", notes(plan)), ("estimated with", assumptions(plan))):
        if lines:
            print("\n".join(["", heading, *(f"- {line}" for line in lines)]))


def _cells(cost: Cost) -> tuple[str, ...]:
    least, most = cost.steps
    steps = "" if not cost.runs else f"{least:,}" if least == most else f"{least:,}-{most:,}"
    tokens = "" if not cost.runs else f"{cost.tokens / 1e6:,.1f} M" if cost.tokens >= 1e6 else f"{cost.tokens:,}"
    return (
        " + ".join(f"{count:,}" for count in (cost.runs, cost.bases) if count),
        f"{cost.cells:,}",
        steps,
        tokens,
        _hours(cost.hours),
        size_text(cost.disk),
    )


def _hours(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.1f}" if hours >= 0.05 else "< 0.1"


def _total(plan: Plan) -> Cost:
    return cost_of(plan, plan.runs, plan.bases)


def _shared(plan: Plan) -> dict[str, list[str]]:
    """Names by address, of those with several."""
    names: dict[str, list[str]] = {}
    for run in plan.runs:
        names.setdefault(run.address, []).append(run.name)
    return {address: found for address, found in names.items() if len(found) > 1}


def _done(plan: Plan) -> int:
    runs = sum(plan.folder.is_done("run", run.address) for run in plan.distinct_runs())
    return runs + sum(plan.folder.is_done("base", base.address) for base in plan.distinct_bases())
