"""``mlt study status``, as the command line calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....toolkit.errors import DataError
from ....toolkit.files import read_json
from ....toolkit.tables import print_json, print_table, time_text
from ..planning.folder import StudyFolder, study_folder
from ..planning.plan import make_plan
from ..planning.spec import load_spec
from .status import STATES, JobStatus, by_group, counts, estimate_left, read_status


def run_status(study: str, *, out: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Prints how far a study is, by what stands in its folder; one that was never run, by its plan."""
    spec = load_spec(study, overrides)
    folder = study_folder(spec, out)
    planned = folder.manifest.is_file()
    jobs = read_status(folder, _manifest(folder) if planned else make_plan(spec, folder).to_json())
    if as_json:
        print_json(_json(folder, jobs))
    else:
        _print(folder, jobs, planned=planned)


def _manifest(folder: StudyFolder) -> Mapping[str, Any]:
    study = read_json(folder.manifest)
    if not isinstance(study, dict) or not isinstance(study.get("runs"), list):
        raise DataError(f"{folder.manifest} is damaged: run mlt study run again, which writes it anew")
    return study


def _slots(jobs: Sequence[JobStatus]) -> int:
    """How many run side by side, as far as one can see."""
    return max(1, sum(job.state == "running" for job in jobs))


def _json(folder: StudyFolder, jobs: Sequence[JobStatus]) -> dict[str, Any]:
    eta = estimate_left(jobs, slots=_slots(jobs))
    entries = [
        {
            "kind": job.kind,
            "address": job.address,
            "names": list(job.names),
            "state": job.state,
            "stage": job.stage,
            "seconds": round(job.seconds, 3),
            "error": job.error,
            "log": str(job.log) if job.log else None,
        }
        for job in jobs
    ]
    return {
        "path": str(folder.path),
        "counts": counts(jobs),
        "seconds_left": round(eta.seconds, 1),
        "seconds_left_known": eta.known,
        "jobs": entries,
    }


def _print(folder: StudyFolder, jobs: Sequence[JobStatus], *, planned: bool) -> None:
    rows = [
        [task, model, *(f"{n:,}" for n in counts(group).values())] for (task, model), group in by_group(jobs).items()
    ]
    rows.append(["all", "", *(f"{n:,}" for n in counts(jobs).values())])
    print_table(["task", "model", *STATES], rows, right=STATES)
    for job in jobs:
        if job.state == "running":
            print(f"running: {job.names[0]}, {job.stage}, {time_text(job.seconds)}")
        elif job.state in ("failed", "interrupted"):
            print(f"{job.state}: {job.names[0]}{f': {job.error}' if job.error else ''} (see {job.log})")
    eta = estimate_left(jobs, slots=_slots(jobs))
    if eta.seconds:
        print(f"{'' if eta.known else 'more than '}{time_text(eta.seconds)} left, at {_slots(jobs)} side by side")
    print(folder.path if planned else f"{folder.path} (not begun)")
