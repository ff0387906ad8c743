"""What the runs of a study need before any can begin: sources divided, data and test sets translated, mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....toolkit.errors import DataError
from ....toolkit.progress import NullProgress, Progress
from ..planning.addresses import run_at
from ..planning.folder import LOG, TEST_ROWS, TRAIN_ROWS
from ..planning.plan import DataPlan, Plan, make_plan
from .holdout import hold_out
from .stage_process import last_line, run_stage
from .stages import mix_argv, translate_argv

PIVOT = "en"
"""What is translated from: every run of mlt translate holds it."""


def prepare(plan: Plan, progress: Progress | None = None) -> Plan:
    """Makes what the runs of ``plan`` need and is not there, and gives the plan of the whole study as it stands then.

    What is there is left alone; a stage that was ended goes on. What they print goes to ``log.txt`` in the study's
    folder. DataError where a stage failed, with the last line of its log.
    """
    told = progress or NullProgress()
    for data in plan.data.values():
        if data.spec.translate is not None:
            _translate(plan, data, told)
    for ladder in plan.ladders:
        if not ladder.made:
            _stage(plan, mix_argv(ladder), f"mixing {ladder.task}, {ladder.budget}", told)
    return make_plan(plan.spec, plan.folder)


def _translate(plan: Plan, data: DataPlan, progress: Progress) -> None:
    """A task's source and its translations, and those of what was held out."""
    spec, task = data.spec.translate, data.task
    assert spec is not None
    wanted = [(data.runs[0], TRAIN_ROWS, plan.spec.languages(task))]
    if data.source is not None:
        progress.message(f"dividing {spec.source} ({task})")
        hold_out(task, spec, data.source)
        wanted.append((plan.folder.tests(task, data.key), TEST_ROWS, plan.spec.evaluate.languages[task]))
    for out, rows, languages in wanted:
        langs = [lang for lang in languages if lang != PIVOT]
        if langs and not _complete(out, langs):
            file = data.source / rows if data.source is not None else None
            what = f"translating {task} ({rows.removesuffix('.jsonl')}) into {', '.join(langs)}"
            _stage(plan, translate_argv(task, spec, langs, out, file), what, progress)


def _complete(path: Path, langs: Sequence[str]) -> bool:
    """Whether a run is finished and holds all of these languages."""
    run = run_at(path)
    return run is not None and bool(run.manifest.get("complete")) and set(langs) <= set(run.languages)


def _stage(plan: Plan, argv: Sequence[str], what: str, progress: Progress) -> None:
    log = plan.folder.path / LOG
    progress.message(what)
    rc = run_stage(argv, log)
    progress.message("")
    if rc != 0:
        said = last_line(log).removeprefix("error: ") or f"exit code {rc}"
        raise DataError(f"{what} failed: {said} (see {log})")
