from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from fake_stages import FAIL, SLEEP, TRAIN, begun, made_job

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.running.executors import slurm
from mlt.eval.study.running.executors.base import JobRef
from mlt.eval.study.running.executors.slurm import write_array
from mlt.eval.study.running.states import read_state
from mlt.toolkit.errors import UsageError

ODD = "a study's $(touch hacked) `x` & 100% ; #1"


@pytest.fixture(params=["study", ODD])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> StudyFolder:
    return StudyFolder(tmp_path / request.param)


@pytest.fixture
def plain(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "study")


def refs(*numbers: int) -> list[JobRef]:
    return [JobRef("run", f"{number:016x}", f"math/fake/per_language/L{number:02d}-en/s0") for number in numbers]


def array_of(script: Path) -> str:
    return next(line.partition("=")[2] for line in script.read_text().splitlines() if "--array" in line)


def as_task(script: Path, number: int | None) -> subprocess.CompletedProcess[str]:
    """Runs the script as Slurm does: a copy of it, in a folder of its own, with the task's number."""
    spool = script.parent / "spool"
    spool.mkdir(exist_ok=True)
    copy = shutil.copy(script, spool / "slurm_script")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    if number is not None:
        environment["SLURM_ARRAY_TASK_ID"] = str(number)
    return subprocess.run(["bash", copy], cwd=spool, env=environment, capture_output=True, text=True)


def test_each_job_is_a_task_and_so_many_run_at_a_time(folder: StudyFolder) -> None:
    script = write_array(folder, refs(1, 2, 3), at_once=2)
    assert script == folder.slurm / "array.sbatch"
    assert array_of(script) == "1-3%2"
    assert (folder.slurm / "tasks.txt").read_text().splitlines() == [f"{number:016x}" for number in (1, 2, 3)]
    assert subprocess.run(["bash", "-n", script]).returncode == 0


def test_all_options_stand_before_the_first_command(plain: StudyFolder) -> None:
    lines = write_array(plain, refs(1)).read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    comments = next(place for place, line in enumerate(lines) if line and not line.startswith("#"))
    assert all(not line.startswith("#SBATCH") for line in lines[comments:])
    assert f'#SBATCH --output="{plain.slurm}/%A_%a.log"' in lines
    assert "#SBATCH --gres=gpu:1" in lines


def test_a_task_runs_the_job_command_in_the_folder_that_the_study_was_started_from(
    folder: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tmp_path / "where 'it' $began"
    start.mkdir()
    python = tmp_path / "my python"
    python.write_text('#!/bin/bash\npwd\nprintf "%s\\n" "$@"\nexit 7\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.chdir(start)
    ran = as_task(write_array(folder, refs(5, 6)), 2)
    assert ran.stdout.splitlines() == [
        str(start),
        *("-m", "mlt.toolkit", "study", "job", str(folder.path), f"{6:016x}"),
    ]
    assert ran.returncode == 7
    assert not list(tmp_path.rglob("hacked"))


def test_a_task_carries_its_jobs_one_after_the_other(plain: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "LARGEST_ARRAY", 2)
    jobs = [made_job(plain, 1, train=FAIL), made_job(plain, 2), made_job(plain, 3, train=None, kind="base")]
    script = write_array(plain, jobs)
    assert [as_task(script, number).returncode for number in (1, 2)] == [1, 0]
    assert [plain.is_done(job.kind, job.address) for job in jobs] == [False, True, True]
    assert begun(plain, jobs[1]) == ["train", "eval"]


def test_a_task_whose_time_is_nearly_up_ends_its_stage_and_says_so(plain: StudyFolder) -> None:
    job = made_job(plain, 1, train=SLEEP)
    script = write_array(plain, [job])
    assert "#SBATCH --signal=B:INT@180" in script.read_text()
    task = subprocess.Popen(
        ["bash", script],
        env={**os.environ, "SLURM_ARRAY_TASK_ID": "1"},
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        if (plain.run(job.address) / "asleep.txt").exists():
            break
        time.sleep(0.05)
    task.send_signal(signal.SIGINT)
    assert task.wait(20) == 130
    state = read_state(plain.run(job.address))
    assert state is not None
    assert state.state == "interrupted"


def test_a_second_writing_asks_for_what_is_left_and_moves_no_task(plain: StudyFolder) -> None:
    write_array(plain, refs(*range(1, 8)))
    before = (plain.slurm / "tasks.txt").read_text()
    script = write_array(plain, refs(2, 4, 5, 6, 99), at_once=3)
    assert array_of(script) == "2,4-6,8%3"
    assert (plain.slurm / "tasks.txt").read_text() == before + f"{99:016x}\n"


def test_a_large_study_has_several_jobs_in_a_task(plain: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "LARGEST_ARRAY", 3)
    jobs = refs(*range(1, 9))
    assert array_of(write_array(plain, jobs)) == "1-3"
    lines = (plain.slurm / "tasks.txt").read_text().splitlines()
    assert [address for line in lines for address in line.split()] == [job.address for job in jobs]
    assert array_of(write_array(plain, jobs[3:4])) == "2"


def test_two_runs_of_one_address_are_one_task(plain: StudyFolder) -> None:
    assert array_of(write_array(plain, refs(1, 1, 2))) == "1-2"


def test_what_a_cluster_needs_is_the_users_and_is_kept(plain: StudyFolder) -> None:
    write_array(plain, refs(1))
    options = plain.slurm / "options.txt"
    options.write_text("# ours\n--partition=long\n\n--gres=gpu:a100:1 --mem=64G\n")
    text = write_array(plain, refs(1)).read_text()
    assert re.findall(r"^#SBATCH (--partition.*|--gres.*)$", text, re.M) == [
        "--partition=long",
        "--gres=gpu:a100:1 --mem=64G",
    ]
    assert options.read_text().startswith("# ours")


@pytest.mark.parametrize(
    ("line", "said"),
    [("rm -rf /", "is no option of sbatch"), ("--array=1-9", "is set by mlt itself"), ("-o x", "is set by mlt itself")],
)
def test_options_that_are_none_or_not_the_users_are_refused(plain: StudyFolder, line: str, said: str) -> None:
    plain.slurm.mkdir(parents=True)
    (plain.slurm / "options.txt").write_text(line + "\n")
    with pytest.raises(UsageError, match=said):
        write_array(plain, refs(1))
    assert not (plain.slurm / "array.sbatch").exists()


@pytest.mark.parametrize("name", ['a "quoted" study', "back\\slash", "two\nlines"])
def test_a_folder_that_sbatch_cannot_write_into_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="choose an --out"):
        write_array(StudyFolder(tmp_path / name), refs(1))


def test_nothing_left_is_said(plain: StudyFolder) -> None:
    with pytest.raises(UsageError, match="nothing is left to run"):
        write_array(plain, [])


def test_what_is_no_address_never_reaches_the_shell(plain: StudyFolder) -> None:
    with pytest.raises(UsageError, match="no address"):
        write_array(plain, [JobRef("run", "$(reboot)", "x")])


@pytest.mark.parametrize(("number", "said"), [(None, "give it to sbatch"), (3, "no line 3 in")])
def test_a_task_without_a_line_says_so(plain: StudyFolder, number: int | None, said: str) -> None:
    made_job(plain, 1, train=TRAIN)
    ran = as_task(write_array(plain, refs(1)), number)
    assert ran.returncode != 0
    assert said in ran.stderr
