"""A side of the peers' comparison in a process of its own, so that start-up and peak memory are its alone.

``python -m bench.peer_process`` is asked in lines of JSON on its input and answers in lines of JSON on its output; what
the libraries print goes to stderr. First comes what to load, then job after job. It runs under the peers' own
interpreter too, and imports nothing that they may lack.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .common import ROOT, seconds
from .memory import status
from .peer_texts import Sample

_MODULES = {
    "Ours": "peer_callers",
    "OursWithoutList": "peer_callers",
    "Defaults": "peer_callers",
    "Whole": "peer_callers",
    "Sentences": "peer_callers",
    "Generate": "peer_callers",
    "EasyNmt": "peer_packages",
    "EasyNmtPattern": "peer_packages",
    "NllbServe": "peer_packages",
    "NllbServePattern": "peer_packages",
    "Argos": "peer_packages",
    "ArgosPattern": "peer_packages",
}


class PeerProcess:
    """One side, started and with its first translation behind it.

    ``caller``: a class of :mod:`.peer_callers` or :mod:`.peer_packages`; ``python`` the interpreter that has it;
    ``first``: what is translated at first. ``start_up``: seconds from the start of the process to the end of that.
    Raises RuntimeError where the process ends instead of answering; what it said stands on stderr.
    """

    def __init__(
        self, caller: str, hf: Path, ct2: Path, first: Sample, options: Mapping[str, Any], python: str = sys.executable
    ) -> None:
        started = time.perf_counter()
        self.caller = caller
        self._process = subprocess.Popen(
            [python, "-m", "bench.peer_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self._ask({"module": _MODULES[caller], "caller": caller, "hf": str(hf), "ct2": str(ct2)})
            self.translate(first, 1, options)
        except BaseException:
            self.close()
            raise
        self.start_up = time.perf_counter() - started

    def translate(self, sample: Sample, beam: int, options: Mapping[str, Any]) -> float:
        """Seconds of translating a sample's rows; texts come and go outside of them."""
        return float(self._ask({"job": _job(sample, beam, options)})["seconds"])

    def stages(self, sample: Sample, beam: int, options: Mapping[str, Any]) -> dict[str, float]:
        """The same, watched: the share of its time in each stage, see :mod:`.peer_stages`."""
        shares: dict[str, float] = self._ask({"profiled": _job(sample, beam, options)})["answer"]
        return shares

    def prepare(self, beam: int) -> None:
        """What a side finds out once a machine and keeps, outside of all times."""
        self._ask({"prepare": beam})

    def ask(self, question: str) -> Any:
        """``pairs``: what the last call sent and got; ``facts`` to be kept; ``memory_kb``: the most so far."""
        return self._ask({"question": question})["answer"]

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{self.caller}: its process has ended, see above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _job(sample: Sample, beam: int, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": str(sample.source), "texts": sample.texts, "beam": beam, "options": dict(options)}


def _main() -> None:
    from importlib import import_module

    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)

        def reply(answer: Mapping[str, Any]) -> None:
            replies.write(json.dumps(answer) + "\n")
            replies.flush()

        what = json.loads(sys.stdin.readline())
        module = import_module(f"bench.{what['module']}")
        caller = getattr(module, what["caller"])(Path(what["hf"]), Path(what["ct2"]))
        reply({})
        for line in sys.stdin:
            reply(_answered(caller, json.loads(line)))


def _answered(caller: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    from .peer_callers import Job
    from .peer_stages import stages

    if "job" in asked:
        return {"seconds": seconds(lambda: caller.translate(Job(**asked["job"])))}
    if "profiled" in asked:
        return {"answer": stages(lambda: caller.translate(Job(**asked["profiled"])))}
    if "prepare" in asked:
        getattr(caller, "prepare", lambda beam: None)(asked["prepare"])
        return {}
    if asked["question"] == "memory_kb":
        return {"answer": status("VmHWM")}
    return {"answer": getattr(caller, asked["question"], dict)()}  # not every side has facts to tell


if __name__ == "__main__":
    _main()
