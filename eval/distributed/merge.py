"""What several tasks have answered becomes one complete evaluation."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from ...toolkit.errors import DataError, UsageError
from ...toolkit.files import disk_errors
from ...toolkit.locks import locked
from ...toolkit.progress import Progress
from ..folder import PLAN
from ..results import RESULTS, read_evaluation, summarize
from ..samples import SampleKey, answered, settle
from .plan import Plan, read_plan

_SHOWN = 5


def merge_evaluation(out: Path, progress: Progress) -> dict[str, Any]:
    """Brings the samples of all tasks into one file a language and writes results and reports; what results.json holds.

    The files are those of one process. An evaluation that is whole already is counted again. Raises DataError, with
    nothing written, where items have no answer yet, UsageError where no task has begun, EnvironmentProblem while tasks
    run.
    """
    read_evaluation(out)
    with locked(out):
        plan = read_plan(out)
        if plan is None and not (out / RESULTS).is_file():
            raise UsageError(f"{out} was begun by one process, and no tasks: run its mlt eval again")
        if plan is not None:
            _settle(out, plan, progress)
        progress.message("writing the report")
        results = summarize(out)
        with disk_errors(out):
            (out / PLAN).unlink(missing_ok=True)
        progress.message("")
        return results


def _settle(out: Path, plan: Plan, progress: Progress) -> None:
    progress.message("reading what the tasks have answered")
    orders: dict[tuple[str, str], list[SampleKey]] = defaultdict(list)
    for asked in plan.asked:
        orders[asked.task, asked.lang] += asked.order
    if missing := plan.missing({key for task, lang in orders for key in answered(out, task, lang)}):
        named = [f"--shard {part.number}/{part.count}: {count:,}" for part, count in missing.items()]
        raise DataError(
            f"{out} lacks {sum(missing.values()):,} answers ({', '.join(named[:_SHOWN])}"
            f"{', …' if len(named) > _SHOWN else ''}): run these tasks again"
        )
    for (task, lang), order in orders.items():
        settle(out, task, lang, order)
