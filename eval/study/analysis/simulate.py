"""Studies made by known rules, to see whether the analyses find what was put in.

A cell's expected accuracy is linear in what the run is (or its log-odds are). Effects of runs, of a run's single
languages, of groups of items, of a group in a language and of whole models are drawn anew for each study, so that the
same studies could have come out otherwise in each of these ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .long_table import BASE, StudyTable, TableBuilder, exposure_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

MODELS = (
    ("qwen3-0.6b", "Qwen3", 8.78),
    ("qwen3-1.7b", "Qwen3", 9.23),
    ("qwen3-8b", "Qwen3", 9.91),
    ("gemma3-1b", "Gemma3", 9.0),
    ("gemma3-4b", "Gemma3", 9.63),
)
"""Name, family and log10 of the parameters of the paper's models."""

TIERS = {"en": "high", "es": "high", "ja": "high", "bn": "low", "sw": "low", "te": "low"}


@dataclass(frozen=True, slots=True)
class Design:
    """What is run: models, tasks, seeds and budgets, a ladder of the name, and how many items a task, in groups."""

    models: Sequence[tuple[str, str, float]] = MODELS
    tasks: Sequence[str] = ("api", "math")
    seeds: Sequence[int] = (0,)
    budgets: Sequence[str] = ("per_language",)
    ladder: str = "paper-22"
    items: int = 60
    a_group: Mapping[str, int] = field(default_factory=lambda: {"api": 2})


@dataclass(frozen=True, slots=True)
class World:
    """What is true. Coefficients and standard deviations are in accuracy (``linear``) or in log-odds (``logit``).

    ``size`` is per unit of log10 parameters above the design's smallest model, ``family`` of the family that is last by
    name, ``math`` of that task; ``pretrained``, ``direct`` and ``sqrt_l`` as in the regression. ``extra`` adds to each
    cell, by the cells' table. Linear effects are drawn evenly between bounds, so that they keep accuracies within 0..1.
    """

    link: Literal["linear", "logit"] = "linear"
    intercept: float = 0.35
    size: float = 0.0
    family: float = 0.0
    math: float = 0.0
    pretrained: float = 0.0
    direct: float = 0.0
    sqrt_l: float = 0.0
    languages: Mapping[str, float] = field(default_factory=dict)
    model_sd: float = 0.0
    run_sd: float = 0.0
    cell_sd: float = 0.0
    item_sd: float = 0.0
    item_language_sd: float = 0.0
    extra: Callable[[pd.DataFrame], Array] | None = None


class Simulator:
    """Draws studies of one design; the tables differ in ``correct`` alone."""

    def __init__(self, design: Design) -> None:
        import pandas as pd

        self.design = design
        self._cells = _cells(design)
        self._groups = {task: _groups(design, task) for task in design.tasks}
        builder = TableBuilder()
        for cell in self._cells:
            names = [f"{cell['task']}-{number}" for number in range(design.items)]
            builder.add(cell, names, [f"{cell['task']}-g{g}" for g in self._groups[cell["task"]]], [False] * len(names))
        self._frame = builder.frame()
        self.cells = pd.DataFrame(self._cells)

    def draw(self, world: World, seed: int) -> StudyTable:
        """One study. ValueError where a linear world leaves 0..1."""
        import numpy as np

        return self._table(self._draw(world, np.random.default_rng(seed)))

    def expected(self, world: World) -> Array:
        """The expected accuracy of every cell, in the order of ``cells``: over all that :meth:`draw` draws."""
        import numpy as np

        fixed = self._fixed(world)
        if world.link == "linear":
            return fixed
        drawn = (world.model_sd, world.run_sd, world.cell_sd, world.item_sd, world.item_language_sd)
        nodes, weights = np.polynomial.hermite_e.hermegauss(41)
        spread = np.sqrt(sum(sd**2 for sd in drawn))
        found: Array = (_share(fixed[:, None] + spread * nodes) * weights).sum(axis=1) / weights.sum()
        return found

    def _fixed(self, world: World) -> Array:
        import numpy as np

        cells = self.cells
        last = max(family for _, family, _ in self.design.models)
        smallest = min(size for _, _, size in self.design.models)
        fixed = (
            world.intercept
            + world.size * (cells["log10_parameters"] - smallest)
            + world.family * (cells["family"] == last)
            + world.math * (cells["task"] == "math")
            + world.pretrained * (cells["exposure"] == "pretrained")
            + world.direct * (cells["exposure"] == "direct")
            + world.sqrt_l * np.sqrt(cells["L"] / cells["L"].max())
            + cells["lang"].map(world.languages).astype(float).fillna(0.0)
        ).to_numpy(float)
        return fixed if world.extra is None else fixed + world.extra(cells)

    def _draw(self, world: World, rng: np.random.Generator) -> Array:
        """Right answers, a row a cell and a column an item."""
        import numpy as np

        effect = _even if world.link == "linear" else _normal
        cells = self.cells
        of_cells = self._fixed(world)
        for names, sd in ((cells["model"], world.model_sd), (cells["address"], world.run_sd)):
            codes, found = names.factorize()
            of_cells = of_cells + effect(rng, sd, len(found))[codes]
        of_cells = of_cells + effect(rng, world.cell_sd, len(cells))
        values = np.repeat(of_cells[:, None], self.design.items, axis=1)
        for task, groups in self._groups.items():
            size = groups[-1] + 1
            values[cells["task"] == task] += effect(rng, world.item_sd, size)[groups]
            for lang in cells["lang"].unique():
                here = (cells["task"] == task) & (cells["lang"] == lang)
                values[here] += effect(rng, world.item_language_sd, size)[groups]
        if world.link == "linear" and (values.min() < 0 or values.max() > 1):
            raise ValueError(f"accuracies from {values.min():.2f} to {values.max():.2f}: take smaller effects")
        drawn: Array = rng.random(values.shape) < (values if world.link == "linear" else _share(values))
        return drawn

    def _table(self, correct: Array) -> StudyTable:
        return StudyTable(
            frame=self._frame.assign(correct=correct.ravel()),
            pivot="en",
            evaluated=tuple(TIERS),
            tiers=TIERS,
            lmax=int(self.cells["L"].max()),
        )


def simulate(design: Design, world: World, seed: int = 0) -> StudyTable:
    """One study of a design in a world."""
    return Simulator(design).draw(world, seed)


def _cells(design: Design) -> list[dict[str, Any]]:
    from ....train.ladder import load_ladder

    found: list[dict[str, Any]] = []
    mixtures = load_ladder(design.ladder).mixtures
    for task in design.tasks:
        for model, family, size in design.models:
            about = {"model": model, "family": family, "log10_parameters": size, "task": task}
            found += _run(about, f"{task}/{model}/base", BASE, (), "", 0)
            for budget in design.budgets:
                for mixture in mixtures:
                    for seed in design.seeds:
                        name = f"{task}/{model}/{budget}/{mixture.name}/s{seed}"
                        found += _run(about, name, mixture.name, mixture.languages, budget, seed)
    return found


def _run(
    about: Mapping[str, Any], name: str, mixture: str, languages: Sequence[str], budget: str, seed: int
) -> list[dict[str, Any]]:
    of_run = {
        **about,
        "run": name,
        "address": name,
        "mixture": mixture,
        "L": len(languages),
        "languages": tuple(languages),
        "budget": budget,
        "seed": seed,
        "steps": 0,
        "tokens": 0,
    }
    return [
        {**of_run, "lang": lang, "exposure": exposure_of(lang, languages, base=mixture == BASE), "tier": tier}
        for lang, tier in TIERS.items()
    ]


def _groups(design: Design, task: str) -> list[int]:
    return [number // design.a_group.get(task, 1) for number in range(design.items)]


def _even(rng: np.random.Generator, sd: float, size: int) -> Array:
    """Evenly between bounds, with the standard deviation."""
    return rng.uniform(-1, 1, size) * sd * 3**0.5


def _normal(rng: np.random.Generator, sd: float, size: int) -> Array:
    return rng.standard_normal(size) * sd


def _share(log_odds: Array) -> Array:
    from scipy.special import expit

    found: Array = expit(log_odds)
    return found
