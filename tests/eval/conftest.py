"""Fixtures of the evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking import rename_base
from causal_models import byte_tokenizer, tiny_model


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``base``, and ``adapter`` on it, which names it by its path."""
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("checkpoints")
    model, tokenizer = tiny_model(), byte_tokenizer()
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
    adapted.save_pretrained(folder / "adapter")
    rename_base(folder / "adapter", str(folder / "base"))
    return folder
