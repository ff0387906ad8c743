"""A user's own engine class, named as ``module:Class``."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...toolkit.errors import MltError, UsageError
from ..engine import Engine

_METHODS = ("supports", "prepare", "translate", "close")
_ATTRIBUTES: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "identity": Mapping,
    "license": (str, type(None)),
    "max_n_best": int,
    "translates": bool,
}


def load_own(spec: str, options: Mapping[str, Any]) -> Engine:
    """An instance of the class that ``spec`` names, found on the module path or in the current folder.

    Its constructor is given those of ``options`` (device, workers, compute_type, ...) that it takes.
    Raises UsageError when there is no such class, it cannot be made, or a member of the protocol is missing.
    """
    made = _made(spec, _class(spec), options)
    for name, expected in _ATTRIBUTES.items():
        if not isinstance(getattr(made, name, _Missing), expected):
            names = expected.__name__ if isinstance(expected, type) else "str or None"
            raise UsageError(f"--model {spec}: an engine needs the attribute {name} ({names})")
    for name in _METHODS:
        if not callable(getattr(made, name, None)):
            raise UsageError(f"--model {spec}: an engine needs the method {name}()")
    return made


class _Missing:
    """Stands for an attribute that is not there."""


def _class(spec: str) -> type:
    module_name, _, class_name = spec.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ImportError as error:
        raise UsageError(f"--model {spec}: {error}") from error
    if not isinstance(found, type):
        raise UsageError(f"--model {spec}: module {module_name} has no class {class_name}")
    return found


def _made(spec: str, found: type, options: Mapping[str, Any]) -> Any:
    try:
        parameters = inspect.signature(found).parameters
        takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        return found(**{name: value for name, value in options.items() if takes_all or name in parameters})
    except MltError:
        raise
    except Exception as error:
        raise UsageError(f"--model {spec}: cannot be made: {type(error).__name__}: {error}") from error
