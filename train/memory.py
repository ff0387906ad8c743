"""How much memory of one device training takes, estimated from a model's sizes before any of it is loaded.

Weights, gradients and AdamW's two moments are counted exactly. Activations are what autograd keeps of a gated
transformer with fused attention, counted tensor by tensor (as Korthikanti et al. 2022, arXiv:2205.05198, count them for
another architecture), of ``micro_batch_size`` rows of the greatest length; what autograd kept of small models was up to
a tenth more. Nothing is taken as sharded; for FSDP see :func:`sharded`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from .devices import Device, compute_dtype, find_device, weight_dtype
from .recipe import Recipe

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
# NF4: 4 bits a weight, an 8-bit constant for 64 of them and a 32-bit one for 256 of those (Dettmers et al. 2023).
_NF4_BYTES = (4 + 8 / 64 + 32 / (64 * 256)) / 8
# Per logit at the peak of the backward pass: in 16 bits the logits and their gradient, in 32 the probabilities and
# theirs; in float32 the logits, the probabilities and the gradient.
_LOGIT_BYTES = 12
# What the device's own context and the gaps between tensors take.
_USABLE = 0.9


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model's text tower. ``block_norms``: norms of the hidden size in a layer; ``qk_norm``: norms of
    queries and keys; ``other``: weights outside of the text tower."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    block_norms: int = 2
    qk_norm: bool = False
    other: int = 0

    @property
    def linears(self) -> Mapping[str, tuple[int, int]]:
        """The linear layers of a block: what goes into each and what comes out."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "q_proj": (self.hidden, queries),
            "k_proj": (self.hidden, keys),
            "v_proj": (self.hidden, keys),
            "o_proj": (queries, self.hidden),
            "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }

    @property
    def block_weights(self) -> int:
        """Weights in the linear layers of all blocks."""
        return self.layers * sum(entering * leaving for entering, leaving in self.linears.values())

    @property
    def text_parameters(self) -> int:
        """All weights of the text tower."""
        norms = self.layers * (self.block_norms * self.hidden + 2 * self.head_dim * self.qk_norm) + self.hidden
        return self.vocab * self.hidden * (1 if self.tied else 2) + self.block_weights + norms

    @property
    def parameters(self) -> int:
        """All weights of the model."""
        return self.text_parameters + self.other


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device. ``weights`` holds the 16-bit copies that mixed precision makes of trained weights too."""

    weights: int
    adapters: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.adapters + self.gradients + self.optimizer + self.activations

    def fits(self, device: Device) -> bool:
        """Whether it is at most nine tenths of a device's memory: the rest goes to its context and to gaps."""
        return self.total <= _USABLE * device.memory


@cache
def shapes() -> Mapping[str, Shape]:
    """The shapes of the recipes' models, by what a recipe calls them."""
    import yaml

    table = yaml.safe_load(Path(__file__).with_name("shapes.yaml").read_text(encoding="utf-8"))
    return {name: Shape(**sizes) for name, sizes in table.items()}


def shape_of(model: Any) -> Shape | None:
    """The shape of a loaded model; None where its architecture is not the one that is counted here."""
    from .models import text_tower

    config = model.config.get_text_config()
    try:
        hidden, heads = int(config.hidden_size), int(config.num_attention_heads)
        sizes = {"layers": config.num_hidden_layers, "intermediate": config.intermediate_size}
        sizes["kv_heads"] = getattr(config, "num_key_value_heads", None) or heads
        sizes["head_dim"] = getattr(config, "head_dim", None) or hidden // heads
        sizes["vocab"] = config.vocab_size
        counts = {name: int(size) for name, size in sizes.items()}
    except (AttributeError, TypeError):
        return None
    tower, module = text_tower(model)
    names = [name for name, _ in module.named_modules()]
    if not any(name.endswith("gate_proj") for name in names):
        return None
    norms = [name.rpartition(".")[2] for name in names if ".0." in name and name.endswith("norm")]
    outside = sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if tower and not name.startswith((f"{tower}.", "lm_head."))
    )
    per_head = sum(name in ("q_norm", "k_norm") for name in norms)
    return Shape(
        hidden=hidden,
        heads=heads,
        tied=bool(getattr(config, "tie_word_embeddings", False)),
        block_norms=len(norms) - per_head,
        qk_norm=per_head > 0,
        other=outside,
        **counts,
    )


def trained_parameters(recipe: Recipe, shape: Shape) -> int:
    """How many weights a recipe trains: those of the text tower, or of its adapters."""
    if recipe.method == "full":
        return shape.text_parameters
    adapted = _adapted(recipe, shape)
    trained = sum(recipe.lora_r * (entering + leaving) for entering, leaving in adapted)
    if recipe.method == "dora":
        trained += sum(leaving for _, leaving in adapted)
    return shape.layers * trained


def sharded(memory: Memory, devices: int) -> Memory:
    """One device's part under FSDP: weights, adapters, gradients and moments are divided; activations are its own."""
    parts = {name: -(-getattr(memory, name) // devices) for name in ("weights", "adapters", "gradients", "optimizer")}
    return replace(memory, **parts)


def estimate(recipe: Recipe, shape: Shape, *, device: Device | None = None, length: int | None = None) -> Memory:
    """The memory of a recipe on a device (by default the one found), with rows of ``length`` tokens (``max_length``).

    Raises EnvironmentProblem where the device lacks the recipe's number type.
    """
    device = device or find_device()
    computed = _BYTES[compute_dtype(recipe, device)]
    kept = _BYTES[weight_dtype(recipe, device)]
    weights = shape.parameters * kept
    if recipe.method == "full" and computed < kept:
        weights += shape.text_parameters * computed
    elif recipe.method == "qlora":
        weights += round(shape.block_weights * (_NF4_BYTES - kept))
    trained = trained_parameters(recipe, shape)
    # Adapters are float32, but for those of 4-bit weights, which TRL makes bfloat16.
    width = 2 if recipe.method == "qlora" else 4
    return Memory(
        weights=weights,
        adapters=0 if recipe.method == "full" else trained * width,
        gradients=trained * width,
        optimizer=2 * trained * width,
        activations=_activations(recipe, shape, computed, length or recipe.max_length),
    )


def _adapted(recipe: Recipe, shape: Shape) -> list[tuple[int, int]]:
    names = shape.linears if recipe.target_modules == "auto" else recipe.target_modules
    return [shape.linears[name] for name in names if name in shape.linears]


def _activations(recipe: Recipe, shape: Shape, computed: int, length: int) -> int:
    """Bytes that the forward pass keeps for the backward pass, at its peak."""
    layer = _layer_bytes(recipe, shape, computed, length)
    if recipe.gradient_checkpointing:
        # The input of every layer, and the one layer that is being computed again.
        residual = 4 if recipe.method == "full" else computed
        blocks = shape.layers * shape.hidden * residual + layer
    else:
        blocks = shape.layers * layer
    return recipe.micro_batch_size * length * (blocks + shape.vocab * _LOGIT_BYTES)


def _layer_bytes(recipe: Recipe, shape: Shape, computed: int, length: int) -> int:
    """Bytes kept a token and layer."""
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    # Norms are computed in float32: their input is kept and, where their weights are trained, what these multiply; the
    # output where a linear layer needs it, which is so for the first two of a layer.
    norms = shape.block_norms * shape.hidden + shape.qk_norm * (queries + keys)
    if recipe.method == "full":
        norms *= 2
    # Queries and keys as they are compared, values, what attention gives; of the MLP the gate before and after its
    # activation, the other branch and their product. Autocast gives each of the five layers behind a norm its own copy.
    copies = 2 if computed == 4 else 5
    inner = copies * shape.hidden + 2 * queries + 2 * keys + 4 * shape.intermediate
    if recipe.method != "full":
        inner += recipe.lora_r * len(_adapted(recipe, shape))
    if recipe.method == "dora":  # the magnitudes scale the outputs, which are kept for that
        inner += 2 * sum(leaving for _, leaving in _adapted(recipe, shape))
    scores = shape.heads * length * (4 + computed) if recipe.attn == "eager" else 0
    return norms * 4 + inner * computed + scores
