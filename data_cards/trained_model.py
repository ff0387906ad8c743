"""What ``mlt train`` has made, as it is published: an adapter or a whole model, never a trainer's state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..toolkit.errors import DataError
from ..toolkit.files import read_json, write_json
from ..toolkit.records import SCHEMA_VERSION
from .local_paths import without_paths
from .previous import card_text
from .published import MANIFEST, README

TRAINING = "train.json"
"""The manifest of a training."""

MERGED = "merged"
"""Where a training keeps the model with its adapter merged into it; it is published by naming that folder."""

Form = Literal["adapter", "merged", "full"]

_BASE = "base"
_ADAPTER = "adapter_config.json"
_INDEX = re.compile(r"(?:adapter_)?model\.safetensors\.index\.json")
_WEIGHTS = re.compile(r"(?:adapter_)?model(?:-\d{5}-of-\d{5})?\.safetensors")
_SMALL = (
    *(_ADAPTER, "config.json", "generation_config.json", "processor_config.json", "preprocessor_config.json"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"),
    *("vocab.json", "vocab.txt", "merges.txt", "tokenizer.model", "spiece.model"),
)
# What names a place on the machine that trained; a tokenizer's words may look like paths and are left alone.
_NAMES = ("base_model_name_or_path", "name_or_path", "_name_or_path")
_NAMING = (_ADAPTER, "config.json", "tokenizer_config.json")


@dataclass(frozen=True)
class TrainedModel:
    """A finished training, but for the card that it gets.

    ``files``: published path -> the local file, sorted. ``manifest``: what the published train.json holds. ``card``:
    the README.md that lies beside the weights. Neither names a folder of the machine that trained.
    """

    form: Form
    files: Mapping[str, Path]
    manifest: Mapping[str, Any]
    card: str

    @property
    def base(self) -> str:
        """The model that was trained: an id of the Hub, ``tiny``, or the name of a local folder."""
        return str(self.manifest["identity"]["recipe"]["model"])

    @property
    def data(self) -> Mapping[str, Any]:
        """What it was trained on, as train.json says."""
        data: Mapping[str, Any] = self.manifest["data"]
        return data


def is_trained(folder: Path) -> bool:
    """Whether a folder is that of a training, or the merged model of one."""
    return _training(folder) is not None


def open_trained(folder: Path, scratch: Path) -> TrainedModel:
    """The model of a training, whether it lies as trained or as published. Files made for it go to ``scratch``.

    Raises DataError for a training that is not finished, has no safetensors or no card, or is damaged.
    """
    training = _training(folder)
    if training is None:
        raise DataError(f"{folder} holds no training: it has no {TRAINING}; make one with mlt train --out")
    manifest = _read_manifest(training)
    place = str(manifest["identity"]["recipe"]["model"])
    manifest = _without_place(manifest, place)
    form = _form(folder, manifest)
    files = dict(_of_model(folder, "", scratch))
    _require_weights(folder, files, "adapter_model" if form == "adapter" else "model")
    if form == "adapter":
        files |= _of_model(folder / _BASE, f"{_BASE}/", scratch)
    for path in files.values():
        _require_safetensors(path)
    write_json(scratch / TRAINING, manifest)
    published = {"schema_version": SCHEMA_VERSION, "kind": "model", "form": form, "signature": manifest["signature"]}
    write_json(scratch / MANIFEST, published, indent=None)
    files |= {name: scratch / name for name in (TRAINING, MANIFEST)}
    return TrainedModel(form, dict(sorted(files.items())), manifest, _read_card(training, place))


def is_own(name: str) -> bool:
    """Whether a path is one that publishing a model may write or remove."""
    file = name.removeprefix(f"{_BASE}/")
    return name in (README, TRAINING, MANIFEST) or _is_known(file)


def _training(folder: Path) -> Path | None:
    """The folder whose train.json is that of ``folder``; None where there is none."""
    if (folder / TRAINING).is_file():
        return folder
    parent = folder.resolve().parent
    return parent if folder.resolve().name == MERGED and (parent / TRAINING).is_file() else None


def _read_manifest(training: Path) -> dict[str, Any]:
    path = training / TRAINING
    manifest = read_json(path)
    try:
        recipe = manifest["identity"]["recipe"]
        sound = isinstance(manifest["signature"], str)
        sound = sound and all(isinstance(recipe[name], str) for name in ("name", "model", "method", "task"))
        finished = manifest["finished"] is True
        sound = sound and (not finished or isinstance(manifest["data"]["languages"], list))
    except (KeyError, TypeError):
        sound = finished = False
    if not sound:
        raise DataError(f"{path} is damaged: it does not read like a training's; train again with --restart")
    if not finished:
        raise DataError(f"{training} is not finished: run the same mlt train again, then this one")
    return dict(manifest)


def _form(folder: Path, manifest: Mapping[str, Any]) -> Form:
    if manifest["identity"]["recipe"]["method"] == "full":
        return "full"
    return "adapter" if (folder / _ADAPTER).is_file() else "merged"


def _of_model(folder: Path, prefix: str, scratch: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder that belong to a model, by published path."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and _is_known(path.name):
            yield f"{prefix}{path.name}", _without_names(path, scratch / prefix)


def _is_known(name: str) -> bool:
    return name in _SMALL or bool(_WEIGHTS.fullmatch(name) or _INDEX.fullmatch(name))


def _without_names(path: Path, scratch: Path) -> Path:
    """The file, or a copy in which no value names a place on this machine."""
    if path.name not in _NAMING:
        return path
    values = read_json(path)
    if not isinstance(values, dict):
        raise DataError(f"{path} is damaged: it holds no settings; train again with --restart")
    clean = {name: without_paths(value) if name in _NAMES else value for name, value in values.items()}
    if clean == values:
        return path
    write_json(scratch / path.name, clean)
    return scratch / path.name


def _require_weights(folder: Path, files: Mapping[str, Path], stem: str) -> None:
    """DataError where weights are missing, one file or all that an index names."""
    index = files.get(f"{stem}.safetensors.index.json")
    wanted = {f"{stem}.safetensors"}
    if index is not None:
        named = read_json(index)
        shards = named.get("weight_map") if isinstance(named, dict) else None
        if not isinstance(shards, dict) or not shards:
            raise DataError(f"{index} is damaged: it names no weights; train again with --restart")
        wanted = set(map(str, shards.values()))
    if missing := sorted(wanted - files.keys()):
        raise DataError(f"{folder} holds no {missing[0]}: only safetensors are published; train again with --restart")


def _require_safetensors(path: Path) -> None:
    """DataError for a file of that name which begins otherwise than safetensors do."""
    if path.suffix != ".safetensors":
        return
    with path.open("rb") as file:
        head = file.read(9)
    length = int.from_bytes(head[:8], "little")
    if len(head) < 9 or head[8:] != b"{" or length + 8 > path.stat().st_size:
        raise DataError(f"{path} is no safetensors file: train again with --restart")


def _without_place(manifest: Mapping[str, Any], place: str) -> dict[str, Any]:
    """A manifest in which a base that is a local folder goes by its name, also within signatures."""
    clean: dict[str, Any] = without_paths(manifest)
    name = clean["identity"]["recipe"]["model"]
    if name != place:
        clean = json.loads(json.dumps(clean).replace(json.dumps(place)[1:-1], json.dumps(name)[1:-1]))
    return clean


def _read_card(training: Path, place: str) -> str:
    path = training / README
    if not path.is_file():
        raise DataError(f"{path} is missing: put back the card that mlt train wrote, or train again with --restart")
    text = str(card_text(path.read_bytes(), str(training)))
    name = str(without_paths(place))
    # Markdown puts backslashes before some of a path's characters.
    return text if name == place else re.sub(r"\\?".join(map(re.escape, place)), lambda _: name, text)
