"""Evaluation: what a model answers in each language, and by rules that hold in all of them, whether it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import EvalResult, evaluate

__all__ = ["EvalResult", "evaluate"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
