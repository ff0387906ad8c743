"""The licences of a trained model: of the model that it was made of, and of the data that it learned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files as package_files
from typing import Any

from ..toolkit.mixtures import Mixture
from .bundle import Bundle
from .licenses import UNKNOWN, Judgement, License, declared_license, find_license, judge
from .terms import judge_bundle
from .trained_model import TRAINING, TrainedModel

_TINY = "tiny"
"""A model of random weights, in which nobody has a right."""


def judge_model(model: TrainedModel, declared: str | None) -> Judgement:
    """What follows from the licences of a trained model; ``declared`` is what it is to be published under, None: not
    yet. Whether a model is bound by the licences of its data is disputed, so what stands against them is named too."""
    chosen = None if declared is None else declared_license(declared)
    license_ = base_license(model.base)
    of_base = () if model.base == _TINY else tuple(_base_conflicts(model.base, license_, chosen))
    of_data = tuple(f"of the data that it learned from, {line}" for line in _judge_data(model, declared).conflicts)
    return Judgement(chosen, (*of_base, *of_data), _statement(model, license_, chosen), declared)


def base_license(name: str) -> str | None:
    """The licence of a base model by its name; None where it is not known."""
    return next((license_ for start, license_ in _table().items() if name.startswith(start)), None)


def data_runs(model: TrainedModel) -> list[Mapping[str, Any]]:
    """What train.json says of the runs that the data were mixed from; empty where it names none."""
    runs = model.data.get("runs")
    return [run for run in runs if isinstance(run, Mapping)] if isinstance(runs, list) else []


def _judge_data(model: TrainedModel, declared: str | None) -> Judgement:
    if runs := data_runs(model):
        mixture = Mixture(model.files[TRAINING].parent, {"runs": runs})
        return judge_bundle(Bundle("mixtures", {}, {}, (), (), (mixture,)), declared)
    return judge(str(model.data.get("license") or UNKNOWN), [], declared)


def _base_conflicts(name: str, license_: str | None, chosen: License | None) -> Iterator[str]:
    terms = find_license(license_ or UNKNOWN)
    if terms is None:
        yield f"what the licence of {name} allows is not known here: read its card"
        return
    if "no-derivatives" in terms.asks:
        yield f"{name} is under {terms.hub_id}, which forbids derived works, and a trained model is one"
    if chosen is None or chosen.hub_id == terms.hub_id:
        return
    bound = terms.asks & {"own-terms", "share-alike"} or (terms.asks - chosen.asks) & {"noncommercial"}
    if bound:
        yield f"{name} is under {terms.hub_id}, which stays with what is made of it, and {chosen.name} is another"
    elif "attribution" in terms.asks and chosen.is_known and not chosen.asks:
        yield f"{name} is under {terms.hub_id} (attribution), and {chosen.name} asks for none"


def _statement(model: TrainedModel, license_: str | None, chosen: License | None) -> str:
    terms = find_license(license_ or UNKNOWN)
    named = "an unknown licence" if terms is None else terms.name
    of_base = "was made for this training" if model.base == _TINY else f"is under {named}"
    parts = [f"The base model {model.base} {of_base}.", f"Of its data: {_judge_data(model, None).statement}"]
    if chosen:
        parts.append(f"This model is published under {chosen.name}.")
    return " ".join(parts)


@cache
def _table() -> Mapping[str, str]:
    import yaml

    text = package_files(__package__ or "mlt.data_cards").joinpath("base_models.yaml").read_text(encoding="utf-8")
    table: dict[str, str] = yaml.safe_load(text)
    return table
