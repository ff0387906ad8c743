"""A converted model's folder with fewer words: the rows of its embeddings and of its projection that a list names.

Rows are copied as they are stored, quantised or not, with their scales and biases, so that a word's logit is what it
was. An embedding that source and target share becomes two.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ...toolkit.errors import UsageError
from ...toolkit.files import write_json
from ..engines.tokenization import load_vocabulary
from ..model_store import ABOUT_FILE
from .ct2_file import Entry, ModelFile, read_headers, write_model

_MODEL_FILE = "model.bin"
_VOCABULARY = "_vocabulary"
_COMPANIONS = (".json", ".model", ".spm")  # settings and tokenizers
_SOURCE = ("encoder/embeddings_0/weight",)
_TARGET = ("decoder/embeddings/weight", "decoder/projection/weight", "decoder/projection/bias")
_OPTIONAL = "decoder/projection/bias"
_SCALE = "_scale"


def cut_folder(parent: Path, destination: Path, *, target: Sequence[int], source: Sequence[int]) -> None:
    """Writes the model of ``parent`` with the words ``target`` and ``source`` (ascending ids) into a new folder.

    The tokenizer's files are linked where the file system can, else copied. Memory in use does not grow with the
    model. Raises UsageError for a model whose words are not laid out as in CTranslate2's encoder-decoder models,
    DataError for a damaged one.
    """
    sides = {"source": source, "target": target}
    words = {side: load_vocabulary(parent, side) for side in sides}
    model = read_headers(parent / _MODEL_FILE)
    _check(parent, model, words)
    entries, aliases = _plan(model, {**dict.fromkeys(_SOURCE, source), **dict.fromkeys(_TARGET, target)})
    destination.mkdir(parents=True)
    write_model(destination / _MODEL_FILE, model, entries, aliases)
    for side, kept in sides.items():
        write_json(destination / f"{side}{_VOCABULARY}.json", [words[side][i] for i in kept])
    for path in parent.iterdir():
        if path.suffix in _COMPANIONS and path.name != ABOUT_FILE and not path.stem.endswith(_VOCABULARY):
            _link_or_copy(path, destination / path.name)


def _roles(model: ModelFile) -> dict[str, str]:
    """The variables with one row a word, and the names under which their bytes are stored."""
    return {name: stored for name in (*_SOURCE, *_TARGET) if (stored := model.stored(name)) is not None}


def _check(parent: Path, model: ModelFile, words: dict[str, list[str]]) -> None:
    for name in (*_SOURCE, *_TARGET):
        stored, size = model.stored(name), len(words["source" if name in _SOURCE else "target"])
        if stored is None and name == _OPTIONAL:
            continue
        shape = model.variables[stored].shape if stored else ()
        if not shape or shape[0] != size:
            found = f"{shape[0]} rows" if shape else "none"
            raise UsageError(f"--shortlist: {parent} has {found} of {name} for {size} words: use --shortlist off")
    roles = _roles(model)
    for name, stored in model.aliases.items():
        if stored in roles and name not in roles:
            raise UsageError(f"--shortlist: {parent} shares its words with {name}: use --shortlist off")


def _plan(model: ModelFile, kept: dict[str, Sequence[int]]) -> tuple[list[Entry], dict[str, str]]:
    """What is to be written: every variable once for each side that it serves, and the new aliases."""
    roles = _roles(model)
    gone = {*roles, *(name + _SCALE for name in roles)}
    entries = [Entry(name, variable) for name, variable in model.variables.items() if name not in gone]
    aliases = {name: stored for name, stored in model.aliases.items() if name not in roles}
    written: dict[tuple[str, bool], str] = {}
    for name, stored in roles.items():
        key = (stored, name in _SOURCE)
        if key in written:
            aliases[name] = written[key]
            continue
        written[key] = name
        entries.append(Entry(name, model.variables[stored], kept[name]))
        scale = model.variables.get(stored + _SCALE)
        if scale is not None:  # one a row (int8) or one for all (int16)
            entries.append(Entry(name + _SCALE, scale, kept[name] if scale.shape else None))
    return sorted(entries, key=lambda entry: entry.name), aliases


def _link_or_copy(source: Path, destination: Path) -> None:
    try:
        os.link(source.resolve(), destination)  # of the file itself: a relative link would lead nowhere
    except OSError:  # another file system, or one without links
        shutil.copy(source, destination)
