"""What the COMET worker costs over comet's own ``predict`` on the same pairs, and what a second call saves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from .common import ROOT, Figure, Settings, gsm8k, say, seconds, spread

LAYERS, WIDTH, BATCH_SIZE = 6, 384, 16  # wide enough that the model, not what is around it, takes the time
AT_MOST = 10.0  # per cent
_RANDOM = ROOT / "tests" / "random_comet.py"


def run(settings: Settings) -> list[Figure]:
    """The cost, in turn with ``predict`` in the same interpreter; and loading again what is loaded."""
    from mlt.filter.qe.interpreter import find_comet

    comet = find_comet()
    if comet is None or comet.python is None:
        say("  no interpreter of COMET's own: run `mlt setup comet`, or set MLT_COMET_PYTHON; skipped")
        return []
    checkpoint = str(_checkpoint(settings, comet.python) / "regression" / "checkpoints" / "model.ckpt")
    pairs = _pairs(settings)
    return [_cost(settings, comet.python, checkpoint, pairs), _reuse(settings, comet.python, checkpoint, pairs[:4])]


def _cost(settings: Settings, python: Path, checkpoint: str, pairs: list[tuple[str, str]]) -> Figure:
    from mlt.filter.qe.client import WorkerClient

    times: dict[str, list[float]] = {"worker": [], "predict": []}
    client = WorkerClient(python)
    repetitions = 2 * settings.repetitions + 1
    with _predict(python, checkpoint, pairs) as predict:
        scores = _scores(client, checkpoint, pairs)
        if predict()["scores"] != scores:
            raise AssertionError("the worker's scores are not those of predict")
        for repetition in range(repetitions):
            for side in ("worker", "predict") if repetition % 2 else ("predict", "worker"):
                took = seconds(lambda: _scores(client, checkpoint, pairs)) if side == "worker" else predict()["seconds"]
                times[side].append(took)
                say(f"    {repetition + 1}/{repetitions} {side}: {took:.2f} s")
    client.close()
    costs = [100 * (a / b - 1) for a, b in zip(times["worker"], times["predict"], strict=True)]
    median, low, high = spread(costs)
    return Figure(
        name="comet.worker_cost",
        title="The COMET worker over comet's own predict, on the same pairs",
        asked=f"<= {AT_MOST:g} %",
        measured=median,
        unit="%",
        met=median <= AT_MOST,
        how=f"{len(pairs)} GSM8K sentences, random XLM-R of {LAYERS} x {WIDTH}, batches of {BATCH_SIZE}, equal scores",
        low=low,
        high=high,
        repetitions=repetitions,
        details={"seconds": times},
    )


def _reuse(settings: Settings, python: Path, checkpoint: str, pairs: list[tuple[str, str]]) -> Figure:
    """A first call starts the worker and loads the model, a second finds both."""
    from mlt.filter.qe.client import WorkerClient

    shares, times = [], []
    for repetition in range(settings.repetitions):
        client = WorkerClient(python)
        first, second = (seconds(partial(_scores, client, checkpoint, pairs)) for _ in range(2))
        reused = client.load(checkpoint)
        client.close()
        if not reused:
            raise AssertionError("the worker loaded the model again")
        say(f"    {repetition + 1}/{settings.repetitions} first {first:.2f} s, second {second:.3f} s")
        shares.append(100 * second / first)
        times.append([first, second])
    median, low, high = spread(shares)
    return Figure(
        name="comet.second_call",
        title="A second call of the COMET worker, of the first's time",
        asked="reuses the model",
        measured=median,
        unit="%",
        met=True,
        how=f"{len(pairs)} pairs; the worker says that the model was loaded",
        low=low,
        high=high,
        repetitions=settings.repetitions,
        details={"seconds": times},
    )


def _scores(client: Any, checkpoint: str, pairs: list[tuple[str, str]]) -> list[float | None]:
    found: dict[int, float | None] = {}
    for at, values in client.score(checkpoint, pairs, BATCH_SIZE):
        found.update(zip(at, values, strict=True))
    return [found[index] for index in range(len(pairs))]


@contextmanager
def _predict(python: Path, checkpoint: str, pairs: list[tuple[str, str]]) -> Iterator[Any]:
    """A call that lets comet's own ``predict`` score the pairs, with as many threads as the worker."""
    command = [str(python), str(ROOT / "bench" / "comet_predict.py"), checkpoint, str(BATCH_SIZE)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_environment()
    )
    requests, answers = process.stdin, process.stdout
    assert requests is not None and answers is not None

    def ask(line: str) -> None:
        requests.write(line + "\n")
        requests.flush()

    def predict() -> dict[str, Any]:
        ask("go")
        answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    ask(json.dumps(pairs))
    try:
        yield predict
    finally:
        process.kill()
        process.wait()


def _checkpoint(settings: Settings, python: Path) -> Path:
    """A random checkpoint, made once."""
    folder = settings.cache / f"comet-{LAYERS}x{WIDTH}"
    if not (folder / "made").is_file():
        say("  making a random COMET checkpoint")
        shutil.rmtree(folder, ignore_errors=True)
        command = [str(python), str(_RANDOM), str(folder), str(LAYERS), str(WIDTH)]
        environment = {**_environment(), "MADE_BY_PICKLE": str(folder / "proof")}
        subprocess.run(command, check=True, env=environment, capture_output=True)
        (folder / "made").touch()
    return folder


def _pairs(settings: Settings) -> list[tuple[str, str]]:
    """First sentences beside one another: what a random model thinks of them is of no interest."""
    sentences = [row["question"].partition(".")[0] for row in gsm8k(settings)[: settings.size(64, 16)]]
    return list(zip(sentences, sentences[::-1], strict=True))


def _environment() -> dict[str, str]:
    """Threads wait as the worker's do, so that the two sides differ in nothing but the way they are asked."""
    shared = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**shared, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")}
