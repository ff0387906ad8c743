"""The parts of a study file, read and checked: data, budgets, models, evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ....toolkit.errors import UsageError
from ....toolkit.languages import resolve
from ....toolkit.tasks import TASKS
from ....train.ladder import Ladder, load_ladder
from ....train.named_sets import find_sets
from ....train.request import Budget, make_request
from ...score import PRIMARY
from ...test_sets import DEFAULT, known_sets
from . import spec_values as read
from .spec_types import BudgetSpec, DataSpec, EstimateSpec, EvaluateSpec, TaskBudget, TranslateSpec

SAMPLE = "sample"
TINY = "tiny"
_KINDS = ("per_language", "total", "tokens", "steps")
_TRANSLATE = ("split", "limit", "columns", "arguments", "tools", "segment", "beam_size", "compute_type", "device")
_VERDICTS = {"math": ("robust", "faithful"), "api": ("strict", "normalised")}
_DEFAULT_BATCH = {"batch_size": 512, "epochs": 6}


def read_ladders(value: Any, tasks: Sequence[str], base: Path) -> tuple[dict[str, Ladder], dict[str, str]]:
    """Per task the ladder, and what ``mlt mix --preset`` takes for it."""
    places = {}
    for task, found in read.by_task(value, tasks).items():
        if not isinstance(found, str):
            raise UsageError(f"ladder: {found!r:.80} is none for {task}; name one, such as paper-22, or a file")
        beside = base / found
        places[task] = str(beside.resolve()) if beside.is_file() else found
    try:
        return {task: load_ladder(found) for task, found in places.items()}, places
    except UsageError as error:
        raise UsageError(f"ladder: {str(error).removeprefix('--preset ')}") from None


def read_data(value: Any, base: Path) -> dict[str, DataSpec]:
    """The data of each task."""
    found = read.mapping(value, "data", TASKS)
    if not found:
        raise UsageError(f"data: no task is named; choose {' or '.join(TASKS)}")
    return {task: _task_data(task, entry, base) for task, entry in found.items()}


def read_budgets(value: Any, tasks: Sequence[str]) -> tuple[BudgetSpec, ...]:
    """The budgets, each with an amount a task."""
    budgets = []
    for name, entry in read.mapping(value, "budgets").items():
        where = f"budgets: {read.name(name, 'budgets')}"
        amounts = read.mapping(entry, where, tasks)
        if missing := [task for task in tasks if task not in amounts]:
            raise UsageError(f"{where}: {missing[0]} is missing: every task needs its amount")
        budgets.append(BudgetSpec(name, {task: _amount(amounts[task], f"{where}: {task}") for task in tasks}))
    if not budgets:
        raise UsageError("budgets: none is named; such as per_language: {math: {per_language: 1000}}")
    return tuple(budgets)


def read_evaluate(value: Any, ladders: Mapping[str, Ladder]) -> EvaluateSpec:
    """How models are asked. Without languages: in those of the ladder."""
    known = [entry.name for entry in fields(EvaluateSpec)]
    found = read.mapping(value, "evaluate", known)
    tasks = list(ladders)
    langs = read.by_task(found.get("languages"), tasks)
    plain: dict[str, Any] = {}
    for name in ("lid", "chat", "backend"):
        if name in found:
            plain[name] = read.text(found[name], f"evaluate: {name}")
    if "batch_size" in found:
        plain["batch_size"] = read.whole(found["batch_size"], "evaluate: batch_size")
    if "seed" in found:
        plain["seed"] = read.whole(found["seed"], "evaluate: seed", 0)
    if "base" in found:
        plain["base"] = read.flag(found["base"], "evaluate: base")
    return EvaluateSpec(
        languages={
            task: ladders[task].languages if langs[task] is None else read.languages(langs[task], "evaluate: languages")
            for task in tasks
        },
        limit=_numbers(found, "limit", tasks),
        max_new_tokens=_numbers(found, "max_new_tokens", tasks),
        shots={task: count or 0 for task, count in _numbers(found, "shots", tasks, 0).items()},
        verdict=_verdicts(found.get("verdict"), tasks),
        **plain,
    )


def read_tiers(value: Any, languages: Sequence[str]) -> dict[str, str]:
    """The tier of each language: as the file says, else the registry's, high or low; a language may have none."""
    tiers: dict[str, str] = {}
    for tier, langs in read.mapping(value or {}, "tiers").items():
        for lang in read.languages(langs, f"tiers: {tier}"):
            if tiers.setdefault(lang, tier) != tier:
                raise UsageError(f"tiers: {lang} stands in {tiers[lang]} and in {tier}: keep it in one of them")
    known = {lang: tiers.get(lang) or resolve(lang).language.tier for lang in languages}
    return {lang: tier for lang, tier in known.items() if tier is not None}


def read_estimates(value: Any, tasks: Sequence[str]) -> EstimateSpec:
    """What costs are estimated with."""
    found = read.mapping(value or {}, "estimates", [entry.name for entry in fields(EstimateSpec)])
    given: dict[str, Any] = {}
    for key, entry in found.items():
        where = f"estimates: {key}"
        if key == "device":
            given[key] = read.text(entry, where)
        elif key in ("tokens_per_row", "test_items"):
            own = {task: read.number(n, f"{where}: {task}", 1) for task, n in read.mapping(entry, where, TASKS).items()}
            given[key] = {**getattr(EstimateSpec(), key), **own}
        else:
            given[key] = read.number(entry, where, 1e-6)
    return EstimateSpec(**given)


def _task_data(task: str, value: Any, base: Path) -> DataSpec:
    where = f"data: {task}"
    found = read.mapping(value, where, ("translate", "runs", "test", "validation", "decontaminate"))
    if ("translate" in found) == ("runs" in found):
        raise UsageError(f"{where}: name either runs, or translate to have them made")
    translate = _translate(found["translate"], f"{where}: translate", base) if "translate" in found else None
    runs = [read.text(path, f"{where}: runs") for path in read.items(found.get("runs", ["-"]), f"{where}: runs")]
    data = DataSpec(
        task,
        translate=translate,
        runs=() if translate else tuple(Path(read.own_place(path, base)) for path in runs),
        test=_test(task, found.get("test"), where, base),
        validation=read.whole(found.get("validation", 0), f"{where}: validation", 0),
        decontaminate=_decontaminate(found.get("decontaminate"), f"{where}: decontaminate", base),
    )
    return data if data.holdout or data.test else replace(data, test=_default_test(task, where))


def _default_test(task: str, where: str) -> str:
    if known_sets()[DEFAULT[task]].source is not None:
        raise UsageError(f"{where}: test is missing: {DEFAULT[task]} is English only; name a run of its translation")
    return DEFAULT[task]


def _test(task: str, value: Any, where: str, base: Path) -> str | None:
    if value is None:
        return None
    given = read.text(value, f"{where}: test")
    name, equals, found = given.partition("=")
    known = known_sets().get(name.partition(":")[0])
    if known is not None and known.task != task:
        raise UsageError(f"{where}: test: {name} is a test set for {known.task}")
    if equals:
        return f"{name}={read.own_place(found, base)}"
    if known is not None or given.startswith("hf://"):
        return given
    return read.own_place(given, base)


def _translate(value: Any, where: str, base: Path) -> TranslateSpec:
    found = read.mapping(value, where, ("source", "model", "holdout", *_TRANSLATE))
    source = read.text(found.get("source", SAMPLE), f"{where}: source")
    return TranslateSpec(
        source=source if source == SAMPLE else read.place(source, base),
        model=read.place(read.text(found.get("model"), f"{where}: model"), base)
        if found.get("model") != TINY
        else TINY,
        holdout=read.whole(found.get("holdout", 0), f"{where}: holdout", 0),
        options={name: found[name] for name in _TRANSLATE if found.get(name) is not None},
    )


def _decontaminate(value: Any, where: str, base: Path) -> tuple[str, ...]:
    specs = []
    for spec in read.items(value, where) if value else ():
        name, equals, found = read.text(spec, where).partition("=")
        specs.append(f"{name}={read.place(found, base)}" if equals else name)
    find_sets(specs)
    return tuple(specs)


def _amount(value: Any, where: str) -> TaskBudget:
    found = read.mapping(value, where, (*_KINDS, *_DEFAULT_BATCH, "sequence_length", "tokenizer", "set"))
    tokenizer = found.get("tokenizer")
    numbers = {key: read.whole(n, f"{where}: {key}") for key, n in found.items() if key not in ("tokenizer", "set")}
    try:
        budget: Budget = make_request(
            langs=None,
            **{kind: numbers.pop(kind, None) for kind in _KINDS},  # type: ignore[arg-type]
            **{"sequence_length": None, **_DEFAULT_BATCH, **numbers},  # type: ignore[arg-type]
            mode="parallel",
            weights=None,
            temperature=None,
            tasks=None,
            validation=0,
            format="prompt",
            annotations="keep",
            seed=0,
            with_tokenizer=tokenizer is not None,
        ).budget
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    settings = read.recipe_settings(found.get("set"), f"{where}: set")
    return TaskBudget(budget, None if tokenizer is None else read.text(tokenizer, f"{where}: tokenizer"), settings)


def _numbers(found: Mapping[str, Any], key: str, tasks: Sequence[str], least: int = 1) -> dict[str, int | None]:
    given = read.by_task(found.get(key), tasks)
    return {task: None if n is None else read.whole(n, f"evaluate: {key}", least) for task, n in given.items()}


def _verdicts(value: Any, tasks: Sequence[str]) -> dict[str, str]:
    given = read.mapping(value or {}, "evaluate: verdict", TASKS)
    return {
        task: read.choice(given.get(task, PRIMARY[task]), f"evaluate: verdict: {task}", _VERDICTS[task])
        for task in tasks
    }
