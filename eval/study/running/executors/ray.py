"""Runs carried by a Ray cluster: a task each, on a GPU of its own where the cluster has GPUs.

Ray Core's tasks are used, and no more of it: the runs are commands that read and write the study's folder, which every
machine of the cluster sees under the same path. Moritz et al., "Ray: A Distributed Framework for Emerging AI
Applications", OSDI 2018.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .....toolkit.errors import EnvironmentProblem, MltError
from .....toolkit.ray_cluster import cluster, cpu_share, first_line, machines
from ..states import State, read_state, write_state
from .base import run_with_retries

if TYPE_CHECKING:
    from ...planning.folder import StudyFolder
    from .base import JobRef, OnState

DEATHS = 2
"""How often a run is begun again whose worker died; it is recorded as failed after that. What kills a worker (memory,
as a rule) often kills the next one too."""

POLL_S = 0.5
GRACE_S = 200.0  # for the stages to end when interrupted; they have three minutes to save their state


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Runs on a Ray cluster.

    ``address``: ``auto`` for the one that this machine belongs to, ``ray://HOST:PORT`` for a distant one, None to
    start one of this machine alone, which ends with the study. ``jobs``: runs side by side; None: one a GPU, or, in a
    cluster without GPUs, one a machine.
    """

    address: str | None = None
    jobs: int | None = None

    def run(self, folder: StudyFolder, jobs: Sequence[JobRef], on_state: OnState, *, retries: int) -> None:
        """As :class:`Executor` says; a run whose worker died is begun again at most :data:`DEATHS` times more.

        Raises EnvironmentProblem where Ray is not installed or the cluster cannot be reached.
        """
        with cluster(self.address):
            _Carrier(folder, on_state, retries, _remote(self.jobs)).run(jobs, self.jobs or len(jobs))


def carry(folder: StudyFolder, job: JobRef, retries: int, threads: int | None) -> State:
    """What a worker does with a run; what cannot even begin is given as a failed state.

    ``threads`` are those of a stage on a CPU; None leaves them to it.
    """
    env = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    try:
        if not folder.path.is_dir():
            raise EnvironmentProblem(
                f"{folder.path} is not there on {socket.gethostname()}: put the study where every machine sees it"
            )
        return run_with_retries(folder, job, retries=retries, env=env)
    except MltError as error:
        return State("failed", host=socket.gethostname(), error=str(error))


@dataclass
class _Carrier:
    """The driver's side of a study: what is with the cluster, and how often its workers have died."""

    folder: StudyFolder
    on_state: OnState
    retries: int
    remote: Any
    flying: dict[Any, JobRef] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    deaths: dict[str, int] = field(default_factory=dict)

    def run(self, jobs: Sequence[JobRef], at_once: int) -> None:
        import ray

        waiting = list(reversed(jobs))
        try:
            while waiting or self.flying:
                while waiting and len(self.flying) < at_once:
                    self._submit(waiting.pop())
                ended, _ = ray.wait(list(self.flying), num_returns=1, timeout=POLL_S)
                self._tell_begun()
                for ref in ended:
                    self._finish(ref, self.flying.pop(ref))
        except KeyboardInterrupt:
            self._interrupt()
            raise

    def _submit(self, job: JobRef) -> None:
        self.flying[self.remote(self.folder, job, self.retries)] = job

    def _tell_begun(self) -> None:
        """Ray does not say when a task leaves its queue, the run's folder does."""
        for job in self.flying.values():
            if job.address not in self.begun and (state := self._state(job)) and state.state == "running":
                self.begun.add(job.address)
                self.on_state(job, state)

    def _finish(self, ref: Any, job: JobRef) -> None:
        import ray
        from ray.exceptions import RayError, RayTaskError

        try:
            state = ray.get(ref)
        except RayTaskError as error:  # a fault of our own, or mlt is not installed there
            self.on_state(job, self._failed(job, f"on its Ray worker: {_last_line(error)}"))
        except RayError as error:
            self.deaths[job.address] = self.deaths.get(job.address, 0) + 1
            if self.deaths[job.address] <= DEATHS:
                self._submit(job)
            else:
                self.on_state(job, self._failed(job, f"its Ray worker died {DEATHS + 1} times: {first_line(error)}"))
        else:
            self.on_state(job, state)

    def _failed(self, job: JobRef, error: str) -> State:
        """The state of a run that no worker could write itself, written down."""
        state = replace(self._state(job) or State("failed"), state="failed", error=error, ended=time.time())
        write_state(self.folder.job(job.kind, job.address), state)
        return state

    def _state(self, job: JobRef) -> State | None:
        return read_state(self.folder.job(job.kind, job.address))

    def _interrupt(self) -> None:
        """Ends what runs: asked first, so that a training can save its state."""
        import ray

        if not self.flying:
            return
        for ref in self.flying:
            ray.cancel(ref)
        _, left = ray.wait(list(self.flying), num_returns=len(self.flying), timeout=GRACE_S)
        for ref in left:
            ray.cancel(ref, force=True)
        for job in self.flying.values():
            state = self._state(job)
            if state is not None and state.state != "done":
                self.on_state(job, replace(state, state="interrupted"))


def _remote(jobs: int | None) -> Any:
    """What submits a run: a task with its share of the cluster.

    ``max_retries=0``: a worker's death is counted here, where it can be told and recorded.
    """
    import ray

    found = machines()
    if any(machine.gpus for machine in found):
        share: dict[str, Any] = {"num_gpus": 1, "num_cpus": 1}
        threads = None
    else:
        cores = int(min((machine.cpus for machine in found), default=1))
        cpus = cpu_share(cores, len(found) or 1, jobs)
        share, threads = {"num_cpus": cpus}, max(1, int(cpus))
    task = ray.remote(carry).options(max_retries=0, **share)
    return lambda folder, job, retries: task.remote(folder, job, retries, threads)


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
