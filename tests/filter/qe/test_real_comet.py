"""COMET's three classes, on tiny random checkpoints, offline: the worker says what comet's own ``predict`` says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import random_comet

from mlt.filter.qe.checkpoints import find_checkpoint
from mlt.filter.qe.client import WorkerClient
from mlt.filter.qe.interpreter import find_comet
from mlt.filter.qe.routing import parse_spec
from mlt.toolkit.errors import DataError, EnvironmentProblem

PYTHON = os.environ.get("MLT_COMET_PYTHON", "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="needs COMET: set MLT_COMET_PYTHON to an interpreter that has it")

CLASSES = {"regression": "ReferencelessRegression", "unified": "UnifiedMetric", "xcomet": "XCOMETMetric"}
PAIRS = [
    (sentence * (1 + n % 3), SENTENCE[::-1] if n % 2 else SENTENCE)
    for n, sentence in enumerate(random_comet.SENTENCES[:60])
    for SENTENCE in (f"{sentence} Juma alinunua vitabu {n}.",)
]
PREDICT = """
    import json, sys
    from comet import load_from_checkpoint
    samples = [{"src": source, "mt": target} for source, target in json.load(sys.stdin)]
    for checkpoint in sys.argv[2:]:
        model = load_from_checkpoint(checkpoint)
        output = model.predict(samples, batch_size=int(sys.argv[1]), gpus=0, progress_bar=False)
        print("SCORES", json.dumps(output["scores"]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comet")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "MADE_BY_PICKLE": str(folder / "proof")}
    subprocess.run(
        [PYTHON, random_comet.__file__, str(folder / "models")], env=environment, check=True, capture_output=True
    )
    return folder / "models"


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerClient]:
    """One for all tests, for COMET takes seconds to import; its environment asks torch to be careless."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
        client = WorkerClient(Path(PYTHON))
        client.load_comet()
    yield client
    client.close()


@pytest.fixture(scope="module")
def predicted(made: Path) -> dict[str, list[float]]:
    """What comet's own ``predict`` says of the pairs, by model."""
    done = subprocess.run(
        [PYTHON, "-c", textwrap.dedent(PREDICT), "8", *(path_of(made / name) for name in CLASSES)],
        input=json.dumps(PAIRS),
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.removeprefix("SCORES ") for line in done.stdout.splitlines() if line.startswith("SCORES ")]
    return dict(zip(CLASSES, map(json.loads, lines), strict=True))


def path_of(folder: Path) -> str:
    return str(folder / "checkpoints" / "model.ckpt")


def gather(client: WorkerClient, checkpoint: str, batch_size: int = 8) -> list[float | None]:
    found: dict[int, float | None] = {}
    for at, values in client.score(checkpoint, PAIRS, batch_size):
        found.update(zip(at, values, strict=True))
    return [found[index] for index in range(len(PAIRS))]


def test_the_interpreter_is_found_with_its_version():
    comet = find_comet()
    assert comet is not None and (comet.python, comet.origin) == (Path(PYTHON), "MLT_COMET_PYTHON")
    assert comet.version.startswith("2.")


@pytest.mark.parametrize("name", CLASSES)
def test_scores_equal_those_of_comets_own_predict(made, worker, predicted, name):
    checkpoint = path_of(made / name)
    scores = gather(worker, checkpoint)
    assert scores == predicted[name]
    assert len(set(scores)) > len(PAIRS) // 2  # a model that says the same of everything would prove nothing
    assert worker.load(checkpoint)  # "cached"


def test_one_worker_goes_from_model_to_model(made, worker):
    first = gather(worker, path_of(made / "regression"))
    pid = worker.pid
    assert gather(worker, path_of(made / "unified")) != first
    assert gather(worker, path_of(made / "regression")) == first
    assert worker.pid == pid


def test_a_checkpoint_that_would_run_code_is_refused(made, worker):
    with pytest.raises(DataError, match="holds more than weights") as caught:
        gather(worker, path_of(made / "unsafe"))
    assert "\n" not in str(caught.value) and not (made.parent / "proof").exists()


def test_a_pickle_that_is_no_checkpoint_at_all_runs_nothing(made, worker, tmp_path):
    # os.mkdir by hand, in the oldest pickle protocol: torch reads such files too.
    shutil.copytree(made / "regression", tmp_path / "old")
    proof = tmp_path / "made"
    Path(path_of(tmp_path / "old")).write_bytes(f"cos\nmkdir\n(V{proof}\ntR.".encode())
    with pytest.raises(DataError) as caught:
        gather(worker, path_of(tmp_path / "old"))
    assert "\n" not in str(caught.value) and not proof.exists()


def test_a_model_that_needs_references_is_refused(made, worker):
    with pytest.raises(DataError, match="needs reference translations"):
        gather(worker, path_of(made / "reference"))


def test_a_damaged_checkpoint_is_one_line(made, worker, tmp_path):
    shutil.copytree(made / "regression", tmp_path / "half")
    path = Path(path_of(tmp_path / "half"))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"half/checkpoints/model\.ckpt (is|cannot)") as caught:
        gather(worker, str(path))
    assert "\n" not in str(caught.value)


def test_an_encoder_that_is_not_there_is_one_line(made, worker, tmp_path):
    shutil.copytree(made, tmp_path / "moved")
    hidden = made / "encoder"
    hidden.rename(made / "hidden")
    try:
        with pytest.raises(EnvironmentProblem, match=r"the model's encoder cannot be had: .*HF_HOME") as caught:
            gather(worker, path_of(tmp_path / "moved" / "unified"))
    finally:
        (made / "hidden").rename(hidden)
    assert "\n" not in str(caught.value)


def test_a_local_checkpoint_is_named_by_its_content(made, tmp_path):
    found = find_checkpoint(parse_spec(str(made / "unified")), tmp_path)
    assert found.path == path_of(made / "unified") and found.revision.startswith("blake2b:")
    assert find_checkpoint(parse_spec(found.path), tmp_path).revision == found.revision
    assert find_checkpoint(parse_spec(str(made / "xcomet")), tmp_path).revision != found.revision
