"""The command line of each stage of a study, as the study runs it: ``mlt`` of this very interpreter."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..planning.folder import ANSWERS, MODEL
from ..planning.spec_types import TranslateSpec
from .holdout import READING

if TYPE_CHECKING:
    from ..planning.plan_types import LadderPlan

MLT = (sys.executable, "-m", "mlt.toolkit")
RECIPE = "recipe.yaml"

_ASKED = ("limit", "max_new_tokens", "shots", "batch_size", "lid", "chat", "backend", "seed")
"""The settings of an evaluation that are options of ``mlt eval`` by the same name."""


def translate_argv(task: str, spec: TranslateSpec, langs: Sequence[str], out: Path, rows: Path | None) -> list[str]:
    """``mlt translate`` into ``langs``. ``rows``: the file of one side of a divided source; None: the source itself."""
    if rows is not None:  # its rows were chosen, and their columns named, when it was divided
        spec = replace(spec, options={name: value for name, value in spec.options.items() if name not in READING})
    source = [str(rows)] if rows is not None else [] if spec.source == "sample" else [spec.source]
    return [
        *MLT,
        "translate",
        *source,
        *("--task", task, "--langs", ",".join(langs), "--out", str(out)),
        *spec.argv(),
    ]


def mix_argv(ladder: LadderPlan) -> list[str]:
    """``mlt mix`` of all mixtures of a ladder."""
    data = ladder.data
    clean = ["--decontaminate", ",".join(data.decontaminate)] if data.decontaminate else []
    return [
        *MLT,
        "mix",
        *map(str, ladder.runs),
        *("--tasks", ladder.task, "--preset", ladder.preset, "--out", str(ladder.path)),
        *ladder.amount.argv(),
        *("--validation", str(data.validation), "--seed", str(ladder.seed)),
        *clean,
    ]


def train_argv(place: Path, mixture: Path) -> list[str]:
    """``mlt train`` of the recipe that lies in a run's folder."""
    return [*MLT, "train", str(place / RECIPE), str(mixture), "--out", str(place / MODEL)]


def eval_argv(model: str, task: str, data: str | None, settings: Mapping[str, Any], place: Path) -> list[str]:
    """``mlt eval`` of a model. ``settings``: those of ``EvaluateSpec.of``; None leaves one to the command."""
    options = [
        part
        for name in _ASKED
        if settings.get(name) is not None
        for part in (f"--{name.replace('_', '-')}", str(settings[name]))
    ]
    return [
        *MLT,
        "eval",
        model,
        *("--task", task, "--langs", ",".join(settings["languages"])),
        *(("--data", data) if data is not None else ()),
        *options,
        *("--out", str(place / ANSWERS)),
    ]
