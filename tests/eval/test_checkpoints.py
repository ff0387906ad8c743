"""Checkpoints: whole models and adapters by folder, and what is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from asking import PROMPTS, item, outputs, rename_base
from causal_models import byte_tokenizer, tiny_model

from mlt.eval.checkpoints import find_checkpoint
from mlt.eval.engines.transformers import HfGenerator
from mlt.toolkit.errors import DataError, UsageError


def test_an_adapter_is_loaded_on_the_base_that_it_names(checkpoints: Path) -> None:
    items = [item(prompt) for prompt in PROMPTS]
    base = HfGenerator.load(checkpoints / "base")
    adapted = HfGenerator.load(checkpoints / "adapter")
    assert outputs(base, items) == outputs(HfGenerator(tiny_model(), byte_tokenizer()), items)
    assert outputs(adapted, items) != outputs(base, items)
    model = adapted.identity["model"]
    assert (model["name"], model["adapter"]) == ("base", "adapter")
    assert model["revision"] == base.identity["model"]["revision"] != model["adapter_revision"]


def test_a_base_may_lie_inside_its_adapter(checkpoints: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoints / "adapter", tmp_path / "adapter")
    shutil.copytree(checkpoints / "base", tmp_path / "adapter" / "base")
    rename_base(tmp_path / "adapter", "base")
    found = find_checkpoint(tmp_path / "adapter")
    assert found.base is not None
    assert found.base.folder == tmp_path / "adapter" / "base"


@pytest.mark.parametrize(
    ("files", "error", "said"),
    [
        ({"config.json": "{}"}, UsageError, "holds no weights"),
        ({"config.json": "{}", "pytorch_model.bin": ""}, UsageError, "holds no weights"),
        ({"model.safetensors": ""}, UsageError, "no config.json"),
        ({"model.safetensors": "", "adapter_config.json": "{}"}, DataError, "names no base model"),
        (
            {"model.safetensors": "", "adapter_config.json": '{"base_model_name_or_path": "/nowhere/base"}'},
            DataError,
            "its base model /nowhere/base is not there",
        ),
    ],
)
def test_folders_that_are_no_checkpoint(
    tmp_path: Path, files: dict[str, str], error: type[Exception], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said):
        find_checkpoint(tmp_path)


def test_damaged_weights_are_one_line(checkpoints: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoints / "base", tmp_path / "base")
    (tmp_path / "base" / "model.safetensors").write_bytes(b"\x08")
    with pytest.raises(DataError, match="base cannot be loaded") as caught:
        HfGenerator.load(tmp_path / "base")
    assert "\n" not in str(caught.value)


def test_a_spec_that_is_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="is no folder of a checkpoint, and no Hub id"):
        find_checkpoint("a/b/c")
