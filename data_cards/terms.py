"""The licences of a bundle: what its manifests say of the source and of the models that wrote the translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..toolkit.signature import parse_signature
from .licenses import UNKNOWN, Judgement, judge
from .sources import source_card

if TYPE_CHECKING:
    from .bundle import Bundle

_NO_MODELS = ("identity", "corrupting")
"""Engines that only prove the pipeline: nobody has a right in what they write."""


def judge_bundle(bundle: Bundle, declared: str | None) -> Judgement:
    """What follows from the licences of a bundle; ``declared`` is what it is to be published under, None: not yet."""
    runs = [dict(run) for run in _runs(bundle)]
    sources = dict.fromkeys(run["source"] for run in runs)
    models = dict.fromkeys(run["model"] for run in runs if run["model"])
    gated = dict.fromkeys(run["dataset"] for run in runs if source_card(run["dataset"]).gated)
    return judge(", ".join(sources) or UNKNOWN, list(models), declared, gated=list(gated))


def read_settings(signature: str) -> Mapping[str, Any]:
    """What a signature says, by its names; empty where it is none."""
    try:
        return parse_signature(signature)
    except ValueError:
        return {}


def _runs(bundle: Bundle) -> Iterator[Mapping[str, Any]]:
    """Of each run that the bundle is, or was mixed from: dataset, licence of the source, name and licence of the
    model (None where none wrote a translation)."""
    manifests = [bundle.manifest] if bundle.manifest else []
    for manifest in (*manifests, *(run for mixture in bundle.mixtures for run in mixture.manifest.get("runs", ()))):
        settings = read_settings(str(manifest.get("signature", "")))
        licenses = manifest.get("licenses") or {}
        engine, model = settings.get("engine.engine"), settings.get("engine.model")
        named = None if model is None or engine in _NO_MODELS else (str(model), licenses.get("model"))
        yield {
            "dataset": str(settings.get("source.dataset", "")),
            "source": licenses.get("source") or UNKNOWN,
            "model": named,
        }
