"""Mixtures: records of a set of languages under a budget, ready to train on."""

from typing import Any


def __getattr__(name: str) -> Any:
    # Imported on first use, so that reading a command's help loads neither pyarrow nor a tokenizer.
    if name in ("mix", "mix_ladder"):
        from . import api

        return getattr(api, name)
    raise AttributeError(name)
