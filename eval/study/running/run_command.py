"""``mlt study run`` and ``mlt study job``, as the command line calls them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import typer

from ....toolkit.errors import DataError, UsageError
from ....toolkit.progress import open_progress
from ....toolkit.tables import print_json
from ..planning.folder import Kind, StudyFolder, study_folder
from ..planning.plan import Plan, make_plan
from ..planning.spec import StudySpec, load_spec
from .executors.base import Executor, JobRef, run_with_retries
from .job_file import read_job
from .run import Outcome, Ready, carry, driving, jobs_of, make_ready, outcome_of
from .states import read_done
from .status import JobStatus

FAILED = 1
KINDS: tuple[Kind, ...] = ("run", "base")


def run_run(
    study: str,
    *,
    out: Path | None,
    executor: Literal["local", "ray", "slurm"],
    jobs: int | None,
    address: str | None,
    only: Sequence[str],
    overrides: Sequence[str],
    retries: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Runs a study, or writes the array of a Slurm cluster; exit code 1 where a run failed."""
    if address is not None and executor != "ray":
        raise UsageError(f"--address {address}: it names a Ray cluster; add --executor ray")
    spec = load_spec(study, overrides)
    folder = study_folder(spec, out)
    if dry_run:
        _show_plan(make_plan(spec, folder).selected(only), as_json=as_json)
        return
    with driving(folder):
        ready = _made_ready(spec, folder, only)
        if executor == "slurm":
            _write_array(ready, jobs, as_json=as_json)
            return
        try:
            if ready.left:
                carry(ready, _executor(executor, jobs, address), retries=retries, show=True)
        except KeyboardInterrupt:
            typer.echo("the same command goes on where this one ended", err=True)
            raise
        outcome = outcome_of(ready)
    _show(outcome, folder, study, as_json=as_json)
    if outcome.failed:
        raise typer.Exit(FAILED)


def run_job_command(folder: Path, addresses: Sequence[str]) -> None:
    """Runs single runs of a planned study, one after the other; exit code 1 where one failed."""
    place = StudyFolder(folder.absolute())
    jobs = [_job_at(place, address) for address in addresses]
    failed = False
    for job in jobs:
        state = run_with_retries(place, job, retries=0)
        failed |= state.state == "failed"
        said = "carried by another process" if state.state == "running" else state.state
        print(f"{job.name}: {said}{f': {state.error}' if state.error else ''}", flush=True)
    if failed:
        raise typer.Exit(FAILED)


def _made_ready(spec: StudySpec, folder: StudyFolder, only: Sequence[str]) -> Ready:
    with open_progress() as progress:
        try:
            return make_ready(spec, folder, only=only, progress=progress)
        except KeyboardInterrupt:
            progress.note("the same command goes on where this one ended")
            raise


def _executor(name: str, jobs: int | None, address: str | None) -> Executor:
    if name == "ray":
        from .executors.ray import RayExecutor

        return RayExecutor(address, jobs)
    from .executors.local import LocalExecutor

    return LocalExecutor(jobs)


def _write_array(ready: Ready, jobs: int | None, *, as_json: bool) -> None:
    from .executors.slurm import write_array

    script = write_array(ready.plan.folder, ready.left, at_once=jobs)
    if as_json:
        print_json({"script": str(script), "left": len(ready.left), "finished": ready.finished})
        return
    print(f"{len(ready.left)} runs to come, {ready.finished} finished before\nsbatch {shlex.quote(str(script))}")


def _job_at(folder: StudyFolder, address: str) -> JobRef:
    """The planned run or base of an address."""
    for kind in KINDS:
        if folder.job_file(kind, address).is_file():
            return JobRef(kind, address, read_job(folder.job(kind, address))["names"][0])
    raise DataError(f"{folder.path} plans no run {address}: write it with mlt study run first")


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    """What would be run, and what is finished. Before the mixtures are made nothing is known to be."""
    folder = plan.folder
    jobs = [job for job, _ in jobs_of(plan)]
    left = [job.name for job in jobs if not read_done(folder.job(job.kind, job.address), job.address)]
    if as_json:
        print_json({"path": str(folder.path), "left": left, "finished": len(jobs) - len(left)})
        return
    for name in left:
        print(name)
    print(f"\n{len(left)} to run, {len(jobs) - len(left)} finished; nothing was run")


def _show(outcome: Outcome, folder: StudyFolder, study: str, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = {"path": str(folder.path), "skipped": outcome.skipped}
        told |= {name: [_json(job) for job in getattr(outcome, name)] for name in _LISTS}
        print_json(told)
        return
    counts = [f"{len(outcome.done):,} done", f"{outcome.skipped:,} finished before"]
    counts += [f"{len(found):,} {said}" for found, said in _rest(outcome) if found]
    for job in outcome.failed:
        print(f"failed: {job.names[0]}: {job.error} (see {job.log})")
    print(", ".join(counts))
    print(folder.path)
    if not outcome.failed and not outcome.stopped and not outcome.elsewhere:
        print(f"now: mlt study report {study}")


_LISTS = ("done", "failed", "elsewhere", "stopped")


def _rest(outcome: Outcome) -> list[tuple[tuple[JobStatus, ...], str]]:
    return [
        (outcome.failed, "failed; the same command tries them again"),
        (outcome.elsewhere, "carried by another process"),
        (outcome.stopped, "not ended"),
    ]


def _json(job: JobStatus) -> dict[str, Any]:
    return {
        "name": job.names[0],
        "kind": job.kind,
        "address": job.address,
        "seconds": round(job.seconds, 3),
        "error": job.error,
        "log": str(job.log) if job.log else None,
    }
