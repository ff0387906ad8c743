"""What is written down of a finished run: ``done.json``, made from what training and evaluation have left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

from ....toolkit.errors import DataError
from ....toolkit.files import disk_errors, file_hash, read_json
from ....toolkit.layout import LOCK
from ....train.train_folder import MANIFEST as TRAINING
from ....train.train_folder import STATE as TRAINER_STATE
from ....train.train_folder import VALIDATION, read_train
from ...results import RESULTS
from ...samples import FOLDER as SAMPLES
from ..planning.folder import ANSWERS, MODEL

_KEPT = frozenset({TRAINING, TRAINER_STATE, VALIDATION, LOCK, "README.md", "config.json", "adapter_config.json"})


def is_trained(model: Path) -> bool:
    """Whether a folder holds a training that is finished, and its weights."""
    if not (model / TRAINING).is_file() or not read_train(model).get("finished"):
        return False
    return any(path.name not in _KEPT for path in model.iterdir())


def start_over(place: Path) -> None:
    """Removes what must go before a run is trained: answers of an earlier training, and one without weights."""
    model = place / MODEL
    with disk_errors(place):
        if (place / ANSWERS).is_dir():
            rmtree(place / ANSWERS)
        if (model / TRAINING).is_file() and read_train(model).get("finished"):
            rmtree(model)


def done_of(job: Mapping[str, Any], place: Path, seconds: Mapping[str, float]) -> dict[str, Any]:
    """What ``done.json`` is to hold. ``seconds`` is the time of each stage.

    Raises DataError where the training or the evaluation in ``place`` left less than a finished one does.
    """
    answers = place / ANSWERS
    files = sorted((answers / SAMPLES).glob("*.jsonl"))
    return {
        "address": job["address"],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
        "train": _training(place / MODEL) if "train" in job["commands"] else None,
        "answers": {path.relative_to(answers).as_posix(): file_hash(path) for path in files},
        "results": _results(job, answers),
    }


def remove_weights(model: Path) -> None:
    """Removes weights, tokenizer and checkpoints of a training; what it says of itself stays."""
    for path in model.iterdir() if model.is_dir() else ():
        if path.name in _KEPT:
            continue
        with disk_errors(path):
            if path.is_dir() and not path.is_symlink():
                rmtree(path)
            else:
                path.unlink()


def _training(model: Path) -> dict[str, Any]:
    manifest = read_train(model)
    try:
        training, kept = manifest["training"], manifest["kept"]
        return {
            "steps": training["steps"],
            "kept_step": kept["step"],
            "tokens": _tokens(model),
            "rows": sum(manifest["data"]["train"].values()),
            "signature": manifest["signature"],
            "validation": {key: kept[key] for key in ("by", "accuracy", "loss", "languages") if key in kept},
        }
    except (KeyError, TypeError) as error:
        raise DataError(f"{model / TRAINING} is not finished: it has no {error}; run the study again") from None


def _tokens(model: Path) -> int | None:
    """Tokens that the model has seen in training, repeated passes included; None where the trainer did not count."""
    path = model / TRAINER_STATE
    history = read_json(path).get("log_history", []) if path.is_file() else []
    counts = [entry["num_tokens"] for entry in history if "num_tokens" in entry]
    return round(max(counts)) if counts else None


def _results(job: Mapping[str, Any], answers: Path) -> dict[str, dict[str, int]]:
    """Items and right ones by language, by the verdict that the study names, else the task's own."""
    results = read_json(answers / RESULTS)
    task = job["task"]
    wanted = job["evaluate"].get("verdict")
    verdict = (wanted.get(task) if isinstance(wanted, Mapping) else wanted) or results["primary"][task]
    found: dict[str, dict[str, int]] = {}
    for cell in results["cells"]:
        if verdict not in cell["verdicts"]:
            known = ", ".join(cell["verdicts"])
            raise DataError(f"{answers} holds no verdict {verdict!r}: name one of {known} under evaluate: verdict")
        sums = found.setdefault(cell["lang"], {"items": 0, "correct": 0})
        sums["items"] += cell["items"]
        sums["correct"] += cell["verdicts"][verdict]["correct"]
    return found
