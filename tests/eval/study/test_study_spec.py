"""Study files: what they may say, and what is said where they are wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from study_runs import write_run

from mlt.eval.study.planning.folder import study_folder
from mlt.eval.study.planning.spec import StudySpec, load_spec, preset_names
from mlt.toolkit.errors import DataError, UsageError

SMALL: dict[str, Any] = {
    "name": "small",
    "ladder": "paper-22",
    "data": {
        "math": {"translate": {"source": "sample", "model": "tiny", "holdout": 20}, "validation": 4},
        "api": {"translate": {"source": "sample", "model": "tiny", "holdout": 20}},
    },
    "budgets": {"per_language": {"math": {"per_language": 12}, "api": {"per_language": 12}}},
    "models": ["tiny"],
    "evaluate": {"languages": ["en", "sw", "te"]},
}


MINE = {"name": "mine", "recipes": {"math": "tiny/math", "api": "tiny/api"}}


def write(folder: Path, change: Callable[[dict[str, Any]], object] = lambda values: None) -> str:
    values = deepcopy(SMALL)
    change(values)
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return str(path)


def load(folder: Path, change: Callable[[dict[str, Any]], object] = lambda values: None, *sets: str) -> StudySpec:
    return load_spec(write(folder, change), sets)


def test_says_little_and_means_the_defaults(tmp_path: Path) -> None:
    spec = load(tmp_path)
    assert (spec.name, spec.tasks, spec.seeds, spec.pivot) == ("small", ("math", "api"), (0,), "en")
    assert spec.evaluate.of("api") | {"languages": []} == {
        "languages": [],
        **{"limit": None, "max_new_tokens": None, "shots": 0, "verdict": "strict"},
        **{"batch_size": 8, "lid": "none", "chat": "auto", "backend": "auto", "seed": 0},
    }
    assert spec.tiers["te"] == "low"
    assert spec.tiers["fr"] == "high"
    assert spec.models[0].base == "none"  # tiny has no checkpoint
    assert spec.data["math"].holdout
    assert spec.data["math"].test is None


def test_is_json_whatever_it_holds(tmp_path: Path) -> None:
    spec = load(tmp_path)
    again = json.loads(json.dumps(spec.to_json()))
    assert again["evaluate"]["verdict"] == {"math": "robust", "api": "strict"}
    assert again["models"][0]["recipes"]["math"]["model"] == "tiny"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v.update(seed=[0]), "seed: no key of that name; did you mean seeds?"),
        (lambda v: v["data"]["math"].update(validations=3), "data: math: validations: no key of that name; did you"),
        (lambda v: v["data"].update(maths={}), "data: maths: no key of that name; did you mean math?"),
        (lambda v: v["evaluate"].update(language=["en"]), "did you mean languages?"),
        (lambda v: v["budgets"]["per_language"]["math"].update(per_lang=3), "did you mean per_language?"),
        (lambda v: v.update(models=[{"name": "tiny", "recipe": {}}]), "did you mean recipes?"),
        (lambda v: v.update(set={"lora_R": 8}), "did you mean lora_r?"),
        (lambda v: v.update(estimates={"flop": 1}), "did you mean flops?"),
        (lambda v: v.pop("models"), "models is missing"),
        (lambda v: v.update(models=["tinny"]), "did you mean tiny/"),
        (lambda v: v.update(models=["tiny", "tiny"]), "models: tiny is named twice"),
        (lambda v: v.update(ladder="paper-23"), "ladder: paper-23: no ladder"),
        (lambda v: v["evaluate"].update(languages=["en", "swx"]), "evaluate: languages: unknown language 'swx'"),
        (lambda v: v["evaluate"].update(languages=["en", False]), "write its code in quotes"),
        (lambda v: v["evaluate"].update(languages=["zh", "zh-Hans"]), "zh-Hans is named twice"),
        (lambda v: v["evaluate"].update(verdict={"math": "strict"}), "choose robust or faithful"),
        (lambda v: v["evaluate"].update(limit=0), "evaluate: limit: 0 is too small"),
        (lambda v: v.update(seeds=[0.5]), "seeds: 0.5 is no whole number"),
        (lambda v: v.update(name="a b"), "name: 'a b' is no name"),
        (lambda v: v["budgets"]["per_language"].pop("api"), "budgets: per_language: api is missing"),
        (lambda v: v["budgets"]["per_language"]["math"].update(total=9), "one budget is needed"),
        (lambda v: v.update(budgets={"t": {task: {"tokens": 9} for task in ("math", "api")}}), "needs --tokenizer"),
        (lambda v: v["data"]["math"].update(runs=["x"]), "name either runs, or translate"),
        (lambda v: v["data"]["math"].update(test="api-bank"), "test: api-bank is a test set for api"),
        (lambda v: v["data"]["math"].update(decontaminate=["mgms"]), "known are mgsm"),
        (lambda v: v["data"].update(api={"runs": ["x"]}), "test is missing: api-bank is English only"),
        (lambda v: v.update(tiers={"high": ["en"], "low": ["en"]}), "en stands in high and in low"),
        (lambda v: v.update(set={"seed": 3}), "set: seed is not set here"),
        (lambda v: v.update(models=[{"name": "tiny", "base": "checkpoint"}]), "tiny is made when it is trained"),
        (lambda v: v.update(models=[{"name": "x", "recipes": {"math": "tiny/math"}}]), "recipes: api is missing"),
        (
            lambda v: v.update(models=[{"name": "x", "recipes": {"math": "tiny/api", "api": "tiny/api"}}]),
            "tiny/api is a recipe for api, not for math",
        ),
        (
            lambda v: v.update(models=[{**MINE, "set": {"model": "owner/unheard"}}]),
            "parameters is missing: the size of owner/unheard",
        ),
    ],
)
def test_names_what_is_wrong_in_one_line(tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(tmp_path, change)
    message = str(raised.value)
    assert said in message
    assert "\n" not in message
    assert message.startswith(str(tmp_path))


def test_the_nearest_setting_wins(tmp_path: Path) -> None:
    def change(values: dict[str, Any]) -> None:
        values["set"] = {"epochs": 2, "lora_r": 2, "max_length": 100}
        values["models"] = [{**MINE, "set": {"lora_r": 4, "max_length": 200}}]
        values["budgets"]["long"] = {
            "math": {"per_language": 12, "set": {"max_length": 300, "eval_samples": 7}},
            "api": {"per_language": 12},
        }

    model = load(tmp_path, change, "eval_samples=9").models[0]
    plain, long = model.recipe("math", "per_language"), model.recipe("math", "long")
    assert (plain.epochs, plain.lora_r, plain.max_length, plain.eval_samples) == (2, 4, 200, 9)
    assert (long.epochs, long.lora_r, long.max_length, long.eval_samples) == (2, 4, 300, 9)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed=3", "--set seed=3: seed is not set here"),
        ("lora_R=3", "--set lora_R=3: no setting of that name; did you mean lora_r?"),
        ("epochs", "--set epochs: write it as key=value"),
    ],
)
def test_what_the_command_sets_is_checked_too(tmp_path: Path, override: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(tmp_path, lambda values: None, override)


def test_settings_can_be_of_one_task(tmp_path: Path) -> None:
    def change(values: dict[str, Any]) -> None:
        values["set"] = {
            "math": {"epochs": 2},
            "api": {"epochs": 3, "target_modules": ["q_proj", "v_proj"], "method": "lora"},
        }
        values["evaluate"] = {"languages": {"math": ["en"], "api": ["en", "sw"]}, "limit": {"math": 3, "api": None}}

    spec = load(tmp_path, change)
    assert [spec.models[0].recipes[task].epochs for task in ("math", "api")] == [2, 3]
    assert spec.models[0].recipes["api"].target_modules == ("q_proj", "v_proj")
    assert spec.evaluate.limit == {"math": 3, "api": None}
    assert spec.evaluated == ("en", "sw")


def test_paths_are_relative_to_the_study_file(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "mine", ["en", "es"])
    (tmp_path / "two.yaml").write_text(
        "{name: two, core: [en, es], pivot: en, rungs: [{size: 1, how: pivot}, {size: 2, how: core}]}"
    )
    (tmp_path / "weights").mkdir()

    def change(values: dict[str, Any]) -> None:
        values["ladder"] = {"math": "two.yaml"}
        values["data"] = {"math": {"runs": ["runs/mine"], "test": "runs/mine"}}
        values["budgets"] = {"b": {"math": {"per_language": 2}}}
        values["models"] = [
            {"name": "x", "recipes": {"math": "tiny/math"}, "set": {"model": "weights"}, "parameters": 9}
        ]
        values["evaluate"] = {"languages": ["en", "es"]}

    spec = load(tmp_path, change)
    assert spec.data["math"].runs == (tmp_path / "runs" / "mine",)
    assert spec.data["math"].test == str(tmp_path / "runs" / "mine")
    assert spec.models[0].recipes["math"].model == str(tmp_path / "weights")
    assert spec.ladder_places["math"] == str(tmp_path / "two.yaml")
    with pytest.raises(UsageError, match=r"test: .* has no sw"):
        load(tmp_path, lambda values: (change(values), values["evaluate"].update(languages=["en", "sw"])))
    with pytest.raises(UsageError, match="no run holds ja"):
        load(tmp_path, lambda values: (change(values), values.update(ladder="paper-22")))


def test_data_that_are_to_come_are_looked_for_beside_the_study_file(tmp_path: Path) -> None:
    spec = load(tmp_path, lambda values: values["data"].update(math={"runs": ["runs/a"], "test": "mgsm=sets/mgsm"}))
    assert spec.data["math"].runs == (tmp_path / "runs" / "a",)
    assert spec.data["math"].test == f"mgsm={tmp_path}/sets/mgsm"
    assert load_spec("paper-220").data["math"].runs == (Path("runs/mcot-math-filtered").absolute(),)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("a: [", DataError, "is no YAML"),
        ("- a", UsageError, "expected keys with values"),
        ("name: x", UsageError, "ladder is missing"),
        ("1: x", UsageError, "1 is no name"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, error: type[Exception], said: str) -> None:
    (path := tmp_path / "study.yaml").write_text(text)
    with pytest.raises(error, match=said):
        load_spec(str(path))


def test_an_unknown_study_names_the_nearest_preset() -> None:
    with pytest.raises(UsageError, match="did you mean paper-220"):
        load_spec("paper220")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_by_its_name_and_as_a_file_name(name: str) -> None:
    assert load_spec(name) == load_spec(f"{name}.yaml")
    assert load_spec(name).name == name


def test_folders_are_named_by_the_study_and_refused_where_something_else_lies(tmp_path: Path) -> None:
    spec = load(tmp_path)
    assert study_folder(spec).path == Path("studies/small").absolute()
    (tmp_path / "out").mkdir()
    assert study_folder(spec, tmp_path / "out").path == tmp_path / "out"
    (tmp_path / "out" / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"is no study \(it holds thesis.tex"):
        study_folder(spec, tmp_path / "out")
    (tmp_path / "out" / "study.json").touch()
    assert study_folder(spec, tmp_path / "out").path == tmp_path / "out"


def test_planning_loads_no_heavy_library() -> None:
    code = (
        "import sys; from mlt.eval.study.planning.plan_command import run_plan;"
        "run_plan('tiny', out=None, overrides=(), only=(), as_json=True);"
        "heavy = {'torch', 'transformers', 'pandas', 'numpy', 'pyarrow', 'scipy', 'ray'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
