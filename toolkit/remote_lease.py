"""A lock on a URL, where nothing can be locked: an object that says who writes, and that lapses unless renewed.

Of two that take it at the same instant one finds out when it reads it again, at the latest after :data:`RENEW_S`.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from .errors import EnvironmentProblem, MltError
from .files import write_atomic
from .remote_files import RemoteFolder

LEASE_S = 300.0
"""How long a lease lasts that is not renewed. Longer than clocks of machines differ."""

RENEW_S = 60.0
_POLL_S = 2.0
_OWN = ".lease"


class Lease:
    """The right to write what is on a URL. ``name``: the object; ``folder``: what this machine keeps of the URL.

    The folder is locked by its owner, so that a lease of that very folder is one that a killed process has left.
    """

    def __init__(self, url: str, name: str, folder: Path) -> None:
        # A connection of its own: it is used by another thread.
        self._remote, self._name = RemoteFolder(url), name
        self._token = _token(folder)
        self._since = _now()
        self._renewed = time.monotonic()
        self._lost = ""
        self._end = threading.Event()

    @contextmanager
    def held(self, busy: str, *, take_over: bool = False, wait: bool = False, patient: bool = False) -> Iterator[None]:
        """Holds the lease, renewing it now and then.

        Where another one has it, that is an EnvironmentProblem which ``busy`` begins; with ``wait`` that one's end is
        waited for, with ``patient`` only whether it lapses, for who has it may be dead. ``take_over``: it is taken
        from whoever has it.
        """
        self._acquire(busy, take_over, wait, patient)
        thread = threading.Thread(target=self._keep, name=f"lease {self._name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
            with suppress(MltError):  # it lapses by itself
                if _is_of(self._read(), self._token):
                    self._remote.remove([self._name])

    def check(self) -> None:
        """EnvironmentProblem where somebody else has the lease now, or it could not be renewed in time."""
        if not self._lost and time.monotonic() - self._renewed > LEASE_S:
            self._lost = "this process could not renew its lease in time"
        if self._lost:
            raise EnvironmentProblem(f"{self._remote.shown}: {self._lost}: run again to go on")

    def _acquire(self, busy: str, take_over: bool, wait: bool, patient: bool) -> None:
        first = self._read()
        there = first
        while True:
            if there is None or _is_of(there, self._token) or take_over or not is_live(there):
                self._write(new=there is None)
                there = self._read()
                if there is None or _is_of(there, self._token):
                    return
            unchanged = first is not None and there == first
            if not (wait or (patient and unchanged)):
                raise EnvironmentProblem(f"{busy} {_who(there)}: wait for it to end, or use another --out")
            time.sleep(_POLL_S)
            there = self._read()

    def _keep(self) -> None:
        while not self._end.wait(RENEW_S):
            with suppress(MltError):  # tried again; check() tells when it is too late
                there = self._read()
                if there is not None and not _is_of(there, self._token):
                    self._lost = f"it was taken over {_who(there)}"
                    return
                self._write(new=False)

    def _write(self, *, new: bool) -> None:
        content = json.dumps(
            {"token": self._token, "host": socket.gethostname(), "pid": os.getpid(), "since": self._since}
            | {"renewed": time.time(), "lasts": LEASE_S}
        ).encode()
        if new:
            self._remote.create(self._name, content)
        else:
            self._remote.write(self._name, content)
        self._renewed = time.monotonic()

    def _read(self) -> dict[str, Any] | None:
        return read_lease(self._remote, self._name)


def read_lease(remote: RemoteFolder, name: str) -> dict[str, Any] | None:
    """What a lease says; None where there is none, or something that is no lease."""
    with suppress(ValueError):
        there = json.loads(remote.read(name) or b"null")
        return there if isinstance(there, dict) and "token" in there else None
    return None


def is_live(there: Mapping[str, Any] | None) -> bool:
    """Whether a lease has not lapsed."""
    return there is not None and time.time() < _lapses(there)


def _lapses(there: Mapping[str, Any]) -> float:
    return float(there.get("renewed", 0)) + float(there.get("lasts", LEASE_S))


def _is_of(there: Mapping[str, Any] | None, token: str) -> bool:
    return there is not None and there["token"] == token


def _who(there: Mapping[str, Any]) -> str:
    lapses = datetime.fromtimestamp(_lapses(there), UTC)
    who = f"{there.get('host')}, process {there.get('pid')}"
    return f"by {who} (if that is dead, its lease lapses at {lapses:%H:%M:%S} UTC)"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _token(folder: Path) -> str:
    """A name for the folder that no other one has, on any machine."""
    path = folder / _OWN
    if not path.is_file():
        write_atomic(path, token_hex(16).encode())
    return path.read_text()
