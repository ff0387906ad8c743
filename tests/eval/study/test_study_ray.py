from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_stages import FAIL, SLEEP, TRAIN, begun, made_job
from ray_workers import two_workers

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.running.executors.base import JobRef
from mlt.eval.study.running.executors.ray import DEATHS, RayExecutor
from mlt.eval.study.running.states import State, read_state
from mlt.toolkit.errors import EnvironmentProblem

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")

# A stage that kills the worker which carries its run, in the first so many attempts.
KILL_CARRIER = """
import json, os, pathlib, signal, sys, time
state = json.loads((pathlib.Path(sys.argv[1]) / "state.json").read_text())
if state["attempts"] <= {times}:
    os.kill(state["pid"], signal.SIGKILL)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Two workers on this machine, for all tests of the module: it takes seconds to start."""
    with two_workers():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "study")


@needs_ray
@pytest.mark.usefixtures("cluster")
def test_every_job_comes_to_its_end_whatever_becomes_of_its_worker(folder: StudyFolder) -> None:
    # One test, for each process of a parallel test run would start a cluster of its own.
    plain = [made_job(folder, number) for number in range(1, 4)]
    failing = made_job(folder, 4, train=FAIL)
    unlucky = made_job(folder, 5, train=KILL_CARRIER.format(times=1) + TRAIN)
    deadly = made_job(folder, 6, train=KILL_CARRIER.format(times=99))
    unplanned = JobRef("run", "0" * 16, "math/fake/per_language/L01-en/s0")
    jobs = [unplanned, deadly, unlucky, failing, *plain]
    last: dict[JobRef, State] = {}
    RayExecutor(jobs=2).run(folder, jobs, lambda job, state: last.update({job: state}), retries=1)

    assert {job: state.state for job, state in last.items()} == {
        **dict.fromkeys([*plain, unlucky], "done"),
        **dict.fromkeys([failing, deadly, unplanned], "failed"),
    }
    assert [job for job in jobs if folder.is_done(job.kind, job.address)] == [unlucky, *plain]
    recorded = {job: read_state(folder.run(job.address)) for job in (failing, unlucky, deadly)}
    assert recorded == {job: last[job] for job in recorded}
    assert [last[job].attempts for job in recorded] == [2, 2, 1 + DEATHS]
    assert last[failing].error == "error: the data hold no row: make the mixture again"
    assert last[deadly].error.startswith(f"its Ray worker died {DEATHS + 1} times: ")
    assert "mlt study run" in last[unplanned].error
    assert all("\n" not in state.error for state in last.values())


@needs_ray
@pytest.mark.usefixtures("cluster")
def test_an_interrupt_ends_the_stages_and_begins_nothing_more(folder: StudyFolder) -> None:
    jobs = [made_job(folder, number, train=SLEEP) for number in range(1, 4)]
    told: dict[JobRef, str] = {}

    def interrupt() -> None:
        for _ in range(400):
            if (folder.run(jobs[0].address) / "asleep.txt").exists():
                break
            time.sleep(0.025)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        RayExecutor(jobs=1).run(folder, jobs, lambda job, state: told.update({job: state.state}), retries=3)
    assert told == {jobs[0]: "interrupted"}
    assert [begun(folder, job) for job in jobs[1:]] == [[], []]
    recorded = read_state(folder.run(jobs[0].address))
    assert recorded is not None
    assert recorded.state == "interrupted"


@needs_ray
@pytest.mark.parametrize("address", ["auto", "127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_named_with_the_way_out(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    import ray

    def refuse(**_: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nAnd much more.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(EnvironmentProblem, match=rf"--address {address}: Could not find .* \(leave --address out"):
        RayExecutor(address).run(folder, [made_job(folder, 1)], lambda *_: None, retries=0)


def test_without_ray_one_line_says_what_to_install(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install 'mlt\[ray\]'"):
        RayExecutor().run(folder, [made_job(folder, 1)], lambda *_: None, retries=0)
