"""Filtered runs by a Ray cluster: the files of one process, whatever dies."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from ray_workers import two_workers
from split_runs import POLICY, content, split_run

from mlt.filter import filter_run
from mlt.filter.distributed import ray_run, step_queue
from mlt.filter.distributed.step_queue import StepQueue
from mlt.filter.distributed.worker import FilterRequest, FilterWorker, Step
from mlt.filter.inputs import Inputs
from mlt.filter.pipeline import Filtered
from mlt.filter.policy import load_policy
from mlt.filter.scoring import Judges, Scorer
from mlt.toolkit.actor_pool import PoolSize
from mlt.toolkit.errors import EnvironmentProblem, SetAside
from mlt.toolkit.languages import resolve
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.run import open_run
from mlt.toolkit.store import RunStore

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
HERE = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "translate")]
BACK: Mapping[str, Any] = {
    "checks": {**POLICY["checks"], "roundtrip": {"enabled": True, "model": "back_engine:BackEngine"}}
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster of two workers on this machine, for the tests of the module; the folder that its engines write in."""
    folder = tmp_path_factory.mktemp("notes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLT_POOL_TEST", str(folder))
        patch.setenv("MLT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PYTHONPATH", os.pathsep.join([*HERE, *filter(None, [os.environ.get("PYTHONPATH")])]))
        for place in HERE:
            patch.syspath_prepend(place)
        with two_workers():
            yield folder


@needs_ray
def test_neither_a_killed_driver_nor_a_killed_worker_changes_the_end(notes: Path, tmp_path: Path) -> None:
    import ray

    words = {("sw", 0): "KILLONCE", ("th", 2): "SLOW"}
    run, out = split_run(tmp_path / "run", words), tmp_path / "out"
    call = f"filter_run({str(run)!r}, {str(out)!r}, policy={BACK!r}, intersection=True, executor='ray', "
    call += f"workers=1, address={ray.get_runtime_context().gcs_address!r})"
    driver = subprocess.Popen([sys.executable, "-c", f"from mlt.filter import filter_run; {call}"])
    until = time.monotonic() + 60
    while not (notes / "slow-th").exists():
        assert time.monotonic() < until, "the slow row never came"
        time.sleep(0.02)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert (notes / "killed").exists()
    assert (out / "scores" / "sw" / "part-00001.parquet").exists()
    assert open_run(out).manifest["complete"] is False

    (notes / "quick").touch()
    result = filter_run(run, out, policy=BACK, intersection=True, executor="ray", workers=2)
    one = filter_run(run, tmp_path / "one", policy=BACK, intersection=True)
    assert result.manifest == one.manifest
    assert content(out) == content(tmp_path / "one")


class PoolHere:
    """Stands for the actors of a cluster: one worker in this process, without Ray."""

    def __init__(self, make: Callable[[float], FilterWorker], *_: object) -> None:
        self._worker = make(1)

    def __enter__(self) -> PoolHere:
        return self

    def __exit__(self, *_: object) -> None: ...

    def about(self) -> dict[str, Judges]:
        return self._worker.about()

    def run(self, source: StepQueue) -> None:
        while (step := source.take()) is not None:
            try:
                self._worker.work(step)
            except RuntimeError as error:
                source.set_aside(step, str(error))
            else:
                source.done(step)


@pytest.fixture
def without_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No cluster is started; the folder in which the engine looks for what it is to do."""
    monkeypatch.setattr(ray_run, "cluster", lambda address: nullcontext())
    monkeypatch.setattr(ray_run, "machines", list)
    monkeypatch.setattr(ray_run, "ActorPool", PoolHere)
    monkeypatch.setenv("MLT_POOL_TEST", str(tmp_path))
    for place in HERE:
        monkeypatch.syspath_prepend(place)
    return tmp_path


def test_what_fails_is_set_aside_until_it_is_mended(without_ray: Path) -> None:
    run, out = split_run(without_ray / "run", {("th", 5): "RAISE"}), without_ray / "out"
    with pytest.raises(SetAside, match=r"^1 shards .*th 2: this row cannot be translated.*run the same") as caught:
        filter_run(run, out, policy=BACK, executor="ray")
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    half = open_run(out)
    assert half.manifest["complete"] is False
    assert [(entry["lang"], entry["shard"]) for entry in half.manifest["set_aside"]] == [("th", 2)]
    assert (half.shards("sw"), half.shards("th")) == ([0, 1, 2], [0, 1])

    (without_ray / "mended").touch()
    result = filter_run(run, out, policy=BACK, executor="ray")
    assert result.manifest == filter_run(run, without_ray / "one", policy=BACK).manifest
    assert content(out) == content(without_ray / "one")


def test_an_interrupt_leaves_a_run_that_is_not_called_complete(
    without_ray: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(pool: PoolHere, source: StepQueue) -> None:
        raise KeyboardInterrupt

    run, out = split_run(without_ray / "run", shards=1), without_ray / "out"
    filter_run(run, out, policy=POLICY)
    monkeypatch.setattr(PoolHere, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        filter_run(run, out, policy=POLICY, executor="ray")
    assert open_run(out).manifest["complete"] is False
    filter_run(run, out, policy=POLICY)
    assert open_run(out).manifest["complete"] is True


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (PoolSize(), PoolSize(None, 1.0, 0.0)),
        (PoolSize(3), PoolSize(3, 1.0, 0.0)),
        (PoolSize(None, 2, 1), PoolSize(None, 2, 1)),
    ],
)
def test_without_a_large_model_a_worker_has_one_core(asked: PoolSize, given: PoolSize) -> None:
    assert ray_run._one_a_core(asked) == given


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[StepQueue]:
    """The steps of two shards in two languages, of which Thai has no check that sees it as a whole."""
    run = open_run(split_run(tmp_path / "run", shards=2))
    whole = Judges({"numbers": {"version": 1}, "duplicates": {"version": 2}}, ())
    with RunStore.open(tmp_path / "out", {"stage": "filter"}) as store:
        filtered = Filtered(Inputs(run, store), store, load_policy(POLICY), NullProgress())
        filtered.judged |= {"sw": whole, "th": Judges({"numbers": {"version": 1}}, ())}
        yield StepQueue(filtered, ["sw", "th"])


def taken(queue: StepQueue) -> list[Step]:
    return list(iter(queue.take, None))


def named(steps: list[Step]) -> list[tuple[str, str, list[int]]]:
    return [(step.kind, step.language.code, [shard.index for shard in step.shards]) for step in steps]


def test_a_language_is_seen_as_a_whole_between_its_scores_and_its_decisions(queue: StepQueue) -> None:
    first = taken(queue)
    assert named(first) == [("shard", "sw", [0]), ("shard", "sw", [1]), ("shard", "th", [0]), ("shard", "th", [1])]
    queue.done(first[1])
    assert taken(queue) == []
    queue.done(first[0])
    whole = taken(queue)
    assert named(whole) == [("language", "sw", [0, 1])]
    queue.again(whole[0])
    assert taken(queue) == whole
    queue.done(whole[0])
    assert named(taken(queue)) == [("again", "sw", [0]), ("again", "sw", [1])]
    for step in first[2:]:
        queue.done(step)
    assert not queue.left()
    error = "it was filtered and was not there afterwards"
    assert queue.aside == {("th", 0): error, ("th", 1): error}


def test_what_was_given_up_keeps_back_no_other_shard(queue: StepQueue) -> None:
    first = taken(queue)
    queue.set_aside(first[0], "it died")
    queue.done(first[1])
    whole = taken(queue)
    queue.done(whole[0])
    assert named(taken(queue)) == [("again", "sw", [1])]
    assert queue.aside == {("sw", 0): "it died"}


def test_a_language_that_cannot_be_seen_as_a_whole_is_not_decided(queue: StepQueue) -> None:
    for step in taken(queue):
        queue.done(step)
    queue.set_aside(taken(queue)[0], "out of memory")
    assert not queue.left()
    assert queue.aside["sw", None] == "out of memory"
    assert step_queue.place("sw", None) == "sw"


def test_a_worker_that_judges_by_other_models_says_which(tmp_path: Path) -> None:
    run, policy = split_run(tmp_path / "run", shards=1), load_policy(POLICY)
    with RunStore.open(tmp_path / "out", {"stage": "filter"}) as store:
        language, inputs = resolve("sw").language, Inputs(open_run(run), store)
        judges = Scorer(inputs, policy).judges(language)
        other = Judges({**judges.keys, "script": {**judges.keys["script"], "revision": "b"}}, ())
        shards = tuple(inputs.shards("sw"))
    worker = FilterWorker(FilterRequest(str(run), str(tmp_path / "out"), policy, ("sw",)), 1)
    assert worker.about() == {"sw": judges}
    with pytest.raises(EnvironmentProblem, match=r"judges with script.revision = None, the run with b: have the same"):
        worker.work(Step("shard", language, shards, other, other.over(shards)))
