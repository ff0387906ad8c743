"""What a study ran: its runs by task, model and budget, what is not finished, and where it departs from the paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....train.recipe import PAPER
from ...report import TITLES
from .sections import Section
from .tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from ..analysis.long_table import StudyTable

_MODELS = (
    "Qwen/Qwen3-0.6B-Base",
    "Qwen/Qwen3-1.7B-Base",
    "Qwen/Qwen3-8B-Base",
    "google/gemma-3-1b-pt",
    "google/gemma-3-4b-pt",
)
_TRAINED = ("en", "es", "ja", "bn", "sw", "fr", "de", "ru", "zh", "th")
_EVALUATED = ("en", "es", "ja", "bn", "sw", "te")
_AMOUNTS = {"math": 10_000, "api": 3_024}
_ITEMS = {"math": 250, "api": 399}
_MIXTURES = 22
_DATA = {"math": "mCoT-MATH", "api": "mAPICall-Bank"}
_TESTS = {"math": "MGSM", "api": "mAPICall-Bank’s test part"}
_CHAT = re.compile(r"instruct|chat|-it\b", re.IGNORECASE)
_ERROR = 300


def overview(table: StudyTable, study: Mapping[str, Any]) -> Section:
    """The counts by task, model and budget, and the deviations. ``study``: what study.json holds."""
    away = deviations(table, study)
    note = "Nothing in the settings departs from the paper." if not away.rows else ""
    lead = (
        "A run is one training and its evaluation; a cell is a run in one evaluated language. Every number of this "
        "page leads to what it was computed from, and from there to the items."
    )
    return Section(
        "overview", "What was run", f"{lead} {note}".strip(), tables=(_counts(table), *([away] if away.rows else []))
    )


def failures(table: StudyTable) -> Section:
    """Every planned run that has no part in the numbers, with the last line of its log where it failed."""
    rows = tuple(
        (str(entry.get("name", "")), str(entry.get("state", "")), str(entry.get("error") or "")[-_ERROR:])
        for entry in table.expected.get("unfinished", ())
    )
    lead = "Planned, and no part of any number above. mlt study run goes on with them; mlt study status shows them."
    if not rows:
        return Section("failures", "Not finished", lead, empty="Every planned run is finished.")
    listed = Table("failures", "Runs that are not finished", ("run", "state", "last line of its log"), rows, words=3)
    return Section("failures", "Not finished", lead, tables=(listed,))


def tiles(table: StudyTable) -> list[tuple[str, str]]:
    """(number, what it counts) of the whole study."""
    unfinished = table.expected.get("unfinished", ())
    failed = sum(entry.get("state") == "failed" for entry in unfinished)
    frame = table.frame
    return [
        (_of(table.expected, "runs"), "runs finished"),
        (_of(table.expected, "bases"), "checkpoints before training"),
        (f"{failed:,}", "failed"),
        (f"{frame.groupby(['run', 'lang'], observed=True).ngroups:,}", "cells"),
        (f"{len(frame):,}", "answers judged"),
    ]


def deviations(table: StudyTable, study: Mapping[str, Any]) -> Table:
    """Where the study's settings are not the paper's; only what can be read from its plan and its answers."""
    spec = study.get("spec", {})
    recipes = [recipe for model in spec.get("models", ()) for recipe in model.get("recipes", {}).values()]
    rows = [
        *_models(recipes, study),
        *_settings(recipes),
        *_data(spec),
        *_design(spec, study),
        *_amounts(spec),
        *_asked(table),
    ]
    return Table(
        "deviations",
        "Where this study departs from the paper's",
        ("setting", "the paper", "this study"),
        tuple(rows),
        words=3,
        note="The paper’s method (all weights), model names and list of mixtures are inferred, not stated by it.",
    )


def _counts(table: StudyTable) -> Table:
    runs = table.frame.drop_duplicates("run")
    rows = tuple(
        (
            TITLES.get(str(task), str(task)),
            str(model),
            str(budget) or "before training",
            f"{len(part):,}",
            f"{part['mixture'].nunique():,}" if budget else "",
            f"{part['seed'].nunique():,}" if budget else "",
            _range(part["steps"]) if budget else "",
            _range(part["tokens"]) if budget else "",
        )
        for (task, model, budget), part in runs.groupby(["task", "model", "budget"], sort=False, observed=True)
    )
    columns = ("task", "model", "budget", "finished runs", "mixtures", "seeds", "steps", "tokens")
    return Table("runs", "Finished runs", columns, rows, words=3)


def _range(values: pd.Series[Any]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _of(expected: Mapping[str, Any], kind: str) -> str:
    counts = expected.get(kind, {})
    return f"{counts.get('finished', 0):,} of {counts.get('planned', 0):,}"


def _models(recipes: Sequence[Mapping[str, Any]], study: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    # Where a checkpoint lies on this machine is nobody's business: a page may be published.
    named = (Path(recipe["model"]) for recipe in recipes)
    names = list(dict.fromkeys(path.name if path.is_absolute() else path.as_posix() for path in named))
    names = names or list(dict.fromkeys(str(entry["model"]) for entry in study["runs"]))
    rows = []
    if set(names) != set(_MODELS):
        rows.append(("models", ", ".join(_MODELS), ", ".join(names)))
    if tuned := [name for name in names if _CHAT.search(name)]:
        rows.append(
            ("checkpoints", "of the pre-training stage", f"already tuned to follow instructions: {', '.join(tuned)}")
        )
    return rows


def _settings(recipes: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    rows = []
    for name, paper in PAPER.items():
        here = list(dict.fromkeys(recipe[name] for recipe in recipes if name in recipe))
        if any(value != paper for value in here):
            rows.append((name.replace("_", " "), _text(paper), " or ".join(map(_text, here))))
    capped = list(dict.fromkeys(recipe["max_steps"] for recipe in recipes if recipe.get("max_steps")))
    if capped:
        rows.append(("steps", "as epochs and batch give them", f"exactly {' or '.join(map(_text, capped))}"))
    return rows


def _data(spec: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What was trained on and asked. The paper's API calls were never published: other data than its own, always."""
    data: Mapping[str, Mapping[str, Any]] = spec.get("data", {})
    rows = []
    for task, entry in data.items():
        title, made = TITLES.get(task, task), entry.get("translate") or {}
        here = ", ".join(Path(run).name for run in entry.get("runs", ()))
        if made:
            here = f"{made.get('source')}, translated by {made.get('model')}"
        rows.append((f"{title}: data", _DATA.get(task, "none"), here))
        test = entry.get("test") or "items held out of the data"
        if not test.startswith("mgsm"):
            rows.append((f"{title}: test set", _TESTS.get(task, "none"), Path(test).name))
    return rows


def _design(spec: Mapping[str, Any], study: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    runs = study["runs"]
    mixtures = {entry["mixture"] for entry in runs}
    trained = [lang for entry in study.get("ladder", ()) for lang in entry["languages"]]
    trained = list(dict.fromkeys(trained or [lang for entry in runs for lang in entry["languages"]]))
    tasks = list(dict.fromkeys(entry["task"] for entry in runs))
    seeds = len({entry["seed"] for entry in runs})
    budgets = list(dict.fromkeys(entry["budget"] for entry in runs))
    found = [
        ("tasks", "math, api", ", ".join(tasks), set(tasks) == set(_AMOUNTS)),
        ("mixtures", str(_MIXTURES), str(len(mixtures)), len(mixtures) == _MIXTURES),
        ("languages trained on", ", ".join(_TRAINED), ", ".join(trained), _bare(trained) == set(_TRAINED)),
        (
            "languages evaluated",
            ", ".join(_EVALUATED),
            ", ".join(study["evaluated"]),
            _bare(study["evaluated"]) == set(_EVALUATED),
        ),
        ("seeds", "1", str(seeds), seeds == 1),
        ("budgets", "the same amount per language", ", ".join(budgets), budgets == ["per_language"]),
        *_shots(spec, tasks),
    ]
    return [(name, paper, here) for name, paper, here, same in found if not same]


def _shots(spec: Mapping[str, Any], tasks: Iterable[str]) -> list[tuple[str, str, str, bool]]:
    asked = spec.get("evaluate", {})
    shots = {task: entry.get("shots", 0) for task in tasks if isinstance(entry := asked.get(task), Mapping)}
    return [("exemplars in a prompt", "0", _by_task(shots), not any(shots.values()))]


def _amounts(spec: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Rows a language of the budgets that say them, where they are not the paper's."""
    rows = []
    for budget in spec.get("budgets", {}).values():
        amounts = {task: entry.get("amount", entry.get("per_language")) for task, entry in budget.items()}
        kinds = {entry.get("kind", "per_language") for entry in budget.values()}
        if kinds == {"per_language"} and any(amount != _AMOUNTS.get(task) for task, amount in amounts.items()):
            rows.append(("training items a language", _by_task(_AMOUNTS), _by_task(amounts)))
    return rows


def _asked(table: StudyTable) -> list[tuple[str, str, str]]:
    frame = table.frame
    sizes = frame.groupby(["task", "run", "lang"], sort=False, observed=True).size().groupby("task").max()
    here = {str(task): int(size) for task, size in sizes.items()}
    paper = {task: size for task, size in _ITEMS.items() if task in here}
    return [] if here == paper else [("items asked a language", _by_task(paper), _by_task(here))]


def _bare(langs: Iterable[str]) -> set[str]:
    """Languages without their script: the paper's zh is zh-Hans here."""
    return {lang.partition("-")[0] for lang in langs}


def _by_task(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{TITLES.get(task, task)} {_text(value)}" for task, value in values.items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
