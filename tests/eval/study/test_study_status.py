from __future__ import annotations

import io
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.running.executors.base import JobRef
from mlt.eval.study.running.live import Board, watching
from mlt.eval.study.running.states import State, read_state, write_state
from mlt.eval.study.running.status import JobStatus, counts, estimate_left, job_entries, read_status
from mlt.toolkit.cli import main

HERE = socket.gethostname()
DEAD = 2**22 + 1  # above the largest process id of Linux


def entry(number: int, *, name: str = "", **more: Any) -> dict[str, Any]:
    plain = {"name": name or f"math/m/b/L{number:02d}/s0", "address": f"{number:016x}", "task": "math", "model": "m"}
    return {**plain, "steps": 10, **more}


def done(folder: StudyFolder, number: int, *, train: float = 20.0, kind: Any = "run") -> None:
    place = folder.job(kind, f"{number:016x}")
    place.mkdir(parents=True)
    seconds = {"train": train, "eval": 5.0} if kind == "run" else {"eval": 5.0}
    (place / "done.json").write_text(json.dumps({"address": place.name, "seconds": seconds}))


def state(folder: StudyFolder, number: int, **fields: Any) -> Path:
    place = folder.run(f"{number:016x}")
    values = {"state": "running", "stage": "train", "pid": os.getpid(), "host": HERE}
    write_state(place, State(**{**values, "started": time.time() - 7, **fields}))
    return place


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """Five runs, a state each, and a base that is done; study.json plans them."""
    study = StudyFolder(tmp_path / "studies/mine")
    done(study, 1)
    done(study, 9, kind="base")
    state(study, 2)
    state(study, 3, state="failed", error="error: no memory", rc=1)
    state(study, 4, pid=DEAD)
    runs = [entry(number) for number in range(1, 6)]
    bases = [entry(9, name="math/m/base", steps=0)]
    study.manifest.write_text(json.dumps({"schema_version": "1", "runs": runs, "bases": bases}))
    return study


def found(folder: StudyFolder) -> dict[str, JobStatus]:
    return {job.names[0]: job for job in read_status(folder, json.loads(folder.manifest.read_text()))}


def test_every_run_has_the_state_of_its_folder(folder: StudyFolder) -> None:
    states = {name: job.state for name, job in found(folder).items()}
    assert states == {
        "math/m/base": "done",
        "math/m/b/L01/s0": "done",
        "math/m/b/L02/s0": "running",
        "math/m/b/L03/s0": "failed",
        "math/m/b/L04/s0": "interrupted",
        "math/m/b/L05/s0": "to come",
    }
    assert found(folder)["math/m/b/L03/s0"].error == "error: no memory"
    assert found(folder)["math/m/b/L02/s0"].seconds == pytest.approx(7, abs=2)


def test_runs_that_share_an_address_are_one(folder: StudyFolder) -> None:
    entries = job_entries({"runs": [entry(1, name="a"), entry(2), entry(1, name="b")], "bases": []})
    assert [found["names"] for found in entries] == [["a", "b"], ["math/m/b/L02/s0"]]


@pytest.mark.parametrize(
    ("host", "pid", "phase"),
    [
        (socket.gethostname(), os.getpid(), "running"),
        (socket.gethostname(), DEAD, "interrupted"),
        ("far", 1, "running"),
    ],
    ids=["here", "gone", "elsewhere"],
)
def test_a_state_that_says_running_is_believed_while_its_process_is_there(
    folder: StudyFolder, host: str, pid: int, phase: str
) -> None:
    read = read_state(state(folder, 7, host=host, pid=pid))
    assert read is not None
    assert read.state == phase


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stage": "train"}'])
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert read_state(tmp_path) is None


def test_a_done_file_of_another_address_does_not_count(folder: StudyFolder) -> None:
    (folder.run(f"{5:016x}")).mkdir()
    (folder.run(f"{5:016x}") / "done.json").write_text(json.dumps({"address": "another"}))
    assert found(folder)["math/m/b/L05/s0"].state == "to come"


def job(phase: Any, *, steps: int = 10, model: str = "m", seconds: float = 0.0, **stages: float) -> JobStatus:
    return JobStatus("run", "0", ("n",), "math", model, steps, phase, seconds=seconds, stages=stages)


@pytest.mark.parametrize(
    ("jobs", "slots", "seconds", "known"),
    [
        ([job("to come")], 1, 0, False),
        ([job("done", train=20, eval=5)], 1, 0, True),
        ([job("done", train=20, eval=5), job("to come", steps=30)], 1, 65, True),
        ([job("done", train=20, eval=5), job("to come", steps=30)], 2, 32.5, True),
        ([job("done", train=20, eval=5), job("running", steps=30, seconds=15)], 1, 50, True),
        ([job("done", train=20, eval=5), job("running", steps=1, seconds=99)], 1, 0, True),
        ([job("done", train=20, eval=5), job("failed"), job("interrupted")], 1, 25, True),
        ([job("done", train=20, eval=5), job("to come"), job("to come", model="other")], 1, 25, False),
        ([job("done", train=t, eval=5) for t in (10, 20, 90)] + [job("to come")], 1, 25, True),
    ],
)
def test_what_is_left_is_estimated_from_the_finished_runs_of_the_same_task_and_model(
    jobs: list[JobStatus], slots: int, seconds: float, known: bool
) -> None:
    eta = estimate_left(jobs, slots=slots)
    assert (eta.seconds, eta.known) == (pytest.approx(seconds), known)


STUDY = """
name: mine
ladder: paper-22
data: {math: {runs: [data], test: mgsm}}
budgets: {per_language: {math: {per_language: 6}}}
models: [{name: tiny, base: none}]
evaluate: {languages: [en]}
tiers: {high: [en, es, ja, fr, de, ru, zh], low: [bn, sw, te, th]}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def test_the_command_counts_names_what_failed_and_says_when_it_ends(
    here: Path, folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "status", "study.yaml"]) == 0
    told = capsys.readouterr().out
    assert "failed: math/m/b/L03/s0: error: no memory (see" in told
    assert "interrupted: math/m/b/L04/s0 (see" in told
    assert "running: math/m/b/L02/s0, train, 0:0" in told
    assert "left, at 1 side by side" in told
    assert [line.split() for line in told.splitlines() if line.startswith("all")] == [["all", "2", "1", "1", "1", "1"]]


def test_json_holds_every_run(here: Path, folder: StudyFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "status", "study.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"done": 2, "running": 1, "failed": 1, "interrupted": 1, "to come": 1}
    assert len(told["jobs"]) == 6


def test_a_study_that_was_never_run_is_all_to_come(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "status", "study.yaml"]) == 0
    told = capsys.readouterr().out
    assert "(not begun)" in told
    assert not (here / "studies").exists()
    assert [line.split() for line in told.splitlines() if line.startswith("all")] == [["all", "0", "0", "0", "0", "22"]]


def test_a_board_says_how_many_have_ended_and_what_is_left(folder: StudyFolder) -> None:
    board = Board(folder, job_entries(json.loads(folder.manifest.read_text())), slots=1)
    stream = io.StringIO()
    with watching(board, stream) as tell:
        last = JobRef("run", f"{5:016x}", "last")
        tell(last, State("running"))
        assert counts(board.jobs)["running"] == 2
        done(folder, 5)
        tell(last, State("done"))
        tell(JobRef("run", f"{4:016x}", ""), State("failed", error="error: wrong"))
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("[3/6] done math/m/b/L05/s0, 0:25, ")
    assert lines[1].startswith("[4/6] failed math/m/b/L04/s0, error: wrong, ")


def test_the_live_table_holds_counts_runs_and_failures_as_plain_text(folder: StudyFolder) -> None:
    from rich.console import Console

    board = Board(folder, job_entries(json.loads(folder.manifest.read_text())), slots=1)
    board.update(JobRef("run", f"{4:016x}", ""), State("failed", error="error: [bold]wrong"))
    console = Console(file=io.StringIO(), width=100)
    console.print(board)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert ["math", "m", "2", "1", "1", "2"] in [line.split() for line in told.splitlines()]
    assert "math/m/b/L02/s0" in told
    assert "failed: math/m/b/L04/s0: error: [bold]wrong" in told


def test_on_a_terminal_the_table_is_redrawn(folder: StudyFolder) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    board, stream = Board(folder, job_entries(json.loads(folder.manifest.read_text())), slots=1), Terminal()
    with watching(board, stream) as tell:
        tell(JobRef("run", f"{5:016x}", ""), State("failed", error="error: wrong"))
    assert "failed: math/m/b/L05/s0: error: wrong" in stream.getvalue()
