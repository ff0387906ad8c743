"""Which command has made a folder, by the files in it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from .errors import DataError
from .run import read_manifest

EVALUATION = "eval.json"
"""The file that makes a folder an evaluation."""


def made_by(folder: Path) -> Literal["translate", "filter", "eval"] | None:
    """The command whose result a folder holds; None for one that is missing or holds something else."""
    if (folder / EVALUATION).is_file():
        return "eval"
    try:
        identity = read_manifest(folder)["identity"]
    except DataError:
        return None
    return "filter" if identity.get("stage") == "filter" else "translate"
