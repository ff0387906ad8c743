"""The worker and its client, with a stand-in for COMET: deaths, hangs, noise, malformed answers, kept scores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_comet
import pytest

from mlt.filter.qe import client as client_module
from mlt.filter.qe.client import WorkerClient
from mlt.filter.qe.estimator import Estimator
from mlt.filter.qe.routing import parse_spec
from mlt.toolkit.errors import DataError, EnvironmentProblem
from mlt.toolkit.progress import NullProgress

PAIRS = [("How many apples?" + "!" * (n * 7 % 13), "Matofaa mangapi?" + "." * n) for n in range(40)]


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    return str(fake_comet.make_checkpoint(tmp_path / "model") / "checkpoints" / "model.ckpt")


@pytest.fixture
def make_client(fake: Path) -> Iterator[Callable[..., WorkerClient]]:
    clients: list[WorkerClient] = []

    def make(**options: object) -> WorkerClient:
        clients.append(WorkerClient(Path(sys.executable), **options))  # type: ignore[arg-type]
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def gather(client: WorkerClient, checkpoint: str, pairs: list[tuple[str, str]], batch_size: int = 4) -> list:
    found: dict[int, float | None] = {}
    for at, values in client.score(checkpoint, pairs, batch_size):
        assert not found.keys() & set(at)
        found.update(zip(at, values, strict=True))
    return [found[index] for index in range(len(pairs))]


def loads(log: Path) -> int:
    return sum(" load " in line for line in log.read_text().splitlines())


def test_scores_come_back_in_the_order_of_the_pairs(make_client, checkpoint, fake):
    client = make_client()
    assert gather(client, checkpoint, PAIRS) == [fake_comet.expected(*pair) for pair in PAIRS]
    assert fake.read_text().count("batch 4") == 10


def test_a_second_call_reuses_the_process_and_the_model(make_client, checkpoint, fake):
    client = make_client()
    assert not client.load(checkpoint)
    pid = client.pid
    assert gather(client, checkpoint, PAIRS) == gather(client, checkpoint, PAIRS)
    assert client.load(checkpoint)
    assert client.pid == pid and loads(fake) == 1


def test_what_libraries_print_does_not_reach_the_answers(make_client, checkpoint):
    pairs = [("PRINT this", "b"), *PAIRS]
    assert gather(make_client(), checkpoint, pairs)[0] == fake_comet.expected(*pairs[0])


def test_a_model_that_gives_no_number_gives_none(make_client, checkpoint):
    assert gather(make_client(), checkpoint, [("NAN", "b"), ("a", "b")]) == [None, fake_comet.expected("a", "b")]


@pytest.mark.parametrize("text", ["a\ud800b", "nul \x00", "\u2028 \u2029 \x85", "🦒" * 300, ""])
def test_any_text_passes_the_pipe(make_client, checkpoint, text):
    [value] = gather(make_client(), checkpoint, [(text, text)])
    assert value == fake_comet.expected(text, text)


def test_a_worker_that_dies_is_started_once_more_and_asked_for_the_rest(make_client, checkpoint, fake):
    notes: list[str] = []
    pairs = [*PAIRS, ("DIE" + "x" * 30, "b")]
    assert gather(make_client(note=notes.append), checkpoint, pairs) == [fake_comet.expected(*pair) for pair in pairs]
    assert loads(fake) == 2 and len(notes) == 1
    assert "exit code 7: not to be seen: out of memory" in notes[0] and "\n" not in notes[0]


def test_a_worker_that_dies_twice_is_one_line_without_tokens(make_client, checkpoint, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "not to be seen")
    with pytest.raises(EnvironmentProblem, match=r"failed twice: exit code 7: hf_\.\.\.: out of memory; ") as at:
        gather(make_client(), checkpoint, [("DIE-TWICE", "b")])
    assert "\n" not in str(at.value)


def test_a_worker_that_is_killed_from_outside_is_started_again(make_client, checkpoint):
    client = make_client()
    client.load(checkpoint)
    assert client.pid
    os.kill(client.pid, signal.SIGKILL)
    assert gather(client, checkpoint, PAIRS) == [fake_comet.expected(*pair) for pair in PAIRS]


def test_a_worker_that_hangs_is_given_up_after_the_timeout(make_client, checkpoint):
    client = make_client(timeout_s=1.0)
    with pytest.raises(EnvironmentProblem, match="failed twice: no answer within 1 s"):
        gather(client, checkpoint, [("HANG", "b")])
    assert client.pid is None


def test_the_timeout_can_be_set(make_client, checkpoint, monkeypatch):
    monkeypatch.setenv("MLT_COMET_TIMEOUT", "0.5")
    with pytest.raises(EnvironmentProblem, match=r"no answer within 0\.5 s"):
        gather(make_client(), checkpoint, [("HANG", "b")])
    monkeypatch.setenv("MLT_COMET_TIMEOUT", "soon")
    with pytest.raises(EnvironmentProblem, match="MLT_COMET_TIMEOUT=soon: expected seconds, as in 600"):
        make_client()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("hello there", "it answered 'hello there'"),
        ("[1, 2]", r"it answered '\[1, 2\]'"),
        ('{"op": "loaded"}', "it answered 'loaded' instead of scores"),
        ('{"op": "scores", "id": 99, "at": [0], "values": [0.5]}', "instead of scores"),
        ('{"op": "scores", "id": 1, "at": [0, 1], "values": [0.5]}', "do not fit"),
        ('{"op": "scores", "id": 1, "at": [3], "values": [0.5]}', "do not fit"),
        ('{"op": "scores", "id": 1, "at": [true], "values": [0.5]}', "do not fit"),
        ('{"op": "scores", "id": 1, "at": [0], "values": ["good"]}', "do not fit"),
        ('{"op": "scores", "id": 1, "at": [0], "values": [NaN]}', "do not fit"),
        ('{"op": "done", "id": 1}', "it left scores out"),
    ],
)
def test_a_malformed_answer_is_a_failure_of_the_worker(make_client, tmp_path, monkeypatch, answer, fault):
    script = tmp_path / "broken.py"
    script.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        "    said = {'hello': '{\"op\": \"hello\"}', 'load': '{\"op\": \"loaded\"}', 'score': sys.argv[0] and ANSWER}\n"
        "    print(said[request['op']].replace('\"id\": 1', f'\"id\": {request.get(\"id\")}'), flush=True)\n".replace(
            "ANSWER", repr(answer)
        )
    )
    monkeypatch.setattr(client_module, "WORKER", script)
    with pytest.raises(EnvironmentProblem, match=f"failed twice: .*{fault}"):
        gather(make_client(), "x", [("a", "b")])


@pytest.mark.parametrize(
    ("name", "error", "expected"),
    [
        ("reference", DataError, "needs reference translations; name a model that does not; name another model"),
        ("noencoder", EnvironmentProblem, "the model's encoder cannot be had: .*couldn't connect.*HF_HOME"),
        ("odd", DataError, "is no COMET checkpoint: 'state_dict'"),
    ],
)
def test_what_a_checkpoint_lacks_is_one_line_and_the_worker_lives_on(
    make_client, checkpoint, tmp_path, name, error, expected
):
    client = make_client()
    bad = fake_comet.make_checkpoint(tmp_path / name) / "checkpoints" / "model.ckpt"
    with pytest.raises(error, match=expected) as caught:
        gather(client, str(bad), PAIRS)
    assert "\n" not in str(caught.value)
    pid = client.pid
    assert gather(client, checkpoint, PAIRS[:1]) == [fake_comet.expected(*PAIRS[0])]
    assert client.pid == pid


@pytest.mark.parametrize(
    ("hparams", "expected"),
    [
        ("!!python/object/apply:os.system ['true']", "is no plain YAML"),
        ("pool: avg", "names no class_identifier"),
        (None, "cannot be read: No such file"),
    ],
)
def test_hparams_that_are_no_plain_yaml_are_refused(make_client, checkpoint, hparams, expected):
    path = Path(checkpoint).parents[1] / "hparams.yaml"
    path.unlink() if hparams is None else path.write_text(hparams)
    with pytest.raises(DataError, match=expected):
        gather(make_client(), checkpoint, PAIRS)


def test_a_batch_that_cannot_be_scored_is_one_line(make_client, checkpoint):
    with pytest.raises(EnvironmentProblem, match="cannot score: RuntimeError: out of memory; try a smaller batch_size"):
        gather(make_client(), checkpoint, [("FAIL", "b")])


def test_an_interpreter_that_cannot_start_is_one_line(tmp_path):
    with pytest.raises(EnvironmentProblem, match=r"the COMET worker cannot start: .*run `mlt setup comet`"):
        WorkerClient(tmp_path / "no-python").load("x")


def test_an_interpreter_without_comet_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "comet.py").write_text("raise ImportError('no comet to be had')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match=r"failed twice: exit code 1: .*no comet to be had"):
        WorkerClient(Path(sys.executable)).load("x")


def test_the_worker_ends_when_nobody_asks_any_more(fake, checkpoint):
    worker = subprocess.Popen(
        [sys.executable, str(client_module.WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    out, _ = worker.communicate(json.dumps({"op": "hello"}) + "\n", timeout=60)
    assert json.loads(out) == {"op": "hello", "comet": "2.2.7", "device": "cpu"} and worker.returncode == 0


def test_scores_are_kept_so_that_the_same_call_goes_on_where_it_stopped(fake, checkpoint, monkeypatch):
    # Each batch answers at once, so that the death of a later one finds earlier ones kept.
    worker = Path(client_module.WORKER).read_text().replace("_ANSWER_EVERY_S = 1.0", "_ANSWER_EVERY_S = 0.0")
    eager = fake.with_name("eager_worker.py")
    eager.write_text(worker)
    monkeypatch.setattr(client_module, "WORKER", eager)
    spec = parse_spec(checkpoint)
    pairs = [*PAIRS, ("KILLED" + "x" * 60, "b")]
    estimator = Estimator()
    with pytest.raises(EnvironmentProblem, match="failed twice"):
        estimator.score(spec, pairs, 4, "sw")
    estimator.close()
    batches = fake.read_text().count("batch 4")
    assert batches == 10  # the second worker was asked for the rest alone
    again = Estimator()
    scores = again.score(spec, PAIRS, 4, "sw")
    again.close()
    assert scores == {pair: fake_comet.expected(*pair) for pair in PAIRS}
    assert fake.read_text().count("batch 4") == batches


def test_a_call_that_is_given_up_half_way_does_not_spoil_the_next(make_client, checkpoint, fake, monkeypatch):
    worker = Path(client_module.WORKER).read_text().replace("_ANSWER_EVERY_S = 1.0", "_ANSWER_EVERY_S = 0.0")
    eager = fake.with_name("eager_worker.py")
    eager.write_text(worker)
    monkeypatch.setattr(client_module, "WORKER", eager)
    notes: list[str] = []
    client = make_client(note=notes.append)
    half = client.score(checkpoint, PAIRS, 4)
    next(half)
    half.close()
    assert gather(client, checkpoint, PAIRS) == [fake_comet.expected(*pair) for pair in PAIRS]
    assert notes == []


def test_progress_counts_what_is_really_scored(fake, checkpoint):
    class Watch(NullProgress):
        said: list[tuple[object, ...]]

        def __init__(self) -> None:
            self.said = []

        def start(self, lang: str, total: int | None) -> None:
            self.said.append(("start", lang, total))

        def advance(self, lang: str, n: int) -> None:
            self.said.append(("advance", lang, n))

    watch = Watch()
    estimator = Estimator(progress=watch)
    estimator.score(parse_spec(checkpoint), [*PAIRS, *PAIRS], 16, "sw")
    estimator.score(parse_spec(checkpoint), [*PAIRS, ("new", "b")], 16, "sw")
    estimator.close()
    assert [entry for entry in watch.said if entry[0] == "start"] == [("start", "qe sw", 40), ("start", "qe sw", 41)]
    assert sum(entry[2] for entry in watch.said if entry[0] == "advance") == 41  # type: ignore[misc]
