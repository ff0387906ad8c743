from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fake_stages import EVAL, FAIL, KILLED, SLEEP, TRAIN, begun, made_job, waits

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.running.executors.base import JobRef
from mlt.eval.study.running.executors.local import LocalExecutor
from mlt.eval.study.running.job import run_job
from mlt.eval.study.running.stage_process import last_line
from mlt.eval.study.running.states import State, read_state
from mlt.toolkit.errors import DataError
from mlt.toolkit.locks import locked


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "study")


def ends(folder: StudyFolder, job: JobRef, **options: object) -> State:
    return run_job(folder, job.kind, job.address, **options)  # type: ignore[arg-type]


def test_a_run_is_trained_and_evaluated_and_says_what_came_of_it(folder: StudyFolder) -> None:
    job = made_job(folder, 1)
    assert ends(folder, job).state == "done"
    done = json.loads((folder.done_file("run", job.address)).read_text())
    assert done["address"] == job.address
    assert done["train"] == {
        "steps": 6,
        "kept_step": 5,
        "tokens": None,
        "rows": 8,
        "signature": "mlt:0|stage:train",
        "validation": {"by": "accuracy", "accuracy": 0.5, "loss": 1.0, "languages": {"en": 0.5}},
    }
    assert done["results"] == {"en": {"items": 4, "correct": 3}}
    assert list(done["answers"]) == ["samples/math-en.jsonl"]
    assert set(done["seconds"]) == {"train", "eval"}


def test_a_base_is_evaluated_alone(folder: StudyFolder) -> None:
    job = made_job(folder, 1, train=None, kind="base")
    assert ends(folder, job).state == "done"
    assert begun(folder, job) == ["eval"]
    assert json.loads(folder.done_file("base", job.address).read_text())["train"] is None


def test_a_finished_run_is_not_run_again(folder: StudyFolder) -> None:
    job = made_job(folder, 1)
    first = ends(folder, job)
    assert ends(folder, job) == first
    assert begun(folder, job) == ["train", "eval"]


def test_what_failed_is_recorded_with_its_last_word_and_the_training_is_not_repeated(folder: StudyFolder) -> None:
    job = made_job(folder, 1, answer=FAIL)
    state = ends(folder, job)
    assert (state.state, state.stage, state.rc) == ("failed", "eval", 1)
    assert state.error == "error: the data hold no row: make the mixture again"
    assert read_state(folder.run(job.address)) == state
    assert ends(folder, job).attempts == 2
    assert begun(folder, job) == ["train"]


def test_a_stage_that_was_killed_is_named_with_its_signal(folder: StudyFolder) -> None:
    state = ends(folder, made_job(folder, 1, train=KILLED))
    assert (state.state, state.rc, state.error) == ("failed", -9, "ended by signal 9 (out of memory?)")


def test_an_evaluation_that_left_nothing_is_a_failure(folder: StudyFolder) -> None:
    state = ends(folder, made_job(folder, 1, answer="pass"))
    assert state.state == "failed"
    assert "results.json" in state.error


def test_a_verdict_that_the_answers_do_not_hold_is_a_failure(folder: StudyFolder) -> None:
    state = ends(folder, made_job(folder, 1, evaluate={"verdict": {"math": "strict"}}))
    assert "no verdict 'strict'" in state.error


def test_a_program_that_is_not_there_is_a_failure_in_one_line(folder: StudyFolder) -> None:
    job = made_job(folder, 1, commands={"train": ["/no/such/program"]})
    assert ends(folder, job).error == "error: /no/such/program cannot be run: No such file or directory"


def test_weights_go_after_the_evaluation_and_what_the_training_says_of_itself_stays(folder: StudyFolder) -> None:
    job = made_job(folder, 1, keep_model=False)
    ends(folder, job)
    assert sorted(path.name for path in folder.model(job.address).iterdir()) == ["README.md", "train.json"]


def test_a_run_whose_weights_are_gone_is_trained_again_if_it_is_to_be_asked_again(folder: StudyFolder) -> None:
    job = made_job(folder, 1, keep_model=False)
    ends(folder, job)
    folder.done_file("run", job.address).unlink()
    assert ends(folder, job).state == "done"
    assert begun(folder, job) == ["train", "eval", "train", "eval"]


def test_a_run_that_another_process_carries_is_left_to_it(folder: StudyFolder) -> None:
    job = made_job(folder, 1)
    place = folder.run(job.address)
    mine = State("running", pid=os.getpid(), host="elsewhere")
    (place / "state.json").write_text(json.dumps({"state": "running", "pid": 1, "host": "elsewhere"}))
    with locked(place):
        assert ends(folder, job).host == mine.host
    assert begun(folder, job) == []


def test_a_run_that_was_never_planned_is_refused(folder: StudyFolder) -> None:
    with pytest.raises(DataError, match="mlt study run"):
        run_job(folder, "run", "0" * 16)


def test_a_run_that_is_stopped_ends_its_stage_and_can_be_begun_again(folder: StudyFolder) -> None:
    job = made_job(folder, 1, train=SLEEP)
    place, stop = folder.run(job.address), threading.Event()
    ended: list[State] = []
    thread = threading.Thread(target=lambda: ended.append(ends(folder, job, stop=stop)))
    thread.start()
    waits((place / "asleep.txt").exists)
    stop.set()
    thread.join(10)
    assert ended[0].state == "interrupted"


def test_a_driver_that_is_killed_takes_its_stage_with_it_and_reads_as_interrupted(folder: StudyFolder) -> None:
    job = made_job(folder, 1, train="import os\n" + SLEEP.replace('"x"', "str(os.getpid())"))
    place = folder.run(job.address)
    code = (
        "import pathlib, sys; from mlt.eval.study.planning.folder import StudyFolder; "
        "from mlt.eval.study.running.job import run_job; "
        "run_job(StudyFolder(pathlib.Path(sys.argv[1])), 'run', sys.argv[2])"
    )
    driver = subprocess.Popen([sys.executable, "-c", code, str(folder.path), job.address])
    waits(lambda: (place / "asleep.txt").exists() and (place / "asleep.txt").read_text() != "")
    stage = int((place / "asleep.txt").read_text())
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    waits(lambda: not Path(f"/proc/{stage}").exists() or " Z " in Path(f"/proc/{stage}/stat").read_text())
    state = read_state(place)
    assert state is not None
    assert (state.state, state.stage) == ("interrupted", "train")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", ""),
        ("--- mlt train\n", ""),
        ("--- mlt train\none\ntwo\n", "two"),
        ("--- mlt train\nerror: wrong\nTry 'mlt train --help'.\n", "error: wrong"),
        ("--- mlt train\nerror: old\n--- mlt eval\nnew\n", "new"),
        ("--- a\n10 %\r20 %\r\n\n", "20 %"),
        ("--- a\n\x1b[31mred\x1b[0m\n", "red"),
    ],
)
def test_the_last_word_of_a_log(tmp_path: Path, log: str, said: str) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(log.encode())
    assert last_line(path) == said


def test_local_slots_run_all_jobs_and_record_the_one_that_fails(folder: StudyFolder) -> None:
    jobs = [made_job(folder, number, train=FAIL if number == 2 else TRAIN, answer=EVAL) for number in range(1, 6)]
    told: list[tuple[JobRef, str]] = []
    LocalExecutor(2).run(folder, jobs, lambda job, state: told.append((job, state.state)), retries=1)
    assert dict(told) == {job: "failed" if job == jobs[1] else "done" for job in jobs}
    assert sorted(state for _, state in told).count("running") == len(jobs)
    failed = read_state(folder.run(jobs[1].address))
    assert failed is not None
    assert failed.attempts == 2


def test_an_interrupt_ends_what_runs_and_begins_nothing_more(folder: StudyFolder) -> None:
    jobs = [made_job(folder, number, train=SLEEP) for number in range(1, 4)]
    told: dict[JobRef, str] = {}

    def on_state(job: JobRef, state: State) -> None:
        told[job] = state.state

    def interrupt() -> None:
        waits((folder.run(jobs[0].address) / "asleep.txt").exists)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        LocalExecutor(1).run(folder, jobs, on_state, retries=3)
    assert told == {jobs[0]: "interrupted"}


def test_each_slot_gets_a_device_of_its_own() -> None:
    executor = LocalExecutor(3, gpus=["4", "5"])
    assert [executor.environment(slot)["CUDA_VISIBLE_DEVICES"] for slot in range(3)] == ["4", "5", "4"]
    assert LocalExecutor(gpus=["4", "5"]).jobs == 2


def test_slots_on_a_cpu_divide_its_cores() -> None:
    cores = len(os.sched_getaffinity(0))
    assert LocalExecutor(1, gpus=[]).environment(0) == {}
    assert LocalExecutor(2 * cores, gpus=[]).environment(0)["OMP_NUM_THREADS"] == "1"
