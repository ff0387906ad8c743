"""Runs of a study side by side on this machine: one a GPU, or as many as asked for on a CPU."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from ..states import State
from .base import JobRef, OnState, run_with_retries

if TYPE_CHECKING:
    from ...planning.folder import StudyFolder

_LOOK_S = 0.5
_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""One of them is there where there is a GPU that torch can use: of NVIDIA, of AMD, or through Windows."""


class LocalExecutor:
    """``jobs`` slots, each with a device of its own. Default: a slot a GPU, or one on a CPU.

    On GPUs a slot sees one of them (slot k the k-th, from the first again where there are more slots); on a CPU the
    cores are divided between the slots. A slot is a thread, which waits for the stage's process.
    """

    def __init__(self, jobs: int | None = None, *, gpus: Sequence[str] | None = None) -> None:
        """``gpus``: what CUDA_VISIBLE_DEVICES names, one each; None: found here."""
        self._gpus = visible_gpus() if gpus is None else list(gpus)
        self.jobs = jobs or max(1, len(self._gpus))

    def run(self, folder: StudyFolder, jobs: Sequence[JobRef], on_state: OnState, *, retries: int) -> None:
        """See :class:`mlt.eval.study.running.executors.base.Executor`."""
        slots: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(self.jobs):
            slots.put(slot)
        stop, told = threading.Event(), threading.Lock()

        def tell(job: JobRef, state: State) -> None:
            with told:
                on_state(job, state)

        def carry(job: JobRef) -> None:
            if stop.is_set():
                return
            slot = slots.get()
            try:
                tell(job, State("running", pid=os.getpid(), started=time.time()))
                tell(job, run_with_retries(folder, job, retries=retries, env=self.environment(slot), stop=stop))
            finally:
                slots.put(slot)

        with ThreadPoolExecutor(self.jobs, thread_name_prefix="study") as pool:
            try:
                _wait_for([pool.submit(carry, job) for job in jobs])
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def environment(self, slot: int) -> Mapping[str, str]:
        """What the stages of a slot get besides this process's environment."""
        if self._gpus:
            return {"CUDA_VISIBLE_DEVICES": self._gpus[slot % len(self._gpus)]}
        threads = str(max(1, len(os.sched_getaffinity(0)) // self.jobs)) if self.jobs > 1 else ""
        return {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads} if threads else {}


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them; none without torch or a GPU."""
    if not any(Path(device).exists() for device in _DEVICES):
        return []  # nothing to ask torch for, which takes seconds to load
    try:
        import torch
    except ImportError:
        return []
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = named.split(",") if named else [str(index) for index in range(count)]
    return names[:count]


def _wait_for(futures: Sequence[Future[None]]) -> None:
    """Returns once all have ended, and raises what one of them did. Looks up now and then, so that Ctrl-C is heard."""
    left = set(futures)
    while left:
        ended, left = wait(left, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        for future in ended:
            future.result()
