"""Studies made by hand: tables and folders whose every verdict a test decides, without any training.

``grid`` makes the runs of models x tasks x mixtures, ``base_runs`` the bases, ``table_of`` a table of them, and
``on_disk`` a study's folder that ``build_table`` reads. ``paper_counts`` is a table with the paper's own counts.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from mlt.eval.study.analysis.long_table import StudyTable, TableBuilder, exposure_of, log10_parameters

LANGS = ("en", "es", "ja", "bn", "sw", "te")
CORE = LANGS[:5]
EXTRAS = ("fr", "de", "ru", "zh-Hans", "th")
TIERS = {
    **dict.fromkeys(("en", "es", "ja", "fr", "de", "ru", "zh-Hans"), "high"),
    **dict.fromkeys(("bn", "sw", "te", "th"), "low"),
}
VERDICTS = {"math": ("robust", "faithful"), "api": ("strict", "normalised")}
SIZES = {"math": 250, "api": 399}
"""Items a language of the paper's test sets."""


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


def on_disk(
    folder: Path,
    runs: Iterable[MadeRun],
    *,
    name: str = "made",
    pivot: str = "en",
    tiers: Mapping[str, str] = TIERS,
    items_per_group: int = 1,
    failed: Sequence[MadeRun] = (),
    to_come: Sequence[MadeRun] = (),
) -> Path:
    """A study's folder with finished, failed and planned runs; its path. Outputs hold markup, as models' may."""
    finished = list(runs)
    everything = [*finished, *failed, *to_come]
    mixtures = {run.mixture: run.languages for run in everything if not run.base}
    study = {
        "schema_version": "1",
        "name": name,
        "spec": {"name": name, "evaluate": {"verdict": {"math": "robust", "api": "strict"}}},
        "pivot": pivot,
        "tiers": dict(tiers),
        "evaluated": list(dict.fromkeys(lang for run in everything for lang in run.right)),
        "ladder": [{"name": key, "size": len(langs), "languages": [*langs]} for key, langs in mixtures.items()],
        "runs": [run.entry(done=run in finished) for run in everything if not run.base],
        "bases": [run.entry() for run in everything if run.base],
    }
    _write(folder / "study.json", study)
    for run in finished:
        _write_run(folder, run, items_per_group)
    for run in failed:
        _write_failed(folder, run)
    return folder


def item_id(task: str, index: int) -> str:
    """The id of an item, the same in every language."""
    return f"{task}-{index:04d}"


def group_id(task: str, index: int, items_per_group: int = 1) -> str:
    """The problem or dialogue of an item."""
    return f"{task}-group-{index // items_per_group:04d}"


@cache
def paper_counts() -> StudyTable:
    """English-only and bilingual runs of 5 models x 2 tasks with the paper's counts.

    A bilingual run is better than the English-only one in 35 of 40 cells in the added language, in 119 of 160 in
    languages not trained on, and in 30 of 40 in English; the median changes are the paper's too: +9.27, +3.38 and
    +0.88 points on API calling, +8.4, +1.6 and +3.4 on math. The medians are by task, over 20, 80 and 20 cells.
    """
    changes = {key: list(values) for key, values in _paper_changes().items()}
    draw = random.Random(0)
    for values in changes.values():
        draw.shuffle(values)
    runs = []
    for task, (index, model) in product(SIZES, enumerate(MODELS)):
        alone = {lang: SIZES[task] * (30 + 5 * index - 3 * number) // 100 for number, lang in enumerate(LANGS)}
        for mixture, languages in BILINGUAL.items():
            right = dict(alone)
            if mixture != "L01-en":
                for lang in LANGS:
                    right[lang] += changes[task, _role(lang, languages)].pop()
            verdicts = {lang: first(count, SIZES[task]) for lang, count in right.items()}
            runs.append(MadeRun(task, model, mixture, languages, verdicts, steps=36 * len(languages)))
    return table_of(runs)


def _role(lang: str, languages: Sequence[str]) -> str:
    return "english" if lang == "en" else exposure_of(lang, languages, base=False)


def _paper_changes() -> dict[tuple[str, str], list[int]]:
    """Changes in items right, a cell each, so that the medians and the numbers above 0 are the paper's."""
    return {
        ("api", "direct"): _changes(below=2, ties=0, low=37, high=37, size=20),
        ("math", "direct"): _changes(below=2, ties=1, low=21, high=21, size=20),
        ("api", "transfer"): _changes(below=16, ties=4, low=13, high=14, size=80),
        ("math", "transfer"): _changes(below=20, ties=1, low=4, high=4, size=80),
        ("api", "english"): _changes(below=4, ties=2, low=3, high=4, size=20),
        ("math", "english"): _changes(below=3, ties=1, low=8, high=9, size=20),
    }


def _changes(*, below: int, ties: int, low: int, high: int, size: int) -> list[int]:
    """``size`` sorted changes: so many below 0 and at 0, the middle two ``low`` and ``high``, the rest around them."""
    half = size // 2
    wins = half - below - ties
    lower = (
        [-1 - index % 5 for index in range(below)]
        + [0] * ties
        + [max(1, low - 1 - index % 6) for index in range(wins - 1)]
    )
    return [*lower, low, high, *(high + 1 + index % 9 for index in range(half - 1))]


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
    return {**counts, "unfinished": [_failure(run) for run in unfinished]}


def _failure(run: MadeRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "kind": "base" if run.base else "run",
        "address": run.address,
        "state": "failed",
        "stage": "train",
        "error": "no memory left: a smaller batch_size is needed",
    }


def _folder(folder: Path, run: MadeRun) -> Path:
    return folder / ("bases" if run.base else "runs") / run.address


def _write_run(folder: Path, run: MadeRun, items_per_group: int) -> None:
    own = _folder(folder, run)
    answers = own / "answers"
    _write(
        answers / "eval.json",
        {
            "schema_version": "1",
            "identity": {"model": {"name": run.model.name, "revision": "r1"}},
            "signature": "mlt:made",
            "sets": {"made": {"name": "made", "task": run.task, "shots": 0, "max_new_tokens": 64, "revisions": {}}},
        },
    )
    digests = {}
    for lang, right in run.right.items():
        lines = [json.dumps(_sample(run, lang, index, ok, items_per_group)) for index, ok in enumerate(right)]
        path = answers / "samples" / f"{run.task}-{lang}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        digests[f"samples/{path.name}"] = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    _write(own / "job.json", _job(run))
    _write(own / "state.json", _state("done", "eval", 0, ""))
    (own / "log.txt").write_text("done\n", encoding="utf-8")
    _write(own / "done.json", _done(run, digests))


def _write_failed(folder: Path, run: MadeRun) -> None:
    own = _folder(folder, run)
    error = _failure(run)["error"]
    _write(own / "job.json", _job(run))
    _write(own / "state.json", _state("failed", "train", 3, error))
    (own / "log.txt").write_text(f"step 1\n{error}\n", encoding="utf-8")


def _job(run: MadeRun) -> dict[str, Any]:
    return {**run.entry(), "kind": "base" if run.base else "run", "names": [run.name], "recipe": {}, "evaluate": {}}


def _state(state: str, stage: str, rc: int, error: str) -> dict[str, Any]:
    times = {"started": 1_767_225_600.0, "ended": 1_767_225_660.0, "seconds": {"train": 40.0, "eval": 20.0}}
    return {"state": state, "stage": stage, "pid": 1, "host": "", **times, "rc": rc, "error": error, "attempts": 1}


def _done(run: MadeRun, digests: Mapping[str, str]) -> dict[str, Any]:
    train = {
        "steps": run.steps,
        "kept_step": run.steps,
        "tokens": run.tokens,
        "rows": 60,
        "signature": "s",
        "validation": 0.5,
    }
    return {
        "address": run.address,
        "finished": "2026-01-01T00:01:00+00:00",
        "seconds": {"train": 40.0, "eval": 20.0},
        "train": None if run.base else train,
        "answers": dict(digests),
        "results": {lang: {"items": len(right), "correct": sum(right)} for lang, right in run.right.items()},
    }


def _sample(run: MadeRun, lang: str, index: int, right: bool, items_per_group: int) -> dict[str, Any]:
    """A sample as ``mlt eval`` writes it; the second verdict is always the opposite of the first."""
    first_verdict, second = VERDICTS[run.task]
    return {
        "key": hashlib.blake2b(f"{run.task}-{lang}-{index}".encode(), digest_size=16).hexdigest(),
        "id": item_id(run.task, index),
        "group": group_id(run.task, index, items_per_group),
        "task": run.task,
        "lang": lang,
        "test_set": "made",
        "prompt": f"Question {index}?\n",
        "output": f"The answer is {18 if right else 17}. <b>&amp; done</b>",
        "finish": "stop",
        "extracted": "18" if right else "17",
        "gold": "18",
        "verdicts": {first_verdict: right, second: not right},
        "error": None if right else "wrong-answer",
        "fidelity": {"judged": False, "lang": None, "match": None, "lines": 0, "skipped": 0},
        "tokens": 12,
        "generated_tokens": 6,
    }


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
