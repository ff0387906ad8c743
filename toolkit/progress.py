"""How far the work is: bars on a terminal, now and then a plain line elsewhere, nothing for the Python API.

Everything goes to stderr, for stdout is for data. All classes may be called from several threads.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from .tables import time_text

if TYPE_CHECKING:
    from rich.progress import TaskID

FIRST_LINE_S = 2.0
LINE_EVERY_S = 10.0


class Progress(Protocol):
    """What the pipeline tells whoever watches. ``lang`` is a language's code; amounts count one thing."""

    def start(self, lang: str, total: int | None) -> None:
        """Work on a language begins, or its total is now known better; None where it is not known."""
        ...

    def advance(self, lang: str, n: int) -> None:
        """``n`` more are done."""
        ...

    def finish(self, lang: str) -> None:
        """The language is done."""
        ...

    def message(self, text: str) -> None:
        """What is being done now, such as "loading the model"; replaces the last one, "" ends it."""
        ...

    def note(self, text: str) -> None:
        """A line that the user should be able to read afterwards."""
        ...


class NullProgress:
    """Says nothing."""

    def start(self, lang: str, total: int | None) -> None: ...

    def advance(self, lang: str, n: int) -> None: ...

    def finish(self, lang: str) -> None: ...

    def message(self, text: str) -> None: ...

    def note(self, text: str) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


@dataclass(slots=True)
class _Count:
    total: int | None
    started: float
    done: int = 0
    finished: bool = False

    def text(self, lang: str, now: float) -> str:
        amount = f"{self.done:,}" if self.total is None else f"{self.done:,} of {self.total:,}"
        elapsed = now - self.started
        rate = self.done / elapsed if elapsed > 0 else 0.0
        parts = [f"{lang} {amount}"]
        if rate > 0:
            parts.append(f"{rate:.3g}/s")
        if rate > 0 and self.total and self.total > self.done:
            parts.append(f"{time_text((self.total - self.done) / rate)} left")
        return ", ".join(parts)


@dataclass
class LineProgress:
    """A plain line after two seconds and every ten seconds from then on; none for work shorter than that.

    ``tick`` prints a line if one is due; inside a ``with`` block a thread calls it.
    """

    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    _counts: dict[str, _Count] = field(default_factory=dict)
    _message: str = ""
    _due: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._due = self.clock() + FIRST_LINE_S

    def start(self, lang: str, total: int | None) -> None:
        with self._lock:
            if (count := self._counts.get(lang)) is None:
                self._counts[lang] = _Count(total, self.clock())
            else:
                count.total, count.finished = total, False

    def advance(self, lang: str, n: int) -> None:
        with self._lock:
            if (count := self._counts.get(lang)) is not None:
                count.done += n

    def finish(self, lang: str) -> None:
        with self._lock:
            if (count := self._counts.get(lang)) is not None:
                count.finished = True

    def message(self, text: str) -> None:
        with self._lock:
            self._message = text

    def note(self, text: str) -> None:
        with self._lock:
            self._print(text)

    def tick(self) -> None:
        """Print where the work stands, if a line is due and there is something to say."""
        with self._lock:
            now = self.clock()
            if now < self._due:
                return
            parts = [count.text(lang, now) for lang, count in self._counts.items() if not count.finished]
            if self._message:
                parts.append(self._message)
            if parts:
                self._print("; ".join(parts))
                self._due = now + LINE_EVERY_S

    def _print(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self.tick()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


class BarProgress:
    """One bar a language, redrawn in place; for terminals. To be used in a ``with`` block."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TaskProgressColumn(show_speed=True),
            TimeRemainingColumn(),
            console=Console(file=stream),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._message: TaskID | None = None
        self._lock = threading.Lock()

    def start(self, lang: str, total: int | None) -> None:
        with self._lock:
            if lang in self._tasks:
                self._bars.update(self._tasks[lang], total=total)
            else:
                self._tasks[lang] = self._bars.add_task(lang, total=total)

    def advance(self, lang: str, n: int) -> None:
        with self._lock:
            if lang in self._tasks:
                self._bars.advance(self._tasks[lang], n)

    def finish(self, lang: str) -> None:
        with self._lock:
            if (task := self._tasks.get(lang)) is not None:
                self._bars.update(task, total=self._bars.tasks[self._bars.task_ids.index(task)].completed)

    def message(self, text: str) -> None:
        with self._lock:
            if self._message is not None:
                self._bars.remove_task(self._message)
            self._message = self._bars.add_task(text, total=None) if text else None

    def note(self, text: str) -> None:
        from rich.text import Text

        self._bars.console.print(Text(text), soft_wrap=True)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()


def open_progress(stream: TextIO | None = None) -> BarProgress | LineProgress:
    """The progress that suits ``stream`` (stderr), to be used in a ``with`` block."""
    stream = sys.stderr if stream is None else stream
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)


def step_messages(progress: Progress) -> Callable[[str, int, int | None], None]:
    """A callback (what, done, total) that shows one long step, such as a download, as the message."""

    def report(what: str, done: int, total: int | None) -> None:
        if total and done >= total:
            progress.message("")
        else:
            progress.message(f"{what}, {100 * done // total} %" if total else what)

    return report
