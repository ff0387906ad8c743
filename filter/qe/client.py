"""The worker seen from here: started once, asked over a pipe, started again once when it dies."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from ...toolkit.errors import EnvironmentProblem, MltError
from .problems import problem

WORKER = Path(__file__).with_name("worker.py")
TIMEOUT_S = 1800.0  # the longest wait for a batch of scores
_START_S = 3600.0  # and for COMET's import, or for a model whose encoder is fetched and whose billions are read

Pair = tuple[str, str]
Scores = tuple[list[int], list[float | None]]
_TOKEN = re.compile(r"hf_\w{8,}")


class _Died(Exception):
    """The worker is gone, or of no use any more."""


class WorkerClient:
    """One worker process at a time in the interpreter ``python``; it starts with the first request.

    ``timeout_s`` is the longest wait for a batch of scores (None: MLT_COMET_TIMEOUT, or half an hour). ``note`` is
    told, in one line, when a worker that died is started again.
    """

    def __init__(self, python: Path, *, timeout_s: float | None = None, note: Callable[[str], None] | None = None):
        self._python, self._note = python, note
        self._timeout_s = _timeout() if timeout_s is None else timeout_s
        self._restarted = False
        self._number = 0
        self._process: _Process | None = None

    def score(self, checkpoint: str, pairs: Sequence[Pair], batch_size: int) -> Iterator[Scores]:
        """Indices and scores as they come; null where the model gives no number.

        A worker that dies or hangs is started again and asked for what is left. The second time it is an
        EnvironmentProblem. What a checkpoint or its encoder lacks is raised as :func:`problem` says.
        """
        left = dict.fromkeys(range(len(pairs)))
        while left:
            asked = list(left)
            try:
                process = self._ready(checkpoint)
                for at, values in self._scores(process, [pairs[index] for index in asked], batch_size):
                    done = [asked[index] for index in at]
                    for index in done:
                        left.pop(index, None)
                    yield done, values
                if left:
                    raise _Died("it left scores out")
            except _Died as died:
                self._after(died)
            except MltError:
                raise
            except BaseException:  # given up half-way: what the worker still has to say would be taken for the next
                self.close()
                raise

    def load(self, checkpoint: str) -> bool:
        """Loads a model; whether the worker had it already."""
        while True:
            try:
                process = self._process or self._start()
                loaded = self._ask(process, {"op": "load", "checkpoint": checkpoint}, "loaded")
                return bool(loaded.get("cached"))
            except _Died as died:
                self._after(died)

    def load_comet(self) -> None:
        """Starts the worker, which imports COMET; the first request does it too."""
        if self._process is None:
            self._start()

    @property
    def pid(self) -> int | None:
        """The running worker's process id."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """Ends the worker."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _ready(self, checkpoint: str) -> _Process:
        process = self._process or self._start()
        self._ask(process, {"op": "load", "checkpoint": checkpoint}, "loaded")
        return process

    def _start(self) -> _Process:
        self._process = process = _Process(self._python)
        self._ask(process, {"op": "hello"}, "hello")
        return process

    def _scores(self, process: _Process, pairs: Sequence[Pair], batch_size: int) -> Iterator[Scores]:
        self._number += 1
        process.send({"op": "score", "id": self._number, "batch_size": batch_size, "pairs": pairs})
        while (answer := self._answer(process, self._timeout_s))["op"] != "done":
            if answer["op"] != "scores" or answer.get("id") != self._number:
                raise _Died(f"it answered {answer['op']!r} instead of scores")
            yield _checked(answer, len(pairs))

    def _ask(self, process: _Process, request: Mapping[str, Any], expected: str) -> dict[str, Any]:
        process.send(request)
        answer = self._answer(process, _START_S)
        if answer["op"] != expected:
            raise _Died(f"it answered {answer['op']!r} instead of {expected!r}")
        return answer

    def _answer(self, process: _Process, timeout_s: float) -> dict[str, Any]:
        answer = process.receive(timeout_s)
        if answer["op"] == "error":
            raise problem(str(answer.get("kind")), str(answer.get("text")))
        return answer

    def _after(self, died: _Died) -> None:
        """Ends what is left of the worker; raises EnvironmentProblem the second time."""
        self.close()
        if self._restarted:
            raise EnvironmentProblem(
                f"the COMET worker ({self._python}) failed twice: {died}; the scores so far are kept, so the same "
                "command goes on where it stopped"
            ) from None
        self._restarted = True
        if self._note:
            self._note(f"the COMET worker failed ({died}) and is started again")


class _Process:
    """A worker process with its pipes: lines are read by threads, so that no pipe fills up and waits can end."""

    def __init__(self, python: Path) -> None:
        try:
            self._popen = subprocess.Popen(
                [str(python), "-u", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            raise EnvironmentProblem(
                f"the COMET worker cannot start: {python}: {error.strerror}; run `mlt setup comet`, or name another "
                "interpreter in MLT_COMET_PYTHON"
            ) from None
        self.pid = self._popen.pid
        self._lines: Queue[bytes | None] = Queue()
        self._said: deque[str] = deque(maxlen=20)
        self._listeners = [
            threading.Thread(target=_listen, args=(self._popen.stdout, self._lines.put), daemon=True),
            threading.Thread(target=_listen, args=(self._popen.stderr, _remember(self._said)), daemon=True),
        ]
        for listener in self._listeners:
            listener.start()
        self.end = weakref.finalize(self, _end, self._popen)

    def send(self, request: Mapping[str, Any]) -> None:
        """Writes a request; by a thread, for a worker that does not read must not stop this process."""
        data = json.dumps(request).encode() + b"\n"
        threading.Thread(target=_write, args=(self._popen.stdin, data), daemon=True).start()

    def receive(self, timeout_s: float) -> dict[str, Any]:
        """The next answer. Raises _Died where there is none, or none that can be read."""
        try:
            line = self._lines.get(timeout=timeout_s)
        except Empty:
            raise _Died(f"no answer within {timeout_s:g} s") from None
        if line is None:
            raise _Died(self._last_words())
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "op" not in answer:
            raise _Died(f"it answered {_clean(line.decode('utf-8', 'replace'))!r}")
        return answer

    def _last_words(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(5)
        self._listeners[1].join(1)
        code = self._popen.poll()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"{how}: {self._said[-1]}" if self._said else how


def _checked(answer: Mapping[str, Any], count: int) -> Scores:
    at, values = answer.get("at"), answer.get("values")
    sound = (
        isinstance(at, list)
        and isinstance(values, list)
        and len(at) == len(values)
        and all(type(index) is int and 0 <= index < count for index in at)
        and all(value is None or (type(value) in (int, float) and math.isfinite(value)) for value in values)
    )
    if not sound:
        raise _Died("it answered scores that do not fit the request")
    assert isinstance(at, list) and isinstance(values, list)
    return at, [None if value is None else float(value) for value in values]


def _listen(pipe: Any, take: Callable[[bytes | None], None]) -> None:
    with suppress(ValueError, OSError):  # closed while it was read
        for line in pipe:
            take(line)
    take(None)


def _remember(said: deque[str]) -> Callable[[bytes | None], None]:
    # Not a method: a thread that held the process object would keep it from ever being collected.
    def hear(line: bytes | None) -> None:
        if line and (text := _clean(line.decode("utf-8", "replace"))):
            said.append(text)

    return hear


def _write(pipe: Any, data: bytes) -> None:
    with suppress(ValueError, OSError):  # a worker that is gone is found out by its answer
        pipe.write(data)
        pipe.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    """This process's, HF_* with it; threads that wait must not spin, for others use the machine too."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return environment


def _timeout() -> float:
    text = os.environ.get("MLT_COMET_TIMEOUT")
    try:
        return float(text) if text else TIMEOUT_S
    except ValueError:
        raise EnvironmentProblem(f"MLT_COMET_TIMEOUT={text}: expected seconds, as in 600") from None


def _clean(text: str) -> str:
    """One line, without what looks like an access token."""
    secrets = [value for name, value in os.environ.items() if name.startswith("HF_") and "TOKEN" in name and value]
    for secret in secrets:
        text = text.replace(secret, "hf_...")
    return " ".join(_TOKEN.sub("hf_...", text).split())[:300]
