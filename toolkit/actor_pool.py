"""Work items carried by a pool of Ray actors, of which any may die at any moment.

An actor holds what is dear to make, such as a loaded model, and takes one item at a time. An item whose actor dies, or
that fails, is tried again, as a rule elsewhere; one that fails too often is set aside and the others go on. What is
tried again must come to the same, whether or not the first try got to its end: items write whole files only.
"""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import EnvironmentProblem, MltError
from .progress import Progress
from .ray_cluster import cpu_share, first_line, machines

TRIES = 3
"""How often an item is tried. What kills an actor (memory, as a rule) often kills the next one too."""

STARTS = 3  # how often in a row an actor may die while it starts
POLL_S = 0.25
DRAIN_S = 60.0


class Worker(Protocol):
    """What lives in an actor."""

    def about(self) -> Any:
        """What the driver wants to know of it, once it is ready."""
        ...

    def work(self, item: Any) -> Any:
        """Does one item and gives what the driver is to have of it, small and picklable.

        Raises MltError for what is wrong with the item, EnvironmentProblem for what is with the machine.
        """
        ...


class Source(Protocol):
    """Where items come from and what becomes of them; everything is called by one thread."""

    def take(self) -> Any | None:
        """The next item, or None where none can be begun now."""
        ...

    def done(self, item: Any, made: Any) -> None:
        """An item was done; ``made`` is what the worker gave."""
        ...

    def again(self, item: Any) -> None:
        """An item is to be given out once more, later rather than at once."""
        ...

    def set_aside(self, item: Any, error: str) -> None:
        """An item failed :data:`TRIES` times, the last time with this."""
        ...

    def left(self) -> bool:
        """Whether items wait to be given out, now or once others are done."""
        ...


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many actors there are, and what each is given; None: found from the cluster.

    Without GPUs an actor has the cores of a machine; with GPUs one of them, and its share of the cores, up to 4.
    """

    workers: int | None = None
    cpus: float | None = None
    gpus: float | None = None

    def fitted(self) -> tuple[int, float, float]:
        """Actors, CPUs and GPUs of each, for the cluster as it is.

        Raises EnvironmentProblem where no machine can hold even one.
        """
        there = machines()
        most_cpus, most_gpus = max((m.cpus for m in there), default=0), max((m.gpus for m in there), default=0)
        gpus = self.gpus if self.gpus is not None else float(most_gpus > 0)
        able = [m for m in there if m.gpus >= gpus] or there
        if self.cpus is not None:
            cpus = self.cpus
        elif gpus:
            cpus = max(1.0, min(4.0, min((m.cpus * gpus // m.gpus for m in able if m.gpus), default=1.0)))
        else:
            cpus = cpu_share(int(min((m.cpus for m in able), default=1)), len(able) or 1, self.workers)
        room = int(sum(min(m.cpus // cpus, m.gpus // gpus if gpus else m.cpus // cpus) for m in there))
        if room < 1:
            raise EnvironmentProblem(
                f"no machine of the Ray cluster has {cpus:g} CPUs and {gpus:g} GPUs (the largest: {most_cpus:g} CPUs, "
                f"{most_gpus:g} GPUs): lower --cpus-per-worker or --gpus-per-worker"
            )
        return min(self.workers or room, room), cpus, gpus


@dataclass(eq=False)
class _Slot:
    """An actor, and what it is at: an item, or its start where ``item`` is None."""

    actor: Any
    item: Any = None
    failed_starts: int = 0


@dataclass(frozen=True, slots=True)
class _Failed:
    """An error that a worker raised; ``own`` where it is one that a user can act on."""

    error: str
    environment: bool = False


class _Actor:
    """What Ray starts. The worker is made by :meth:`start`, so that what goes wrong can be told as it is."""

    def start(self, make: Callable[[float], Worker], cpus: float) -> Any:
        try:
            self._worker = make(cpus)
            return self._worker.about()
        except Exception as error:
            return _told(error)

    def work(self, item: Any) -> Any:
        try:
            return self._worker.work(item)
        except Exception as error:
            return _told(error)


def _told(error: Exception) -> _Failed:
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if isinstance(error, MltError) else f"{type(error).__name__}: {text}"
    return _Failed(f"{text} (on {socket.gethostname()})", isinstance(error, EnvironmentProblem))


@dataclass
class ActorPool:
    """Actors over a cluster that is connected. To be used in a ``with`` block, which ends them.

    ``make`` is given the CPUs of the actor and makes its worker there; it must be picklable.
    """

    make: Callable[[float], Worker]
    size: PoolSize
    progress: Progress
    _slots: list[_Slot] = field(default_factory=list, init=False)
    _idle: list[_Slot] = field(default_factory=list, init=False)
    _flying: dict[Any, _Slot] = field(default_factory=dict, init=False)
    _tries: Counter[Any] = field(default_factory=Counter, init=False)
    _about: Any = field(default=None, init=False)
    _cpus: float = field(default=1, init=False)

    def __enter__(self) -> ActorPool:
        import ray

        count, self._cpus, gpus = self.size.fitted()
        # Ray itself tries nothing again: an item's failures are counted here, where they can be told.
        made = ray.remote(_Actor).options(num_cpus=self._cpus, num_gpus=gpus, max_restarts=-1, max_task_retries=0)
        self._slots = [_Slot(made.remote()) for _ in range(count)]
        for slot in self._slots:
            self._start(slot)
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        for slot in self._slots:
            ray.kill(slot.actor)
        self._slots.clear()

    def about(self) -> Any:
        """What the first worker that is ready says of itself; waits for it."""
        self.progress.message("waiting for the workers of the Ray cluster")
        while self._about is None:
            self._wait(None)
        self.progress.message("")
        return self._about

    def run(self, source: Source) -> None:
        """Gives out all items of ``source`` and returns once each is done or set aside.

        On KeyboardInterrupt nothing more is given out, what runs may end (a minute at most, or until the next
        interrupt), and the interrupt goes on. Raises EnvironmentProblem where no worker is left, or for an item that
        a machine cannot do, such as on a full disk, once that was tried :data:`TRIES` times.
        """
        try:
            while True:
                self._give_out(source)
                if not source.left() and not self._busy():
                    break
                self._wait(source)
        except KeyboardInterrupt:
            self._drain(source)
            raise

    def _busy(self) -> int:
        return sum(slot.item is not None for slot in self._flying.values())

    def _start(self, slot: _Slot) -> None:
        slot.item = None
        self._flying[slot.actor.start.remote(self.make, self._cpus)] = slot

    def _give_out(self, source: Source) -> None:
        while self._idle and (item := source.take()) is not None:
            slot = self._idle.pop()
            slot.item = item
            self._flying[slot.actor.work.remote(item)] = slot

    def _wait(self, source: Source | None, *, draining: bool = False) -> None:
        import ray

        ended, _ = ray.wait(list(self._flying), num_returns=1, timeout=POLL_S)
        for ref in ended:
            slot = self._flying.pop(ref)
            if slot.item is None:
                self._started(ref, slot)
            else:
                assert source is not None
                self._finished(ref, slot, source, draining)

    def _started(self, ref: Any, slot: _Slot) -> None:
        import ray
        from ray.exceptions import RayError

        try:
            about = ray.get(ref)
        except RayError as error:
            slot.failed_starts += 1
            if slot.failed_starts < STARTS:
                self._start(slot)
            else:
                self._give_up(slot, f"a Ray worker died {STARTS} times while it started: {first_line(error)}")
            return
        if isinstance(about, _Failed):
            self._give_up(slot, about.error)
        else:
            slot.failed_starts = 0
            self._about = about
            self._idle.append(slot)

    def _give_up(self, slot: _Slot, error: str) -> None:
        self._slots.remove(slot)
        if not self._slots:
            raise EnvironmentProblem(error)
        self.progress.note(f"one worker less: {error}")

    def _finished(self, ref: Any, slot: _Slot, source: Source, draining: bool) -> None:
        import ray
        from ray.exceptions import RayError, RayTaskError

        item, slot.item = slot.item, None
        try:
            made = ray.get(ref)
        except RayTaskError as error:
            made = _Failed(first_line(error))
        except RayError as error:
            made = _Failed(f"its Ray worker died: {first_line(error)}")
            if not draining:
                self._start(slot)
        else:
            self._idle.append(slot)
        if not isinstance(made, _Failed):
            source.done(item, made)
        elif not draining:
            self._failed(item, made, source)

    def _failed(self, item: Any, failed: _Failed, source: Source) -> None:
        self._tries[item] += 1
        if self._tries[item] < TRIES:
            source.again(item)
        elif failed.environment:
            raise EnvironmentProblem(failed.error)
        else:
            source.set_aside(item, failed.error)

    def _drain(self, source: Source) -> None:
        if not (busy := self._busy()):
            return
        self.progress.note(f"finishing {busy} items that are being worked on; Ctrl-C again stops at once")
        until = time.monotonic() + DRAIN_S
        while self._busy() and time.monotonic() < until:
            self._wait(source, draining=True)
