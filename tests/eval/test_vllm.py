"""vLLM, by as much of its interface as the backend uses."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from asking import item, outputs
from causal_models import byte_tokenizer

from mlt.eval.engine import Output
from mlt.eval.engines.vllm import VllmGenerator
from mlt.toolkit.errors import EnvironmentProblem, UsageError


class FakeVllm:
    """As much of vLLM's interface as the backend uses."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.asked: list[tuple[Any, Any, Any]] = []

    def get_tokenizer(self) -> Any:
        return byte_tokenizer()

    def generate(self, prompts: Any, sampling: Any, lora_request: Any, use_tqdm: bool) -> list[Any]:
        self.asked.append((prompts, sampling, lora_request))
        written = SimpleNamespace(text="18\n\nMore", finish_reason="length", token_ids=[1, 2, 3])
        return [SimpleNamespace(outputs=[written]) for _ in prompts]


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    module, lora, request = ModuleType("vllm"), ModuleType("vllm.lora"), ModuleType("vllm.lora.request")
    module.__dict__.update(LLM=FakeVllm, SamplingParams=lambda **options: options, __version__="0")
    request.__dict__["LoRARequest"] = lambda name, number, path: (name, number, path)
    for name, made in (("vllm", module), ("vllm.lora", lora), ("vllm.lora.request", request)):
        monkeypatch.setitem(sys.modules, name, made)


def test_one_engine_takes_many_adapters(vllm: None, checkpoints: Path) -> None:
    base = VllmGenerator.load(checkpoints / "base")
    adapted = base.with_adapter(checkpoints / "adapter")
    items = [item("a", stop=("\n\n",)), item("b")]
    assert outputs(base, items) == [Output("18", "stop", 1, 3), Output("18\n\nMore", "length", 1, 3)]
    assert len(outputs(adapted, items, done=[0])) == 1
    engine = base._engine
    assert engine is adapted._engine
    assert [len(asked[0]) for asked in engine.asked] == [2, 1]
    assert [asked[2] is None for asked in engine.asked] == [True, False]
    assert engine.asked[1][2][2] == str(checkpoints / "adapter")
    assert engine.asked[0][1] == [
        {"temperature": 0.0, "max_tokens": 12, "stop": ["\n\n"]},
        {"temperature": 0.0, "max_tokens": 12, "stop": None},
    ]
    assert adapted.identity["model"]["adapter"] == "adapter"


def test_vllm_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch, checkpoints: Path) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(EnvironmentProblem, match="vllm is not installed: install it, or use --backend transformers"):
        VllmGenerator.load(checkpoints / "base")


def test_an_adapter_of_another_base_is_refused(vllm: None, checkpoints: Path) -> None:
    engine = VllmGenerator.load(checkpoints / "base")
    other = replace(engine._found, revision="another")
    with pytest.raises(UsageError, match="is no adapter of base"):
        VllmGenerator(engine._engine, other).with_adapter(checkpoints / "adapter")
