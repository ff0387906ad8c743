"""Checkpoints by folder or Hub id: whole models, GGUF files, and adapters with the base that they name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError, EnvironmentProblem, UsageError, one_line
from ..toolkit.files import read_json
from ..toolkit.hub_files import Listing, fetch_files
from ..toolkit.local_sets import content_hash
from ..toolkit.progress import NullProgress, Progress, step_messages

ADAPTER = "adapter_config.json"
_HUB_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+|[\w-]+)(?:@(?P<revision>[^@\s]+))?")
_SMALL = ("*.json", "*.model", "*.jinja", "*.txt")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in a local folder. ``revision`` is the Hub's commit, or a hash of the folder's weights; ``base`` is
    set for an adapter."""

    name: str
    folder: Path
    revision: str
    base: Checkpoint | None = None

    def describe(self) -> dict[str, Any]:
        """Which weights these are, as JSON values: name and revision of the model and, with one, of its adapter."""
        if self.base is None:
            return {"name": self.name, "revision": self.revision}
        return {**self.base.describe(), "adapter": self.name, "adapter_revision": self.revision}


def find_checkpoint(spec: str | Path, *, progress: Progress | None = None) -> Checkpoint:
    """The checkpoint of a folder, or of a Hub id (``owner/name[@revision]``), fetched where it is not here yet.

    Raises UsageError for what is neither or holds no safetensors, EnvironmentProblem where the Hub cannot be reached.
    """
    path = Path(spec)
    if path.is_dir():
        return _in_folder(path, _local_name(path), progress)
    match = _HUB_ID.fullmatch(str(spec))
    if match is None or path.exists():
        raise UsageError(f"{spec} is no folder of a checkpoint, and no Hub id (owner/name or owner/name@revision)")
    files = fetch_files(
        match["name"],
        lambda listing: _patterns(listing, match["name"]),
        option="MODEL",
        hint="give the path of a local checkpoint instead",
        revision=match["revision"],
        progress=step_messages(progress or NullProgress()),
    )
    return _in_folder(files.folder, match["name"], progress, files.revision)


def load_checkpoint(found: Checkpoint, *, device: str = "auto") -> tuple[Any, Any]:
    """(model, tokenizer) on ``device`` (auto: cuda where there is one): there in bf16, or fp16 where it has none, on a
    CPU in fp32.

    Nothing in a folder is run as code. Raises DataError for a checkpoint that cannot be read, EnvironmentProblem for a
    missing package or device.
    """
    try:
        import torch
        from transformers import AutoTokenizer
    except ImportError as error:
        raise EnvironmentProblem(f"{error.name} is missing: install mlt[train] to run models here") from error
    if device == "cuda" and not torch.cuda.is_available():
        raise EnvironmentProblem("no CUDA device found; use the CPU")
    place = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
    whole = found.base or found
    own = found.base is None or (found.folder / "tokenizer_config.json").is_file()
    with _reading(found):
        tokenizer = AutoTokenizer.from_pretrained(
            found.folder if own else whole.folder,
            trust_remote_code=False,
            **({} if found.base and own else _gguf(whole)),
        )
        model = _load_model(whole, _dtype(place))
        if found.base is not None:
            model = _with_adapter(model, found)
    return model.to(place).eval(), tokenizer


def _dtype(place: str) -> Any:
    import torch

    if place == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _load_model(found: Checkpoint, dtype: Any) -> Any:
    from transformers import AutoModelForCausalLM

    gguf = _gguf(found)
    safe = {} if gguf else {"use_safetensors": True}
    return AutoModelForCausalLM.from_pretrained(found.folder, dtype=dtype, trust_remote_code=False, **safe, **gguf)


def _with_adapter(model: Any, found: Checkpoint) -> Any:
    try:
        from peft import PeftModel
    except ImportError as error:
        raise EnvironmentProblem("peft is missing: install mlt[train] to load adapters") from error
    return PeftModel.from_pretrained(model, str(found.folder), use_safetensors=True)


def _in_folder(folder: Path, name: str, progress: Progress | None, revision: str | None = None) -> Checkpoint:
    weights = _weights(folder)
    if not weights:
        raise UsageError(f"{name} holds no weights: *.safetensors (or one *.gguf) are read, and nothing else")
    base = None
    if (folder / ADAPTER).is_file():
        base = _base_of(folder, name, progress)
    elif not (folder / "config.json").is_file() and weights[0].suffix != ".gguf":
        raise UsageError(f"{name} holds weights but no config.json: give the folder of a whole checkpoint")
    return Checkpoint(name, folder, revision or content_hash(weights), base)


def _base_of(folder: Path, name: str, progress: Progress | None) -> Checkpoint:
    config = read_json(folder / ADAPTER)
    base = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    if not isinstance(base, str) or not base:
        raise DataError(f"{folder / ADAPTER} names no base model (base_model_name_or_path)")
    beside = folder / base
    if beside.is_dir():  # a base that was saved beside its adapter
        return find_checkpoint(beside, progress=progress)
    if Path(base).is_absolute() and not Path(base).is_dir():
        raise DataError(f"{name}: its base model {base} is not there; put it back, or correct {ADAPTER}")
    pinned = config.get("revision")
    wanted = f"{base}@{pinned}" if pinned and not Path(base).is_dir() else base
    return find_checkpoint(wanted, progress=progress)


def _weights(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.gguf"))[:1]


def _gguf(found: Checkpoint) -> dict[str, str]:
    weights = _weights(found.folder)
    return {"gguf_file": weights[0].name} if weights[0].suffix == ".gguf" else {}


def _patterns(listing: Listing, name: str) -> Sequence[str]:
    if not any(file.endswith(".safetensors") and "/" not in file for file in listing.names):
        raise UsageError(f"{name}: the repository holds no *.safetensors, and other weights are not read")
    return [*_SMALL, "*.safetensors"]


def _local_name(path: Path) -> str:
    return path.resolve().name


@contextmanager
def _reading(found: Checkpoint) -> Iterator[None]:
    """Turns what a broken checkpoint raises into one line, and keeps the library from drawing bars of its own."""
    from safetensors import SafetensorError
    from transformers import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of the libraries among themselves
            yield
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise DataError(f"{found.name} cannot be loaded: {one_line(error)}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
