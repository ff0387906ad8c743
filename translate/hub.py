"""Snapshots of translation models from the Hugging Face Hub: only the files that are needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.files import read_json
from ..toolkit.hub_files import Listing, fetch_files
from .engines.tokenization import SIDED_FILES
from .families.registry import MODEL_TYPES, NAMES
from .known_models import known_license
from .model_store import Progress

_CONFIGS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "sentencepiece.bpe.model",
    "vocab.json",
    *SIDED_FILES,
)
_CT2_FILES = ("model.bin", "*vocabulary*", *_CONFIGS)
_WEIGHTS = {  # the file that tells -> what to fetch; safetensors first: it holds nothing but numbers
    "model.safetensors": ("model.safetensors",),
    "model.safetensors.index.json": ("model-*.safetensors", "model.safetensors.index.json"),
    "pytorch_model.bin": ("pytorch_model.bin",),
    "pytorch_model.bin.index.json": ("pytorch_model-*.bin", "pytorch_model.bin.index.json"),
}
_HINT = "use --model tiny, or --model with the path of a local checkpoint or CTranslate2 folder"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A fetched model: its folder, commit, licence (None: not stated); whether CTranslate2 can read it as it is."""

    folder: Path
    revision: str
    license: str | None
    is_ct2: bool


def fetch(hub_id: str, revision: str | None = None, progress: Progress | None = None) -> Snapshot:
    """The model's files from the Hub, or from the Hub's own cache on this machine when it cannot be reached.

    Raises UsageError when the Hub has no such model or it is of another architecture, EnvironmentProblem when
    the Hub cannot be reached, wants a login, or the disk is full. ``progress`` counts bytes.
    """

    def choose(listing: Listing) -> tuple[str, ...]:
        return _what_to_fetch(hub_id, listing.names, listing.json("config.json"))

    got = fetch_files(hub_id, choose, option="--model", hint=_HINT, revision=revision, progress=progress)
    config = got.folder / "config.json"
    is_ct2 = _is_ct2({path.name for path in got.folder.iterdir()}, read_json(config) if config.is_file() else {})
    return Snapshot(got.folder, got.revision, got.license or known_license(hub_id), is_ct2)


def _is_ct2(files: set[str] | frozenset[str], config: dict[str, Any]) -> bool:
    return config.get("model_type") is None and "model.bin" in files


def _what_to_fetch(hub_id: str, files: frozenset[str], config: dict[str, Any]) -> tuple[str, ...]:
    if _is_ct2(files, config):
        return _CT2_FILES
    if (kind := config.get("model_type")) not in MODEL_TYPES:
        raise UsageError(f"--model {hub_id}: its architecture is {kind}; expected {NAMES} ({', '.join(MODEL_TYPES)})")
    weights = next((patterns for sign, patterns in _WEIGHTS.items() if sign in files), None)
    if weights is None:
        raise UsageError(f"--model {hub_id}: it holds no weights (model.safetensors or pytorch_model.bin)")
    return (*_CONFIGS, *weights)
