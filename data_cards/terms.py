"""The licences of a bundle: what its manifests say of the source and of the models that wrote the translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..toolkit.own_models import OwnModel, own_models
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
    models = dict.fromkeys(model for run in runs for model in run["models"])
    gated = dict.fromkeys(run["dataset"] for run in runs if source_card(run["dataset"]).gated)
    return judge(", ".join(sources) or UNKNOWN, list(models), declared, gated=list(gated))


def read_settings(signature: str) -> Mapping[str, Any]:
    """What a signature says, by its names; empty where it is none."""
    try:
        return parse_signature(signature)
    except ValueError:
        return {}


def translated_by(manifest: Mapping[str, Any]) -> dict[str, OwnModel]:
    """The models that translated a run, by name; ``manifest`` is the run's, or what a mixture says of it."""
    if own := own_models(manifest):
        return own
    settings = read_settings(str(manifest.get("signature", "")))
    if (name := settings.get("engine.model")) is None:
        return {}
    stated = (manifest.get("licenses") or {}).get("model")
    return {str(name): OwnModel(str(name), settings.get("engine.engine"), stated, manifest.get("model_notice"))}


def _runs(bundle: Bundle) -> Iterator[Mapping[str, Any]]:
    """Of each run that the bundle is, or was mixed from: dataset, licence of the source, names and licences of the
    models that wrote translations."""
    manifests = [bundle.manifest] if bundle.manifest else []
    for manifest in (*manifests, *(run for mixture in bundle.mixtures for run in mixture.manifest.get("runs", ()))):
        settings = read_settings(str(manifest.get("signature", "")))
        yield {
            "dataset": str(settings.get("source.dataset", "")),
            "source": (manifest.get("licenses") or {}).get("source") or UNKNOWN,
            "models": [
                (model.name, model.license)
                for model in translated_by(manifest).values()
                if model.engine not in _NO_MODELS
            ],
        }
