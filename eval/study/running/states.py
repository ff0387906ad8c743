"""How far a run of a study is: ``state.json``, and ``done.json``, which is written last and alone means done."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ....toolkit.errors import DataError
from ....toolkit.files import read_json, write_json
from ..planning.folder import DONE, STATE

Phase = Literal["running", "done", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class State:
    """The state of a run.

    ``stage`` is the one that runs or ended last; ``pid`` and ``host`` are of the process that carries the run (its
    stages die with it); ``started`` and ``ended`` are seconds since 1970, ``rc`` the exit code of the last stage,
    ``error`` the last line of its log where it failed, ``attempts`` how often the run was begun, ``seconds`` what each
    stage has taken in all of them.
    """

    state: Phase
    stage: str = ""
    pid: int = 0
    host: str = ""
    started: float = 0.0
    ended: float | None = None
    rc: int | None = None
    error: str = ""
    attempts: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


def read_state(place: Path) -> State | None:
    """The state in a run's folder; None where there is none or it cannot be read.

    One that says ``running`` though its process has ended (a kill) is given as ``interrupted``. Of a process on
    another machine only that machine knows: it is believed.
    """
    try:
        found = read_json(place / STATE)
        state = State(**{name: found[name] for name in _FIELDS if name in found})
    except (DataError, OSError, KeyError, TypeError):
        return None
    if state.state == "running" and state.host == socket.gethostname() and not _alive(state.pid):
        return State(**{**asdict(state), "state": "interrupted"})
    return state


def write_state(place: Path, state: State) -> None:
    """Writes ``state.json``, whole."""
    write_json(place / STATE, asdict(state))


def read_done(place: Path, address: str) -> dict[str, Any] | None:
    """What ``done.json`` holds of a finished run; None where it is not finished."""
    try:
        done = read_json(place / DONE)
    except (DataError, OSError):
        return None
    return done if isinstance(done, dict) and done.get("address") == address else None


def _alive(pid: int) -> bool:
    """Whether a process of this machine is there. A zombie has ended, though its parent has not yet asked."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # no /proc on this system
        return True
    return status.rpartition(")")[2].split()[0] != "Z"


_FIELDS = tuple(entry.name for entry in fields(State))
