"""Which model each language of a run has, where it has one a language: kept among the run's facts.

A language keeps the model that it was begun with: other languages may come later, with models of their own, but a
changed model is refused. In a run with one model there are no such facts, for its identity names the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..toolkit.errors import DataError
from ..toolkit.languages import ENGLISH, Language
from ..toolkit.run import Run
from ..toolkit.shard_files import short
from ..toolkit.signature import diff
from ..toolkit.store import RunStore
from .engine import Engine
from .engines.by_language import BY_LANGUAGE, is_by_language, of_language
from .engines.ct2 import Ct2Engine
from .engines.remote import RemoteEngine

UNKNOWN = "unknown"


def facts_of(engine: Engine) -> dict[str, Any]:
    """What a run says of an engine: all that decides a hypothesis, the terms of its model, and how many words may come
    out, where that can be known. No weights are loaded for it."""
    return {
        "identity": dict(engine.identity),
        "license": engine.license,
        "notice": model_notice(engine),
        "vocabulary": vocabulary_of(engine),
    }


def settle_engines(store: RunStore, engine: Engine, languages: Sequence[Language]) -> None:
    """Note the model of each of ``languages``, where each has its own; to be called under the run's lock.

    Raises DataError, with nothing noted, for a language that the run has by another model.
    """
    if not is_by_language(engine):
        return
    store.home.refresh(languages[0].code)
    for language in languages:
        check_engine(store, engine, language)
    for language in languages:
        if store.facts(_name(language.code)) is None:
            store.save_facts(_name(language.code), facts_of(of_language(engine, language)))


def check_kind(where: str, manifest: Mapping[str, Any], engine: Engine) -> None:
    """Raises DataError where a run has one model for all languages and the engine one for each, or the reverse."""
    if _begun_by_language(manifest) == is_by_language(engine):
        return
    if is_by_language(engine):
        raise DataError(
            f"{where} was made with one model for all languages: give the --model it had and no --model-for, or choose "
            "another --out"
        )
    raise DataError(
        f"{where} was made with a model a language: name this one's with --model-for, or choose another --out"
    )


def check_engine(store: RunStore, engine: Engine, language: Language) -> None:
    """Raises DataError where the run has the language by another model than ``engine`` has for it."""
    if (kept := engine_facts(store, language.code)) is None:
        return
    for name, before, now in diff(kept["identity"], dict(of_language(engine, language).identity)):
        raise DataError(
            f"{store.where}: {language.code} was translated with {name} = {short(before)}, now it is {short(now)}: "
            "give --model-for the model it had, leave the language out, or choose another --out"
        )


def engine_facts(store: RunStore, code: str) -> dict[str, Any] | None:
    """What was noted of a language's model; None where the run has one model for all.

    Where the note is lost, run.json repeats what it said of languages that are translated.
    """
    if not _begun_by_language(store.manifest):
        return None
    said = (store.manifest.get("languages") or {}).get(code, {}).get("engine")
    facts: dict[str, Any] | None = store.facts(_name(code)) or said
    return facts


def differing_engine(store: RunStore, other: Run, code: str) -> tuple[str, Any, Any] | None:
    """Name, value here and value there of the first thing in which two runs' engines of a language differ."""
    other.home.refresh(code)
    here, there = engine_facts(store, code), engine_facts(RunStore(other.path, other.manifest, other.home), code)
    if here is None or there is None:
        return None
    return next(iter(diff(here["identity"], there["identity"])), None)


def model_terms(store: RunStore, license: str | None, notice: str | None) -> tuple[str | None, str | None]:
    """Licence and notice of a run's models: those given, or where each language has its own, theirs between commas."""
    found = [facts for code in store.languages if code != ENGLISH.code and (facts := engine_facts(store, code))]
    if not found:
        return license, notice
    licenses = dict.fromkeys(facts["license"] or UNKNOWN for facts in found)
    notices = dict.fromkeys(facts["notice"] for facts in found if facts["notice"])
    return ", ".join(licenses), " ".join(notices) or None


def model_notice(engine: Engine) -> str | None:
    """What whoever meets a model must know of it, such as that it is a toy; None for a model without a notice."""
    return getattr(engine, "notice", None)


def vocabulary_of(engine: Engine) -> int | None:
    """How many words may come out of an engine's model, where that can be known."""
    return engine.vocabulary if isinstance(engine, Ct2Engine | RemoteEngine) else None


def _begun_by_language(manifest: Mapping[str, Any]) -> bool:
    begun = manifest["identity"].get("engine")
    return isinstance(begun, Mapping) and begun.get("engine") == BY_LANGUAGE


def _name(code: str) -> str:
    return f"engine-{code}"
