"""What the licences of the source and of the models allow to be said of a set: a judgement, never legal advice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from ..toolkit.errors import UsageError

UNKNOWN = "unknown"
OTHER = "other"
"""The Hub's id of terms that it does not list."""

_LISTED = re.compile(r"[\s_]+")
_OWN_TERMS = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)=(?P<link>https?://\S+)")
_DISPUTED = "the status of model output under the model's licence is disputed"


@dataclass(frozen=True, slots=True)
class License:
    """A licence: its id on the Hub, its name, and what it asks (see ``licenses.yaml``)."""

    hub_id: str
    name: str
    link: str | None
    asks: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether it is one of ``licenses.yaml``."""
        return self.hub_id != OTHER


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from the licences of a set.

    ``declared`` is what its publisher has chosen (None: nothing yet), ``hub_id`` the id of that for the card's YAML,
    ``conflicts`` what stands against it, a line each, ``statement`` what a card says of all licences, plain text.
    """

    declared: License | None
    conflicts: tuple[str, ...]
    statement: str
    text: str | None = None

    @property
    def hub_id(self) -> str | None:
        """The Hub's id of the declared licence; ``other`` where the Hub knows none, None where none is declared."""
        return self.declared.hub_id if self.declared else None


@cache
def known_licenses() -> Mapping[str, License]:
    """All licences of ``licenses.yaml`` by id."""
    return {hub_id: entry for hub_id, (entry, _) in _table().items()}


def find_license(text: str) -> License | None:
    """The licence that a text means: an id of the Hub or of SPDX, in any case; None where it is not known."""
    return _index().get(_key(text))


def declared_license(text: str) -> License:
    """The licence that ``--license`` names: one that is known, or ``NAME=URL`` for terms of one's own.

    Text that is neither comes back under the id ``other`` as well, without a link; :func:`require_license` refuses it.
    """
    if found := find_license(text):
        return found
    own = _OWN_TERMS.fullmatch(text.strip())
    return License(OTHER, own["name"], own["link"]) if own else License(OTHER, text.strip(), None)


def judge(
    source: str, models: Sequence[tuple[str, str | None]], declared: str | None, *, gated: Sequence[str] = ()
) -> Judgement:
    """Judges a set from its licences.

    ``source`` is the licence of the English rows (several between commas, ``unknown``), ``models`` the name and
    licence of each model that wrote the translations, ``declared`` what the set is to be published under, ``gated``
    the source sets that are given only to those who accept their terms.
    """
    chosen = None if declared is None else declared_license(declared)
    sources = [part.strip() for part in source.split(",") if part.strip()] or [UNKNOWN]
    found = (
        *(line for name in sources for line in _source_conflicts(name, chosen)),
        *(line for name, license in models for line in _model_conflicts(name, license, chosen)),
        *(f"{name} is given only to those who accept its terms: publish only what they allow" for name in gated),
    )
    return Judgement(chosen, tuple(dict.fromkeys(found)), _statement(sources, models, chosen), declared)


def check_declared(text: str) -> License:
    """The licence that ``--license`` names; UsageError where the Hub would not understand it."""
    found = declared_license(text)
    if not found.is_known and not found.link:
        near = difflib.get_close_matches(_key(text), _index(), n=3, cutoff=0.6)
        names = " or ".join(dict.fromkeys(_index()[name].hub_id for name in near))
        hint = f"did you mean {names}? " if names else ""
        raise UsageError(f"--license {text}: the Hub has no such licence; {hint}For terms of your own write NAME=URL")
    return found


def require_license(judgement: Judgement, *, checked: bool) -> None:
    """UsageError where no licence is declared or the Hub would not understand it, or a conflict was not checked."""
    if judgement.declared is None:
        raise UsageError(f"publishing needs --license, such as --license cc-by-nc-4.0: {judgement.statement}")
    text = judgement.text or ""
    check_declared(text)
    if judgement.conflicts and not checked:
        first, *rest = judgement.conflicts
        more = f" (and {len(rest)} more, which the card names)" if rest else ""
        raise UsageError(f"--license {text}: {first}{more}; if you may publish it, add --i-have-checked-the-license")


def _source_conflicts(name: str, chosen: License | None) -> Iterator[str]:
    terms = find_license(name)
    if terms is None:
        yield f"what the licence of the source ({name}) allows is not known"
        return
    if "no-derivatives" in terms.asks:
        yield f"the source is under {terms.hub_id}, which forbids derived works, and a translation is one"
    if chosen is None:
        return
    kept = chosen.asks if chosen.is_known else frozenset({"attribution"})
    if "noncommercial" in terms.asks and "noncommercial" not in kept:
        yield f"the source is under {terms.hub_id} (no commercial use), and {chosen.name} does not keep that"
    if "share-alike" in terms.asks and _family(terms) != _family(chosen):
        yield f"the source is under {terms.hub_id} (share alike), and {chosen.name} is another licence"
    if "attribution" in terms.asks and not kept & {"attribution", "share-alike"}:
        yield f"the source is under {terms.hub_id} (attribution), and {chosen.name} asks for none"


def _model_conflicts(name: str, license: str | None, chosen: License | None) -> Iterator[str]:
    terms = find_license(license or UNKNOWN)
    if terms is None:
        yield f"what the licence of {name} ({license or UNKNOWN}) says of its output is not known"
    elif "own-terms" in terms.asks:
        yield f"{name} is under {terms.name}, whose terms speak of its output: read them"
    elif chosen is not None and "noncommercial" in terms.asks and "noncommercial" not in chosen.asks:
        yield f"{name} is under {terms.hub_id} (no commercial use), {chosen.name} allows it: {_DISPUTED}"


def _statement(sources: Sequence[str], models: Sequence[tuple[str, str | None]], chosen: License | None) -> str:
    """The licences of the source, of the models and of the set, a sentence each."""
    parts = [f"The source is under {_names(sources)}."]
    for name, license in models:
        terms = find_license(license or UNKNOWN)
        disputed = terms is not None and terms.asks & {"noncommercial", "share-alike"}
        tail = f"; {_DISPUTED}, so this card names it" if disputed else ""
        parts.append(f"The model {name}, which wrote translations, is under {_names([license or UNKNOWN])}{tail}.")
    if chosen:
        parts.append(f"This set is published under {chosen.name}.")
    return " ".join(parts)


def _names(licenses: Sequence[str]) -> str:
    named = [found.name if (found := find_license(text)) else _unknown(text) for text in licenses]
    return " and ".join(dict.fromkeys(named))


def _unknown(text: str) -> str:
    return "an unknown licence" if text == UNKNOWN else text


def _family(terms: License) -> str:
    """The id without its version: a later version of a share-alike licence may take its place."""
    return re.sub(r"-\d+(\.\d+)?$", "", terms.hub_id) if terms.is_known else terms.name


def _key(text: str) -> str:
    return _LISTED.sub("-", text.strip().casefold())


@cache
def _index() -> Mapping[str, License]:
    return {name: entry for entry, aliases in _table().values() for name in (entry.hub_id, *aliases)}


@cache
def _table() -> Mapping[str, tuple[License, tuple[str, ...]]]:
    import yaml

    text = package_files(__package__ or "mlt.data_cards").joinpath("licenses.yaml").read_text(encoding="utf-8")
    return {
        hub_id: (License(hub_id, row["name"], row["link"], frozenset(row["asks"])), tuple(row.get("aliases", ())))
        for hub_id, row in yaml.safe_load(text).items()
    }
