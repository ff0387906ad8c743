"""Runs by a Ray cluster: the same rows as one process, whatever dies."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray_workers import two_workers

from mlt.toolkit import actor_pool
from mlt.toolkit.actor_pool import PoolSize
from mlt.toolkit.errors import EnvironmentProblem
from mlt.toolkit.languages import resolve
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.ray_cluster import Machine, cpu_share
from mlt.toolkit.run_home import RunHome
from mlt.toolkit.store import Run, open_run
from mlt.translate import translate
from mlt.translate.distributed.merge import merge
from mlt.translate.distributed.ray_run import SetAside
from mlt.translate.distributed.shard_queue import ROUNDS, ShardQueue
from mlt.translate.distributed.worker import EngineRequest, RunPlace, ShardItem, ShardWorker
from mlt.translate.shard import Settings

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
HERE = str(Path(__file__).parent)
MODEL = "pool_engine:PoolEngine"
Wanted = dict[str, Any]


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster of two workers on this machine, for the tests of the module; the folder that its engines write in."""
    folder = tmp_path_factory.mktemp("notes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLT_POOL_TEST", str(folder))
        patch.setenv("MLT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PYTHONPATH", os.pathsep.join([HERE, *filter(None, [os.environ.get("PYTHONPATH")])]))
        patch.syspath_prepend(HERE)
        with two_workers():
            yield folder


@pytest.fixture
def fresh(notes: Path) -> Path:
    for path in notes.iterdir():
        path.unlink()
    return notes


def write_rows(path: Path, words: dict[int, str], count: int = 12) -> Path:
    """Rows of two to a shard; ``words`` are put into the question of a row."""
    rows = [
        {"question": f"Ann has {n} {words.get(n, 'red')} pens.", "answer": f"She has {n}.\n#### {n}"}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def contents(run: Run, lang: str) -> list[tuple[str, str, str]]:
    return [(record.id, record.messages[0].content, record.target) for record in run.records(lang)]


def wanted(source: Path, out: Path) -> Wanted:
    return {"source": source, "langs": "sw,yo", "model": MODEL, "out": out, "shard_size": 2}


def same_runs(one: Path, other: Path) -> bool:
    first, second = open_run(one), open_run(other)
    return all(contents(first, lang) == contents(second, lang) for lang in ("en", "sw", "yo"))


@needs_ray
def test_what_dies_is_tried_again_and_what_kills_is_set_aside_until_it_is_mended(fresh: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", {3: "KILLONCE", 5: "KILLALWAYS", 9: "RAISE"})
    out = tmp_path / "run"
    with pytest.raises(SetAside, match=r"^3 shards .*sw 2: its Ray worker died") as caught:
        translate(**wanted(source, out), executor="ray", workers=2)
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    run = open_run(out)
    assert run.manifest["complete"] is False
    entries = {(entry["lang"], entry["shard"]): entry["error"] for entry in run.manifest["set_aside"]}
    assert entries.keys() == {("sw", 2), ("sw", 4), ("yo", 4)}
    assert "this row cannot be translated" in entries["yo", 4]
    assert (run.shards("sw"), run.shards("yo")) == ([0, 1, 3, 5], [0, 1, 2, 3, 5])

    (fresh / "mended").touch()
    result = translate(**wanted(source, out), executor="ray", workers=2)
    assert result.manifest["complete"] is True
    assert "set_aside" not in result.manifest
    translate(**wanted(source, tmp_path / "one"))
    assert same_runs(out, tmp_path / "one")
    assert result.manifest["identity"] == open_run(tmp_path / "one").manifest["identity"]


@needs_ray
def test_workers_that_die_over_a_run_on_a_url_end_it_with_the_same_rows(fresh: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", {3: "KILLONCE far"}, count=6)
    url = (tmp_path / "far" / "run").as_uri()
    asked = {**wanted(source, tmp_path / "run"), "out": url}
    result = translate(**asked, executor="ray", workers=2)
    assert result.manifest["complete"] is True
    translate(**wanted(source, tmp_path / "one"))
    first, second = open_run(url), open_run(tmp_path / "one")
    assert all(contents(first, lang) == contents(second, lang) for lang in ("en", "sw", "yo"))
    assert (fresh / "killed").exists()


@needs_ray
def test_a_driver_that_was_killed_goes_on_with_the_same_rows(fresh: Path, tmp_path: Path) -> None:
    import ray

    source = write_rows(tmp_path / "rows.jsonl", {6: "SLOW"})
    out = tmp_path / "run"
    call = f"translate({str(source)!r}, langs='sw,yo', model={MODEL!r}, out={str(out)!r}, shard_size=2, "
    call += f"executor='ray', address={ray.get_runtime_context().gcs_address!r})"
    driver = subprocess.Popen([sys.executable, "-c", f"from mlt.translate import translate; {call}"])
    wait_for(fresh / "slow-sw")
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    done = {lang: open_run(out).shards(lang) for lang in ("sw", "yo")}
    assert 0 < len(done["sw"]) + len(done["yo"]) < 12
    (fresh / "quick").touch()
    translate(**wanted(source, out), executor="ray")
    translate(**wanted(source, tmp_path / "one"))
    assert same_runs(out, tmp_path / "one")


@needs_ray
def test_an_interrupt_lets_what_runs_come_to_its_end(fresh: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", {0: "SLOW"})

    def interrupt() -> None:
        wait_for(fresh / "slow-sw")
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        translate(**wanted(source, tmp_path / "run"), executor="ray", workers=1)
    run = open_run(tmp_path / "run")
    assert (run.shards("sw"), run.shards("yo")) == ([0], [])
    assert run.manifest["complete"] is False
    assert run.manifest["languages"]["sw"]["out"] == 2


def wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.02)


def test_without_ray_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install 'mlt\[ray\]'"):
        translate(langs="sw", model="tiny", out=tmp_path / "run", executor="ray")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("there", "asked", "fitted"),
    [
        ([Machine(8, 0)], PoolSize(), (1, 8.0, 0.0)),
        ([Machine(8, 0)] * 3, PoolSize(), (3, 8.0, 0.0)),
        ([Machine(8, 0)], PoolSize(workers=3), (3, 2.0, 0.0)),
        ([Machine(8, 0)], PoolSize(workers=9, cpus=4), (2, 4, 0.0)),
        ([Machine(64, 8)] * 2, PoolSize(), (16, 4.0, 1.0)),
        ([Machine(64, 8)] * 2, PoolSize(workers=5), (5, 4.0, 1.0)),
        ([Machine(8, 8)], PoolSize(), (8, 1.0, 1.0)),
        ([Machine(16, 0), Machine(8, 1)], PoolSize(), (1, 4.0, 1.0)),
        ([Machine(16, 1)], PoolSize(gpus=0.5), (2, 4.0, 0.5)),
        ([Machine(4, 1)], PoolSize(gpus=0, cpus=2), (2, 2, 0)),
    ],
)
def test_actors_fit_the_machines(
    there: list[Machine], asked: PoolSize, fitted: tuple[int, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actor_pool, "machines", lambda: there)
    assert asked.fitted() == fitted


def test_a_cluster_that_can_hold_no_worker_is_said_to_be_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actor_pool, "machines", lambda: [Machine(4, 0)])
    with pytest.raises(EnvironmentProblem, match=r"has 8 CPUs and 0 GPUs .*lower --cpus-per-worker"):
        PoolSize(cpus=8).fitted()


@pytest.mark.parametrize(("cores", "machines", "jobs", "share"), [(8, 1, None, 8.0), (8, 1, 3, 2.0), (2, 1, 4, 0.5)])
def test_workers_share_the_cores_of_a_machine(cores: int, machines: int, jobs: int | None, share: float) -> None:
    assert cpu_share(cores, machines, jobs) == share


def test_a_worker_with_another_engine_than_the_run_says_which(tmp_path: Path) -> None:
    translate(langs="sw", model="identity", out=tmp_path / "run", limit=2, cache_dir=tmp_path / "cache")
    worker = ShardWorker(EngineRequest("corrupting", cache_dir=str(tmp_path / "cache")), 1)
    item = ShardItem(RunPlace(tmp_path / "run", Settings(), 1000, "off"), resolve("sw").language, 0)
    with pytest.raises(EnvironmentProblem, match=r"has model = corrupting, the run has identity: give --device"):
        worker.work(item)


def test_a_worker_makes_with_a_list_what_one_process_makes(tmp_path: Path) -> None:
    asked: Wanted = {"langs": "th,sw", "model": "tiny", "limit": 6, "shard_size": 2, "shortlist": "script"}
    translate(**asked, out=tmp_path / "one", cache_dir=tmp_path / "cache")
    translate(**asked, out=tmp_path / "run", cache_dir=tmp_path / "cache", shard="9999/9999")  # English alone
    worker = ShardWorker(EngineRequest("tiny", cache_dir=str(tmp_path / "other"), shortlist="script"), 1)
    one = open_run(tmp_path / "one")
    place = RunPlace(tmp_path / "run", Settings(), 2, worker.about().shortlist)
    for lang, index in (("th", 2), ("sw", 0), ("th", 0), ("th", 1), ("sw", 2), ("sw", 1)):
        worker.work(ShardItem(place, resolve(lang).language, index))
    whole = merge(tmp_path / "run", [], NullProgress())
    assert all(contents(one, lang) == contents(open_run(tmp_path / "run"), lang) for lang in ("en", "th", "sw"))
    lists = [manifest["languages"]["th"]["shortlist"] for manifest in (one.manifest, whole)]
    assert lists[0] == lists[1]
    assert lists[0]["kind"] == "script"


class FakePipeline:
    """A run of which the test says what is due."""

    progress = NullProgress()
    home = RunHome(Path("run"))

    def __init__(self, due: dict[str, list[int]]) -> None:
        self.due_now, self.closed = due, list[str]()
        self.known: dict[str, Any] = {}
        self.store = self

    def done(self, lang: str, index: int) -> dict[str, int]:
        return {"out": 10}

    def due(self, language: Any, shards: list[int]) -> list[int]:
        return [index for index in self.due_now[language.code] if index in shards]

    def facts(self, name: str) -> Any:
        return self.known.get(name)

    def totals(self, lang: str) -> dict[str, Any]:
        if lang != "en":
            self.closed.append(lang)
        return {"in": 10, "out": 10, "rejected": {}}


def queue_of(fake: FakePipeline, shards: list[int]) -> ShardQueue:
    languages = [resolve(code).language for code in fake.due_now]
    return ShardQueue(fake, RunPlace(Path("run"), Settings(), 1, "off"), languages, shards)  # type: ignore[arg-type]


def taken(queue: ShardQueue) -> list[ShardItem]:
    return list(iter(queue.take, None))


def names(items: list[ShardItem]) -> list[tuple[str, int]]:
    return [(item.language.code, item.index) for item in items]


def test_the_first_shard_of_a_language_goes_alone_and_the_others_once_it_is_done() -> None:
    fake = FakePipeline({"sw": [0, 1, 2], "yo": [2], "th": []})
    queue = queue_of(fake, [0, 1, 2])
    first = taken(queue)
    assert names(first) == [("sw", 0), ("yo", 2)]
    assert fake.closed == ["th"]
    fake.due_now["sw"].remove(0)
    queue.done(first[0])
    assert names(taken(queue)) == [("sw", 1), ("sw", 2)]


def test_while_a_list_is_learned_shards_go_in_order_one_at_a_time() -> None:
    fake = FakePipeline({"sw": [0, 1, 2, 3]})
    learning = {"kind": "learned", "width": 0, "list": None, "english": "", "outgrown": [], "failed": [], "full": [0]}
    fake.known["shortlist-sw-0"] = {**learning, "seen": ["a"]}
    queue = queue_of(fake, [0, 1, 2, 3])
    queue.done(taken(queue)[0])
    second = taken(queue)
    assert names(second) == [("sw", 1)]
    queue.again(second[0])
    second = taken(queue)
    assert names(second) == [("sw", 1)]
    made = {"kind": "learned", "target": [1, 2], "source": [1, 2]}
    fake.known["shortlist-sw-1"] = {**learning, "list": made, "seen": []}
    queue.done(second[0])
    assert names(taken(queue)) == [("sw", 2), ("sw", 3)]


def test_a_shard_that_is_due_again_after_all_are_done_is_given_out_again() -> None:
    fake = FakePipeline({"sw": [0]})
    queue = queue_of(fake, [0])
    queue.done(taken(queue)[0])
    again = taken(queue)
    assert names(again) == [("sw", 0)]
    assert fake.closed == []
    fake.due_now["sw"].clear()
    queue.done(again[0])
    assert (fake.closed, queue.left()) == (["sw"], False)


def test_a_shard_that_never_comes_to_be_there_is_set_aside() -> None:
    queue = queue_of(FakePipeline({"sw": [0]}), [0])
    tries = 0
    while items := taken(queue):
        tries += len(items)
        queue.done(items[0])
    assert tries == ROUNDS
    assert queue.aside.keys() == {("sw", 0)}
    assert not queue.left()


def test_a_language_with_a_shard_aside_is_not_closed_and_the_next_shard_goes_alone() -> None:
    fake = FakePipeline({"sw": [0, 1, 2]})
    queue = queue_of(fake, [0, 1, 2])
    queue.set_aside(taken(queue)[0], "it died")
    second = taken(queue)
    assert names(second) == [("sw", 1)]
    fake.due_now["sw"] = [0]
    queue.done(second[0])
    queue.done(taken(queue)[0])
    assert queue.aside == {("sw", 0): "it died"}
    assert fake.closed == []
