"""The models that have a short name, with what is known of them before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass

NLLB_LICENSE = "cc-by-nc-4.0"
M2M100_LICENSE = "mit"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """``alias`` is the short name for ``--model``; ``parameters`` is rounded."""

    alias: str
    hub_id: str
    parameters: str
    license: str
    note: str = ""


_KNOWN = (
    KnownModel("nllb-600M", "facebook/nllb-200-distilled-600M", "0.6B", NLLB_LICENSE, "the default"),
    KnownModel("nllb-distilled-1.3B", "facebook/nllb-200-distilled-1.3B", "1.4B", NLLB_LICENSE),
    KnownModel("nllb-1.3B", "facebook/nllb-200-1.3B", "1.4B", NLLB_LICENSE),
    KnownModel("nllb-3.3B", "facebook/nllb-200-3.3B", "3.3B", NLLB_LICENSE),
    KnownModel("m2m100-418M", "facebook/m2m100_418M", "0.4B", M2M100_LICENSE, "100 languages"),
    KnownModel("m2m100-1.2B", "facebook/m2m100_1.2B", "1.2B", M2M100_LICENSE, "100 languages"),
)


def known_models() -> tuple[KnownModel, ...]:
    """The models with a short name, the default first."""
    return _KNOWN


def hub_id_of(name: str) -> str:
    """The Hub id behind a short name; any other text comes back as it is."""
    return next((model.hub_id for model in _KNOWN if model.alias.lower() == name.lower()), name)


def known_license(hub_id: str) -> str | None:
    """The licence of a known model or of its family's official releases, else None."""
    exact = next((model.license for model in _KNOWN if model.hub_id == hub_id), None)
    if exact:
        return exact
    owner, _, name = hub_id.lower().partition("/")
    if owner != "facebook":
        return None
    return NLLB_LICENSE if name.startswith("nllb") else M2M100_LICENSE if name.startswith("m2m100") else None
