"""Named sources: Hub id, config, split, licence, task and columns of the usual sets (``presets.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files as package_files


@dataclass(frozen=True, slots=True)
class Preset:
    """One entry of ``presets.yaml``; the fields are explained there."""

    name: str
    hub: str
    license: str
    task: str
    split: str = "train"
    config: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    data_files: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    configs: Mapping[str, str] = field(default_factory=dict)
    answers: str | None = None


@cache
def presets() -> Mapping[str, Preset]:
    """All presets by name."""
    import yaml

    text = package_files(__package__ or "mlt.toolkit").joinpath("presets.yaml").read_text(encoding="utf-8")
    return {name: Preset(name=name, **entry) for name, entry in yaml.safe_load(text).items()}


def preset_of_hub(hub: str) -> Preset | None:
    """The preset of a Hub id (``openai/gsm8k``), if there is one; case does not matter, as on the Hub."""
    return next((preset for preset in presets().values() if preset.hub.lower() == hub.lower()), None)
