"""A run in parts: every shard is one task's, and the whole is what one process makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.array_script import write_array
from mlt.toolkit.errors import DataError, EnvironmentProblem, MltError, UsageError
from mlt.toolkit.joined_run import JoinedRun, open_part
from mlt.toolkit.locks import task_lock
from mlt.toolkit.parts import Part
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.store import RunStore, open_run
from mlt.translate import translate
from mlt.translate.distributed.merge import merge

LANGS = ("en", "sw", "yo")
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Translates fifteen rows, some of which are rejected, into a folder of that name, all or a part of them."""
    rows = [
        {"question": f"Ann has {n} red pens. Bob has {n + 1} more.", "answer": f"She has {n} + 1 pens.\n#### {n + 1}"}
        for n in range(15)
    ]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"question": "No answer?"}]))

    def made(out: str, shard: str | None = None, langs: str = "sw,yo", **options: Any) -> dict[str, Any]:
        given = {"model": "corrupting", "ladder": False, "shard_size": 3, "cache_dir": tmp_path / f"cache-{shard}"}
        return translate(source, langs=langs, out=tmp_path / out, shard=shard, **{**given, **options}).manifest

    return made


def rows_of(path: Path) -> dict[str, list[tuple[str, str]]]:
    run = open_run(path)
    kept = {lang: [(record.id, record.target) for record in run.records(lang)] for lang in LANGS}
    return kept | {f"-{lang}": [(row.reason, row.detail) for row in run.rejected(lang)] for lang in LANGS}


def counts(manifest: dict[str, Any]) -> dict[str, Any]:
    """What run.json says of languages, but for how long it took."""
    timed = ("seconds", "units_per_s", "decoded", "cached")
    return {
        lang: {name: value for name, value in said.items() if name not in timed}
        for lang, said in manifest["languages"].items()
    }


@given(st.integers(1, 70), st.integers(0, 10**6), st.sampled_from(["sw", "yo", "zh-Hant"]))
def test_every_shard_is_exactly_one_parts(count: int, index: int, lang: str) -> None:
    assert sum(Part(number, count).holds(lang, index) for number in range(1, count + 1)) == 1


@pytest.mark.parametrize("text", ["0/4", "5/4", "3", "a/b", "1/0", "-1/4", "1/4/2", ""])
def test_what_names_no_part_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as 1/8"):
        Part.parse(text)


@pytest.mark.parametrize("together", [True, False], ids=["one-folder", "a-folder-each"])
def test_parts_in_any_order_make_the_run_of_one_process(make: Make, tmp_path: Path, together: bool) -> None:
    one = make("one")
    for number in (2, 3, 1):
        part = make("whole" if together else f"part-{number}", f"{number}/3")
        assert part["complete"] is False
    parts = [] if together else [tmp_path / f"part-{number}" for number in (1, 2, 3)]
    whole = merge(tmp_path / "whole", parts, NullProgress())
    assert rows_of(tmp_path / "whole") == rows_of(tmp_path / "one")
    assert counts(whole) == counts(one)
    assert whole.keys() == one.keys()
    assert whole["complete"] is True
    assert merge(tmp_path / "whole", parts, NullProgress()) == whole
    assert make("whole")["complete"] is True


def test_a_part_that_was_not_done_is_named_and_nothing_is_called_complete(make: Make, tmp_path: Path) -> None:
    make("run", "1/2")
    with pytest.raises(DataError, match=r"lacks \d+ shards \((sw|yo) \d.*run their tasks again"):
        merge(tmp_path / "run", [], NullProgress())
    assert open_run(tmp_path / "run").manifest["complete"] is False
    make("run", "2/2")
    assert merge(tmp_path / "run", [], NullProgress())["complete"] is True


def test_parts_that_were_made_otherwise_are_not_merged(make: Make, tmp_path: Path) -> None:
    make("a", "1/2")
    make("b", "2/2", beam_size=2)
    with pytest.raises(DataError, match=r"was made with decoding.beam_size = 2, .* with 4"):
        merge(tmp_path / "whole", [tmp_path / "a", tmp_path / "b"], NullProgress())


def test_parts_of_other_rows_are_not_merged(make: Make, tmp_path: Path) -> None:
    make("a", "1/2", limit=4)
    make("b", "2/2", limit=5)
    with pytest.raises(DataError, match="other English rows in shard 1: make them with the same --limit"):
        merge(tmp_path / "whole", [tmp_path / "a", tmp_path / "b"], NullProgress())


def test_tasks_at_the_same_time_in_one_folder_lose_nothing(make: Make, tmp_path: Path) -> None:
    one = make("one")
    threads = [threading.Thread(target=make, args=("run", f"{number}/3")) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(merge(tmp_path / "run", [], NullProgress())) == counts(one)
    assert rows_of(tmp_path / "run") == rows_of(tmp_path / "one")


def test_while_tasks_write_a_folder_nobody_else_does(make: Make, tmp_path: Path) -> None:
    make("run", "1/2")
    with task_lock(tmp_path / "run", "1-of-2"):
        with pytest.raises(EnvironmentProblem, match=r"written by the tasks 1-of-2"):
            merge(tmp_path / "run", [], NullProgress())
        with pytest.raises(EnvironmentProblem, match=r"has a task 1-of-2 already"):
            make("run", "1/2")
        make("run", "2/2")


def test_a_task_keeps_its_hands_off_what_others_are_writing(tmp_path: Path) -> None:
    identity, begun = {"model": "x"}, list[str]()
    with open_part(tmp_path / "run", identity, Part(1, 2), lambda store: begun.append("1")) as store:
        store.begin("sw")
        half = store.path / "done" / "sw" / ".part-00000.json.0123456789ab.tmp"
        half.touch()
        with open_part(tmp_path / "run", identity, Part(2, 2), lambda store: begun.append("2")):
            assert half.exists()
        with pytest.raises(MltError, match="none of them may write its manifest"):
            store.save_manifest(complete=True)
    with RunStore.open(tmp_path / "run", identity):
        assert not half.exists()
    assert begun == ["1", "2"]


def test_of_several_processes_the_first_decides_a_fact(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "run", {"model": "x"}):
        pass
    first, second = JoinedRun.join(tmp_path / "run"), JoinedRun.join(tmp_path / "run")
    first.save_facts("calibration-sw", {"direct": 1})
    second.save_facts("calibration-sw", {"direct": 2})
    assert first.facts("calibration-sw") == second.facts("calibration-sw") == {"direct": 1}
    assert [path.name for path in (tmp_path / "run" / "facts").iterdir()] == ["calibration-sw.json"]


def test_a_run_that_a_machine_does_not_see_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="put it where every machine sees it"):
        JoinedRun.join(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"executor": "dask"}, "--executor dask"),
        ({"shard": "1/2", "executor": "ray"}, "leave it out with --executor ray"),
        ({"shard": "1/2", "force": True}, "other tasks may be writing"),
        ({"address": "auto"}, "--address auto: it belongs to --executor ray"),
    ],
)
def test_options_that_do_not_go_together_are_refused(make: Make, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make("run", **options)


def test_the_tasks_of_the_array_script_make_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = tmp_path / "where 'it' $began"
    start.mkdir()
    rows = [{"question": f"Ann has {n} pens.", "answer": f"#### {n}"} for n in range(6)]
    (start / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(start)
    words = ["rows.jsonl", "--langs", "sw", "--model", "identity", "--shard-size", "3"]
    script = write_array(tmp_path / "a run & more", 2, words)
    assert "#SBATCH --array=1-2" in script.read_text().splitlines()
    spool = shutil.copy(script, tmp_path / "slurm_script")
    for number in (1, 2):
        task = {"SLURM_ARRAY_TASK_ID": str(number), "MLT_TASK_CACHE": str(tmp_path / "cache")}
        subprocess.run(["bash", spool], cwd=tmp_path, env={**os.environ, **task}, check=True, capture_output=True)
    merged = subprocess.run(
        [sys.executable, "-m", "mlt.toolkit", "merge", str(tmp_path / "a run & more"), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(merged.stdout)["manifest"]["complete"] is True
