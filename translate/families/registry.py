"""Which family a model is of: by its files, its vocabulary, or the config.json of a checkpoint."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...toolkit.errors import UsageError
from ...toolkit.files import read_json
from ..engines.tokenization import SIDED_FILES
from .base import Family
from .m2m100 import M2M100
from .madlad import Madlad
from .marian import Marian
from .nllb import Nllb

FAMILIES: tuple[type[Family], ...] = (Nllb, M2M100, Madlad, Marian)
NAMES = "NLLB, M2M100, MADLAD-400 or OPUS-MT"
MODEL_TYPES = tuple(dict.fromkeys(family.model_type for family in FAMILIES))


def find_family(folder: Path, name: str, vocabulary: Collection[str]) -> Family:
    """The family of a converted model; ``vocabulary`` is its source side. UsageError where it is of none."""
    if all((folder / file).is_file() for file in SIDED_FILES):
        return Marian.found_in(folder, name)
    for family in FAMILIES:
        if family.marks(vocabulary):
            return family.found_in(folder, name)
    raise UsageError(f"--model {name}: its vocabulary holds no language tokens of {NAMES}")


def checkpoint_family(folder: Path, name: str) -> Family:
    """The family of a checkpoint, checked as :func:`check_checkpoint` does."""
    check_checkpoint(folder)
    kind = model_type(folder)
    if kind == M2M100.model_type:
        return M2M100() if (folder / "vocab.json").is_file() else Nllb()
    return next(family for family in FAMILIES if family.model_type == kind).found_in(folder, name)


def model_type(folder: Path) -> str | None:
    """The architecture that a folder's config.json names; None where there is none."""
    config = folder / "config.json"
    kind = read_json(config).get("model_type") if config.is_file() else None
    return kind if isinstance(kind, str) else None


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a checkpoint of one of the families, as transformers writes it."""
    return model_type(folder) in MODEL_TYPES


def check_checkpoint(folder: Path) -> None:
    """Raises UsageError for a checkpoint of another architecture or without the files that make it exact."""
    kind = model_type(folder)
    for family in FAMILIES:
        if family.model_type == kind:
            return family.check(folder)
    raise UsageError(f"--model {folder}: its architecture is {kind}; expected {NAMES} ({', '.join(MODEL_TYPES)})")
