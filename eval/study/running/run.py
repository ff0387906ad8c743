"""Running a study: what its runs need is made, then each is trained and evaluated by whatever carries them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from ....toolkit.files import disk_errors
from ....toolkit.locks import locked
from ....toolkit.progress import Progress
from ..planning.folder import StudyFolder
from ..planning.plan import BasePlan, Plan, RunPlan, make_plan, write_study
from ..planning.spec_types import StudySpec
from .executors.base import Executor, JobRef
from .finished import remove_weights
from .job_file import write_job
from .live import Board, watching
from .prepare import prepare
from .states import State, read_done
from .status import JobStatus, job_entries, job_status


@dataclass(frozen=True, slots=True)
class Ready:
    """A study whose mixtures are made. ``plan`` is the part of it that was asked for, ``left`` the jobs of it that are
    not finished, in order, and ``finished`` how many are."""

    plan: Plan
    left: tuple[JobRef, ...]
    finished: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the jobs that were to be run; ``skipped`` counts those that were finished before.

    ``elsewhere``: carried by another process, such as a task of an array; ``stopped``: not ended, by an executor that
    gave them back.
    """

    done: tuple[JobStatus, ...]
    failed: tuple[JobStatus, ...]
    elsewhere: tuple[JobStatus, ...]
    stopped: tuple[JobStatus, ...]
    skipped: int


def run_study(
    spec: StudySpec,
    folder: StudyFolder,
    *,
    executor: Executor,
    only: Sequence[str] = (),
    retries: int = 0,
    progress: Progress | None = None,
    show: bool = False,
) -> Outcome:
    """Runs what is left of a study, or of the runs whose names match ``only``, and says what came of it.

    A run that fails is recorded with the last line of its log, and the rest go on; it is tried ``retries`` times more
    now, and again by the next call. ``show``: a live table, or lines, on stderr.

    Raises UsageError or DataError for a study that cannot be planned or prepared, EnvironmentProblem where another
    process runs it already. A KeyboardInterrupt ends what runs, and the next call goes on from there.
    """
    with driving(folder):
        ready = make_ready(spec, folder, only=only, progress=progress)
        if ready.left:
            carry(ready, executor, retries=retries, show=show)
        return outcome_of(ready)


@contextmanager
def driving(folder: StudyFolder) -> Iterator[None]:
    """Holds a study's folder, which one driver at a time may; EnvironmentProblem where another one does."""
    with disk_errors(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    with locked(folder.path):
        yield


def make_ready(
    spec: StudySpec, folder: StudyFolder, *, only: Sequence[str] = (), progress: Progress | None = None
) -> Ready:
    """Plans a study, makes what the wanted runs need, and writes study.json and the job.json of each.

    To be called while the folder is held (:func:`driving`).
    """
    plan = make_plan(spec, folder)
    wanted = plan.selected(only)  # refuses a pattern that matches nothing before anything is written
    write_study(plan)
    whole = prepare(wanted, progress)
    write_study(whole)
    chosen = whole.selected(only)
    left, finished = [], 0
    for ref, job in jobs_of(chosen):
        write_job(whole, job)
        if read_done(folder.job(ref.kind, ref.address), ref.address):
            finished += 1
            if ref.kind == "run" and not spec.keep_models:  # a kill may have come before they went
                remove_weights(folder.model(ref.address))
        else:
            left.append(ref)
    return Ready(chosen, tuple(left), finished)


def jobs_of(plan: Plan) -> list[tuple[JobRef, RunPlan | BasePlan]]:
    """What a plan's jobs are, bases first; those that share an address are one."""
    bases = [(JobRef("base", base.address, base.name), base) for base in plan.distinct_bases()]
    return [*bases, *((JobRef("run", run.address, run.name), run) for run in plan.distinct_runs())]


def carry(ready: Ready, executor: Executor, *, retries: int, show: bool) -> None:
    """Hands what is left to an executor, and shows how it goes."""
    folder = ready.plan.folder
    board = Board(folder, job_entries(ready.plan.to_json()), slots=getattr(executor, "jobs", None) or 1)
    with watching(board) if show else nullcontext(_unseen) as on_state:
        executor.run(folder, ready.left, on_state, retries=retries)


def _unseen(job: JobRef, state: State) -> None:
    """Tells nobody how a run goes."""


def outcome_of(ready: Ready) -> Outcome:
    """What has become of the jobs that were left, by what stands in their folders."""
    wanted = {(job.kind, job.address) for job in ready.left}
    entries = [entry for entry in job_entries(ready.plan.to_json()) if (entry["kind"], entry["address"]) in wanted]
    jobs = [job_status(ready.plan.folder, entry) for entry in entries]

    def those(*states: str) -> tuple[JobStatus, ...]:
        return tuple(job for job in jobs if job.state in states)

    return Outcome(
        done=those("done"),
        failed=those("failed"),
        elsewhere=those("running"),
        stopped=those("interrupted", "to come"),
        skipped=ready.finished,
    )
