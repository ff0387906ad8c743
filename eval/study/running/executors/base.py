"""What carries the runs of a study: threads of this process, a Ray cluster, or a class of your own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .....toolkit.errors import MltError
from ...planning.folder import Kind
from ..job import run_job
from ..states import State

if TYPE_CHECKING:
    from ...planning.folder import StudyFolder


@dataclass(frozen=True, slots=True)
class JobRef:
    """A run of a study: what it is, the address that names its folder, and its name for people."""

    kind: Kind
    address: str
    name: str


OnState = Callable[[JobRef, State], None]


class Executor(Protocol):
    """Carries runs. Their ``job.json`` stand in the study's folder, which every place where they run can write."""

    def run(self, folder: StudyFolder, jobs: Sequence[JobRef], on_state: OnState, *, retries: int) -> None:
        """Runs all jobs, each by :func:`mlt.eval.study.running.job.run_job`, and returns once none is left.

        ``on_state`` is called with ``running`` when a job begins and with the state that it ends in, from any thread,
        one call at a time. A job that fails is tried ``retries`` times more, and the rest go on. On KeyboardInterrupt
        the jobs that run are ended, reported as ``interrupted``, and the interrupt goes on.

        Raises EnvironmentProblem where nothing can be run at all, in one line.
        """
        ...


def run_with_retries(
    folder: StudyFolder,
    job: JobRef,
    *,
    retries: int,
    env: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> State:
    """Runs a job, and again while it fails and ``retries`` are left; the state that it ends in.

    What keeps it from being run at all, such as a full disk or a damaged ``job.json``, is ``failed`` too.
    """
    for _ in range(retries + 1):
        try:
            state = run_job(folder, job.kind, job.address, env=env, stop=stop)
        except (MltError, OSError) as error:
            state = State("failed", error=" ".join(str(error).split()))
        if state.state != "failed":
            break
    return state
