"""One run of a study, from its plan to ``done.json``: its stages one after the other, as commands of their own.

Whatever carries runs (threads here, a Ray worker, a task of a Slurm array) calls :func:`run_job`.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.errors import EnvironmentProblem, MltError
from ....toolkit.files import write_json
from ....toolkit.locks import locked
from ..planning.folder import DONE, LOG, MODEL, Kind
from .finished import done_of, is_trained, remove_weights, start_over
from .job_file import read_job
from .stage_process import last_line, run_stage
from .states import State, read_done, read_state, write_state

if TYPE_CHECKING:
    from ..planning.folder import StudyFolder


def run_job(
    folder: StudyFolder,
    kind: Kind,
    address: str,
    *,
    env: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> State:
    """Trains and evaluates one planned run, and gives the state that it ends in, which is also written down.

    A finished one is left as it is, a training that has ended is not begun again, and one that was stopped goes on
    from its checkpoint. ``env`` is added to the environment of the stages. Once ``stop`` is set the stage is asked to
    end and the state is ``interrupted``; so it is where this thread gets a KeyboardInterrupt, which goes on. Where
    another process carries the run, its state, ``running``, is given and nothing is done.

    What goes wrong in a stage is the state ``failed``. DataError where the run was never planned.
    """
    place = folder.job(kind, address)
    job = read_job(place)
    with ExitStack() as held:
        try:
            held.enter_context(locked(place))
        except EnvironmentProblem:
            state = read_state(place)
            if state is None or state.state != "running":
                raise
            return state
        if done := read_done(place, address):
            _drop_weights(job, place)
            return _done_state(place, done)
        return _carry(job, place, env, stop)


def _carry(job: Mapping[str, Any], place: Path, env: Mapping[str, str] | None, stop: threading.Event | None) -> State:
    """Runs the stages of a run whose lock is held."""
    before = read_state(place) or State("interrupted")
    state = State(
        "running",
        pid=os.getpid(),
        host=socket.gethostname(),
        started=time.time(),
        attempts=before.attempts + 1,
        seconds=before.seconds,
    )
    try:
        for stage in job["commands"]:
            if stage == "train":
                if is_trained(place / MODEL):
                    continue
                start_over(place)
            state = _stage(replace(state, stage=stage), job, place, env, stop)
            if state.state != "running":
                return state
        done = done_of(job, place, state.seconds)
        write_json(place / DONE, done)
        _drop_weights(job, place)
    except (MltError, OSError) as error:
        return _end(place, replace(state, state="failed", error=" ".join(str(error).split())))
    return _end(place, replace(state, state="done"))


def _stage(
    state: State,
    job: Mapping[str, Any],
    place: Path,
    env: Mapping[str, str] | None,
    stop: threading.Event | None,
) -> State:
    """Runs one stage; the state is ``running`` still where it ended well."""
    write_state(place, state)
    begun = time.monotonic()
    cwd = Path(job["cwd"]) if job.get("cwd") else None
    argv = job["commands"][state.stage]
    try:
        rc = run_stage(argv, place / LOG, cwd=cwd, env=env, stop=stop)
    except KeyboardInterrupt:
        _end(place, _after(state, begun, None, "interrupted"))
        raise
    if stop is not None and stop.is_set() and rc != 0:
        return _end(place, _after(state, begun, rc, "interrupted"))
    if rc != 0:
        return _end(place, replace(_after(state, begun, rc, "failed"), error=_reason(rc, place / LOG)))
    return _after(state, begun, rc, "running")


def _after(state: State, begun: float, rc: int | None, phase: Any) -> State:
    spent = state.seconds.get(state.stage, 0.0) + time.monotonic() - begun
    return replace(state, state=phase, rc=rc, seconds={**state.seconds, state.stage: spent})


def _end(place: Path, state: State) -> State:
    ended = replace(state, ended=time.time())
    write_state(place, ended)
    return ended


def _reason(rc: int, log: Path) -> str:
    """Why a stage failed, in one line."""
    said = last_line(log)
    if rc >= 0:
        return said or f"exit code {rc}, and nothing in the log"
    killed = f"ended by signal {-rc}" + (" (out of memory?)" if rc == -9 else "")
    return f"{killed}: {said}" if said else killed


def _drop_weights(job: Mapping[str, Any], place: Path) -> None:
    if not job.get("keep_model", True):
        remove_weights(place / MODEL)


def _done_state(place: Path, done: Mapping[str, Any]) -> State:
    """The state of a run that was finished before; its own, where a kill came before that was written."""
    state = read_state(place)
    return state if state and state.state == "done" else State("done", seconds=done.get("seconds", {}))
