"""Which layers of a model an adapter would sit in, by the very rule of peft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from .models import adapter_config

if TYPE_CHECKING:
    from .recipe import Recipe

_NOT_TEXT = ("vision", "image", "audio", "multi_modal", "multimodal")
_HEAD = "lm_head"
_SHOWN = 3


def count_adapters(recipe: Recipe, model: Any) -> int | None:
    """How many layers get an adapter; None for full fine-tuning. ``model`` is without its adapters.

    UsageError where there is none, where one is not of the text tower (no image is trained on), or is the head (TRL
    computes the loss from the head's own weights, so that an adapter there would never be trained).
    """
    if recipe.method == "full":
        return None
    layers = adapted_layers(adapter_config(recipe, model), model)
    where = f"target_modules={_text(recipe.target_modules)}"
    if not layers:
        raise UsageError(f"{where}: no layer of the model matches; set target_modules=auto")
    foreign = [layer for layer in layers if any(part in layer for part in _NOT_TEXT)]
    if foreign:
        raise UsageError(
            f"{where}: {len(foreign)} layers are not of the text tower ({', '.join(foreign[:_SHOWN])}): name layers of "
            "the text tower, or set target_modules=auto"
        )
    if any(layer.rpartition(".")[2] == _HEAD for layer in layers):
        raise UsageError(f"{where}: an adapter on {_HEAD} would never be trained; leave it out")
    return len(layers)


def adapted_layers(config: Any, model: Any) -> list[str]:
    """The dotted names of the layers that a ``LoraConfig`` puts an adapter into."""
    from peft.tuners.tuners_utils import check_target_module_exists

    return [name for name, _ in model.named_modules() if check_target_module_exists(config, name)]


def _text(targets: str | tuple[str, ...]) -> str:
    return targets if isinstance(targets, str) else ",".join(targets)
