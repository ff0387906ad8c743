"""What ``--shortlist`` asks for, and what of it is in force with an engine and a language."""

from __future__ import annotations

from typing import Literal, cast, get_args

from ...toolkit.errors import UsageError
from ...toolkit.languages import Language
from ..engine import Engine
from ..engines.by_language import is_by_language
from ..engines.ct2 import Ct2Engine
from ..engines.remote import RemoteEngine
from .pieces import Kind, Shortlist

Setting = Literal["auto", "script", "learned", "off"]

LARGE = 32_000  # words; the projection onto fewer is a small part of the work
FEWEST = 300  # units of a shard: of fewer, the audit with the full vocabulary would cost what the list saves


def in_force(asked: str, engine: Engine) -> Setting:
    """The setting that decides a run's rows: ``off`` where ``auto`` finds nothing to gain with the engine.

    Where each language has an engine of its own it is what was asked for; see :func:`of_own`.
    Raises UsageError for another word, and for a list asked of an engine whose model cannot be cut.
    """
    for setting in get_args(Setting):
        if setting == asked:
            break
    else:
        raise UsageError(f"--shortlist {asked}: expected auto, script, learned or off")
    if is_by_language(engine):
        return setting
    if isinstance(engine, RemoteEngine):  # whose workers were asked
        return engine.shortlist
    if setting == "auto":
        return "auto" if isinstance(engine, Ct2Engine) and engine.vocabulary > LARGE else "off"
    if setting != "off" and not isinstance(engine, Ct2Engine):
        raise UsageError(f"--shortlist {asked}: {engine.name} is no CTranslate2 model; leave the option out")
    return setting


def of_own(setting: Setting, engine: Engine) -> Setting:
    """What a run's setting means for the engine of a language."""
    return setting if setting == "off" else in_force(setting, engine)


def kind_for(setting: Setting, language: Language) -> Kind:
    """``auto`` is ``script`` but for Latin script, which most of a vocabulary is: there it is ``learned``."""
    if setting in ("script", "learned"):
        return setting
    return "learned" if language.script == "Latn" else "script"


def gains(setting: Setting, made: Shortlist, engine: Ct2Engine) -> bool:
    """Whether a list is worth a model of its own; one that was asked for by name always is."""
    return setting != "auto" or 2 * len(made.target) <= engine.vocabulary


def pays(setting: Setting, units: int) -> bool:
    """Whether a list is worth its audit in a shard of so many distinct units; one asked for by name always is."""
    return setting != "auto" or units >= FEWEST


def cuttable(engine: Engine) -> Ct2Engine:
    """The engine, for a setting that is in force with it, or what stands for it where lists are only judged."""
    return cast(Ct2Engine, engine)
