"""Killed at any instant and started again, a run ends with the same rows: tried with SIGKILL on the real command."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .common import ROOT, Figure, Settings, gsm8k, say, scratch, write_jsonl
from .independent_check import read_rows
from .slow_engine import MARK, SPEC

LANGUAGES = ("sw", "yo")
SEED = 0
ATTEMPTS = 5
SHARD_ROWS = 25  # several shards, so that kills fall between them too
PATIENCE = 300.0  # seconds for the first batch

Rows = Mapping[str, tuple[dict[str, Any], ...]]


@dataclass(frozen=True)
class _Command:
    """One ``mlt translate`` with a folder and a cache of its own."""

    source: Path
    folder: Path

    def start(self) -> subprocess.Popen[bytes]:
        """The command as a process."""
        arguments = [sys.executable, "-m", "mlt.toolkit", "translate", str(self.source)]
        arguments += ["--langs", ",".join(LANGUAGES), "--model", SPEC, "--out", str(self.folder / "run")]
        arguments += ["--shard-size", str(SHARD_ROWS)]
        environment = {
            **os.environ,
            MARK: str(self.mark),
            "MLT_CACHE_DIR": str(self.folder / "cache"),
            "PYTHONPATH": str(ROOT),
        }
        quiet = subprocess.DEVNULL
        return subprocess.Popen(arguments, env=environment, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE)

    def finish(self) -> float:
        """Runs it to its end; the seconds from the first batch on. Raises RuntimeError when it fails."""
        self.mark.unlink(missing_ok=True)
        process = self.start()
        started = self.first_batch(process)
        _, complaint = process.communicate()
        if process.returncode:
            raise RuntimeError(f"mlt translate failed: {complaint.decode(errors='replace').strip()[-500:]}")
        return time.perf_counter() - started

    def first_batch(self, process: subprocess.Popen[bytes]) -> float:
        """Waits until the first batch is done, or the process; the moment."""
        deadline = time.perf_counter() + PATIENCE
        while not self.mark.exists() and process.poll() is None and time.perf_counter() < deadline:
            time.sleep(0.001)
        return time.perf_counter()

    @property
    def mark(self) -> Path:
        return self.folder / "first-batch"

    def rows(self) -> Rows:
        """Everything that the run holds, per folder, by id."""
        run = self.folder / "run"
        places = ["en", *LANGUAGES, *(f"rejected/{lang}" for lang in LANGUAGES)]
        return {place: tuple(sorted(read_rows(run / place), key=lambda row: str(row["id"]))) for place in places}


def run(settings: Settings) -> list[Figure]:
    """One figure: the trials, of 20, that did not end with the rows of the uninterrupted run."""
    trials, drawn = settings.size(20, 3), random.Random(SEED)
    with scratch() as folder:
        rows = gsm8k(settings)[: settings.size(120, 40)]
        source = write_jsonl(folder / "rows.jsonl", rows)
        whole = _Command(source, _made(folder / "whole"))
        duration = whole.finish()
        wanted = whole.rows()
        say(f"  uninterrupted: {duration:.1f} s from the first batch on")
        wrong: list[str] = []
        for trial in range(trials):
            command, after = _killed(source, folder, trial, lambda: drawn.uniform(0, duration))
            command.finish()
            problem = difference(wanted, command.rows())
            wrong += [f"trial {trial + 1}, {after:.3f} s after the first batch: {problem}"] if problem else []
            say(f"  kill {trial + 1}/{trials} after {after:.2f} s: {problem or 'same rows'}")
    return [
        Figure(
            name="kill.resume",
            title=f"kill -9 at {trials} random instants, then resumed: runs that differ from the uninterrupted one",
            asked="0",
            measured=len(wrong),
            unit="runs",
            met=not wrong,
            how=f"{len(rows)} GSM8K rows, {len(LANGUAGES)} languages, a corrupting engine slowed down; every column of "
            f"every row compared; every kill hit a running process (seed {SEED})",
            details={"differences": wrong, "rows": {place: len(held) for place, held in wanted.items()}},
        )
    ]


def difference(wanted: Rows, have: Rows) -> str | None:
    """In what way a run's rows are not the wanted ones; None when they are the same."""
    for place, rows in wanted.items():
        ids, held = [row["id"] for row in rows], [row["id"] for row in have[place]]
        if twice := [key for key, count in (Counter(held) - Counter(ids)).items() if count]:
            return f"{place}: {len(twice)} rows too many"
        if lost := Counter(ids) - Counter(held):
            return f"{place}: {len(lost)} rows lost"
        if changed := [a["id"] for a, b in zip(rows, have[place], strict=True) if a != b]:
            return f"{place}: {len(changed)} rows differ, first {changed[0]}"
    return None


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _killed(source: Path, folder: Path, trial: int, draw: Callable[[], float]) -> tuple[_Command, float]:
    """A run that was killed, and how many seconds after its first batch; one that ended before is started anew."""
    for attempt in range(ATTEMPTS):
        command, after = _Command(source, _made(folder / f"trial-{trial}-{attempt}")), draw()
        process = command.start()
        command.first_batch(process)
        time.sleep(after)
        running = process.poll() is None
        if running:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        if running:
            return command, after
    raise RuntimeError(f"{ATTEMPTS} runs ended before they could be killed; the machine is too uneven for this")
