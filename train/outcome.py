"""What came of a training, for train.json and the model card: steps, losses, accuracy, which checkpoint was kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..toolkit.files import write_atomic, write_json
from .accuracy import METRIC, languages_of
from .train_folder import MANIFEST, read_train

if TYPE_CHECKING:
    from trl import SFTTrainer

    from .sft_trainer import Setup


def outcome_of(setup: Setup, trainer: SFTTrainer) -> dict[str, Any]:
    """JSON values: ``data``, ``preflight``, ``training``, and ``kept``, the checkpoint that was written."""
    state, data = trainer.state, setup.data
    parameters = list(trainer.model.parameters())
    return {
        "data": {
            "name": data.name,
            "kind": data.kind,
            "format": data.format,
            "license": data.license,
            "runs": [dict(run) for run in data.runs],
            "languages": data.languages,
            "train": dict(Counter(data.train["lang"])),
            "validation": dict(Counter(data.held_out["lang"])),
        },
        "preflight": setup.report.to_json(),
        "training": {
            "steps": state.global_step,
            "epochs": round(float(state.epoch or 0), 4),
            "device": setup.device.name,
            "processes": setup.report.steps.world,
            "trained_parameters": sum(part.numel() for part in parameters if part.requires_grad),
            "parameters": sum(part.numel() for part in parameters),
            "losses": losses(state.log_history),
            "evaluations": evaluations(state.log_history),
        },
        "kept": kept(setup.recipe.keep, state, items=_items(trainer)),
    }


def losses(log_history: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """``[step, loss]`` of every optimiser step."""
    return [[entry["step"], entry["loss"]] for entry in log_history if "loss" in entry]


def evaluations(log_history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An object an evaluation: ``step``, ``loss``, ``accuracy`` (the mean; None where none was measured) and
    ``languages``."""
    return [
        {
            "step": entry["step"],
            "loss": entry["eval_loss"],
            "accuracy": entry.get(METRIC),
            "languages": languages_of(entry),
        }
        for entry in log_history
        if "eval_loss" in entry
    ]


def kept(keep: str, state: Any, *, items: Mapping[str, int]) -> dict[str, Any]:
    """Which step's weights were written: the best by ``accuracy`` or ``loss``, or the last where none were compared."""
    found = {entry["step"]: entry for entry in evaluations(state.log_history)}
    step = state.best_global_step
    if step not in found:
        return {"step": state.global_step, "by": "last", "loss": None, "accuracy": None, "languages": {}, "items": {}}
    return {**found[step], "by": keep, "items": dict(items)}


def write_outcome(setup: Setup, manifest: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Writes the card and, last, train.json as finished; gives what that holds."""
    from .model_card import model_card

    done = {**manifest, **outcome, "finished": True}
    write_atomic(setup.folder / "README.md", model_card(done).encode("utf-8", "backslashreplace"))
    write_json(setup.folder / MANIFEST, done)
    return read_train(setup.folder)


def _items(trainer: Any) -> Counter[str]:
    """How many items of each language the accuracy was measured on."""
    measured = getattr(trainer, "task_accuracy", None)
    return Counter(item.lang for item in measured.items) if measured is not None else Counter()
