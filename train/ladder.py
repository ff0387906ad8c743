"""Ladders: the mixtures of languages that a study trains on, made by rules from one YAML file each.

A file holds ``name``, ``core`` and ``pivot`` (the language that stands alone and in every pair), ``extras`` that only
widen mixtures, and ``rungs``. A rung's ``size`` is the number of languages in each of its mixtures; ``how`` is one of

=================  ============================================  ==========================
how                mixtures                                      names
=================  ============================================  ==========================
``pivot``          the pivot alone                               ``L01-en``
``pivot+one``      the pivot with each other core language       ``L02-en-es``
``core-less-one``  the core without one language, for each       ``L04-no-sw``
``core``           the core                                      ``L05-core``
``all``            core and extras                               ``L10-all``
=================  ============================================  ==========================

and ``add``, a list of extras or the word ``extras`` for all of them, widens every mixture of ``core-less-one`` and
``core``: with five extras ``core-less-one`` gives ``L09-no-sw``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import resolve
from ..toolkit.yaml_files import read_yaml

_FOLDER = Path(__file__).with_name("ladders")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_KEYS = ("name", "core", "pivot", "extras", "rungs")
_RUNG_KEYS = ("size", "how", "add")
_HOW = ("pivot", "pivot+one", "core-less-one", "core", "all")
_WIDENED = ("core-less-one", "core")


@dataclass(frozen=True, slots=True)
class LadderMixture:
    """One mixture: its folder's name, how many languages it has, and which, core languages first."""

    name: str
    size: int
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """All mixtures of a ladder, smallest first as its file has them; their names differ."""

    name: str
    mixtures: tuple[LadderMixture, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that a mixture holds, each once."""
        return tuple(dict.fromkeys(lang for mixture in self.mixtures for lang in mixture.languages))


@dataclass(frozen=True, slots=True)
class _Sets:
    core: tuple[str, ...]
    pivot: str
    extras: tuple[str, ...]


def ladder_names() -> list[str]:
    """The names of the ladders that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_ladder(name_or_path: str) -> Ladder:
    """The ladder of a name, or of a YAML file of one's own.

    Raises UsageError for an unknown name, key, language or rule and for a size that is not what the rule gives,
    DataError for a file that cannot be read.
    """
    path = _FOLDER / f"{name_or_path}.yaml" if name_or_path in ladder_names() else Path(name_or_path)
    if not path.is_file():
        raise UsageError(f"--preset {name_or_path}: no ladder {', '.join(ladder_names())}, and no file of that name")
    where = str(name_or_path)
    values = _known(read_yaml(path, f"--preset {where}", "name a YAML file"), _KEYS, where)
    name = values.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f"{where}: name: {name!r} is no name for a folder; use letters, digits, '-', '_' and '.'")
    sets = _sets(values, where)
    rungs = values.get("rungs")
    if not isinstance(rungs, list) or not rungs:
        raise UsageError(f"{where}: rungs: a list of size and how is needed")
    mixtures = [mixture for rung in rungs for mixture in _rung(rung, sets, where)]
    names = [mixture.name for mixture in mixtures]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"{where}: two rungs make a mixture {twice}: keep one, and the other in a file of its own")
    return Ladder(name, tuple(mixtures))


def _known(values: Any, keys: Sequence[str], where: str) -> Mapping[str, Any]:
    """The mapping, if it is one and holds no other keys."""
    if not isinstance(values, Mapping):
        raise UsageError(f"{where}: expected {', '.join(keys)}, not {values!r:.80}")
    if unknown := [key for key in values if key not in keys]:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(keys)}")
    return values


def _sets(values: Mapping[str, Any], where: str) -> _Sets:
    core = _languages(values.get("core"), f"{where}: core")
    extras = _languages(values["extras"], f"{where}: extras") if values.get("extras") else ()
    [pivot, *others] = _languages([values.get("pivot")], f"{where}: pivot")
    if others or pivot not in core:
        raise UsageError(f"{where}: pivot: {values.get('pivot')!r} is none of the core languages {', '.join(core)}")
    if both := [lang for lang in extras if lang in core]:
        raise UsageError(f"{where}: {both[0]} stands in core and in extras: keep it in one of them")
    return _Sets(core, pivot, extras)


def _languages(value: Any, where: str) -> tuple[str, ...]:
    """The codes of a list of languages. ``no`` and ``yes`` are booleans in YAML, so a code in quotes is asked for."""
    if not isinstance(value, list) or not value:
        raise UsageError(f"{where}: a list of languages is needed, not {value!r:.80}")
    if odd := [lang for lang in value if not isinstance(lang, str)]:
        raise UsageError(f"{where}: {odd[0]!r} is no language; write its code in quotes")
    try:
        codes = tuple(dict.fromkeys(resolve(lang).language.code for lang in value))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if len(codes) != len(value):
        raise UsageError(f"{where}: a language is named twice in {', '.join(value)}")
    return codes


def _rung(rung: Any, sets: _Sets, where: str) -> list[LadderMixture]:
    values = _known(rung, _RUNG_KEYS, f"{where}: a rung")
    size, how = values.get("size"), values.get("how")
    where = f"{where}: the rung of size {size}"
    if how not in _HOW:
        raise UsageError(f"{where}: how: {how!r} is unknown; known are {', '.join(_HOW)}")
    added = _added(values["add"], sets, where) if "add" in values else ()
    if added and how not in _WIDENED:
        raise UsageError(f"{where}: add: only {' and '.join(_WIDENED)} are widened, not {how}")
    made = [
        (name, languages + tuple(lang for lang in sets.extras if lang in added)) for name, languages in _ways(how, sets)
    ]
    if isinstance(size, bool) or not isinstance(size, int) or size != len(made[0][1]):
        raise UsageError(f"{where}: {how} gives {len(made[0][1])} languages here: correct the size or the rule")
    return [LadderMixture(f"L{size:02d}-{name}", size, languages) for name, languages in made]


def _added(value: Any, sets: _Sets, where: str) -> tuple[str, ...]:
    if value == "extras":
        return sets.extras
    added = _languages(value, f"{where}: add")
    if foreign := [lang for lang in added if lang not in sets.extras]:
        raise UsageError(f"{where}: add: {foreign[0]} is none of the extras {', '.join(sets.extras)}")
    return added


def _ways(how: str, sets: _Sets) -> list[tuple[str, tuple[str, ...]]]:
    """The mixtures of a rule before they are widened: the name behind the size, and the languages."""
    core, pivot = sets.core, sets.pivot
    if how == "pivot":
        return [(pivot, (pivot,))]
    if how == "pivot+one":
        return [(f"{pivot}-{lang}", (pivot, lang)) for lang in core if lang != pivot]
    if how == "core-less-one":
        return [(f"no-{less}", tuple(lang for lang in core if lang != less)) for less in core]
    return [("core", core)] if how == "core" else [("all", core + sets.extras)]
