"""Values of a study file as the type that they should have; every error begins with where the value stands."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ....toolkit.errors import UsageError, did_you_mean
from ....toolkit.languages import resolve
from ....toolkit.yaml_files import read_yaml

_NOT_SET = ("name", "task", "seed")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def read_mapping(path: Path, where: str) -> dict[str, Any]:
    """The keys of a YAML file; DataError where it cannot be read, UsageError where it holds something else."""
    return mapping(read_yaml(path, where), where)


def mapping(value: Any, where: str, keys: Iterable[str] | None = None) -> dict[str, Any]:
    """A mapping with text for keys, none of them but ``keys``; the nearest is named for one that is unknown."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{where}: expected keys with values, not {value!r:.80}")
    known = None if keys is None else list(keys)
    for key in value:
        if not isinstance(key, str):
            raise UsageError(f"{where}: {key!r} is no name; write it in quotes")
        if known is not None and key not in known:
            raise UsageError(f"{where}: {key}: no key of that name; {did_you_mean(key, known)}")
    return dict(value)


def name(value: Any, where: str) -> str:
    """A name that can be a folder's."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise UsageError(f"{where}: {value!r:.80} is no name; use letters, digits, '-', '_' and '.'")
    return value


def text(value: Any, where: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where}: {value!r:.80} is no text")
    return value


def whole(value: Any, where: str, least: int = 1) -> int:
    """A whole number of at least ``least``."""
    number_ = number(value, where, least)
    if not number_.is_integer():
        raise UsageError(f"{where}: {value!r:.80} is no whole number")
    return int(number_)


def number(value: Any, where: str, least: float = 0.0) -> float:
    """A number of at least ``least``. YAML reads 312e12, which has no point, as text."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise UsageError(f"{where}: {value!r:.80} is no number")
    if found < least:
        raise UsageError(f"{where}: {found:g} is too small; it is at least {least:g}")
    return found


def flag(value: Any, where: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise UsageError(f"{where}: {value!r:.80} is neither true nor false")
    return value


def choice(value: Any, where: str, choices: Sequence[str]) -> str:
    """One of ``choices``."""
    if value not in choices:
        raise UsageError(f"{where}: {value!r:.80} is unknown; choose {' or '.join(choices)}")
    return str(value)


def items(value: Any, where: str) -> list[Any]:
    """A list with at least one entry."""
    if not isinstance(value, list) or not value:
        raise UsageError(f"{where}: a list is needed, not {value!r:.80}")
    return value


def languages(value: Any, where: str) -> tuple[str, ...]:
    """The codes of a list of languages, each once. ``no`` is a boolean in YAML, so quotes are asked for."""
    codes = []
    for lang in items(value, where):
        if not isinstance(lang, str):
            raise UsageError(f"{where}: {lang!r} is no language; write its code in quotes")
        try:
            codes.append(resolve(lang).language.code)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    if twice := next((lang for lang in codes if codes.count(lang) > 1), None):
        raise UsageError(f"{where}: {twice} is named twice: name it once")
    return tuple(codes)


def by_task(value: Any, tasks: Iterable[str]) -> dict[str, Any]:
    """A value for each task: its own where a mapping by task is given, else the same one for all."""
    tasks = list(tasks)
    if isinstance(value, Mapping) and value and all(key in tasks for key in value):
        return {task: value.get(task) for task in tasks}
    return dict.fromkeys(tasks, value)


def place(value: str, base: Path) -> str:
    """A path as an absolute one where something lies there, beside the study file or in the current folder."""
    found = next((path for root in (base, Path()) if (path := root / value).exists()), None)
    return value if found is None else str(found.resolve())


def own_place(value: str, base: Path) -> str:
    """The same of what can be nothing but a path: beside the study file where nothing lies there yet."""
    found = place(value, base)
    return str((base / value).absolute()) if found == value else found


def recipe_settings(value: Any, where: str) -> dict[str, Any]:
    """Settings of a recipe, but for those that the study decides itself."""
    found = mapping(value or {}, where)
    if fixed := [key for key in found if key in _NOT_SET]:
        raise UsageError(f"{where}: {fixed[0]} is not set here: the study decides it")
    return found


def settings_argv(settings: Mapping[str, Any]) -> list[str]:
    """Recipe settings as the ``key=value`` texts of ``--set``."""
    return [f"{key}={_setting(value)}" for key, value in settings.items()]


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)
