"""Memory: counts against real models, and activations against what autograd keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlt.train.devices import Device
from mlt.train.memory import Memory, Shape, estimate, shape_of, shapes, sharded, trained_parameters
from mlt.train.models import adapter_config, load_model
from mlt.train.recipe import METHODS, load_recipe, recipe_names
from mlt.train.recipe_commands import describe_recipe, run_recipes

CPU = Device("cpu", "CPU", 25 * 10**9, 1, "float32")
A100 = Device("cuda", "A100", 80 * 10**9, 8, "bfloat16")
GB = 10**9

# Of the checkpoints on the Hub.
PARAMETERS = {
    "Qwen/Qwen3-0.6B-Base": 596_049_920,
    "Qwen/Qwen3-1.7B-Base": 1_720_574_976,
    "Qwen/Qwen3-8B-Base": 8_190_735_360,
    "google/gemma-3-1b-pt": 999_885_952,
    "google/gemma-3-4b-pt": 4_300_079_472,
    "HuggingFaceTB/SmolLM2-135M": 134_515_008,
}
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 64,
}


def small(kind: str, layers: int = 2, dtype: str = "float32", **sizes: Any) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    options = {**SMALL, **({} if kind == "llama" else {"head_dim": 16}), **sizes, "num_hidden_layers": layers}
    config = AutoConfig.for_model(kind, **options)
    return AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))


def kept_bytes(model: Any, rows: int, length: int, *, mixed: bool) -> int:
    """What autograd keeps of a forward pass, weights not counted."""
    import torch
    from torch.autograd.graph import saved_tensors_hooks

    own = {weights.untyped_storage().data_ptr() for weights in model.parameters()}
    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    ids = torch.ones((rows, length), dtype=torch.long)
    with saved_tensors_hooks(keep, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        model.train()(input_ids=ids, use_cache=False)
    return sum(tensor.untyped_storage().nbytes() for key, tensor in kept.items() if key not in own)


def test_every_recipe_of_the_package_has_a_shape() -> None:
    assert {load_recipe(name).model for name in recipe_names()} == set(shapes())


@pytest.mark.parametrize("model", PARAMETERS)
def test_a_shape_has_as_many_weights_as_the_checkpoint(model: str) -> None:
    assert shapes()[model].parameters == PARAMETERS[model]


def test_the_shape_of_tiny_is_what_is_made() -> None:
    model, _ = load_model(load_recipe("tiny/math"), device=CPU)
    assert shape_of(model) == shapes()["tiny"]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3_text"])
def test_the_shape_of_a_loaded_model_has_its_weights(kind: str, tied: bool) -> None:
    model = small(kind, tie_word_embeddings=tied)
    shape = shape_of(model)
    assert shape is not None
    assert shape.parameters == model.num_parameters()


def test_a_model_of_another_architecture_has_no_shape() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    assert shape_of(GPT2LMHeadModel(GPT2Config(vocab_size=16, n_embd=8, n_layer=1, n_head=2))) is None


@pytest.mark.parametrize("targets", ["auto", "q_proj,down_proj"])
@pytest.mark.parametrize("method", ["lora", "dora"])
@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_as_many_weights_are_trained_as_peft_makes(kind: str, method: str, targets: str) -> None:
    from peft import get_peft_model

    recipe = load_recipe("tiny/math", [f"method={method}", f"target_modules={targets}", "lora_r=3"])
    model = small(kind)
    shape = shape_of(model)
    assert shape is not None
    adapted = get_peft_model(model, adapter_config(recipe, model))
    assert trained_parameters(recipe, shape) == adapted.get_nb_trainable_parameters()[0]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("method", ["full", "lora", "dora"])
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3_text"])
def test_the_activations_of_a_layer_are_within_a_tenth_of_what_autograd_keeps(
    kind: str, method: str, dtype: str
) -> None:
    from peft import get_peft_model

    recipe = load_recipe("tiny/math", [f"method={method}", f"dtype={dtype}", "lora_r=4", "micro_batch_size=2"])
    rows, length = recipe.micro_batch_size, 256
    found = []
    for layers in (1, 2):
        model = small(kind, layers, "float32" if method == "full" else dtype, hidden_size=64, intermediate_size=192)
        shape = shape_of(model)
        assert shape is not None
        config = adapter_config(recipe, model)
        adapted = model if config is None else get_peft_model(model, config)
        kept = kept_bytes(adapted, rows, length, mixed=dtype == "bfloat16")
        found.append((kept, estimate(recipe, shape, device=CPU, length=length).activations))
    (kept, estimated) = (found[1][place] - found[0][place] for place in (0, 1))
    assert estimated == pytest.approx(kept, rel=0.1)


@pytest.mark.parametrize(
    ("method", "weights", "trained", "width"),
    [
        # float32 weights and the copies that autocast makes; AdamW keeps two float32 numbers a weight.
        ("full", 8_190_735_360 * 6, 8_190_735_360, 4),
        ("lora", 8_190_735_360 * 2, 43_646_976, 4),
        ("dora", 8_190_735_360 * 2, 43_646_976 + 36 * (2 * 4096 + 2 * 12288 + 4096 + 2 * 1024), 4),
    ],
)
def test_weights_gradients_and_moments_are_counted_exactly(method: str, weights: int, trained: int, width: int) -> None:
    recipe = load_recipe("qwen3-8b/math", [f"method={method}"])
    found = estimate(recipe, shapes()[recipe.model], device=A100)
    adapters = 0 if method == "full" else trained * width
    assert (found.weights, found.adapters) == (weights, adapters)
    assert (found.gradients, found.optimizer) == (trained * width, 2 * trained * width)
    assert found.total == weights + adapters + 3 * trained * width + found.activations


def test_four_bit_weights_take_about_a_quarter_but_for_the_embeddings() -> None:
    shape = shapes()["Qwen/Qwen3-8B-Base"]
    whole, quarter = (
        estimate(load_recipe("qwen3-8b/math", [f"method={method}"]), shape, device=A100).weights
        for method in ("lora", "qlora")
    )
    assert quarter == pytest.approx((whole - shape.block_weights * 2) + shape.block_weights * 0.516, rel=1e-3)


@pytest.mark.parametrize(
    "less",
    ["gradient_checkpointing=true", "micro_batch_size=1", "max_length=512", "attn=sdpa"],
)
def test_what_saves_memory_is_seen_to(less: str) -> None:
    before = ["gradient_checkpointing=false", "attn=eager"]
    shape = shapes()["Qwen/Qwen3-0.6B-Base"]
    more, saved = (
        estimate(load_recipe("qwen3-0.6b/math", overrides), shape, device=A100).activations
        for overrides in (before, [*before, less])
    )
    assert saved < more


def test_rows_that_are_known_to_be_short_take_less() -> None:
    recipe = load_recipe("qwen3-0.6b/math")
    shape = shapes()[recipe.model]
    whole, half = (estimate(recipe, shape, device=A100, length=length).activations for length in (2048, 1024))
    assert (whole, whole) == (2 * half, estimate(recipe, shape, device=A100).activations)


def test_a_tenth_of_the_device_is_left_free() -> None:
    assert Memory(90, 0, 0, 0, 0).fits(Device("cpu", "CPU", 100, 1, "float32"))
    assert not Memory(90, 0, 0, 0, 1).fits(Device("cpu", "CPU", 100, 1, "float32"))


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_trains_an_adapter_on_the_devices_of_the_paper(name: str) -> None:
    methods = describe_recipe(name, A100)["methods"]
    assert methods["lora"]["fits"]
    assert set(methods) == set(METHODS) - ({"qlora"} if name.startswith("tiny") else set())


def test_all_weights_of_the_largest_model_need_several_devices() -> None:
    found = describe_recipe("qwen3-8b/math", A100)["methods"]
    assert not found["full"]["fits"]
    assert found["full"]["total"] > 100 * GB


def test_the_recipes_are_listed_with_the_device(capsys: pytest.CaptureFixture[str]) -> None:
    run_recipes(False)
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if "/" in line.split(" ")[0]} == set(recipe_names())
    assert any(line.startswith("device: ") for line in lines)


def test_the_recipes_as_json_name_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    run_recipes(True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["device"]["memory"] > 0
    assert [entry["name"] for entry in printed["recipes"]] == recipe_names()
    for entry in printed["recipes"]:
        for sizes in entry["methods"].values():
            parts = ("weights", "adapters", "gradients", "optimizer", "activations")
            assert sizes["total"] == sum(sizes[part] for part in parts)


def test_the_table_of_shapes_says_nothing_twice() -> None:
    import mlt.train.memory as module

    lines = Path(module.__file__).with_name("shapes.yaml").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert len(entries) == len(shapes())
    assert all(isinstance(shape, Shape) for shape in shapes().values())


def test_sharding_divides_all_but_the_activations() -> None:
    whole = Memory(weights=80, adapters=0, gradients=81, optimizer=160, activations=7)
    assert sharded(whole, 8) == Memory(weights=10, adapters=0, gradients=11, optimizer=20, activations=7)
    assert sharded(whole, 1) == whole
