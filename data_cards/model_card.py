"""The card of a trained model on the Hub: the one that ``mlt train`` wrote, with licence, base and data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..toolkit.signature import parse_signature
from .handwritten import blocks, merge, parts, read_front, split_front
from .licenses import Judgement
from .markdown import escape
from .metadata import dump_metadata, language_code, license_keys
from .model_terms import data_runs
from .sources import hub_id
from .trained_model import TrainedModel

_OWN_KEYS = (
    *("library_name", "pipeline_tag", "language", "license", "license_name", "license_link"),
    *("base_model", "base_model_relation", "datasets", "tags"),
)
_SUMMARY = "summary"
_IN_ONE = "The adapter is merged into its base: these are the weights of a whole model, which needs no peft."


def make_model_card(model: TrainedModel, judgement: Judgement, previous: str | None = None) -> str:
    """The text of README.md; ``previous`` is the card whose hand-written text it keeps.

    What ``mlt train`` wrote stands in a block, and so does what is said of licences; all other text of ``previous``
    stays, and so do its tags and further keys. DataError where it, or the training's card, is damaged.
    """
    made = {_SUMMARY: _written(model.card), "licence": f"## Licence\n\n{escape(judgement.statement)}"}
    made |= {"use": _IN_ONE} if model.form == "merged" else {}
    fresh = {name: made[name] for name in (_SUMMARY, "use", "licence") if name in made}
    return dump_metadata(_metadata(model, judgement, read_front(previous or ""))) + merge(fresh, previous)


def published_card(card: str) -> str | None:
    """A card beside the weights, if it is one that was published, in which hand-written text can be told apart."""
    return card if blocks(card) else None


def _written(card: str) -> str:
    """What ``mlt train`` wrote, and whatever was written into it before it was published."""
    for part in parts(card):
        if part.block == _SUMMARY:
            return "\n".join(part.text.split("\n")[1:-1])
    return split_front(card)[1]


def _metadata(model: TrainedModel, judgement: Judgement, previous: Mapping[str, Any]) -> dict[str, Any]:
    trained = read_front(model.card)
    made = {
        "language": list(dict.fromkeys(language_code(lang) for lang in model.data["languages"] if lang != "und")),
        **license_keys(judgement),
        "library_name": "peft" if model.form == "adapter" else "transformers",
        "pipeline_tag": trained.get("pipeline_tag", "text-generation"),
        **_base(model),
        "datasets": list(dict.fromkeys(_datasets(model))),
        "tags": list(dict.fromkeys([*_texts(trained.get("tags")), *_texts(previous.get("tags"))])),
    }
    foreign = {key: value for key, value in {**trained, **previous}.items() if key not in _OWN_KEYS}
    return {key: value for key, value in made.items() if value != []} | foreign


def _base(model: TrainedModel) -> dict[str, str]:
    """The base, where the Hub can resolve it."""
    if hub_id(model.base) is None:
        return {}
    return {"base_model": model.base, "base_model_relation": "adapter" if model.form == "adapter" else "finetune"}


def _datasets(model: TrainedModel) -> Iterable[str]:
    """The data sets of the Hub that it learned from, or from translations of."""
    named = [(run.get("source") or {}).get("dataset") for run in data_runs(model)]
    if model.data.get("kind") == "hub":
        try:
            named.append(parse_signature(str(model.manifest["identity"].get("data"))).get("source.dataset"))
        except ValueError:
            named.append(model.data.get("name"))
    yield from (name for name in map(str, named) if hub_id(name))


def _texts(values: Any) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []
