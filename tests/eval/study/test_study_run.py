from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_stages import MLT, waits

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.planning.spec import load_spec
from mlt.eval.study.running import prepare, run_command, stages
from mlt.eval.study.running.executors.local import LocalExecutor
from mlt.eval.study.running.run import Outcome, driving, run_study
from mlt.toolkit.cli import main
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.records import Gold, Message, Record, Source, Translation
from mlt.toolkit.store import RunStore
from mlt.train import mix_ladder

LANGS = ("en", "es", "sw")
FAKE = (sys.executable, "-I", "-S", "-c", MLT)
LADDER = {
    "name": "three",
    "core": list(LANGS),
    "pivot": "en",
    "rungs": [{"size": 1, "how": "pivot"}, {"size": 2, "how": "pivot+one"}, {"size": 3, "how": "core"}],
}
STUDY = {
    "name": "mine",
    "ladder": "ladder.yaml",
    "data": {"math": {"runs": ["data"], "test": "test", "validation": 2}},
    "budgets": {"per_language": {"math": {"per_language": 6}}},
    "models": [{"name": "tiny", "base": "none"}],
    "evaluate": {"languages": ["en", "sw"]},
    "tiers": {"high": ["en", "es"], "low": ["sw"]},
}
MIXTURES = ["L01-en", "L02-en-es", "L02-en-sw", "L03-core"]


def write_run(folder: Path, texts: dict[str, str], count: int = 10) -> Path:
    """A finished run of ``count`` items; ``texts`` is what the questions of each language begin with."""
    source = Source("made", "1", "train", 1, "CC0-1.0")
    with RunStore.open(folder, {"stage": "filter", "input": {"source": {"dataset": str(folder)}}}, force=True) as store:
        for lang, text in texts.items():
            translation = None if lang == "en" else Translation("tiny", "1", "mlt:0", "keep", "keep")
            records = [
                Record(
                    f"{folder.name}-{n}",
                    f"{folder.name}-{n}",
                    "math",
                    lang,
                    (Message("user", f"{text} {n}?"),),
                    "#### 4",
                    Gold("4"),
                    source,
                    translation=translation,
                )
                for n in range(count)
            ]
            store.write_shard(lang, 0, records, [], {"in": count})
        store.save_manifest(complete=True, licenses={"source": "CC0-1.0", "model": None}, filter={"languages": {}})
    return folder


def mixes(argv: Sequence[str], log: Path) -> int:
    """Stands for the command ``mlt mix`` in the preparation of a study: the same, in this process."""
    values = dict(pairwise(argv))
    run = argv[argv.index("mix") + 1]
    mix_ladder(
        [run],
        values["--out"],
        values["--preset"],
        tasks="math",
        per_language=int(values["--per-language"]),
        validation=int(values["--validation"]),
        seed=int(values["--seed"]),
    )
    return 0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study and its data; its stages are ``FAKE`` and its mixtures real."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stages, "MLT", FAKE)
    monkeypatch.setattr(prepare, "run_stage", mixes)
    write_run(tmp_path / "data", {lang: f"How many in {lang}" for lang in LANGS})
    write_run(tmp_path / "test", {lang: f"What is left in {lang}" for lang in ("en", "sw")}, 3)
    (tmp_path / "ladder.yaml").write_text(yaml.safe_dump(LADDER))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(STUDY))
    return tmp_path


def runs(here: Path, **options: Any) -> Outcome:
    folder = StudyFolder(here / "studies/mine")
    return run_study(load_spec(str(here / "study.yaml")), folder, executor=LocalExecutor(2, gpus=[]), **options)


def begun(here: Path) -> list[str]:
    """What the stages were asked for, since :func:`asked` was called last."""
    path = here / "asked.txt"
    return path.read_text().split() if path.exists() else []


def asked(here: Path) -> Counter[str]:
    """How often the stages were asked for what, since this was called last."""
    found = Counter(begun(here))
    (here / "asked.txt").unlink(missing_ok=True)
    return found


def names(jobs: Sequence[Any]) -> list[str]:
    return sorted(job.names[0].split("/")[3] for job in jobs)


def test_every_run_is_trained_and_asked_once_and_a_second_start_does_nothing(here: Path) -> None:
    outcome = runs(here)
    assert (names(outcome.done), outcome.failed, outcome.skipped) == (MIXTURES, (), 0)
    assert asked(here) == Counter([*MIXTURES, *["eval"] * 4])
    again = runs(here)
    assert (again.done, again.skipped, asked(here)) == ((), 4, Counter())


def test_the_plan_on_disk_holds_the_addresses_that_are_done(here: Path) -> None:
    runs(here, only=["*/L01-en/*"])
    study = json.loads((here / "studies/mine/study.json").read_text())
    assert [run["mixture"] for run in study["runs"]] == MIXTURES
    assert not any(run["pending"] for run in study["runs"])
    assert [path.name for path in (here / "studies/mine/runs").iterdir()] == [study["runs"][0]["address"]]


def test_a_run_that_fails_is_recorded_the_rest_go_on_and_it_alone_is_tried_again(here: Path) -> None:
    (here / "fails.txt").write_text("L02-en-es")
    outcome = runs(here)
    assert names(outcome.done) == ["L01-en", "L02-en-sw", "L03-core"]
    [failed] = outcome.failed
    assert (failed.names, failed.error) == (
        ("math/tiny/per_language/L02-en-es/s0",),
        "error: L02-en-es cannot be trained",
    )
    assert failed.log is not None
    assert "cannot be trained" in failed.log.read_text()
    asked(here)
    (here / "fails.txt").unlink()
    assert names(runs(here).done) == ["L02-en-es"]
    assert asked(here) == Counter(["L02-en-es", "eval"])


def test_changed_data_run_exactly_what_holds_them_again(here: Path) -> None:
    runs(here)
    asked(here)
    write_run(here / "data", {lang: f"How {'few' if lang == 'sw' else 'many'} in {lang}" for lang in LANGS})
    outcome = runs(here)
    assert (names(outcome.done), outcome.skipped) == (["L02-en-sw", "L03-core"], 2)
    assert asked(here) == Counter(["L02-en-sw", "L03-core", "eval", "eval"])


def test_a_changed_test_set_asks_all_again(here: Path) -> None:
    runs(here)
    write_run(here / "test", {lang: f"What is more in {lang}" for lang in ("en", "sw")}, 3)
    assert names(runs(here).done) == MIXTURES


def test_only_runs_what_matches_and_refuses_what_matches_nothing(here: Path) -> None:
    assert names(runs(here, only=["*/L02-*"]).done) == ["L02-en-es", "L02-en-sw"]
    with pytest.raises(UsageError, match="L09"):
        runs(here, only=["*/L09-*"])


def test_weights_that_a_kill_has_left_go_at_the_next_start(here: Path) -> None:
    runs(here)
    model = next((here / "studies/mine/runs").glob("*/model"))
    assert not (model / "model.safetensors").exists()
    (model / "model.safetensors").write_bytes(b"weights")
    runs(here)
    assert not (model / "model.safetensors").exists()


def test_a_second_driver_is_refused(here: Path) -> None:
    with driving(StudyFolder(here / "studies/mine")), pytest.raises(EnvironmentProblem, match="another process"):
        runs(here)


def test_a_preparation_that_fails_says_why_and_where(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(argv: Sequence[str], log: Path) -> int:
        log.write_text("--- mlt mix\nerror: not enough rows\n")
        return 3

    monkeypatch.setattr(prepare, "run_stage", fails)
    with pytest.raises(DataError, match=r"^mixing math, per_language failed: not enough rows \(see .*log.txt\)$"):
        runs(here)


def test_data_that_are_not_there_are_named_before_a_run_begins(here: Path) -> None:
    (here / "test/run.json").rename(here / "elsewhere.json")
    with pytest.raises(DataError, match="test"):
        runs(here)


DRIVER = """
import pathlib, sys
from mlt.eval.study.running import run_command
from mlt.eval.study.running import stages
stages.MLT = (sys.executable, "-I", "-S", "-c", pathlib.Path("mlt.txt").read_text())
from mlt.toolkit.cli import main
sys.exit(main(["study", "run", "study.yaml", "--jobs", "2"]))
"""


def driver(here: Path) -> subprocess.Popen[bytes]:
    (here / "mlt.txt").write_text(MLT)
    return subprocess.Popen([sys.executable, "-c", DRIVER], cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_driver_and_a_second_start_end_with_the_same_set(here: Path) -> None:
    runs(here, only=["*/L01-en/*"])  # which makes the mixtures
    asked(here)
    (here / "waits.txt").write_text("L02-en-sw")
    killed = driver(here)
    done = here / "studies/mine/runs"
    waits(lambda: len(list(done.glob("*/done.json"))) == 3)  # all but the one that waits
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (here / "waits.txt").unlink()
    second = driver(here)
    told = second.communicate(timeout=60)
    assert second.returncode == 0, told
    assert b"1 done, 3 finished before" in told[0]
    assert asked(here) == Counter(["L02-en-es", "L03-core", *["L02-en-sw"] * 2, *["eval"] * 3])
    assert len(list(done.glob("*/done.json"))) == 4


def test_an_interrupted_driver_ends_its_stages_and_says_how_to_go_on(here: Path) -> None:
    runs(here, only=["*/L01-en/*"])
    (here / "waits.txt").write_text(" ".join(MIXTURES))
    interrupted = driver(here)
    waits(lambda: len(begun(here)) >= 3)
    interrupted.send_signal(signal.SIGINT)
    told = interrupted.communicate(timeout=60)
    assert interrupted.returncode == 130
    assert b"the same command goes on where this one ended" in told[1]
    states = [json.loads(path.read_text())["state"] for path in (here / "studies/mine/runs").glob("*/state.json")]
    assert sorted(states) == ["done", "interrupted", "interrupted"]


def test_the_command_ends_with_1_where_a_run_failed_and_names_it(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "fails.txt").write_text("L03-core")
    assert main(["study", "run", "study.yaml", "--only", "*/L0[13]-*", "--retries", "1"]) == run_command.FAILED
    told = capfd.readouterr()
    assert "failed: math/tiny/per_language/L03-core/s0: error: L03-core cannot be trained (see" in told.out
    assert "1 done, 0 finished before, 1 failed; the same command tries them again" in told.out
    assert "[2/2] failed math/tiny/per_language/L03-core/s0, error: L03-core cannot be trained" in told.err
    assert asked(here)["L03-core"] == 2


def test_json_holds_what_came_of_it(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "run", "study.yaml", "--only", "*/L01-en/*", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["path"] == str(here / "studies/mine")
    assert [job["name"] for job in told["done"]] == ["math/tiny/per_language/L01-en/s0"]


def test_a_dry_run_names_what_is_left_and_writes_nothing(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "run", "study.yaml", "--dry-run", "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["left"]) == 4
    assert not (here / "studies").exists()
    runs(here, only=["*/L01-en/*"])
    assert main(["study", "run", "study.yaml", "--dry-run", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (len(told["left"]), told["finished"]) == (3, 1)


def test_single_runs_of_a_planned_study_are_run_by_their_addresses(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runs(here, only=["*/L02-*"])
    asked(here)
    places = sorted((here / "studies/mine/runs").iterdir())
    for place in places:
        (place / "done.json").unlink()
    assert main(["study", "job", "studies/mine", places[0].name]) == 0
    trained = json.loads((places[0] / "job.json").read_text())["mixture"]
    assert asked(here) == Counter([trained, "eval"])  # trained again: its weights had gone
    [name] = json.loads((places[0] / "job.json").read_text())["names"]
    assert f"{name}: done" in capfd.readouterr().out
    assert main(["study", "job", "studies/mine", "0" * 16]) == 3
    assert "mlt study run" in capfd.readouterr().err
