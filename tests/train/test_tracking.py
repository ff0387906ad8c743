"""Curves are sent where report_to says, without a network here: the trackers are stand-ins that write down calls."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("trl")
from small_trainings import ADAPTER, small_mixture

from mlt.toolkit.errors import EnvironmentProblem
from mlt.train.sft import check_trackers, train


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    for key, value in members.items():
        setattr(module, key, value)
    monkeypatch.setitem(sys.modules, name, module)


class Experiment:
    """What transformers calls of Comet's experiment."""

    def __init__(self) -> None:
        self.metrics: list[tuple[dict[str, float], int]] = []
        self.parameters: dict[str, Any] = {}

    def __internal_api__set_model_graph__(self, model: Any, framework: str) -> None:
        pass

    def __internal_api__log_parameters__(self, parameters: dict[str, Any], **_: Any) -> None:
        self.parameters |= parameters

    def __internal_api__log_metrics__(self, metrics: dict[str, float], *, step: int, **_: Any) -> None:
        self.metrics.append((dict(metrics), step))


def test_comet_gets_every_step_and_the_task_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.integrations import integration_utils

    experiment, names = Experiment(), []
    stand_in(
        monkeypatch,
        "comet_ml",
        ExperimentConfig=lambda name: SimpleNamespace(name=name),
        start=lambda **options: names.append(options["experiment_config"].name) or experiment,
    )
    monkeypatch.setattr(integration_utils, "_is_comet_installed", True)
    monkeypatch.setattr(integration_utils, "_is_comet_recent_enough", True)

    settings = (*ADAPTER, "max_steps=2", "report_to=comet_ml")
    train("tiny/math", small_mixture(tmp_path), tmp_path / "my-model", overrides=settings)

    assert names == ["my-model"]
    assert [step for metrics, step in experiment.metrics if "train/loss" in metrics] == [1, 2]
    evaluated = [metrics for metrics, _ in experiment.metrics if "eval/loss" in metrics]
    assert len(evaluated) == 1 and {"eval/task_accuracy", "eval/task_accuracy_sw"} <= evaluated[0].keys()
    assert experiment.parameters["args"]["learning_rate"] > 0


def test_tensorboard_writes_beside_the_model_and_not_among_the_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, int]] = []
    folders: list[str] = []

    class SummaryWriter:
        def __init__(self, log_dir: str) -> None:
            folders.append(log_dir)

        def add_text(self, *_: Any) -> None: ...

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, step))

        def flush(self) -> None: ...

        def close(self) -> None: ...

    stand_in(monkeypatch, "tensorboardX", SummaryWriter=SummaryWriter)
    stand_in(monkeypatch, "torch.utils.tensorboard", SummaryWriter=SummaryWriter)

    settings = (*ADAPTER, "max_steps=1", "report_to=tensorboard")
    train("tiny/math", small_mixture(tmp_path), tmp_path / "out", overrides=settings)

    assert folders == [str((tmp_path / "out" / "runs").resolve())]
    assert {("train/loss", 1), ("eval/task_accuracy", 1)} <= set(written)


def test_a_tracker_that_is_not_installed_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem, match="pip install comet-ml"):
        check_trackers(["comet_ml"])
    check_trackers([])
