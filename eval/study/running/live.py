"""How a study goes while it runs: a table that is redrawn on a terminal, elsewhere a line a run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from ....toolkit.tables import time_text
from .executors.base import JobRef, OnState
from .states import State
from .status import JobStatus, Phase, by_group, counts, estimate_left, job_status

if TYPE_CHECKING:
    from rich.console import Group

    from ..planning.folder import StudyFolder

_SHOWN: tuple[Phase, ...] = ("done", "running", "failed", "to come")
_LAST_FAILURES = 3


class Board:
    """What is known of the runs of a study while they are carried. ``entries`` are those of ``job_entries``."""

    def __init__(self, folder: StudyFolder, entries: Sequence[Mapping[str, Any]], *, slots: int) -> None:
        self._folder, self._slots = folder, slots
        self._entries = {(entry["kind"], entry["address"]): entry for entry in entries}
        self._jobs = {key: _to_come(job_status(folder, entry)) for key, entry in self._entries.items()}
        self._begun: dict[tuple[str, str], float] = {}

    @property
    def jobs(self) -> list[JobStatus]:
        """The state of each, running ones with the time that they have taken by now."""
        now = time.monotonic()
        return [
            replace(job, seconds=now - self._begun[key]) if job.state == "running" and key in self._begun else job
            for key, job in self._jobs.items()
        ]

    def update(self, job: JobRef, state: State) -> JobStatus:
        """Takes in a state that an executor reports."""
        key = (job.kind, job.address)
        if state.state == "running":
            self._begun.setdefault(key, time.monotonic())
            found = replace(self._jobs[key], state="running", seconds=0.0)
        elif state.state == "done":
            found = job_status(self._folder, self._entries[key])
        else:
            found = replace(self._jobs[key], state=state.state, error=state.error, stage=state.stage)
        self._jobs[key] = found
        return found

    def left(self) -> str:
        """The time that is left, as people read it; "" where nothing can be said."""
        eta = estimate_left(self.jobs, slots=self._slots)
        if not eta.seconds:
            return ""
        return f"{'' if eta.known else 'more than '}{time_text(eta.seconds)} left"

    def line(self, job: JobStatus) -> str:
        """A line about a run that has ended."""
        jobs = self.jobs
        ended = sum(not job.left for job in jobs)
        parts = [f"[{ended}/{len(jobs)}] {job.state} {job.names[0]}"]
        if job.state == "done":
            parts.append(time_text(job.seconds))
        if job.error:
            parts.append(job.error)
        if left := self.left():
            parts.append(left)
        return ", ".join(parts)

    def __rich__(self) -> Group:
        from rich.box import SIMPLE_HEAD
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        jobs = self.jobs
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in ("task", "model", *_SHOWN):
            table.add_column(column, justify="left" if column in ("task", "model") else "right")
        for (task, model), group in by_group(jobs).items():
            found = counts(group)
            found["to come"] += found["interrupted"]
            table.add_row(Text(task), Text(model), *(str(found[name]) for name in _SHOWN))
        running = [f"{job.names[0]}  {time_text(job.seconds)}" for job in jobs if job.state == "running"]
        failed = [f"failed: {job.names[0]}: {job.error}" for job in jobs if job.state == "failed"][-_LAST_FAILURES:]
        lines = [*running, *failed, self.left()]
        return Group(table, *(Text(line, overflow="ellipsis", no_wrap=True) for line in lines if line))


@contextmanager
def watching(board: Board, stream: TextIO | None = None) -> Iterator[OnState]:
    """Shows a board on ``stream`` (stderr) while it is open, and gives what an executor is to tell."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():

        def tell(job: JobRef, state: State) -> None:
            found = board.update(job, state)
            if state.state != "running":
                print(board.line(found), file=stream, flush=True)

        yield tell
        return
    from rich.console import Console
    from rich.live import Live

    def note(job: JobRef, state: State) -> None:
        board.update(job, state)

    with Live(board, console=Console(file=stream), refresh_per_second=2):
        yield note


def _to_come(job: JobStatus) -> JobStatus:
    """The job before anything is run: what failed or was ended earlier is tried again."""
    return replace(job, state="to come", error="") if job.state in ("failed", "interrupted") else job
