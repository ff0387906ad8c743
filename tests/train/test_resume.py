"""Stopped and started again, a training ends as one that never stopped; and a folder belongs to one signature."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")
import torch
from small_trainings import ADAPTER, StopAt, small_mixture, tensors

from mlt.toolkit.errors import DataError, UsageError
from mlt.train import sft
from mlt.train.sft import TrainResult, train
from mlt.train.train_folder import CHECKPOINTS, last_checkpoint, remove_torn

WEIGHTS = "adapter_model.safetensors"
TIMES = ("runtime", "per_second")
EPOCHS = ("max_steps=none", "epochs=2")


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_mixture(tmp_path_factory.mktemp("mixture"))


@pytest.fixture(scope="module")
def whole(mixture: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """Two epochs of three steps, never stopped, evaluated after each epoch."""
    return train("tiny/math", mixture, tmp_path_factory.mktemp("whole") / "out", overrides=(*ADAPTER, *EPOCHS))


def history(result: TrainResult) -> list[dict[str, Any]]:
    """What was logged at each step and evaluation, but for seconds and for counts that begin anew with a process."""
    assert result.path is not None
    state = json.loads((result.path / "trainer_state.json").read_text())
    left_out = (*TIMES, "num_tokens", "train_loss", "total_flos")
    logged = [
        {name: value for name, value in entry.items() if not any(part in name for part in left_out)}
        for entry in state["log_history"]
    ]
    return [entry for entry in logged if "loss" in entry or "eval_loss" in entry]


@pytest.mark.parametrize(
    ("step", "number"),
    [(2, signal.SIGTERM), (3, signal.SIGINT)],
    ids=["within an epoch", "at its end"],
)
def test_a_stopped_training_goes_on_loss_for_loss_to_the_same_weights(
    whole: TrainResult, mixture: Path, tmp_path: Path, step: int, number: int
) -> None:
    settings = (*ADAPTER, *EPOCHS)
    handler = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        train("tiny/math", mixture, tmp_path / "out", overrides=settings, progress=StopAt(step, number))
    assert signal.getsignal(number) is handler
    stopped = last_checkpoint(tmp_path / "out")
    assert stopped is not None and stopped.name == f"checkpoint-{step}"
    assert not json.loads((tmp_path / "out" / "train.json").read_text())["finished"]

    again = train("tiny/math", mixture, tmp_path / "out", overrides=settings)

    assert history(again) == history(whole)
    assert len(history(again)) == 6 + 2
    assert again.path is not None and whole.path is not None
    ours, theirs = tensors(again.path / WEIGHTS), tensors(whole.path / WEIGHTS)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert again.manifest["kept"] == whole.manifest["kept"]


def test_a_kill_after_the_last_step_makes_no_further_one(
    mixture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Four steps of epochs of three: the last one ends no epoch.
    settings = (*ADAPTER, "max_steps=4")
    with monkeypatch.context() as patch:
        patch.setattr(sft, "outcome_of", kill)
        with pytest.raises(KilledError):
            train("tiny/math", mixture, tmp_path / "out", overrides=settings)
    again = train("tiny/math", mixture, tmp_path / "out", overrides=settings)
    straight = train("tiny/math", mixture, tmp_path / "straight", overrides=settings)
    assert again.manifest["training"]["steps"] == 4
    assert again.manifest["kept"] == straight.manifest["kept"]
    assert history(again) == history(straight)
    assert again.path is not None and straight.path is not None
    ours, theirs = tensors(again.path / WEIGHTS), tensors(straight.path / WEIGHTS)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


class KilledError(Exception):
    """Stands for a kill."""


def kill(*_: Any) -> None:
    raise KilledError


def test_the_same_again_trains_nothing_and_a_restart_trains_anew(
    whole: TrainResult, mixture: Path, tmp_path: Path
) -> None:
    assert whole.path is not None
    out = shutil.copytree(whole.path, tmp_path / "out")
    (out / WEIGHTS).write_bytes(b"left as it is")
    again = train("tiny/math", mixture, out, overrides=(*ADAPTER, *EPOCHS))
    assert not again.made and again.manifest == whole.manifest
    assert (out / WEIGHTS).read_bytes() == b"left as it is"

    anew = train("tiny/math", mixture, out, overrides=(*ADAPTER, "max_steps=1"), resume=False)
    assert anew.made and anew.manifest["training"]["steps"] == 1
    assert not (out / "validation" / "step-000006.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [("batch_size=8", "recipe.batch_size = 4, now it is 8"), ("learning_rate=1e-4", "recipe.learning_rate")],
)
def test_a_folder_of_another_signature_is_refused_naming_the_difference(
    whole: TrainResult, mixture: Path, change: str, named: str
) -> None:
    assert whole.path is not None
    before = (whole.path / "train.json").read_bytes()
    with pytest.raises(DataError, match="--restart") as refused:
        train("tiny/math", mixture, whole.path, overrides=(*ADAPTER, *EPOCHS, change))
    assert named in str(refused.value)
    assert (whole.path / "train.json").read_bytes() == before


def test_a_folder_that_holds_something_else_is_refused_before_anything_is_loaded(mixture: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a mixture"):
        train("tiny/math", mixture, mixture)
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        train("tiny/math", mixture, tmp_path, resume=False)
    assert (tmp_path / "thesis.tex").exists()


def checkpoint(folder: Path, step: int, *names: str, state: str = "{}") -> Path:
    path = folder / CHECKPOINTS / f"checkpoint-{step}"
    path.mkdir(parents=True)
    for name in names:
        (path / name).write_text(state if name == "trainer_state.json" else "x")
    return path


WHOLE = ("scheduler.pt", "trainer_state.json", "rng_state.pth")


@pytest.mark.parametrize("missing", WHOLE)
def test_a_checkpoint_that_a_kill_has_torn_is_passed_over(tmp_path: Path, missing: str) -> None:
    good = checkpoint(tmp_path, 9, *WHOLE)
    torn = checkpoint(tmp_path, 10, *(name for name in WHOLE if name != missing))
    assert last_checkpoint(tmp_path) == good
    remove_torn(tmp_path)
    assert not torn.exists() and good.exists()


def test_a_checkpoint_whose_state_is_cut_off_is_passed_over(tmp_path: Path) -> None:
    checkpoint(tmp_path, 2, *WHOLE, state='{"global_st')
    assert last_checkpoint(tmp_path) is None


def test_a_checkpoint_of_several_processes_needs_the_random_state_of_each(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, 4, "scheduler.pt", "trainer_state.json", "rng_state_0.pth")
    assert last_checkpoint(tmp_path, 2) is None
    (path / "rng_state_1.pth").write_text("x")
    assert last_checkpoint(tmp_path, 2) == path
