"""A stage of a run as a process of its own, which writes to the run's log and dies with the one that started it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")
_GRACE_S = 180.0
"""How long a stage has to save a checkpoint once it was asked to stop."""
_LOOK_S = 0.2
_TAIL = 65536
_LONGEST = 400
_MARK = "--- "
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_stage(
    argv: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Runs a command to its end and gives its exit code, negative for the signal that ended it.

    What it prints is added to ``log``, under a line with the command. ``env`` is added to this process's environment.
    Once ``stop`` is set, or this thread is interrupted, the command and its children are asked to end, and killed
    where they take longer than three minutes or are interrupted again.
    """
    with log.open("ab") as file:
        file.write(f"{_MARK}{shlex.join(argv)}\n".encode("utf-8", "backslashreplace"))
        file.flush()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), *argv],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,  # Ctrl-C reaches the driver alone, which then asks each stage once
        )
        try:
            while process.poll() is None:
                if stop is not None and stop.is_set():
                    _end(process)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_S)
        except BaseException:
            _end(process)
            raise
    return process.returncode


def last_line(log: Path) -> str:
    """What the last command of a log had to say: its last ``error:`` line, else its last line; "" where it is empty."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [_STYLE.sub("", line.rpartition("\r")[2]).strip() for line in text.replace("\r\n", "\n").split("\n")]
    start = max((place for place, line in enumerate(lines) if line.startswith(_MARK)), default=-1)
    said = [line for line in lines[start + 1 :] if line]
    errors = [line for line in said if line.startswith("error:")]
    return (errors or said or [""])[-1][:_LONGEST]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asks the whole group of a process to end, and waits for it."""
    try:
        _signal(process, signal.SIGTERM)
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(process, signal.SIGKILL)  # a child that outlived its parent, or a stage that would not end
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
