"""Studies on disk whose stages are small Python programs: what carries runs is tested with them, not the training."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.running.executors.base import JobRef

TRAIN = """
import json, pathlib, sys
place = pathlib.Path(sys.argv[1]) / "model"
place.mkdir(exist_ok=True)
with open(place.parent / "begun.txt", "a") as file:
    file.write("train\\n")
(place / "model.safetensors").write_bytes(b"weights")
(place / "README.md").write_text("card")
(place / "train.json").write_text(json.dumps({
    "schema_version": "1", "signature": "mlt:0|stage:train", "identity": {}, "finished": True,
    "data": {"train": {"en": 4, "sw": 4}}, "training": {"steps": 6},
    "kept": {"step": 5, "by": "accuracy", "accuracy": 0.5, "loss": 1.0, "languages": {"en": 0.5}, "items": {}},
}))
"""

EVAL = """
import json, pathlib, sys
place = pathlib.Path(sys.argv[1]) / "answers"
(place / "samples").mkdir(parents=True, exist_ok=True)
with open(place.parent / "begun.txt", "a") as file:
    file.write("eval\\n")
(place / "samples" / "math-en.jsonl").write_text("{}\\n")
cell = {"task": "math", "lang": "en", "test_set": "t", "items": 4, "verdicts": {"robust": {"correct": 3}}}
(place / "results.json").write_text(json.dumps({"primary": {"math": "robust"}, "cells": [cell]}))
"""

FAIL = """
import sys
print("loading")
sys.exit("error: the data hold no row: make the mixture again")
"""

SLEEP = """
import pathlib, sys, time
(pathlib.Path(sys.argv[1]) / "asleep.txt").write_text("x")
time.sleep(60)
"""

MLT = f"""
import pathlib, sys, time
stage, out = sys.argv[1], pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
what = pathlib.Path(sys.argv[3]).name if stage == "train" else stage
with open("asked.txt", "a") as file:
    file.write(what + "\\n")
if pathlib.Path("fails.txt").exists() and what in pathlib.Path("fails.txt").read_text().split():
    sys.exit("error: " + what + " cannot be trained")
while pathlib.Path("waits.txt").exists() and what in pathlib.Path("waits.txt").read_text().split():
    time.sleep(0.02)
sys.argv[1] = str(out.parent)
exec({{"train": {TRAIN!r}, "eval": {EVAL!r}}}[stage])
"""
"""Stands for ``mlt train`` and ``mlt eval``: asked.txt of the current folder says what was asked of it, mixtures named
in fails.txt cannot be trained, and those in waits.txt take as long as they stand there."""

KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def program(text: str, place: Path) -> list[str]:
    """The command line of a stage: a Python program whose first argument is the run's folder."""
    return [sys.executable, "-I", "-S", "-c", text, str(place)]


def made_job(
    folder: StudyFolder,
    number: int,
    *,
    train: str | None = TRAIN,
    answer: str = EVAL,
    kind: Any = "run",
    **job: Any,
) -> JobRef:
    """Writes the ``job.json`` of a run whose stages are these programs; without ``train`` it has no training."""
    address = f"{number:016x}"
    place = folder.job(kind, address)
    place.mkdir(parents=True)
    commands = {} if train is None else {"train": program(train, place)}
    commands["eval"] = program(answer, place)
    name = f"math/fake/per_language/L{number:02d}-en/s0"
    made = {"kind": kind, "address": address, "name": name, "names": [name], "task": "math", "model": "fake"}
    made |= {"evaluate": {"verdict": {"math": "robust"}}, "commands": commands, "keep_model": True, **job}
    (place / "job.json").write_text(json.dumps(made))
    return JobRef(kind, address, name)


def begun(folder: StudyFolder, job: JobRef) -> list[str]:
    """Which stages of a job have begun, in order."""
    path = folder.job(job.kind, job.address) / "begun.txt"
    return path.read_text().split() if path.is_file() else []


def waits(condition: Callable[[], bool]) -> None:
    """Returns once the condition holds."""
    for _ in range(800):
        if condition():
            return
        time.sleep(0.025)
    raise AssertionError("it did not come about within twenty seconds")
