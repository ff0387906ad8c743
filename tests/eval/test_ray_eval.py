"""Evaluations by a Ray cluster: the files of one process, whatever dies."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pool_generator import PoolGenerator, open_pool
from ray_workers import two_workers

from mlt.eval import api
from mlt.eval.api import evaluate
from mlt.eval.asking import Asking
from mlt.eval.distributed.answer_queue import AnswerQueue
from mlt.eval.distributed.worker import AnswerRequest, AnswerWorker, BatchItem, PlanItem, identity_text
from mlt.eval.items import make_item
from mlt.eval.results import iter_samples
from mlt.eval.test_sets import OpenedSet
from mlt.toolkit.errors import EnvironmentProblem, SetAside
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.records import Gold

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
HERE = str(Path(__file__).parent)
ROWS = 8


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster of two workers on this machine, for the tests of the module; the folder that its models write in."""
    folder = tmp_path_factory.mktemp("notes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLT_POOL_TEST", str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join([HERE, *filter(None, [os.environ.get("PYTHONPATH")])]))
        with two_workers():
            yield folder


@pytest.fixture
def fresh(notes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in notes.iterdir():
        path.unlink()
    monkeypatch.setattr(api, "open_generator", open_pool)
    return notes


def write_set(folder: Path, words: dict[int, str]) -> Path:
    """Items in two languages; ``words`` are put into the question of a row. Short ones are asked last."""
    folder.mkdir()
    for lang, text in {"en": "How many", "sw": "Ngapi"}.items():
        lines = [f"{text} {words.get(row, '')}{'x' * (30 - row)}?\t{row}\n" for row in range(ROWS)]
        (folder / f"mine_{lang}.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


def asked(data: Path, out: Path, **options: Any) -> Any:
    return evaluate("model", task="math", data=data, out=out, lid="none", batch_size=2, **options)


def contents(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file() and not path.name.startswith(".lock"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


@needs_ray
def test_what_dies_is_tried_again_and_what_fails_is_set_aside_until_it_is_mended(fresh: Path, tmp_path: Path) -> None:
    data = write_set(tmp_path / "mine", {0: "RAISE", 1: "nyingi", 7: "KILLONCE"})
    out = tmp_path / "ray"
    with pytest.raises(SetAside, match=r"^2 batches of .* are set aside .*run the same command again") as caught:
        asked(data, out, executor="ray", workers=2)
    said = str(caught.value)
    assert (caught.value.exit_code, "\n" in said) == (1, False)
    assert "en 0: RuntimeError: this item cannot be answered" in said
    assert (fresh / "killed").exists()
    answered = {(sample["lang"], sample["gold"]) for sample in iter_samples(out)}
    assert answered == {(lang, str(row)) for lang in ("en", "sw") for row in range(ROWS) if row > 1}
    assert not (out / "results.json").exists()

    (fresh / "mended").touch()
    result = asked(data, out, executor="ray", workers=2)
    assert result.generated == 4
    one = asked(data, tmp_path / "one")
    assert contents(out) == contents(tmp_path / "one")
    assert result.results == one.results


@needs_ray
def test_a_driver_that_was_killed_goes_on_and_asks_nothing_twice(fresh: Path, tmp_path: Path) -> None:
    import ray

    data = write_set(tmp_path / "mine", {7: "SLOW"})
    out = tmp_path / "ray"
    script = "from mlt.eval import api; from pool_generator import open_pool; api.open_generator = open_pool; "
    script += f"api.evaluate('model', task='math', data={str(data)!r}, out={str(out)!r}, lid='none', batch_size=2, "
    script += f"executor='ray', address={ray.get_runtime_context().gcs_address!r})"
    driver = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": HERE})
    wait_for(fresh / "slow-en")
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    before = len(list(iter_samples(out)))
    assert 0 < before < 2 * ROWS
    (fresh / "quick").touch()
    assert asked(data, out, executor="ray").generated == 2 * ROWS - before
    asked(data, tmp_path / "one")
    lines = [
        {name: sorted(text.splitlines()) for name, text in contents(place).items() if "jsonl" in name}
        for place in (out, tmp_path / "one")
    ]
    assert lines[0] == lines[1]


def wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.02)


def test_without_ray_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install 'mlt\[ray\]'"):
        asked(write_set(tmp_path / "mine", {}), tmp_path / "ray", executor="ray")
    assert not (tmp_path / "ray").exists()


def asking(count: int) -> Asking:
    items = [
        make_item(id=f"{n}", group="g", task="math", lang=lang, test_set="mine", gold=Gold(f"{n}"), prompt="?" * n)
        for lang in ("en", "sw")
        for n in range(1, count + 1)
    ]
    return Asking(OpenedSet("mine", "math", items, {"en": "1", "sw": "1"}, {}), PoolGenerator, 0, 9, "none")


def worker_of(made: Asking, generator: PoolGenerator | None = None) -> AnswerWorker:
    load = made.load if generator is None else lambda: generator
    return AnswerWorker(AnswerRequest(load, lambda: made.items, made.max_new_tokens, made.lid), 1)


def test_a_worker_with_another_model_says_which(tmp_path: Path) -> None:
    worker = worker_of(asking(2), PoolGenerator("other"))
    item = BatchItem("en", 0, (0, 1), frozenset(), identity_text(PoolGenerator().identity))
    with pytest.raises(EnvironmentProblem, match=r"has model.name = other, others have pool: install the same"):
        worker.work(item)


def test_every_item_is_given_out_once_and_of_a_half_done_batch_the_rest_is_written(tmp_path: Path) -> None:
    made = asking(5)
    worker = worker_of(made)
    for _ in range(2):
        with AnswerQueue(made, tmp_path, worker.about(), NullProgress()) as queue:
            while (item := queue.take()) is not None:
                queue.done(item, worker.work(item))
            assert not queue.left()
        samples = list(iter_samples(tmp_path))
        assert len(samples) == len({sample["key"] for sample in samples}) == 10
        path = tmp_path / "samples" / "math-sw.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[1:4]))
    with AnswerQueue(made, tmp_path, worker.about(), NullProgress()) as queue:
        plan = queue.take()
        assert plan == PlanItem("sw")
        queue.done(plan, worker.work(plan))
        first, second = queue.take(), queue.take()
        assert isinstance(first, BatchItem)
        assert isinstance(second, BatchItem)
        assert (len(first.done), len(second.done)) == (2, 1)
        assert [sample["id"] for sample in worker.work(second)] == ["1"]


def test_what_fails_waits_behind_the_others_and_at_last_is_named(tmp_path: Path) -> None:
    made = asking(5)
    worker = worker_of(made)
    with AnswerQueue(made, tmp_path, worker.about(), NullProgress()) as queue:
        plan = queue.take()
        assert plan == PlanItem("en")
        queue.again(plan)
        assert queue.take() == plan
        queue.done(plan, worker.work(plan))
        first, second, other = (queue.take() for _ in range(3))
        assert other == PlanItem("sw")
        assert (queue.take(), queue.left()) == (None, False)
        queue.again(first)
        assert queue.left()
        assert queue.take() == first
        queue.done(second, worker.work(second))
        queue.set_aside(first, "it died")
        queue.set_aside(other, "no tokenizer")
        assert queue.aside == {"en 0": "it died", "sw": "no tokenizer"}
        assert (queue.take(), queue.left(), queue.generated) == (None, False, 2)
    assert {sample["id"] for sample in iter_samples(tmp_path)} == {"1", "2"}
