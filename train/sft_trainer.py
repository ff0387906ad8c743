"""TRL's SFTTrainer, set up from a recipe; ours is what it lacks: task accuracy at each evaluation.

The rows come as tokens with their labels (:mod:`mlt.train.data`), so that TRL has only to cut and to pack them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.progress import Progress
from .accuracy import CHOICE, TaskAccuracy, choice, chosen_items
from .callbacks import divergence_callback, progress_callback, stop_callback
from .devices import Device, compute_dtype
from .models import adapter_config
from .stopping import StopRequest
from .train_folder import CHECKPOINTS, CURVES

if TYPE_CHECKING:
    from accelerate import PartialState
    from trl import SFTTrainer

    from .data import TrainingData
    from .preflight_report import Report
    from .recipe import Recipe

_KEPT = 2  # checkpoints on disk: the best and the latest
_NEVER = 10**9


@dataclass(frozen=True)
class Setup:
    """All that a training is made of: what was loaded, and what preflight has found out."""

    recipe: Recipe
    model: Any
    tokenizer: Any
    data: TrainingData
    report: Report
    device: Device
    folder: Path

    @property
    def evaluates(self) -> bool:
        """Whether checkpoints are evaluated, so that the best one can be kept."""
        return len(self.data.held_out) > 0


def make_trainer(setup: Setup, processes: PartialState, request: StopRequest, progress: Progress) -> SFTTrainer:
    """The trainer of a setup; training is its ``train(resume_from_checkpoint=…)``."""
    from transformers import PrinterCallback
    from transformers.integrations import TensorBoardCallback
    from trl import SFTConfig

    recipe, columns = setup.recipe, ["input_ids", "labels"]
    trainer: SFTTrainer = _trainer_class()(
        model=setup.model,
        args=SFTConfig(**arguments(setup)),
        train_dataset=setup.data.train.select_columns(columns),
        eval_dataset=setup.data.held_out.select_columns(columns) if setup.evaluates else None,
        processing_class=setup.tokenizer,
        peft_config=adapter_config(recipe, setup.model),
        callbacks=[
            progress_callback(progress),
            divergence_callback(),
            stop_callback(request, recipe.save_steps),
        ],
    )
    trainer.remove_callback(PrinterCallback)  # which prints to stdout
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            callback.logging_dir = str(setup.folder / CURVES)  # not among the checkpoints, which go in the end
    if setup.evaluates and recipe.keep == "accuracy":  # by the loss is also for those who have no time for answers
        trainer.task_accuracy = _task_accuracy(setup, processes, trainer)
    return trainer


def arguments(setup: Setup) -> dict[str, Any]:
    """The recipe as the fields of TRL's SFTConfig."""
    recipe, steps = setup.recipe, setup.report.steps
    on_cpu, computed = setup.device.kind == "cpu", compute_dtype(recipe, setup.device)
    return {
        "output_dir": str(setup.folder / CHECKPOINTS),
        "run_name": setup.folder.resolve().name,
        "per_device_train_batch_size": steps.micro_batch_size,
        "per_device_eval_batch_size": steps.micro_batch_size,
        "gradient_accumulation_steps": steps.accumulation,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps or -1,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": recipe.scheduler,
        "warmup_steps": _warmup(recipe.warmup_ratio, steps.updates),
        "weight_decay": recipe.weight_decay,
        "max_length": recipe.max_length,
        "packing": recipe.packing,
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "report_to": trackers(recipe.report_to),
        # Every step: after a stop, a mean over steps would begin anew in the middle.
        "logging_steps": 1,
        # As they are: by default a loss that is no number is logged as the mean of those before it.
        "logging_nan_inf_filter": False,
        "save_total_limit": _KEPT,
        "disable_tqdm": True,
        # All that is trained takes part in every step: what sees no text is frozen.
        "ddp_find_unused_parameters": False,
        "use_cpu": on_cpu,
        "dataloader_pin_memory": not on_cpu,
        **_evaluations(setup),
        # TRL's own default is bfloat16, on a CPU too.
        "bf16": computed == "bfloat16",
        "fp16": computed == "float16",
    }


def _evaluations(setup: Setup) -> dict[str, Any]:
    """When a model is evaluated, and which one is kept. Every evaluated one is saved: else the best might be gone."""
    if not setup.evaluates:
        return {"eval_strategy": "no", "save_strategy": "steps", "save_steps": _NEVER}
    every = setup.recipe.eval_steps
    by_accuracy = setup.recipe.keep == "accuracy"
    return {
        "eval_strategy": "steps" if every else "epoch",
        "save_strategy": "steps" if every else "epoch",
        **({"eval_steps": every, "save_steps": every} if every else {}),
        "load_best_model_at_end": True,
        "metric_for_best_model": CHOICE if by_accuracy else "eval_loss",
        "greater_is_better": by_accuracy,
    }


def trackers(report_to: Any) -> list[str]:
    """The names of ``report_to`` as a list; "none" and nothing are an empty one."""
    names = [report_to] if isinstance(report_to, str) else list(report_to or ())
    return [name for name in names if name != "none"]


def _warmup(ratio: float, updates: int) -> int:
    """In whole steps: SFTConfig reads a number below one as a share, and 1.0 as one step."""
    return math.ceil(ratio * updates)


def _task_accuracy(setup: Setup, processes: PartialState, trainer: SFTTrainer) -> TaskAccuracy:
    recipe = setup.recipe
    return TaskAccuracy(
        items=chosen_items(setup.data.validation, recipe.eval_samples, recipe.seed),
        tokenizer=setup.tokenizer,
        batch_size=max(recipe.micro_batch_size, _GENERATED),
        max_new_tokens=recipe.max_new_tokens,
        chat=setup.data.format == "messages",
        folder=setup.folder,
        rank=processes.process_index,
        world_size=processes.num_processes,
        together=bool(trainer.is_fsdp_enabled),
    )


_GENERATED = 8  # answers written at once; without gradients they take less memory than a training step's rows


def _trainer_class() -> type[SFTTrainer]:
    from trl import SFTTrainer

    class Trainer(SFTTrainer):  # type: ignore[misc,unused-ignore]
        task_accuracy: TaskAccuracy | None = None
        _measured: dict[str, float] | None = None

        def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
            if self.task_accuracy is not None:
                self._measured = self.task_accuracy(self.model, self.state.global_step)
            metrics: dict[str, float] = super().evaluate(*args, **options)
            return metrics

        def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
            # The very object that the best checkpoint is chosen by afterwards; so trackers see the same.
            if self._measured is not None and "eval_loss" in logs:
                logs.update(self._measured)
                logs[CHOICE] = choice(self._measured, logs["eval_loss"])
                self._measured = None
            super().log(logs, start_time)

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """None for a checkpoint: the card is written once, of the model that is kept."""

        def _send_telemetry(self) -> None:
            """None: what is trained is nobody else's business."""

    return Trainer
