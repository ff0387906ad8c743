"""A small mixture, settings that train the tiny model on it in a second, and a progress that sends a signal."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from mix_runs import items, write_run

from mlt.toolkit.progress import NullProgress
from mlt.train import mix
from mlt.train.callbacks import STEPS

ADAPTER = (
    "method=lora",
    # Dropout draws random numbers, so that a resumed training must restore them.
    "lora_dropout=0.2",
    "lora_r=4",
    "batch_size=4",
    "micro_batch_size=2",
    "eval_samples=1",
    "max_new_tokens=3",
)


def small_mixture(folder: Path) -> Path:
    """Six math items to train on in English and in Swahili, two held out."""
    run = write_run(folder / "run", {lang: items(8) for lang in ("en", "sw")})
    return mix([run], folder / "en-sw", per_language=6, validation=2).path


class StopAt(NullProgress):
    """Sends this process a signal once as many optimiser steps are made."""

    def __init__(self, step: int, number: int = signal.SIGTERM) -> None:
        self._left, self._number = step, number

    def advance(self, lang: str, n: int) -> None:
        self._left -= n if lang == STEPS else 0
        if lang == STEPS and self._left == 0:
            os.kill(os.getpid(), self._number)


def tensors(file: Path) -> dict[str, Any]:
    """The tensors of a safetensors file."""
    from safetensors.torch import load_file

    return dict(load_file(file))
