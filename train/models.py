"""A recipe's model and tokenizer, and the adapter that is to be trained on it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError, EnvironmentProblem, MltError, UsageError, one_line
from ..toolkit.hub_files import Listing, fetch_files
from ..toolkit.local_sets import content_hash
from ..toolkit.progress import NullProgress, Progress, step_messages
from .devices import Device, compute_dtype, find_device, weight_dtype
from .recipe import Recipe
from .tiny_model import NAME as TINY
from .tiny_model import make_tiny

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+|[\w-]+")
_TOKENIZER_FILES = ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json", "*.jinja")
_CONFIG_FILES = ("config.json", "generation_config.json")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where weights are: their folder, what the model is called in what is made of it, the revision (a commit, or a
    hash of local files), and the one file of a GGUF checkpoint."""

    folder: Path
    name: str
    revision: str
    gguf: str | None = None


def load_model(recipe: Recipe, *, device: Device | str = "auto", progress: Progress | None = None) -> tuple[Any, Any]:
    """The model, in the type that it is trained in and with its trainable weights set, and the tokenizer.

    The model is in main memory, for the trainer to place, but for 4-bit weights, which are made on the device.
    ``model.name_or_path`` is what an adapter names as its base (whoever keeps one of ``tiny``, which is stored nowhere,
    saves the base beside it), :func:`model_revision` which version that is. No code of a checkpoint is run, and weights
    are read as safetensors or GGUF only.

    Raises UsageError for a model that does not exist or cannot be trained so, DataError for a damaged checkpoint,
    EnvironmentProblem where a package, the device or the Hub fails.
    """
    device = find_device(device) if isinstance(device, str) else device
    if recipe.model == TINY:
        model, tokenizer = _made(recipe, device)
    else:
        if recipe.method == "qlora":
            _require("bitsandbytes", "method qlora", "set method=lora")
        checkpoint = find_checkpoint(recipe, progress)
        model, tokenizer = _read(recipe, device, checkpoint)
    if tokenizer.pad_token_id is None:
        if tokenizer.eos_token_id is None:
            raise UsageError(f"{recipe.model}: its tokenizer has no end token, so the model could not learn to stop")
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    _freeze(model, recipe)
    return model, tokenizer


def model_revision(model: Any) -> str:
    """Which version of a model :func:`load_model` has read: a commit, or a hash of local files; "" where unknown."""
    return str(getattr(model.config, "_commit_hash", None) or "")


def find_checkpoint(recipe: Recipe, progress: Progress | None = None) -> Checkpoint:
    """The files of a recipe's model, fetched from the Hub where it is no folder."""
    folder = Path(recipe.model)
    if folder.is_dir():
        return _local(folder)
    if _HUB_ID.fullmatch(recipe.model) is None:
        raise UsageError(f"model {recipe.model}: no such folder, and no Hub id (owner/name)")
    files = fetch_files(
        recipe.model,
        _wanted(recipe.model),
        option="model",
        hint="set model to a folder that holds it",
        revision=recipe.revision,
        progress=step_messages(progress or NullProgress()),
    )
    return Checkpoint(files.folder, recipe.model, files.revision)


def text_tower(model: Any) -> tuple[str, Any]:
    """The part of a model that reads and writes text: its dotted name, "" for the whole model, and the module.

    Gemma 3 from 4B on is a vision model, whose other tower has layers of the same names.
    """
    for name, module in model.named_modules():
        if name.rpartition(".")[2] == "language_model":
            return name, module
    return "", model


def adapter_config(recipe: Recipe, model: Any) -> Any:
    """The ``peft.LoraConfig`` of a recipe for a model; None for method full.

    ``auto`` is every linear layer of the text tower but the output layer. UsageError where a named layer is not there.
    """
    if recipe.method == "full":
        return None
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM",
        r=recipe.lora_r,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        use_dora=recipe.method == "dora",
        target_modules=_targets(recipe, model),
        bias="none",
    )


def _targets(recipe: Recipe, model: Any) -> list[str] | str:
    """Last parts of names; where a model has other towers, a pattern that holds for the text tower alone."""
    from torch.nn import Linear

    tower, module = text_tower(model)
    output = model.get_output_embeddings()
    linear = [name for name, layer in module.named_modules() if isinstance(layer, Linear) and layer is not output]
    found = sorted({name.rpartition(".")[2] for name in linear})
    if recipe.target_modules == "auto":
        if not found:
            raise UsageError(f"{recipe.model} has no linear layers to adapt; name its layers in target_modules")
        wanted = found
    else:
        known = {name.rpartition(".")[2] for name, _ in module.named_modules()}
        missing = [name for name in recipe.target_modules if name not in known]
        if missing:
            raise UsageError(f"target_modules: {recipe.model} has no layer {missing[0]}; it has {', '.join(found)}")
        wanted = list(recipe.target_modules)
    if not tower:
        return wanted
    return rf"{re.escape(tower)}\..*\.(?:{'|'.join(map(re.escape, wanted))})"


def _made(recipe: Recipe, device: Device) -> tuple[Any, Any]:
    if recipe.method == "qlora":
        raise UsageError("method qlora: tiny has no weights worth putting into 4 bits; set method=lora")
    model, tokenizer = make_tiny(recipe.seed)
    _name(model, TINY, f"seed-{recipe.seed}")
    return model.to(_torch_dtype(weight_dtype(recipe, device))), tokenizer


def _read(recipe: Recipe, device: Device, checkpoint: Checkpoint) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"dtype": _torch_dtype(weight_dtype(recipe, device)), "trust_remote_code": False}
    where: dict[str, Any] = {"gguf_file": checkpoint.gguf} if checkpoint.gguf else {}
    if not checkpoint.gguf:
        options["use_safetensors"] = True
    if recipe.attn != "auto":
        options["attn_implementation"] = recipe.attn
    if recipe.method == "qlora":
        options |= {"quantization_config": _four_bits(recipe, device), "device_map": {"": _place(device)}}
    folder = str(checkpoint.folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **where)
        model = AutoModelForCausalLM.from_pretrained(folder, **options, **where)
        if checkpoint.gguf:
            _forget_quantization(model)
    except MltError:
        raise
    except ImportError as error:
        raise EnvironmentProblem(f"{recipe.model}: {one_line(error)}; install it, or change the recipe") from None
    except Exception as error:  # a damaged file surfaces as whatever its reader raises
        raise DataError(f"{recipe.model} cannot be loaded: {one_line(error)}") from None
    _name(model, checkpoint.name, checkpoint.revision)
    return model, tokenizer


def _forget_quantization(model: Any) -> None:
    """GGUF weights are made whole when they are read, but transformers goes on to call the model quantized, and then
    refuses to train it."""
    model.is_quantized = False
    for owner, name in ((model, "hf_quantizer"), (model, "quantization_method"), (model.config, "quantization_config")):
        if hasattr(owner, name):
            delattr(owner, name)


def _local(folder: Path) -> Checkpoint:
    """A checkpoint of one's own: safetensors, or one GGUF file."""
    name = str(folder.resolve())
    weights = sorted(folder.glob("*.safetensors"))
    if weights and (folder / "config.json").is_file():
        texts = [path for pattern in (*_CONFIG_FILES, *_TOKENIZER_FILES) for path in sorted(folder.glob(pattern))]
        return Checkpoint(folder, name, content_hash(sorted({*weights, *texts})))
    gguf = sorted(folder.glob("*.gguf"))
    if not gguf:
        raise UsageError(f"model {folder}: it holds no safetensors with a config.json, and no GGUF file")
    if len(gguf) > 1:
        raise UsageError(f"model {folder}: it holds {len(gguf)} GGUF files; keep the one that is meant in a folder")
    _require("gguf", f"model {folder}", "use a checkpoint of safetensors")
    return Checkpoint(folder, name, content_hash(gguf), gguf[0].name)


def _wanted(hub_id: str) -> Callable[[Listing], list[str]]:
    def choose(listing: Listing) -> list[str]:
        if "config.json" not in listing.names:
            raise UsageError(f"model {hub_id}: it holds no config.json; name a repository with a model")
        # Not from folders: there lie other formats and copies.
        top = sorted(name for name in listing.names if "/" not in name)
        if not any(fnmatch(name, "model*.safetensors") for name in top):
            raise UsageError(f"model {hub_id}: it holds no model.safetensors; other weights are not loaded")
        fit = (*_CONFIG_FILES, *_TOKENIZER_FILES, "model*.safetensors*")
        return [name for name in top if any(fnmatch(name, pattern) for pattern in fit)]

    return choose


def _freeze(model: Any, recipe: Recipe) -> None:
    """Leaves to be trained, with method full, what text passes through; a tower that sees no image learns nothing."""
    tower, _ = text_tower(model)
    if recipe.method != "full" or not tower:
        return
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith((f"{tower}.", "lm_head.")))


def _four_bits(recipe: Recipe, device: Device) -> Any:
    """QLoRA's settings (Dettmers et al. 2023): NF4, its constants quantised too."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=_torch_dtype(compute_dtype(recipe, device)),
    )


def _place(device: Device) -> Any:
    """Under torchrun each process quantises onto its own GPU."""
    return int(os.environ.get("LOCAL_RANK", 0)) if device.kind == "cuda" else "cpu"


def _name(model: Any, name: str, revision: str) -> None:
    model.name_or_path = name
    model.config._name_or_path = name
    model.config._commit_hash = revision


def _torch_dtype(name: str) -> Any:
    import torch

    return getattr(torch, name)


def _require(package: str, what: str, instead: str) -> None:
    if find_spec(package) is None:
        raise EnvironmentProblem(f"{what} needs the package {package}: pip install {package}, or {instead}")
