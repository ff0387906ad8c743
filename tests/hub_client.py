"""A process of its own whose Hub clients talk to a Hub on loopback, for what they read of the environment is read once.

It runs pieces of code one after the other, so that the libraries are loaded once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

_WORKER = """
import contextlib, json, os, sys, time
answers, sys.stdout = sys.stdout, sys.stderr
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.005))  # the client waits before it tries again
for line in sys.stdin:
    asked = json.loads(line)
    os.environ.update(asked["environment"])
    names = dict(asked["values"])
    try:
        exec(asked["code"], names)
        answer = {"result": names.get("result")}
    except Exception as error:
        answer = {"error": type(error).__name__, "message": str(error)}
        if not any(base.__name__ == "MltError" for base in type(error).__mro__):
            import traceback
            answer["message"] = traceback.format_exc()
    print(json.dumps(answer, default=str), file=answers, flush=True)
"""


class Failure(NamedTuple):
    """An error of the code that was run: its class and its text."""

    kind: str
    message: str


class HubClient:
    """``home``: its HF_HOME. ``errors`` is the file that holds its stderr."""

    def __init__(self, url: str, home: Path, token: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.errors = home / "stderr.txt"
        self._token = token
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        environment = {
            **kept,
            "HF_ENDPOINT": url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors.open("w"),
            text=True,
        )

    def run(self, code: str, *, token: str | None = None, **values: Any) -> Any:
        """What ``result`` is after the code has run with these names, or the Failure that ended it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        environment = {"HF_TOKEN": self._token if token is None else token}
        asked = {"code": textwrap.dedent(code), "values": values, "environment": environment}
        print(json.dumps(asked, default=str), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        return Failure(answer["error"], answer["message"]) if "error" in answer else answer["result"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()
