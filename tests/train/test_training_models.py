"""Models and tokenizers of recipes: made on the spot, read from folders and the Hub, and where adapters go."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hub_double import REVISION, HubDouble
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.train import devices
from mlt.train.devices import Device, compute_dtype, find_device, weight_dtype
from mlt.train.models import adapter_config, load_model, model_revision, text_tower
from mlt.train.recipe import Recipe, load_recipe
from mlt.train.tiny_model import make_tiny

pytest.importorskip("torch")
pytest.importorskip("transformers")

CPU = Device("cpu", "CPU", 10**10, 1, "float32")
AMPERE = Device("cuda", "A100", 80 * 10**9, 1, "bfloat16")
VOLTA = Device("cuda", "V100", 32 * 10**9, 1, "float16")

BLOCK = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]


def tiny(*overrides: str) -> Recipe:
    return load_recipe("tiny/math", overrides)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tiny(0)[1]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in a folder."""
    folder = tmp_path_factory.mktemp("saved")
    for part in make_tiny(3):
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def gemma() -> Any:
    """A vision model of some thousand weights, shaped as Gemma 3 4B is."""
    from transformers import AutoModelForCausalLM, Gemma3Config

    text = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "vocab_size": 64,
    }
    vision = {
        "model_type": "siglip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
        "vision_use_head": False,
    }
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, image_token_index=63)
    return AutoModelForCausalLM.from_config(config)


def adapted(recipe: Recipe, model: Any) -> list[str]:
    """The layers that peft puts adapters into."""
    from peft.tuners.tuners_utils import check_target_module_exists

    config = adapter_config(recipe, model)
    return [name for name, _ in model.named_modules() if check_target_module_exists(config, name)]


def test_tiny_is_the_same_for_the_same_seed() -> None:
    import torch

    def weights(seed: int) -> Any:
        return next(make_tiny(seed)[0].parameters())

    first = weights(1)
    torch.rand(7)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


def test_making_tiny_leaves_the_random_numbers_of_others_alone() -> None:
    import torch

    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    make_tiny(0)
    assert torch.equal(torch.rand(3), wanted)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_the_tokenizer_of_tiny_gives_back_every_text(tokenizer: Any, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("text", ["Habari ya leo", "উত্তর ১৮", "答えは18です。", "คำตอบ ๑๘", "  two\n\nlines "])
def test_a_token_of_tiny_is_a_byte(tokenizer: Any, text: str) -> None:
    assert len(tokenizer(text)["input_ids"]) == len(text.encode())


def test_the_marks_of_tiny_are_a_token_each_and_distinct(tokenizer: Any) -> None:
    assert len(tokenizer(tokenizer.eos_token)["input_ids"]) == 1
    assert tokenizer.eos_token_id != tokenizer.pad_token_id


def test_the_chat_template_of_tiny_marks_what_the_assistant_says_and_its_end(tokenizer: Any) -> None:
    call = {"function": {"name": "Weather", "arguments": {"city": "Málaga"}}}
    messages = [
        {"role": "user", "content": "How warm?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "21"},
        {"role": "assistant", "content": "It is 21."},
    ]
    tools = [{"type": "function", "function": {"name": "Weather"}}]
    rendered = tokenizer.apply_chat_template(
        messages, tools=tools, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    pairs = zip(rendered["input_ids"], rendered["assistant_masks"], strict=True)
    marked = tokenizer.decode([token for token, mark in pairs if mark])
    assert marked == (
        '<tool_call>\n{"name": "Weather", "arguments": {"city": "Málaga"}}\n</tool_call><|end|>It is 21.<|end|>'
    )
    text = tokenizer.apply_chat_template(messages, tools=tools, tokenize=False)
    asked = tokenizer.apply_chat_template(messages[:-1], tools=tools, tokenize=False, add_generation_prompt=True)
    assert text.startswith(asked)
    assert '"name": "Weather"' in text.partition("<|role|>")[0]


def test_tiny_can_be_trained_in_each_of_its_methods() -> None:
    import torch
    from peft import get_peft_model

    torch.manual_seed(0)
    for method in ("full", "lora", "dora"):
        recipe = tiny(f"method={method}")
        model, tokenizer = load_model(recipe, device=CPU)
        config = adapter_config(recipe, model)
        model = model if config is None else get_peft_model(model, config)
        batch = tokenizer(["two and two are four"], return_tensors="pt")
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.005)
        losses = []
        for _ in range(4):
            loss = model(**batch, labels=batch["input_ids"]).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        assert losses[-1] < losses[0], method


def test_a_folder_gives_back_its_weights_under_its_own_path(saved: Path) -> None:
    import torch

    model, tokenizer = load_model(tiny(f"model={saved}"), device=CPU)
    made, _ = make_tiny(3)
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), made.parameters(), strict=True))
    assert model.name_or_path == str(saved)
    assert model_revision(model).startswith("blake2b:")
    assert tokenizer.eos_token == "<|end|>"


def test_a_checkpoint_that_is_loaded_and_saved_is_loaded_again(saved: Path, tmp_path: Path) -> None:
    model, tokenizer = load_model(tiny(f"model={saved}"), device=CPU)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again, _ = load_model(tiny(f"model={tmp_path}"), device=CPU)
    assert again.num_parameters() == model.num_parameters()


def test_the_revision_of_a_folder_changes_with_its_weights(saved: Path, tmp_path: Path) -> None:
    for part in make_tiny(4):
        part.save_pretrained(tmp_path)
    models = [load_model(tiny(f"model={folder}"), device=CPU)[0] for folder in (saved, tmp_path)]
    assert model_revision(models[0]) != model_revision(models[1])


def test_an_adapter_names_the_model_that_it_is_read_with(saved: Path, tmp_path: Path) -> None:
    from peft import AutoPeftModelForCausalLM, get_peft_model

    recipe = tiny(f"model={saved}", "method=lora")
    model, _ = load_model(recipe, device=CPU)
    get_peft_model(model, adapter_config(recipe, model)).save_pretrained(tmp_path)
    again = AutoPeftModelForCausalLM.from_pretrained(tmp_path)
    assert again.peft_config["default"].base_model_name_or_path == str(saved)


@pytest.mark.parametrize(
    ("files", "error", "said"),
    [
        ({}, UsageError, "no safetensors with a config.json, and no GGUF file"),
        ({"pytorch_model.bin": "x", "config.json": "{}"}, UsageError, "no safetensors with a config.json"),
        ({"model.safetensors": "x"}, UsageError, "no safetensors with a config.json"),
        ({"a.gguf": "x", "b.gguf": "x"}, UsageError, "holds 2 GGUF files"),
        ({"model.safetensors": "x", "config.json": "{}"}, DataError, "cannot be loaded"),
    ],
)
def test_a_folder_without_a_usable_checkpoint_is_refused(
    tmp_path: Path, files: dict[str, str], error: type[Exception], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(error) as caught:
        load_model(tiny(f"model={tmp_path}"), device=CPU)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gguf_checkpoint_is_read_through_its_file(saved: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    import mlt.train.models as module

    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    asked: list[dict[str, Any]] = []

    def read(cls: Any, made: Any) -> Any:
        def from_pretrained(folder: str, **options: Any) -> Any:
            asked.append({"folder": folder, **options})
            return made

        return from_pretrained

    model, tokenizer = make_tiny(0)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", read(AutoModelForCausalLM, model))
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", read(AutoTokenizer, tokenizer))
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    load_model(tiny(f"model={tmp_path}"), device=CPU)
    assert [(entry["folder"], entry["gguf_file"]) for entry in asked] == [(str(tmp_path), "small.gguf")] * 2
    assert all("use_safetensors" not in entry for entry in asked)


@pytest.mark.parametrize(
    ("recipe", "package"),
    [("qwen3-0.6b/math", "bitsandbytes"), ("smollm2-135m/api", "bitsandbytes"), (None, "gguf")],
)
def test_a_missing_package_is_named_in_one_line(
    tmp_path: Path, monkeypatch: Any, recipe: str | None, package: str
) -> None:
    import mlt.train.models as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    wanted = load_recipe(recipe, ["method=qlora"]) if recipe else tiny(f"model={tmp_path}")
    with pytest.raises(EnvironmentProblem, match=f"pip install {package}"):
        load_model(wanted, device=CPU)


def test_tiny_has_no_weights_for_four_bits() -> None:
    with pytest.raises(UsageError, match="set method=lora"):
        load_model(tiny("method=qlora"), device=CPU)


@pytest.mark.parametrize("model", ["no/such/folder", "who is this", "~/model"])
def test_what_is_neither_a_folder_nor_a_hub_id_is_refused(model: str) -> None:
    with pytest.raises(UsageError, match="no such folder, and no Hub id"):
        load_model(tiny(f"model={model}"), device=CPU)


def fetched(tmp_path: Path, hub: HubDouble) -> str:
    """What a recipe's checkpoint on a Hub is found to be, by a process that knows no other Hub."""
    code = """
        from mlt.toolkit.errors import MltError
        from mlt.train.models import find_checkpoint
        from mlt.train.recipe import load_recipe
        try:
            found = find_checkpoint(load_recipe("tiny/math", ["model=who/model"]))
            print(found.name, found.revision, *sorted(path.name for path in found.folder.iterdir()))
        except MltError as error:
            print(error)
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip()


def test_of_a_hub_model_only_safetensors_and_texts_are_fetched(tmp_path: Path, saved: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    for path in saved.iterdir():
        (served / path.name).write_bytes(path.read_bytes())
    (served / "pytorch_model.bin").write_text("code may hide in here")
    (served / "modeling_model.py").write_text("raise SystemExit")
    with HubDouble({"who/model": served}) as hub:
        found = fetched(tmp_path, hub)
    names = sorted(path.name for path in saved.iterdir())
    assert found == f"who/model {REVISION} {' '.join(names)}"


def test_a_hub_model_without_safetensors_is_refused(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / "config.json").write_text("{}")
    (served / "pytorch_model.bin").write_text("x")
    with HubDouble({"who/model": served}) as hub:
        assert fetched(tmp_path, hub).startswith("model who/model: it holds no model.safetensors")


def test_adapters_go_to_every_linear_layer_but_the_output() -> None:
    model, _ = make_tiny(0)
    assert sorted(adapter_config(tiny("method=lora"), model).target_modules) == BLOCK
    assert len(adapted(tiny("method=lora"), model)) == 2 * len(BLOCK)
    assert adapted(tiny("method=lora", "target_modules=q_proj,v_proj"), model) == [
        f"model.layers.{layer}.self_attn.{name}" for layer in (0, 1) for name in ("q_proj", "v_proj")
    ]


def test_an_adapter_is_as_the_recipe_says() -> None:
    model, _ = make_tiny(0)
    recipe = tiny("method=dora", "lora_r=4", "lora_alpha=9", "lora_dropout=0.25")
    config = adapter_config(recipe, model)
    assert (config.r, config.lora_alpha, config.lora_dropout, config.use_dora) == (4, 9, 0.25, True)
    assert not adapter_config(tiny("method=lora"), model).use_dora
    assert adapter_config(tiny("method=full"), model) is None


def test_a_layer_that_the_model_lacks_is_refused_with_those_it_has() -> None:
    model, _ = make_tiny(0)
    with pytest.raises(UsageError, match="has no layer qproj; it has down_proj, gate_proj"):
        adapter_config(tiny("method=lora", "target_modules=q_proj,qproj"), model)


def test_a_vision_model_gets_adapters_in_its_text_tower_alone(gemma: Any) -> None:
    recipe = load_recipe("gemma-3-4b/math")
    name, _ = text_tower(gemma)
    for chosen, layers in ((recipe, 2 * len(BLOCK)), (load_recipe(recipe.name, ["target_modules=q_proj"]), 2)):
        found = adapted(chosen, gemma)
        assert len(found) == layers
        assert all(layer.startswith(f"{name}.") for layer in found)


def test_layers_of_the_vision_tower_alone_are_refused(gemma: Any) -> None:
    with pytest.raises(UsageError, match="has no layer fc1"):
        adapter_config(load_recipe("gemma-3-4b/math", ["target_modules=fc1"]), gemma)


def test_full_training_of_a_vision_model_leaves_what_sees_images_alone(gemma: Any, tmp_path: Path) -> None:
    gemma.save_pretrained(tmp_path)
    make_tiny(0)[1].save_pretrained(tmp_path)
    model, _ = load_model(load_recipe("gemma-3-4b/math", ["method=full", f"model={tmp_path}"]), device=CPU)
    name, _ = text_tower(model)
    trained = {part for part, weights in model.named_parameters() if weights.requires_grad}
    assert trained == {part for part, _ in model.named_parameters() if part.startswith((f"{name}.", "lm_head."))}
    assert trained
    assert len(trained) < len(list(model.parameters()))


@pytest.mark.parametrize(
    ("overrides", "device", "computed", "kept"),
    [
        ((), CPU, "float32", "float32"),
        (("dtype=bfloat16", "method=lora"), CPU, "bfloat16", "bfloat16"),
        (("method=lora",), AMPERE, "bfloat16", "bfloat16"),
        (("method=full",), AMPERE, "bfloat16", "float32"),
        (("method=lora",), VOLTA, "float16", "float16"),
        (("method=full",), VOLTA, "float16", "float32"),
        (("method=lora", "dtype=float32"), AMPERE, "float32", "float32"),
    ],
)
def test_numbers_are_as_the_device_can_and_trained_weights_in_full(
    overrides: tuple[str, ...], device: Device, computed: str, kept: str
) -> None:
    recipe = tiny(*overrides)
    assert (compute_dtype(recipe, device), weight_dtype(recipe, device)) == (computed, kept)
    model, _ = load_model(recipe, device=device)
    assert str(model.dtype) == f"torch.{kept}"


@pytest.mark.parametrize(
    ("dtype", "device", "said"), [("float16", CPU, "on a GPU only"), ("bfloat16", VOLTA, "V100 has no bfloat16")]
)
def test_a_number_type_that_the_device_lacks_is_refused(dtype: str, device: Device, said: str) -> None:
    with pytest.raises(EnvironmentProblem, match=said):
        load_model(tiny(f"dtype={dtype}"), device=device)


def test_without_a_gpu_the_cpu_is_found_and_cuda_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(devices, "_cuda", lambda: None)
    found = find_device()
    assert (found.kind, found.dtype, found == find_device("cpu")) == ("cpu", "float32", True)
    assert found.memory > 10**8
    with pytest.raises(EnvironmentProblem, match="no CUDA device"):
        find_device("cuda")
