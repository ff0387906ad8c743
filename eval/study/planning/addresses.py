"""Content addresses: what decides a study's data, mixtures, test sets, runs and bases, as short hashes.

A run is the same one where its address is: whatever could change its answers goes in, and nothing else, so that what
is finished is found again and what has changed is made anew. Left out are the size of evaluation batches, the engine
and the verdict that counts (samples hold all of them), and where curves are sent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ....toolkit import samples
from ....toolkit.layout import MANIFEST as RUN
from ....toolkit.local_sets import content_hash, split_files
from ....toolkit.mixtures import is_mixture, open_mixture
from ....toolkit.prompts import PROMPTS_VERSION
from ....toolkit.run import Run, open_run
from ....toolkit.signature import OUTPUT_VERSION
from ....train.inputs import content_of
from ....train.ladder import Ladder
from ....train.recipe import Recipe
from .spec_parts import SAMPLE, TINY
from .spec_types import DataSpec, EvaluateSpec, TaskBudget, TranslateSpec, recipe_json

_WEIGHTS = ("*.safetensors", "*.gguf", "config.json", "adapter_config.json", "tokenizer*", "*.jinja")
_NO_MATTER = ("batch_size", "backend", "verdict")
_VERSIONS = {"output_version": OUTPUT_VERSION, "prompts": PROMPTS_VERSION}


def address_of(value: Any) -> str:
    """blake2b-64 of a JSON value in its canonical form, 16 hex digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def data_key(data: DataSpec, languages: Collection[str]) -> str:
    """What decides a task's data, test set included: source and translation, or the rows of the named runs.

    ``languages`` are those that are mixed, for a run may hold more; a translation's may be added to it, and are no part
    of it. A run that is not there yet counts by its path.
    """
    if data.translate is not None:
        return address_of({"task": data.task, **_translation(data.translate, data.task), **_VERSIONS})
    read = {*languages, *(["en"] if data.decontaminate else [])}
    contents = [content_of(run, read) if (run := run_at(path)) else f"missing {path}" for path in data.runs]
    return address_of({"task": data.task, "runs": contents})


def ladder_key(data: DataSpec, key: str, ladder: Ladder, amount: TaskBudget, seed: int) -> str:
    """What decides a ladder's mixtures."""
    mixtures = [[mixture.name, list(mixture.languages)] for mixture in ladder.mixtures]
    return address_of({"mixtures": mixtures, "name": ladder.name, **_mixed(data, key, amount, seed)})


def planned_mixture(
    data: DataSpec, key: str, pool: Sequence[str], rows: Mapping[str, int], amount: TaskBudget, seed: int
) -> str:
    """What stands for a mixture until it is made: the ``rows`` of each language, and whatever else decides them."""
    unit = None if amount.budget.unit == "rows" else amount.to_json()
    decided = {name: value for name, value in _mixed(data, key, amount, seed).items() if name != "budget"}
    return address_of({"planned": dict(rows), "unit": unit, "pool": list(pool), **decided})


def mixture_digest(folder: Path) -> str | None:
    """A hash of the files of a mixture that is made; None where it is not. Its name and budget do not matter."""
    if not is_mixture(folder):
        return None
    files = open_mixture(folder).manifest["files"]
    return address_of({name: entry["blake2b"] for name, entry in files.items()})


def local_set(path: Path, languages: Collection[str]) -> str | None:
    """A hash of the test items at a path, of ``languages`` where it is a run; None where nothing lies there."""
    if (run := run_at(path)) is not None:
        return content_of(run, {"en", *languages})
    if is_mixture(path):
        return mixture_digest(path)
    if not path.exists():
        return None
    return content_hash(split_files(path, None) if path.is_dir() else [path])


def run_at(path: Path) -> Run | None:
    """The run in a folder; None where there is none."""
    return open_run(path) if (path / RUN).is_file() else None


def run_address(recipe: Recipe, mixture: str, evaluate: EvaluateSpec, test: str) -> str:
    """The address of a run. ``mixture``, ``test``: hashes of them."""
    settings = {name: value for name, value in recipe_json(recipe).items() if name != "report_to"}
    return address_of(
        {
            "kind": "run",
            "recipe": {**settings, **_model(recipe)},
            "mixture": mixture,
            **_asked(recipe, evaluate, test),
        }
    )


def base_address(recipe: Recipe, evaluate: EvaluateSpec, test: str) -> str:
    """The address of a checkpoint's evaluation before training."""
    return address_of({"kind": "base", **_model(recipe), **_asked(recipe, evaluate, test)})


def _asked(recipe: Recipe, evaluate: EvaluateSpec, test: str) -> dict[str, Any]:
    settings = {name: value for name, value in evaluate.of(recipe.task).items() if name not in _NO_MATTER}
    # Languages are asked one after the other: their order decides nothing.
    settings["languages"] = sorted(settings["languages"])
    return {"task": recipe.task, "evaluate": settings, "test": test, **_VERSIONS}


def _model(recipe: Recipe) -> dict[str, Any]:
    """A Hub id with its revision, or what a local checkpoint holds, wherever it lies."""
    folder = Path(recipe.model)
    if recipe.model != TINY and folder.is_dir():
        return {"model": "", "revision": _checkpoint_hash(folder)}
    return {"model": recipe.model, "revision": recipe.revision}


@cache
def _checkpoint_hash(folder: Path) -> str:
    files = sorted({path for pattern in _WEIGHTS for path in folder.glob(pattern) if path.is_file()})
    return content_hash(files) if files else str(folder)


def _translation(translate: TranslateSpec, task: str) -> dict[str, Any]:
    model = Path(translate.model)
    return {
        "source": _source(translate.source, task),
        "model": _checkpoint_hash(model) if translate.model != TINY and model.is_dir() else translate.model,
        "holdout": translate.holdout,
        "options": {name: value for name, value in translate.options.items() if name != "device"},
    }


def _source(source: str, task: str) -> str:
    if source == SAMPLE:
        return content_hash([Path(next(iter(samples.__path__))) / f"{task}.jsonl"])
    path = Path(source)
    if not path.exists():
        return source
    return content_hash(split_files(path, None) if path.is_dir() else [path])


def _mixed(data: DataSpec, key: str, amount: TaskBudget, seed: int) -> dict[str, Any]:
    budget = amount.to_json()
    del budget["set"]  # of the recipe: it changes no row
    return {
        "data": key,
        "budget": budget,
        "validation": data.validation,
        "decontaminate": [_named_set(spec) for spec in data.decontaminate],
        "seed": seed,
        **_VERSIONS,
    }


def _named_set(spec: str) -> str:
    name, equals, place = spec.partition("=")
    return f"{name}={content_hash([Path(place)])}" if equals and Path(place).is_file() else spec
