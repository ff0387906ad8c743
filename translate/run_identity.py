"""What decides the rows of a run: by it a run is known again when it goes on, and named in its records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..toolkit.signature import OUTPUT_VERSION
from .engine import Engine
from .placeholders import FORMS
from .shard import Settings
from .shortlist.setting import Setting

if TYPE_CHECKING:
    from ..toolkit.sources import SourceReader


def run_identity(
    reader: SourceReader, engine: Engine, settings: Settings, shard_size: int, shortlist: Setting = "off"
) -> dict[str, Any]:
    """All that decides the rows of a run, but for its languages and its limit, by which it may grow.

    ``shortlist`` is the setting in force; runs without lists do not name it.
    """
    decoding, policies = settings.decoding, settings.policies
    return {
        "source": reader.describe(),
        "engine": dict(engine.identity),
        "decoding": {name: getattr(decoding, name) for name in decoding.__slots__},
        "segment": settings.segment,
        "ladder": settings.climb,
        "arguments": policies.arguments,
        "tools": policies.tools,
        "argument_table": dict(policies.table) or None,
        "forms": [form.name for form in FORMS],
        "shard_size": shard_size,
        "output_version": OUTPUT_VERSION,
        **_named(shortlist),
    }


def decided(identity: Mapping[str, Any], engine: Mapping[str, Any], shortlist: Setting) -> dict[str, Any]:
    """A run's identity as it is for a language with an engine and a setting of its own."""
    common = {name: value for name, value in identity.items() if name not in ("engine", "shortlist")}
    return {**common, "engine": dict(engine), **_named(shortlist)}


def _named(shortlist: Setting) -> dict[str, Any]:
    return {} if shortlist == "off" else {"shortlist": shortlist}
