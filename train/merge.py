"""A trained adapter put into its base: one model that needs no peft to be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from ..toolkit.errors import DataError
from ..toolkit.files import disk_errors
from ..toolkit.layout import SCRATCH
from ..toolkit.progress import Progress
from .models import load_model
from .recipe import Recipe
from .train_folder import MERGED


def merge_adapter(folder: Path, recipe: Recipe, progress: Progress) -> Path:
    """Writes ``merged/`` beside the adapter of a finished training, as safetensors, and gives its path.

    One that stands there is left as it is. A QLoRA adapter goes into the base's unquantised weights.
    """
    merged = folder / MERGED
    if merged.is_dir():
        return merged
    if not (folder / "adapter_config.json").is_file():
        raise DataError(f"{folder} holds no adapter (adapter_config.json): train it again, with --restart")
    from peft import PeftModel

    progress.message("merging the adapter into its base")
    base, tokenizer = load_model(replace(recipe, method="lora"))
    model = PeftModel.from_pretrained(base, str(folder)).merge_and_unload(safe_merge=True)
    aside = folder / SCRATCH
    with disk_errors(merged):
        rmtree(aside, ignore_errors=True)
        model.save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        aside.replace(merged)
    progress.message("")
    return merged
