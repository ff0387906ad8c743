"""An evaluation in parts: every item is one task's, and the whole is what one process leaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from causal_models import byte_tokenizer, tiny_model
from hypothesis import given
from hypothesis import strategies as st
from pool_generator import open_pool
from typer.testing import CliRunner

from mlt.eval import api
from mlt.eval.api import evaluate
from mlt.eval.distributed.merge import merge_evaluation
from mlt.eval.distributed.plan import Asked, Plan, extend_plan, read_plan
from mlt.eval.engine import in_order
from mlt.eval.results import iter_samples
from mlt.eval.samples import SampleFile, answered, settle
from mlt.toolkit.cli import app
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.locks import task_lock
from mlt.toolkit.parts import Part
from mlt.toolkit.progress import NullProgress

ROWS = 11
Ask = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for lang, text in {"en": "How many, {}?", "sw": "Ngapi, {}?"}.items():
        lines = [f"{text.format('x' * (row % 4))}\t{row}\n" for row in range(ROWS)]
        (folder / f"mine_{lang}.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def ask(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Evaluates into a folder of that name, all items or a part of them."""
    monkeypatch.setattr(api, "open_generator", open_pool)

    def asked(out: str, shard: str | None = None, **options: Any) -> Any:
        given = {"task": "math", "data": data, "lid": "none", "batch_size": 3, **options}
        return evaluate("model", out=tmp_path / out, shard=shard, **given)

    return asked


def merge(out: Path) -> dict[str, Any]:
    return merge_evaluation(out, NullProgress())


def contents(out: Path) -> dict[str, bytes]:
    """All that an evaluation leaves, but the locks."""
    files = (path for path in out.rglob("*") if path.is_file() and not path.name.startswith(".lock"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_parts_in_any_order_leave_the_files_of_one_process(ask: Ask, tmp_path: Path) -> None:
    one = ask("one")
    parts = [ask("whole", f"{number}/3") for number in (3, 1, 2)]
    assert sum(part.generated for part in parts) == one.generated == 2 * ROWS
    assert [part.results for part in parts] == [{}] * 3
    assert not (tmp_path / "whole" / "results.json").exists()
    assert merge(tmp_path / "whole") == one.results
    assert contents(tmp_path / "whole") == contents(tmp_path / "one")
    assert merge(tmp_path / "whole") == one.results
    assert ask("whole").generated == ask("whole", "2/3").generated == 0
    assert merge(tmp_path / "whole") == one.results


def test_parts_of_a_real_model_answer_as_one_process_does(data: Path, tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path / "tiny")
    byte_tokenizer().save_pretrained(tmp_path / "tiny")
    options: Any = {"task": "math", "data": data, "langs": "sw", "batch_size": 2, "lid": "none"}
    options |= {"limit": 5, "max_new_tokens": 4}
    evaluate(tmp_path / "tiny", out=tmp_path / "one", **options)
    for number in (2, 1):
        evaluate(tmp_path / "tiny", out=tmp_path / "whole", shard=f"{number}/2", **options)
    merge(tmp_path / "whole")
    assert contents(tmp_path / "whole") == contents(tmp_path / "one")


@pytest.mark.parametrize(("after", "torn"), [(0, ""), (1, '{"key": "half'), (5, "")])
def test_a_task_that_was_ended_goes_on(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, torn: str
) -> None:
    ask("one")
    ask("whole", "1/2")
    appended, count = SampleFile.append, iter(range(100))

    def ends(self: Any, sample: Any) -> None:
        if next(count) == after:
            raise KeyboardInterrupt
        appended(self, sample)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(SampleFile, "append", ends)
        ask("whole", "2/2")
    for path in (tmp_path / "whole" / "samples").glob("*part-2-of-2*"):
        with path.open("a") as file:
            file.write(torn)
    with pytest.raises(DataError, match=rf"lacks \d+ answers \(--shard 2/2: {11 - after}\): run these tasks again"):
        merge(tmp_path / "whole")
    assert not (tmp_path / "whole" / "results.json").exists()
    assert ask("whole", "2/2").generated == 11 - after
    merge(tmp_path / "whole")
    assert contents(tmp_path / "whole") == contents(tmp_path / "one")


def test_a_merge_that_was_ended_loses_nothing(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = ask("one")
    for number in (1, 2, 3):
        ask("whole", f"{number}/3")
    unlink, count = Path.unlink, iter(range(100))

    def ends(self: Path, missing_ok: bool = False) -> None:
        if "part-" in self.name and next(count) == 1:
            raise KeyboardInterrupt
        unlink(self, missing_ok)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "unlink", ends)
        merge(tmp_path / "whole")
    assert len(list(iter_samples(tmp_path / "whole"))) == 2 * ROWS
    assert merge(tmp_path / "whole") == one.results
    assert contents(tmp_path / "whole") == contents(tmp_path / "one")


def test_tasks_at_the_same_time_lose_nothing(ask: Ask, tmp_path: Path) -> None:
    ask("one")
    threads = [threading.Thread(target=ask, args=("whole", f"{number}/3")) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    merge(tmp_path / "whole")
    assert contents(tmp_path / "whole") == contents(tmp_path / "one")


def test_a_folder_that_a_task_begins_at_this_moment_is_nobody_elses(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    for name in (".lock", ".lock-2-of-2", ".eval.json.0123456789ab.tmp"):
        (tmp_path / "whole" / name).touch()
    assert ask("whole", "1/1").generated == 2 * ROWS


def test_while_a_task_runs_nobody_else_ends_the_evaluation(ask: Ask, tmp_path: Path) -> None:
    ask("whole", "1/2")
    with task_lock(tmp_path / "whole", "1-of-2"):
        with pytest.raises(EnvironmentProblem, match="written by the tasks 1-of-2"):
            merge(tmp_path / "whole")
        with pytest.raises(EnvironmentProblem, match="written by the tasks 1-of-2"):
            ask("whole")
        with pytest.raises(EnvironmentProblem, match="has a task 1-of-2 already"):
            ask("whole", "1/2")
        ask("whole", "2/2")


def test_one_process_ends_what_tasks_began_and_the_reverse(ask: Ask, tmp_path: Path) -> None:
    ask("one")
    part = ask("whole", "2/3")
    whole = ask("whole")
    assert part.generated + whole.generated == 2 * ROWS
    assert {path.name for path in (tmp_path / "whole" / "samples").iterdir()} == {"math-en.jsonl", "math-sw.jsonl"}
    ask("other", langs="en")
    assert sum(ask("other", f"{number}/2").generated for number in (1, 2)) == ROWS
    merge(tmp_path / "other")
    lines = {name: sorted(text.splitlines()) for name, text in contents(tmp_path / "one").items() if "jsonl" in name}
    for name in ("whole", "other"):
        found = contents(tmp_path / name)
        assert {file: sorted(found[file].splitlines()) for file in lines} == lines


def test_tasks_with_another_batch_size_leave_no_item_out(ask: Ask, tmp_path: Path) -> None:
    for number, size in ((1, 3), (2, 2), (3, 5)):
        ask("whole", f"{number}/3", batch_size=size)
    assert {cell["items"] for cell in merge(tmp_path / "whole")["cells"]} == {ROWS}


def test_tasks_that_ask_more_items_say_which_parts_lack_them(ask: Ask, tmp_path: Path) -> None:
    for number in (1, 2):
        ask("whole", f"{number}/2", limit=4)
    ask("whole", "2/2")
    with pytest.raises(DataError, match=r"lacks \d+ answers \(--shard 1/2: \d+\)"):
        merge(tmp_path / "whole")
    ask("whole", "1/2")
    assert {cell["items"] for cell in merge(tmp_path / "whole")["cells"]} == {ROWS}


def test_what_is_no_evaluation_of_tasks_is_not_merged(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no evaluation"):
        merge(tmp_path)
    ask("whole")
    (tmp_path / "whole" / "results.json").unlink()
    with pytest.raises(UsageError, match="begun by one process"):
        merge(tmp_path / "whole")
    (tmp_path / "whole" / "asked.json").write_text('{"count": 2}')
    with pytest.raises(DataError, match=r"asked\.json is damaged"):
        merge(tmp_path / "whole")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"executor": "dask"}, "--executor dask"),
        ({"shard": "1/2", "executor": "ray"}, "leave it out with --executor ray"),
        ({"shard": "1/2", "force": True}, "other tasks may be writing"),
        ({"workers": 2}, "--workers 2: it belongs to --executor ray"),
        ({"shard": "3/2"}, "such as 1/8"),
    ],
)
def test_options_that_do_not_go_together_are_refused(ask: Ask, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ask("whole", **options)


def test_a_task_says_what_comes_next(ask: Ask, data: Path, tmp_path: Path) -> None:
    words = ["eval", "model", "--task", "math", "--data", str(data), "--lid", "none", "-o", str(tmp_path / "whole")]
    said = CliRunner().invoke(app, [*words, "--shard", "1/1"], catch_exceptions=False)
    assert said.stdout == f"22 new answers; when all tasks are done: mlt merge {tmp_path / 'whole'}\n"
    merged = CliRunner().invoke(app, ["merge", str(tmp_path / "whole")], catch_exceptions=False)
    assert merged.stdout.splitlines()[-1] == str(tmp_path / "whole")


@given(st.integers(1, 9), st.lists(st.lists(st.text("abc", min_size=1), max_size=3), max_size=6))
def test_every_batch_is_exactly_one_parts(count: int, batches: list[list[str]]) -> None:
    asked = Asked("math", "mine", "sw", batches)
    parts = [list(asked.of_part(Part(number, count))) for number in range(1, count + 1)]
    assert sorted(batch for part in parts for batch in part) == sorted(batches)
    assert sum(Plan(count, [asked]).missing(set()).values()) == len(asked.order)
    assert Plan(count, [asked]).missing(set(asked.order)) == {}


@given(st.integers(0, 40), st.integers(1, 9))
def test_batches_in_order_hold_every_index_once(count: int, size: int) -> None:
    assert [index for batch in in_order(count, size) for index in batch] == list(range(count))


def test_the_same_items_keep_the_batches_of_the_first_task(tmp_path: Path) -> None:
    first = Asked("math", "mine", "sw", [["a", "b"], ["c"]])
    assert extend_plan(tmp_path, 2, {"sw": first}) == {"sw": first}
    again = extend_plan(tmp_path, 4, {"sw": Asked("math", "mine", "sw", [["c"], ["b"], ["a"]])})
    assert again == {"sw": first}
    other = Asked("math", "mine", "sw", [["a", "d"]])
    assert extend_plan(tmp_path, 4, {"sw": other}) == {"sw": other}
    assert read_plan(tmp_path) == Plan(4, [other])


def test_samples_of_several_files_become_one_in_order(tmp_path: Path) -> None:
    def put(keys: str, part: Part | None, lang: str = "zh") -> None:
        with SampleFile(tmp_path, "math", lang, part) as file:
            for key in keys:
                file.append({"test_set": "mine", "key": key, "from": str(part)})

    put("xb", None)
    put("cab", Part(1, 2))
    put("d", Part(2, 2))
    put("z", None, "zh-Hans")
    order = [("mine", key) for key in "abcd"]
    assert {key for _, key in answered(tmp_path, "math", "zh")} == set("xabcd")
    settle(tmp_path, "math", "zh", order)
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["math-zh-Hans.jsonl", "math-zh.jsonl"]
    lines = [json.loads(line) for line in (tmp_path / "samples" / "math-zh.jsonl").read_text().splitlines()]
    assert [(line["key"], line["from"]) for line in lines] == [
        ("x", "None"),
        ("a", str(Part(1, 2))),
        ("b", "None"),
        ("c", str(Part(1, 2))),
        ("d", str(Part(2, 2))),
    ]
