"""Study files: all that decides a study, in one YAML file.

Paths in it are relative to the file itself, or to the current folder where something lies there and nothing beside the
file; a preset's data are relative to the current folder.

==================  ===============================================================================================
``name``            what the study and its folder are called
``ladder``          the mixtures: a ladder's name (``paper-22``) or a file; ``{math: …, api: …}`` for one a task
``data``            per task (``math``, ``api``): ``runs``, a list of finished runs of mlt translate or mlt filter; or
                    ``translate``: ``source`` (``sample``, a file, a preset, ``hf://…``), ``model``, ``holdout`` (items,
                    in whole groups, set apart as test set and translated too) and options of mlt translate
                    (``split``, ``limit``, ``columns``, ``arguments``, ``tools``, ``segment``, ``beam_size``,
                    ``compute_type``, ``device``). ``test``: what mlt eval takes as ``--data``; without it what was
                    held out, else mgsm. ``validation``: items a language. ``decontaminate``: test sets to keep out
``budgets``         names, and under each per task one of ``per_language``, ``total``, ``tokens``, ``steps`` (with
                    ``batch_size``, ``epochs``, ``sequence_length``) as mlt mix has them; ``tokenizer`` where tokens
                    are counted; ``set``: recipe settings that belong to the budget, such as ``max_steps``
``models``          recipes' models by name (the recipes are ``<name>/<task>``), or a mapping: ``name``, ``recipes``
                    (names or files, a task each), ``set``, ``parameters``, ``family``, ``base``: ``checkpoint`` or
                    ``none``, whether its checkpoint is asked before training
``set``             settings of every recipe; ``{math: {…}}`` of one task's. A model's own ``set`` goes before, and
                    ``--set`` of the command before that
``seeds``           of training, a run each (default 0); ``mixture_seed`` decides the items of the mixtures
``evaluate``        ``languages``, ``limit``, ``max_new_tokens``, ``shots`` (each also by task), ``batch_size``,
                    ``lid``, ``chat``, ``backend``, ``seed``; ``base``: whether checkpoints are asked before training;
                    ``verdict``: per task what counts as right (``robust``, ``strict``)
``tiers``           names of tiers, each with its languages; else the registry's ``high`` and ``low``
``keep_models``     whether weights stay after they were evaluated (default: they do not)
``estimates``       ``device`` (a name), ``flops`` (its peak), ``utilisation`` of it in training, ``generation``: in
                    generation, ``tokens_per_row`` and ``test_items`` by task, where they are not known
==================  ===============================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....toolkit.errors import UsageError, did_you_mean
from ....toolkit.run import open_run
from . import spec_parts as parts
from . import spec_values as read
from .spec_models import read_models
from .spec_types import (
    BudgetSpec,
    DataSpec,
    EstimateSpec,
    EvaluateSpec,
    ModelSpec,
    StudySpec,
    TaskBudget,
    TranslateSpec,
    recipe_json,
)

__all__ = [
    "BudgetSpec",
    "DataSpec",
    "EstimateSpec",
    "EvaluateSpec",
    "ModelSpec",
    "StudySpec",
    "TaskBudget",
    "TranslateSpec",
    "load_spec",
    "preset_names",
    "recipe_json",
]

_PRESETS = Path(__file__).with_name("presets")
_LADDERS = "ladder-"  # a preset's own ladder lies beside it
_KEYS = (
    *("name", "ladder", "data", "budgets", "models", "set", "seeds", "mixture_seed"),
    *("evaluate", "tiers", "keep_models", "estimates"),
)
_NEEDED = ("name", "ladder", "data", "budgets", "models")


def preset_names() -> list[str]:
    """The names of the studies that come with the package."""
    return sorted(path.stem for path in _PRESETS.glob("*.yaml") if not path.name.startswith(_LADDERS))


def load_spec(name_or_path: str, overrides: Sequence[str] = ()) -> StudySpec:
    """The study of a preset's name, or of a YAML file; ``overrides`` are ``key=value`` of every recipe.

    Everything that can be looked up is: ladders, recipes, languages, test sets' names. Data need not be there yet.
    Raises UsageError for what is unknown (naming the nearest key), missing or out of its bounds, DataError for a file
    that cannot be read.
    """
    path = _path_of(name_or_path)
    where = str(name_or_path)
    values = read.mapping(read.read_mapping(path, where), where, _KEYS)
    if missing := [key for key in _NEEDED if values.get(key) in (None, "", [], {})]:
        raise UsageError(f"{where}: {missing[0]} is missing: a study names {', '.join(_NEEDED)}")
    try:
        spec = _spec(path, values, overrides)
        _check_languages(spec)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return spec


def _path_of(name_or_path: str) -> Path:
    names = preset_names()
    if name_or_path in names:
        return _PRESETS / f"{name_or_path}.yaml"
    if (path := Path(name_or_path)).is_file():
        return path.absolute()
    # tiny.yaml, where no such file lies, can only be the preset.
    if (stem := name_or_path.removesuffix(".yaml")) in names:
        return _PRESETS / f"{stem}.yaml"
    hint = did_you_mean(stem, names, "presets are")
    raise UsageError(f"{name_or_path}: no study file and no preset of that name; {hint}")


def _spec(path: Path, values: dict[str, object], overrides: Sequence[str]) -> StudySpec:
    beside = path.parent
    # A preset's data are its user's: only what belongs to the package, ladders and recipes, lies beside it.
    base = Path.cwd() if beside == _PRESETS else beside
    data = parts.read_data(values["data"], base)
    tasks = list(data)
    ladders, places = parts.read_ladders(values["ladder"], tasks, beside)
    evaluate = parts.read_evaluate(values.get("evaluate") or {}, ladders)
    known = dict.fromkeys([lang for ladder in ladders.values() for lang in ladder.languages])
    known |= dict.fromkeys([lang for langs in evaluate.languages.values() for lang in langs])
    budgets = parts.read_budgets(values["budgets"], tasks)
    seeds = [read.whole(seed, "seeds", 0) for seed in read.items(values.get("seeds", [0]), "seeds")]
    return StudySpec(
        name=read.name(values["name"], "name"),
        path=path,
        ladders=ladders,
        ladder_places=places,
        data=data,
        budgets=budgets,
        models=read_models(values["models"], budgets, values.get("set"), overrides, beside),
        seeds=tuple(dict.fromkeys(seeds)),
        mixture_seed=read.whole(values.get("mixture_seed", 0), "mixture_seed", 0),
        evaluate=evaluate,
        tiers=parts.read_tiers(values.get("tiers"), list(known)),
        keep_models=read.flag(values.get("keep_models", False), "keep_models"),
        estimates=parts.read_estimates(values.get("estimates"), tasks),
    )


def _check_languages(spec: StudySpec) -> None:
    """UsageError for languages that a run which is there does not hold."""
    for task, data in spec.data.items():
        there = [open_run(path) for path in data.runs if (path / "run.json").is_file()]
        held = {lang for run in there for lang in run.languages}
        missing = [lang for lang in spec.languages(task) if lang not in held]
        if there and len(there) == len(data.runs) and missing:
            raise UsageError(f"data: {task}: no run holds {', '.join(missing)}: they hold {', '.join(sorted(held))}")
        test = Path((data.test or "").rpartition("=")[2])
        if data.test and (test / "run.json").is_file():
            held = set(open_run(test).languages)
            if missing := [lang for lang in spec.evaluate.languages[task] if lang not in held]:
                raise UsageError(f"data: {task}: test: {test} has no {', '.join(missing)}")
