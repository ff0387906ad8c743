"""A value of a recipe as its field's type has it, whether YAML has read it or it is the text of ``--set``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin


def as_type(kind: Any, value: Any) -> Any:
    """``value``, text of ``--set`` or what YAML read, as ``kind``. ValueError says what would have been right."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _as_one_of(get_args(kind), value)
    if origin is Literal:
        if value in get_args(kind):
            return value
        raise ValueError(f"one of {', '.join(map(str, get_args(kind)))}")
    if origin is tuple:
        return _as_names(value)
    return _READERS[kind](value)


def _as_one_of(kinds: Sequence[Any], value: Any) -> Any:
    if NoneType in kinds and (value is None or value in ("none", "None", "null", "")):
        return None
    wanted = []
    for kind in kinds:
        if kind is not NoneType:
            try:
                return as_type(kind, value)
            except ValueError as error:
                wanted.append(str(error))
    raise ValueError(" or ".join(wanted + ["none"] * (NoneType in kinds)))


def _as_names(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError("a list of names (q_proj,v_proj)")
    return tuple(dict.fromkeys(name.strip() for name in names))


def _as_text(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("text")


def _as_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = {"true": True, "yes": True, "false": False, "no": False}.get(str(value).casefold())
    if found is None:
        raise ValueError("true or false")
    return found


def _as_int(value: Any) -> int:
    number = _as_float(value, "a whole number")
    if not number.is_integer():
        raise ValueError("a whole number")
    return int(number)


def _as_float(value: Any, wanted: str = "a number") -> float:
    # YAML reads 1e-5, which has no point, as text.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(wanted)
    try:
        number = float(value)
    except ValueError:
        raise ValueError(wanted) from None
    if not math.isfinite(number):
        raise ValueError(wanted)
    return number


_READERS: Mapping[Any, Any] = {str: _as_text, bool: _as_bool, int: _as_int, float: _as_float}
