"""What happens beside the training steps: progress is shown, and a request to stop is met with a
checkpoint, and a training that has lost its loss is ended.

The classes are made on first use, for their base class is in transformers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError
from ..toolkit.progress import Progress

if TYPE_CHECKING:
    from transformers import TrainerCallback

    from .stopping import StopRequest

STEPS = "steps"


def progress_callback(progress: Progress) -> TrainerCallback:
    """Counts optimiser steps, and notes each evaluation in a line; the first process alone does."""
    from transformers import TrainerCallback

    class ShowProgress(TrainerCallback):
        def __init__(self) -> None:
            self._shown = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.is_world_process_zero:
                progress.message("")
                progress.start(STEPS, state.max_steps)
                self._show(state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.is_world_process_zero:
                self._show(state.global_step)

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
            if state.is_world_process_zero:
                progress.note(f"step {state.global_step}: {_told(metrics)}")

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.is_world_process_zero:
                progress.finish(STEPS)

        def _show(self, step: int) -> None:
            progress.advance(STEPS, step - self._shown)
            self._shown = step

    return ShowProgress()


def stop_callback(request: StopRequest, save_steps: int | None) -> TrainerCallback:
    """Saves a checkpoint every ``save_steps`` optimiser steps, beside those of the evaluations, and one before the
    training ends where ``request`` asks for that.

    Of several processes all stop after the same step, whichever of them was asked.
    """
    from transformers import TrainerCallback

    class SaveAndStop(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            stop = _anyone(request.asked, args)
            due = stop or (save_steps is not None and state.global_step % save_steps == 0)
            # At the end of an epoch the evaluation may still be to come, and it saves behind itself: a checkpoint from
            # before it would be gone on from without it.
            if due and not (args.eval_strategy == "epoch" and _ends_epoch(state)):
                control.should_save = True
            if stop:
                control.should_training_stop = True

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            # The trainer ends an epoch here also where it was asked to stop in the middle of it.
            if not _ends_epoch(state):
                control.should_evaluate = control.should_save = False

    return SaveAndStop()


def divergence_callback() -> TrainerCallback:
    """Ends a training whose loss is no number any more; nothing good would come of its next steps."""
    from transformers import TrainerCallback

    class EndWhenLost(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
            loss = logs.get("loss")
            if loss is not None and not math.isfinite(loss):
                raise DataError(
                    f"the loss is {loss} at step {state.global_step}: set a smaller learning_rate, more warmup_ratio, "
                    "or dtype=float32"
                )

    return EndWhenLost()


def _ends_epoch(state: Any) -> bool:
    """Whether the step that was made is the last of its epoch, or of the training."""
    return state.global_step >= state.max_steps or float(state.epoch).is_integer()


def _anyone(asked: bool, args: Any) -> bool:
    """Whether any process was asked to stop."""
    if args.world_size == 1:
        return asked
    import torch

    flag = torch.tensor([int(asked)], device=args.device)
    torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
    return bool(flag.item())


def _told(metrics: dict[str, float]) -> str:
    """The measured values of an evaluation as a person reads them."""
    told = []
    if (loss := metrics.get("eval_loss")) is not None:
        told.append(f"validation loss {loss:.4g}")
    if (accuracy := metrics.get("eval_task_accuracy")) is not None:
        told.append(f"task accuracy {100 * accuracy:.1f} %")
    return ", ".join(told) or "evaluated"
