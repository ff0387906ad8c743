"""Studies made by hand: runs and tables whose every verdict a test decides, without any training.

``grid`` makes the runs of models x tasks x mixtures, ``base_runs`` the bases, ``table_of`` a table of them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from mlt.eval.study.analysis.long_table import StudyTable, TableBuilder, exposure_of, log10_parameters

LANGS = ("en", "es", "ja", "bn", "sw", "te")
CORE = LANGS[:5]
EXTRAS = ("fr", "de", "ru", "zh-Hans", "th")
TIERS = {
    **dict.fromkeys(("en", "es", "ja", "fr", "de", "ru", "zh-Hans"), "high"),
    **dict.fromkeys(("bn", "sw", "te", "th"), "low"),
}


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a made study."""

    name: str
    family: str
    parameters: float


MODELS = (
    Model("qwen3-0.6b", "Qwen3", 0.6e9),
    Model("qwen3-1.7b", "Qwen3", 1.7e9),
    Model("qwen3-8b", "Qwen3", 8.2e9),
    Model("gemma3-1b", "Gemma3", 1.0e9),
    Model("gemma3-4b", "Gemma3", 4.3e9),
)


def _less_one(extras: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    size = len(CORE) - 1 + len(extras)
    return {f"L{size:02d}-no-{out}": (*(lang for lang in CORE if lang != out), *extras) for out in CORE}


MIXTURES: dict[str, tuple[str, ...]] = {
    "L01-en": ("en",),
    **{f"L02-en-{lang}": ("en", lang) for lang in CORE[1:]},
    **_less_one(),
    "L05-core": CORE,
    **_less_one(("fr", "th")),
    **_less_one(EXTRAS),
    "L10-all": (*CORE, *EXTRAS),
}
"""The paper's 22 mixtures by the names of its ladder."""

BILINGUAL = {name: langs for name, langs in MIXTURES.items() if len(langs) <= 2}
"""English alone and with each other core language."""


@dataclass(frozen=True, slots=True)
class MadeRun:
    """A run, or with ``base`` an evaluation before training. ``right``: a verdict an item, by evaluated language."""

    task: str
    model: Model
    mixture: str
    languages: tuple[str, ...]
    right: Mapping[str, Sequence[bool]]
    budget: str = "per_language"
    seed: int = 0
    steps: int = 36
    tokens: int = 100_000
    base: bool = False

    @property
    def name(self) -> str:
        """As the study names it."""
        head = f"{self.task}/{self.model.name}"
        return f"{head}/base" if self.base else f"{head}/{self.budget}/{self.mixture}/s{self.seed}"

    @property
    def address(self) -> str:
        """16 hex digits of the name."""
        return hashlib.blake2b(self.name.encode(), digest_size=8).hexdigest()

    def cell(self, lang: str) -> dict[str, Any]:
        """What is the same in all rows of the cell of a language."""
        return {
            "run": self.name,
            "address": self.address,
            "model": self.model.name,
            "family": self.model.family,
            "log10_parameters": log10_parameters(self.model.parameters),
            "task": self.task,
            "mixture": "base" if self.base else self.mixture,
            "L": len(self.languages),
            "languages": self.languages,
            "budget": "" if self.base else self.budget,
            "seed": self.seed,
            "steps": 0 if self.base else self.steps,
            "tokens": 0 if self.base else self.tokens,
            "lang": lang,
            "exposure": exposure_of(lang, self.languages, base=self.base),
            "tier": TIERS.get(lang, "other"),
        }

    def entry(self, *, done: bool = True) -> dict[str, Any]:
        """As study.json lists it."""
        head = {name: getattr(self, name) for name in ("name", "address", "task")}
        model = {"model": self.model.name, "family": self.model.family, "parameters": self.model.parameters}
        if self.base:
            return {**head, **model}
        own = {name: getattr(self, name) for name in ("mixture", "budget", "seed", "steps", "tokens")}
        return {**head, **model, **own, "L": len(self.languages), "languages": [*self.languages], "pending": not done}


Accuracy = Callable[[MadeRun, str], float]
"""The share that a run gets right in a language, by rights."""


def grid(
    accuracy: Accuracy,
    *,
    models: Sequence[Model] = MODELS,
    tasks: Sequence[str] = ("math", "api"),
    mixtures: Mapping[str, tuple[str, ...]] = MIXTURES,
    budgets: Sequence[str] = ("per_language",),
    seeds: Sequence[int] = (0,),
    langs: Sequence[str] = LANGS,
    items: int = 20,
    seed: int | None = None,
) -> list[MadeRun]:
    """A run for each of the grid. Without ``seed`` a cell has round(accuracy x items) right, the first items; with it
    every item is drawn by itself."""
    shells = [
        MadeRun(
            task,
            model,
            mixture,
            languages,
            {},
            budget,
            number,
            steps=36 * len(languages),
            tokens=10_000 * len(languages),
        )
        for task, model, budget, (mixture, languages), number in product(
            tasks, models, budgets, mixtures.items(), seeds
        )
    ]
    return [_filled(shell, accuracy, langs, items, seed) for shell in shells]


def base_runs(
    accuracy: Accuracy,
    *,
    models: Sequence[Model] = MODELS,
    tasks: Sequence[str] = ("math", "api"),
    langs: Sequence[str] = LANGS,
    items: int = 20,
    seed: int | None = None,
) -> list[MadeRun]:
    """The base of each model and task; see :func:`grid`."""
    shells = [MadeRun(task, model, "base", (), {}, base=True) for task, model in product(tasks, models)]
    return [_filled(shell, accuracy, langs, items, seed) for shell in shells]


def first(correct: int, items: int) -> list[bool]:
    """Verdicts of which the first ``correct`` are right."""
    return [index < correct for index in range(items)]


def table_of(
    runs: Iterable[MadeRun],
    *,
    pivot: str = "en",
    tiers: Mapping[str, str] = TIERS,
    items_per_group: int = 1,
    unfinished: Sequence[MadeRun] = (),
) -> StudyTable:
    """A table of runs; of ``unfinished`` ones it is only known that they failed."""
    made = list(runs)
    builder = TableBuilder()
    for run in made:
        for lang, right in run.right.items():
            items = [item_id(run.task, index) for index in range(len(right))]
            groups = [group_id(run.task, index, items_per_group) for index in range(len(right))]
            builder.add({**run.cell(lang), "tier": tiers.get(lang, "other")}, items, groups, right)
    return StudyTable(
        frame=builder.frame(),
        pivot=pivot,
        evaluated=tuple(dict.fromkeys(lang for run in made for lang in run.right)),
        tiers=tiers,
        lmax=max((len(run.languages) for run in (*made, *unfinished)), default=0),
        expected=_expected(made, unfinished),
    )


def item_id(task: str, index: int) -> str:
    """The id of an item, the same in every language."""
    return f"{task}-{index:04d}"


def group_id(task: str, index: int, items_per_group: int = 1) -> str:
    """The problem or dialogue of an item."""
    return f"{task}-group-{index // items_per_group:04d}"


def _filled(shell: MadeRun, accuracy: Accuracy, langs: Sequence[str], items: int, seed: int | None) -> MadeRun:
    right = {}
    for lang in langs:
        share = min(max(accuracy(shell, lang), 0.0), 1.0)
        if seed is None:
            right[lang] = first(round(share * items), items)
        else:
            draw = random.Random(f"{seed}/{shell.name}/{lang}")
            right[lang] = [draw.random() < share for _ in range(items)]
    return replace(shell, right=right)


def _expected(finished: Sequence[MadeRun], unfinished: Sequence[MadeRun]) -> dict[str, Any]:
    counts = {
        key: {
            "planned": sum(run.base == base for run in (*finished, *unfinished)),
            "finished": sum(run.base == base for run in finished),
        }
        for key, base in (("runs", False), ("bases", True))
    }
    return {**counts, "unfinished": [failure_of(run) for run in unfinished]}


def failure_of(run: MadeRun) -> dict[str, Any]:
    """What a study says of a run that failed."""
    return {
        "name": run.name,
        "kind": "base" if run.base else "run",
        "address": run.address,
        "state": "failed",
        "stage": "train",
        "error": "no memory left: a smaller batch_size is needed",
    }
