"""A filtered run in parts: in any order, and merged, they are what one process makes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from split_runs import POLICY, content, split_run

from mlt.filter import filter_run
from mlt.filter import scoring as scoring_module
from mlt.filter.agreement import agree
from mlt.filter.distributed.merge import merge
from mlt.filter.policy import load_policy
from mlt.filter.scoring import Judges
from mlt.toolkit.array_script import write_array
from mlt.toolkit.cli import main
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.joined_run import JoinedRun
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.run import open_run

ALONE = {"checks": {**POLICY["checks"], "duplicates": {"enabled": False}}}
Filter = Callable[..., Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three shards in two languages."""
    return split_run(tmp_path_factory.mktemp("input") / "run")


@pytest.fixture(scope="module")
def one(run: Path) -> Path:
    """What one process makes of it."""
    return filter_run(run, run.with_name("one"), policy=POLICY).path


@pytest.fixture
def filtered(run: Path, tmp_path: Path) -> Filter:
    """``filtered(out, shard)`` filters the run, all of it or a part."""

    def make(out: str, shard: str | None = None, source: Path = run, **options: Any) -> Any:
        return filter_run(source, tmp_path / out, **{"policy": POLICY, "shard": shard, **options})

    return make


def merged(path: Path) -> dict[str, Any]:
    return merge(path, NullProgress()).manifest


def test_parts_in_any_order_make_the_files_of_one_process(filtered: Filter, one: Path, tmp_path: Path) -> None:
    for number in (3, 1, 2):
        part = filtered("parts", f"{number}/3")
        assert (part.manifest["complete"], part.report) == (False, None)
    whole = merged(tmp_path / "parts")
    assert content(tmp_path / "parts") == content(one)
    dropped = whole["filter"]["languages"]["sw"]["dropped"]
    assert dropped.keys() == {"numbers", "duplicates"}
    assert merged(tmp_path / "parts") == whole


def test_without_checks_of_a_whole_language_a_part_decides_its_shards(filtered: Filter, tmp_path: Path) -> None:
    filtered("one", policy=ALONE, intersection=True)
    for number in (1, 2):
        filtered("parts", f"{number}/2", policy=ALONE, intersection=True)
    parts = open_run(tmp_path / "parts")
    assert (parts.shards("sw"), parts.shards("th")) == ([0, 1, 2], [0, 1, 2])
    merged(tmp_path / "parts")
    assert content(tmp_path / "parts") == content(tmp_path / "one")


def test_tasks_at_the_same_time_lose_nothing(filtered: Filter, one: Path, tmp_path: Path) -> None:
    tasks = [threading.Thread(target=filtered, args=("parts", f"{number}/2")) for number in (1, 2)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    merged(tmp_path / "parts")
    assert content(tmp_path / "parts") == content(one)


def test_pairs_are_read_once_and_given_back_by_the_merge(tmp_path: Path) -> None:
    rows = [
        {"key": f"p{n}", "source": f"Amina has {n} mangoes.", "target": f"Amina ana maembe {n + n // 5}.", "lang": "sw"}
        for n in range(1, 9)
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options: dict[str, Any] = {"policy": POLICY, "columns": {"key": "id"}, "shard_size": 2}
    filter_run(path, tmp_path / "one", **options)
    for number in (2, 1):
        filter_run(path, tmp_path / "parts", shard=f"{number}/2", **options)
    assert merge(tmp_path / "parts", NullProgress()).pairs == tmp_path / "parts" / "kept.jsonl"
    one, parts = content(tmp_path / "one"), content(tmp_path / "parts")
    ours = [found.pop("run.json")["filter"] for found in (one, parts)]
    assert ours[0] == ours[1]
    assert parts["kept.jsonl"] == one["kept.jsonl"] == "".join(json.dumps(row) + "\n" for row in rows[:4]).encode()
    assert parts.keys() == one.keys()


def test_a_merge_that_was_killed_anywhere_is_done_again(
    filtered: Filter, one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        filtered("parts", f"{number}/2")
    for place in ("mlt.filter.scoring.write_scores", "mlt.filter.maker.decide", "mlt.filter.report.write_report"):
        calls = iter([None, None, KeyboardInterrupt] if place.endswith("decide") else [KeyboardInterrupt])
        module, _, name = place.rpartition(".")
        real = getattr(sys.modules[module], name)

        def dies(*given: Any, _calls: Any = calls, _real: Any = real, **named: Any) -> Any:
            if (stop := next(_calls)) is not None:
                raise stop
            return _real(*given, **named)

        with monkeypatch.context() as patch:
            patch.setattr(place, dies)
            with pytest.raises(KeyboardInterrupt):
                merged(tmp_path / "parts")
    merged(tmp_path / "parts")
    assert content(tmp_path / "parts") == content(one)


def test_shards_that_no_task_has_scored_are_named(filtered: Filter, tmp_path: Path) -> None:
    filtered("parts", "1/2")
    with pytest.raises(DataError, match=r"lacks the scores of \d+ shards \((sw|th) \d.*run their tasks again"):
        merged(tmp_path / "parts")
    assert open_run(tmp_path / "parts").manifest["complete"] is False


def test_tasks_with_another_policy_are_refused_until_the_first_ones_are_merged(
    filtered: Filter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"checks": {**POLICY["checks"], "length": {"max": 0.5}}}
    filtered("parts", "1/2")
    with pytest.raises(
        DataError, match=r"with policy.checks.length.languages.th.max = 4.0, this one has 0.5: give all tasks"
    ):
        filtered("parts", "2/2", policy=other)
    filtered("parts", "2/2")
    merged(tmp_path / "parts")
    monkeypatch.setattr(scoring_module.Scorer, "score", lambda *_: pytest.fail("a bound costs no scoring"))
    filtered("parts", "1/1", policy=other)
    merged(tmp_path / "parts")
    monkeypatch.undo()
    filtered("one", policy=other)
    assert content(tmp_path / "parts") == content(tmp_path / "one")


def test_one_process_may_end_what_tasks_began(filtered: Filter, one: Path, tmp_path: Path) -> None:
    filtered("parts", "1/2")
    filtered("parts")
    assert content(tmp_path / "parts") == content(one)


def test_an_input_that_has_grown_is_not_called_whole(filtered: Filter, tmp_path: Path) -> None:
    source = split_run(tmp_path / "run", shards=1)
    filtered("parts", "1/1", source)
    split_run(source, shards=2)
    with pytest.raises(DataError, match=r"lacks the scores of 2 shards \(sw 1, th 1\)"):
        merged(tmp_path / "parts")


def test_an_input_that_is_another_one_is_refused(filtered: Filter, tmp_path: Path) -> None:
    source = split_run(tmp_path / "run", shards=1)
    filtered("parts", "1/1", source)
    split_run(source, identity="other", shards=1)
    with pytest.raises(DataError, match=r"is not what the tasks have filtered \(input.source was 'made-up'"):
        merged(tmp_path / "parts")


def test_a_machine_that_judges_by_other_models_is_refused(filtered: Filter, tmp_path: Path) -> None:
    filtered("parts", "1/2")
    store, policy = JoinedRun.join(tmp_path / "parts"), load_policy(POLICY)
    first = agree(store, "yo", policy, Judges({"language": {"version": 1, "detector": "a"}}, ()))
    assert agree(store, "yo", policy, first) == first
    with pytest.raises(EnvironmentProblem, match=r"yo: .* judges with language.detector = b, the run with a: have"):
        agree(store, "yo", policy, Judges({"language": {"version": 1, "detector": "b"}}, ()))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"executor": "dask"}, "--executor dask"),
        ({"shard": "1/2", "executor": "ray"}, "leave it out with --executor ray"),
        ({"shard": "1/2", "force": True}, "other tasks may be writing"),
        ({"workers": 3}, "--workers 3: it belongs to --executor ray"),
        ({"shard": "3/2"}, "such as 1/8"),
    ],
)
def test_options_that_do_not_go_together_are_refused(filtered: Filter, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        filtered("parts", **options)


def test_a_run_that_no_task_has_written_is_not_merged(one: Path, tmp_path: Path) -> None:
    whole = json.loads((one / "run.json").read_text())
    assert merged(one) == whole
    (tmp_path / "run.json").write_text(json.dumps({**whole, "complete": False}))
    with pytest.raises(UsageError, match="was written by no task of mlt filter --shard"):
        merged(tmp_path)


def test_part_folders_of_a_filtered_run_are_refused(
    filtered: Filter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filtered("parts", "1/1")
    assert main(["merge", str(tmp_path / "whole"), str(tmp_path / "parts")]) == 2
    assert "all write one folder; name that one alone" in capsys.readouterr().err


def test_the_tasks_of_the_array_script_make_the_filtered_run(
    run: Path, one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.yaml").write_text(json.dumps(POLICY))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/echo")  # which says what Python would be given
    script = write_array(tmp_path / "a run & more", 1, ["filter", str(run), "--policy", "policy.yaml"])
    done = subprocess.run(["bash", script], env={"SLURM_ARRAY_TASK_ID": "1"}, cwd="/", check=True, capture_output=True)
    words = done.stdout.decode().replace("a run & more", "a+run").split()
    assert words[:3] == ["-m", "mlt.toolkit", "filter"]
    assert main([word.replace("a+run", "a run & more") for word in words[2:]]) == 0
    assert main(["merge", "a run & more"]) == 0
    assert "numbers" in capfd.readouterr().out
    assert content(tmp_path / "a run & more") == content(one)


def test_a_run_on_a_url_is_scored_in_parts_and_merged(run: Path, one: Path, tmp_path: Path) -> None:
    filter_run(f"file://{run}", tmp_path / "parts", policy=POLICY, shard="1/1", cache_dir=tmp_path / "cache")
    whole = merged(tmp_path / "parts")
    assert whole["filter"] == json.loads((one / "run.json").read_text())["filter"]
    assert whole["input"] == f"file://{run}"
