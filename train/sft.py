"""The Python API of ``mlt train``: a recipe and a mixture become a model, checked first and resumed exactly."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import EnvironmentProblem, UsageError
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.remote_files import local_only
from ..toolkit.signature import OUTPUT_VERSION
from .data import load_training_data
from .devices import Device, find_device
from .memory import estimate, shape_of, sharded
from .merge import merge_adapter
from .models import load_model, model_revision
from .outcome import outcome_of, write_outcome
from .preflight import preflight
from .preflight_report import Report
from .recipe import Recipe, load_recipe
from .sft_trainer import Setup, make_trainer, trackers
from .stopping import stop_request
from .tiny_model import NAME as TINY
from .train_folder import (
    BASE,
    STATE,
    check_train_folder,
    last_checkpoint,
    read_train,
    remove_checkpoints,
    remove_torn,
    train_folder,
)

if TYPE_CHECKING:
    from accelerate import PartialState
    from trl import SFTTrainer

    from .data import TrainingData

_VERSIONED = ("torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True)
class TrainResult:
    """A trained model: its folder and what its train.json holds.

    ``made`` is False where it stood there already. After ``preflight_only`` there is neither a path nor a manifest.
    ``merged``: the folder of the merged model, where one was asked for.
    """

    path: Path | None
    manifest: dict[str, Any]
    report: Report
    made: bool
    merged: Path | None = None


def train(
    recipe_name: str,
    data: str | Path,
    out: str | Path | None,
    *,
    overrides: Sequence[str] = (),
    resume: bool = True,
    preflight_only: bool = False,
    merge: bool = False,
    progress: Progress | None = None,
) -> TrainResult:
    """Train the model of a recipe (a name or a YAML file, changed by ``key=value`` overrides) on a mixture or file.

    Called again with the same, it goes on from the last checkpoint, step for step as if it had never stopped, and does
    nothing where it is finished; ``resume=False`` removes what stands in ``out`` and begins anew. SIGINT and SIGTERM
    finish the step, save a checkpoint and raise KeyboardInterrupt. ``merge`` also writes the model with its adapter
    merged into it, to ``out/merged``. Under torchrun or ``accelerate launch`` every process calls this.

    Raises UsageError, DataError or EnvironmentProblem, each with one line that says what to do; the checks of
    :func:`mlt.train.preflight.preflight` come before the first step.
    """
    recipe = load_recipe(recipe_name, overrides)
    check_trackers(trackers(recipe.report_to))
    if out is None and not preflight_only:
        raise UsageError("--out is missing: name the folder of the trained model")
    if merge and recipe.method == "full":
        raise UsageError("--merge: method=full trains the model itself, there is no adapter to merge")
    local_only(out or "model", "--out")
    folder = Path(out or "model").resolve()
    if not preflight_only:
        check_train_folder(folder)
    with _quiet_libraries():
        from accelerate import PartialState

        device = find_device()
        processes = PartialState(cpu=device.kind == "cpu")  # else several processes on a CPU know nothing of each other
        told: Progress = (progress or NullProgress()) if processes.is_main_process else NullProgress()
        setup = _prepare(recipe, data, folder, device, processes, told)
        if preflight_only:
            return TrainResult(None, {}, setup.report, made=False)
        manifest, made = _fill(setup, processes, told, restart=not resume)
        merged = merge_adapter(folder, recipe, told) if merge and processes.is_main_process else None
    return TrainResult(folder, manifest, setup.report, made, merged)


def identity_of(setup: Setup) -> dict[str, Any]:
    """All that decides the weights, as JSON values. Where curves are sent does not."""
    from importlib.metadata import version

    settings = {name: value for name, value in asdict(setup.recipe).items() if name != "report_to"}
    return {
        "stage": "train",
        "recipe": {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()},
        "data": setup.data.signature,
        "model": {"name": setup.recipe.model, "revision": model_revision(setup.model)},
        "versions": {name: version(name) for name in _VERSIONED},
        "output_version": OUTPUT_VERSION,
    }


def check_trackers(names: Sequence[str]) -> None:
    """EnvironmentProblem for a tracker whose package is not installed: asked before a model is loaded."""
    from importlib.util import find_spec

    packages = {"tensorboard": ("tensorboard", "tensorboardX"), "comet_ml": ("comet_ml",), "wandb": ("wandb",)}
    for name in names:
        if not any(find_spec(package) for package in packages.get(name, (name,))):
            package = name.replace("_", "-")
            raise EnvironmentProblem(f"report_to={name}: {package} is not installed; pip install {package}")


def _prepare(
    recipe: Recipe, data: str | Path, folder: Path, device: Device, processes: PartialState, progress: Progress
) -> Setup:
    """Everything loaded and checked, nothing written."""
    progress.message(f"loading {recipe.model}")
    with processes.local_main_process_first():  # which fetches it for the others
        model, tokenizer = load_model(recipe, device=device, progress=progress)
    loaded = load_training_data(data, recipe, tokenizer, progress=progress)
    progress.message("checking the data")
    report = preflight(
        recipe,
        model,
        tokenizer,
        loaded,
        world=processes.num_processes,
        memory=_memory(recipe, model, device, loaded, processes),
        device_memory=device.memory,
    )
    progress.message("")
    return Setup(recipe, model, tokenizer, loaded, report, device, folder)


def _memory(
    recipe: Recipe, model: Any, device: Device, data: TrainingData, processes: PartialState
) -> dict[str, int] | None:
    """Estimated bytes by part for the longest row that there is; None for an architecture that cannot be counted."""
    from accelerate.utils import parse_flag_from_env

    shape = shape_of(model)
    if shape is None:
        return None
    rows = data.train.with_format("arrow")["input_ids"]
    length = min(recipe.max_length, max((len(ids) for ids in rows), default=1))
    memory = estimate(recipe, shape, device=device, length=recipe.max_length if recipe.packing else length)
    if parse_flag_from_env("ACCELERATE_USE_FSDP"):  # what `accelerate launch` tells its processes
        memory = sharded(memory, processes.num_processes)
    return {**asdict(memory), "total": memory.total}


def _fill(setup: Setup, processes: PartialState, progress: Progress, *, restart: bool) -> tuple[dict[str, Any], bool]:
    """The finished manifest, and whether it was made now."""
    identity = identity_of(setup)
    with _held(setup.folder, identity, processes, restart=restart) as manifest:
        if manifest["finished"]:
            return manifest, False
        if processes.is_main_process:
            save_made_base(setup)
        processes.wait_for_everyone()
        trainer = _trained(setup, processes, progress)
        progress.message("writing the model")
        trainer.save_model(str(setup.folder))
        if processes.is_main_process:
            # Pickled settings of the trainer; train.json holds them as text.
            (setup.folder / "training_args.bin").unlink(missing_ok=True)
            trainer.state.save_to_json(str(setup.folder / STATE))
            manifest = write_outcome(setup, manifest, outcome_of(setup, trainer))
            remove_checkpoints(setup.folder)
        processes.wait_for_everyone()
        return manifest, True


def save_made_base(setup: Setup) -> None:
    """Of a model that was made on the spot, what its adapter needs to be read again: the base, in ``base/``."""
    if setup.recipe.model == TINY and setup.recipe.method != "full":
        base = setup.folder / BASE
        setup.model.save_pretrained(base)
        setup.tokenizer.save_pretrained(base)
        setup.model.name_or_path = str(base)


@contextmanager
def _held(
    folder: Path, identity: Mapping[str, Any], processes: PartialState, *, restart: bool
) -> Iterator[dict[str, Any]]:
    """The manifest of a folder that the first process holds for all of them."""
    if not processes.is_main_process:
        processes.wait_for_everyone()
        yield read_train(folder)
        return
    with train_folder(folder, identity, restart=restart) as manifest:
        remove_torn(folder, processes.num_processes)
        processes.wait_for_everyone()
        yield manifest


def _trained(setup: Setup, processes: PartialState, progress: Progress) -> SFTTrainer:
    """A trainer whose model is trained to the end, the best one where models were compared.

    KeyboardInterrupt, with a checkpoint behind it, where it was asked to stop.
    """
    checkpoint = last_checkpoint(setup.folder, processes.num_processes)
    with stop_request() as request:
        trainer = make_trainer(setup, processes, request, progress)
        if checkpoint is not None:
            progress.note(f"going on from {checkpoint.name.replace('-', ' of step ')}")
        if not _restored(trainer, checkpoint):
            trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    if trainer.state.global_step < trainer.state.max_steps:
        progress.note(f"stopped after step {trainer.state.global_step}; the same command goes on from there")
        raise KeyboardInterrupt
    return trainer


def _restored(trainer: SFTTrainer, checkpoint: Path | None) -> bool:
    """Whether all steps were made before a kill; if so, the model is the one that was to be kept.

    The trainer itself would make one step more where the last one ends no epoch.
    """
    from transformers import TrainerState

    if checkpoint is None:
        return False
    state = TrainerState.load_from_json(str(checkpoint / STATE))
    if state.global_step < state.max_steps:
        return False
    best = checkpoint.with_name(f"checkpoint-{state.best_global_step}")
    trainer.state = state
    trainer._load_from_checkpoint(str(best if best.is_dir() else checkpoint))
    return True


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """No bars and advice of the libraries: what concerns the user is told by us, errors still come."""
    import datasets
    import transformers

    bars, level = datasets.are_progress_bars_disabled(), transformers.logging.get_verbosity()
    shown = transformers.logging.is_progress_bar_enabled()
    others = {name: logging.getLogger(name).level for name in ("trl", "peft", "accelerate")}
    datasets.disable_progress_bars()
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    for name in others:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        transformers.logging.set_verbosity(level)
        for name, before in others.items():
            logging.getLogger(name).setLevel(before)
        if shown:
            transformers.logging.enable_progress_bar()
        if not bars:
            datasets.enable_progress_bars()
