"""How far a study is, read from its folder alone: nothing is locked, and nothing but ``done.json`` counts as done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

from ..planning.folder import LOG, Kind, StudyFolder
from .states import read_done, read_state

Phase = Literal["done", "running", "failed", "interrupted", "to come"]
STATES: tuple[Phase, ...] = ("done", "running", "failed", "interrupted", "to come")


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One run or base. ``names``: all that share its address; ``seconds``: what it took, or has taken so far; ``steps``
    are planned ones, 0 for a base; ``error`` and ``log`` where it failed."""

    kind: Kind
    address: str
    names: tuple[str, ...]
    task: str
    model: str
    steps: int
    state: Phase
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)
    stage: str = ""
    error: str = ""
    log: Path | None = None

    @property
    def left(self) -> bool:
        """Whether it is still to be run. A failed one is, when the study is run again."""
        return self.state not in ("done", "failed")


@dataclass(frozen=True, slots=True)
class Eta:
    """Seconds until what is left is done. ``known`` is False where nothing like a part of it is finished yet: then
    that part is not in ``seconds``."""

    seconds: float
    known: bool


def job_entries(study: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runs and bases of study.json, each address once, with ``kind`` and the ``names`` that share it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, entries in (("base", study["bases"]), ("run", study["runs"])):
        for entry in entries:
            made = found.setdefault((kind, entry["address"]), {**entry, "kind": kind, "names": []})
            made["names"].append(entry["name"])
    return list(found.values())


def read_status(folder: StudyFolder, study: Mapping[str, Any]) -> list[JobStatus]:
    """The state of every run and base of a plan, as ``study.json`` holds it."""
    return [job_status(folder, entry) for entry in job_entries(study)]


def job_status(folder: StudyFolder, entry: Mapping[str, Any]) -> JobStatus:
    """The state of one entry of :func:`job_entries`."""
    kind, address = entry["kind"], entry["address"]
    place = folder.job(kind, address)
    own = {
        "kind": kind,
        "address": address,
        "names": tuple(entry["names"]),
        "task": entry["task"],
        "model": entry["model"],
        "steps": int(entry.get("steps") or 0),
    }
    if done := read_done(place, address):
        stages = dict(done.get("seconds") or {})
        return JobStatus(**own, state="done", seconds=sum(stages.values()), stages=stages)
    state = read_state(place)
    if state is None or state.state == "done":  # whose done.json was removed
        return JobStatus(**own, state="to come")
    spent = sum(state.seconds.values())
    if state.state == "running":
        spent = max(spent, time.time() - state.started)
    return JobStatus(
        **own,
        state=state.state,
        seconds=spent,
        stages=dict(state.seconds),
        stage=state.stage,
        error=state.error,
        log=place / LOG,
    )


def counts(jobs: Iterable[JobStatus]) -> dict[Phase, int]:
    """How many are in each state."""
    found = dict.fromkeys(STATES, 0)
    for job in jobs:
        found[job.state] += 1
    return found


def by_group(jobs: Sequence[JobStatus]) -> dict[tuple[str, str], list[JobStatus]]:
    """Jobs by (task, model), in their order."""
    groups: dict[tuple[str, str], list[JobStatus]] = {}
    for job in jobs:
        groups.setdefault((job.task, job.model), []).append(job)
    return groups


def estimate_left(jobs: Sequence[JobStatus], *, slots: int) -> Eta:
    """When what is left will be done, ``slots`` side by side.

    A run takes its planned steps times the median seconds a step of the finished runs of the same task and model, and
    their median seconds of an evaluation; what it has taken already is taken off.
    """
    total, known = 0.0, True
    for group in by_group(jobs).values():
        done = [job for job in group if job.state == "done"]
        step = _median(job.stages["train"] / job.steps for job in done if job.steps and "train" in job.stages)
        asked = _median(job.stages["eval"] for job in done if "eval" in job.stages)
        for job in group:
            if not job.left:
                continue
            if asked is None or (job.kind == "run" and step is None):
                known = False
                continue
            total += max(0.0, job.steps * (step or 0.0) + asked - job.seconds)
    return Eta(total / max(1, slots), known)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
