"""What is known of the sources that data come from: a card template each, under ``templates/sources``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from ..toolkit.presets import preset_of_hub, presets

SAMPLE = "mlt-sample"
"""The embedded sample, as rows name it."""

_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_SECTIONS = ("Description", "Task", "Limits", "Citation")


@dataclass(frozen=True, slots=True)
class SourceCard:
    """What a card says of its source, in Markdown. ``title`` is empty and ``dataset`` None for a source that is not
    known; ``url`` is where it lies, ``gated`` whether it is given only to those who accept its terms."""

    name: str
    title: str
    dataset: str | None
    url: str | None
    gated: bool
    description: str
    task: str
    limits: str
    citation: str


def source_card(dataset: str) -> SourceCard:
    """The template of a data set as rows name it (a Hub id, ``mlt-sample``, the name of a file)."""
    if dataset == SAMPLE:
        return _cards()["sample"]
    preset = preset_of_hub(dataset)
    return _cards()["generic" if preset is None else preset.name]


def hub_id(dataset: str) -> str | None:
    """The Hub id of a data set as rows name it; None for the sample and for local files."""
    return dataset if re.fullmatch(r"[\w.-]+/[\w.-]+", dataset) else None


@cache
def _cards() -> Mapping[str, SourceCard]:
    return {name: _read(name) for name in (*presets(), "sample", "generic")}


def _read(name: str) -> SourceCard:
    import yaml

    folder = package_files(__package__ or "mlt.data_cards").joinpath("templates", "sources")
    _, front, body = folder.joinpath(f"{name}.md").read_text(encoding="utf-8").split("---\n", 2)
    _, *pieces = _SECTION.split(body)
    texts = dict(zip(pieces[::2], (text.strip() for text in pieces[1::2]), strict=True))
    facts = yaml.safe_load(front)
    return SourceCard(
        name,
        facts["title"],
        facts.get("dataset"),
        facts.get("url"),
        facts.get("gated", False),
        *(texts[section] for section in _SECTIONS),
    )
