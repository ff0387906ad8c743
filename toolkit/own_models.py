"""The models of a run whose languages were translated by a model each, as its manifest names them.

Under ``languages.<code>.engine`` stand the identity of the language's engine, its licence and its notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_REPEATED = ("shortlist", "engine")


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A model that some of a run's languages were translated by. ``engine``: the kind of its engine."""

    name: str
    engine: str | None
    license: str | None
    notice: str | None

    def to_json(self) -> dict[str, Any]:
        """As a mixture says it of the runs that it was made of."""
        return {"name": self.name, "engine": self.engine, "license": self.license, "notice": self.notice}


def own_models(manifest: Mapping[str, Any]) -> dict[str, OwnModel]:
    """The models, by name; empty where all languages have one, which the manifest's identity and licences name.

    ``manifest`` is a run's, or what a mixture's manifest says of a run. What is not as we write it is left out.
    """
    languages = manifest.get("languages")
    if isinstance(languages, Mapping):
        found = [_of_language(entry.get("engine")) for entry in languages.values() if isinstance(entry, Mapping)]
    else:
        found = [_model(entry) for entry in manifest.get("models") or ()]
    return {model.name: model for model in found if model is not None}


def repeated(manifest: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """What the manifest of a run that is made of another one repeats of how a language was translated."""
    entry = (manifest.get("languages") or {}).get(lang) or {}
    return {name: entry[name] for name in _REPEATED if name in entry}


def _of_language(facts: Any) -> OwnModel | None:
    if not isinstance(facts, Mapping) or not isinstance(identity := facts.get("identity"), Mapping):
        return None
    return _model({**facts, "name": identity.get("model"), "engine": identity.get("engine")})


def _model(entry: Any) -> OwnModel | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        return None
    told = {name: entry.get(name) for name in ("engine", "license", "notice")}
    return OwnModel(entry["name"], **{name: text if isinstance(text, str) else None for name, text in told.items()})
