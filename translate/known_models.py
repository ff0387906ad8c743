"""The models that have a short name, with what is known of them before anything is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .families.opus_models import OWNER

NLLB_LICENSE = "cc-by-nc-4.0"
M2M100_LICENSE = "mit"
MADLAD_LICENSE = "apache-2.0"
OPUS_LICENSE = "cc-by-4.0"  # where a model's page states no other
_OPUS = re.compile(r"opus-mt-(?:tc-[a-z]+-)?en-[a-z_]+", re.IGNORECASE)
_FAMILIES = (  # owner, beginning of the name, licence
    ("facebook", "nllb", NLLB_LICENSE),
    ("facebook", "m2m100", M2M100_LICENSE),
    ("google", "madlad400", MADLAD_LICENSE),
    ("helsinki-nlp", "opus-mt", OPUS_LICENSE),
)


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
    KnownModel("madlad-3b", "google/madlad400-3b-mt", "2.9B", MADLAD_LICENSE, "over 400 languages"),
    KnownModel("madlad-7b", "google/madlad400-7b-mt", "8.3B", MADLAD_LICENSE, "over 400 languages"),
    KnownModel("madlad-10b", "google/madlad400-10b-mt", "10.7B", MADLAD_LICENSE, "over 400 languages"),
    KnownModel(
        "opus-mt-en-XX",
        f"{OWNER}/opus-mt-en-XX",
        "0.08B",
        OPUS_LICENSE,
        "one target: opus-mt-en-sw; opus-mt: for each language its own",
    ),
)


def known_models() -> tuple[KnownModel, ...]:
    """The models with a short name, the default first."""
    return _KNOWN


def hub_id_of(name: str) -> str:
    """The Hub id behind a short name; any other text comes back as it is. Every OPUS-MT name from English is short."""
    if _OPUS.fullmatch(name.partition("@")[0]):
        return f"{OWNER}/{name}"
    return next((model.hub_id for model in _KNOWN if model.alias.lower() == name.lower()), name)


def known_license(hub_id: str) -> str | None:
    """The licence of a known model or of its family's official releases, else None."""
    exact = next((model.license for model in _KNOWN if model.hub_id == hub_id), None)
    if exact:
        return exact
    owner, _, name = hub_id.lower().partition("/")
    return next((license for who, start, license in _FAMILIES if owner == who and name.startswith(start)), None)
