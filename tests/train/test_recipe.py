"""Recipes: what the package's own say, how settings are changed, and what a refusal says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.errors import DataError, UsageError
from mlt.train.recipe import METHODS, PAPER, Recipe, load_recipe, recipe_names

MODELS = ("qwen3-0.6b", "qwen3-1.7b", "qwen3-8b", "gemma-3-1b", "gemma-3-4b", "smollm2-135m", "tiny")
OWN = "model: who/model\ntask: math\n"


def own(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_model_has_a_recipe_for_both_tasks() -> None:
    assert recipe_names() == sorted(f"{model}/{task}" for model in MODELS for task in ("api", "math"))


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("method", METHODS)
def test_every_recipe_can_be_set_to_every_method(name: str, method: str) -> None:
    recipe = load_recipe(name, [f"method={method}"])
    assert (recipe.name, recipe.method, recipe.task) == (name, method, name.partition("/")[2])


@pytest.mark.parametrize("name", [name for name in recipe_names() if not name.startswith("tiny")])
def test_full_training_has_the_settings_of_the_paper(name: str) -> None:
    recipe = load_recipe(name, ["method=full"])
    assert {key: getattr(recipe, key) for key in PAPER} == PAPER


@pytest.mark.parametrize("name", [name for name in recipe_names() if not name.startswith("tiny")])
def test_adapters_are_the_default_at_ten_times_the_rate_of_the_paper(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.method == "lora"
    assert recipe.learning_rate == pytest.approx(10 * PAPER["learning_rate"])


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("learning_rate=3e-4", "learning_rate", 3e-4),
        ("lora_r=8", "lora_r", 8),
        ("max_steps=1e3", "max_steps", 1000),
        ("max_steps=none", "max_steps", None),
        ("epochs=2", "epochs", 2.0),
        ("packing=yes", "packing", True),
        ("gradient_checkpointing=False", "gradient_checkpointing", False),
        ("target_modules=q_proj, v_proj", "target_modules", ("q_proj", "v_proj")),
        ("target_modules=auto", "target_modules", "auto"),
        ("revision=0123abc", "revision", "0123abc"),
        ("model=a=b/c", "model", "a=b/c"),
        ("keep = loss", "keep", "loss"),
    ],
)
def test_a_setting_is_read_as_its_field_has_it(override: str, key: str, value: Any) -> None:
    read = getattr(load_recipe("qwen3-0.6b/math", [override]), key)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("lora_rank=8", "did you mean lora_r?"),
        ("learning_rat=1", "did you mean learning_rate?"),
        ("xyzzy=1", "known are name, model"),
        ("lora_r", "write it as key=value"),
        ("lora_r=1.5", "'1.5' is not a whole number"),
        ("lora_r=0", "lora_r is at least 1"),
        ("lora_dropout=1.5", "lora_dropout is at most 0.99"),
        ("learning_rate=0", "give a number above 0"),
        ("learning_rate=-1", "give a number above 0"),
        ("learning_rate=nan", "'nan' is not a number"),
        ("epochs=many", "'many' is not a number"),
        ("max_steps=soon", "not a whole number or none"),
        ("packing=maybe", "'maybe' is not true or false"),
        ("method=lore", "not one of lora, qlora, dora, full"),
        ("task=chess", "not one of math, api"),
        ("model=", "'' is not text"),
        ("target_modules=,", "a list of names"),
        ("batch_size=12", "12 is no multiple of micro_batch_size 8"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(override: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe("qwen3-0.6b/math", [override])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_layers_of_an_adapter_are_refused_where_there_is_none() -> None:
    with pytest.raises(UsageError, match="method full has none"):
        load_recipe("qwen3-0.6b/math", ["method=full", "target_modules=q_proj"])


def test_the_last_of_two_settings_holds() -> None:
    assert load_recipe("tiny/math", ["seed=1", "seed=2"]).seed == 2


def test_a_rate_that_a_recipe_names_outlives_a_change_of_method() -> None:
    assert load_recipe("tiny/math", ["method=lora"]).learning_rate == load_recipe("tiny/math").learning_rate


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("qwen3-0.6b", "did you mean qwen3-0.6b/api or qwen3-0.6b/math?"),
        ("qwen3-06b/math", "did you mean qwen3-0.6b/math"),
        ("no-such-thing-at-all", "mlt recipes lists them"),
    ],
)
def test_an_unknown_recipe_is_refused_with_the_nearest(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe(name)
    assert said in str(caught.value)


def test_a_file_of_ones_own_is_named_after_itself(tmp_path: Path) -> None:
    recipe = load_recipe(own(tmp_path, OWN + "learning_rate: 1e-5\nlora_r: 4\n"))
    assert (recipe.name, recipe.model, recipe.learning_rate, recipe.lora_r) == ("mine", "who/model", 1e-5, 4)
    assert load_recipe(own(tmp_path, OWN + "name: other\n")).name == "other"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("task: math\n", UsageError, "model is missing"),
        ("model: who/model\n", UsageError, "task is missing"),
        ("- model\n", UsageError, "a recipe is keys with values"),
        ("", UsageError, "a recipe is keys with values"),
        ("1: 2\n", UsageError, "a recipe is keys with values"),
        ("model: [\n", DataError, "is no YAML"),
        (OWN + "lr: 1\n", UsageError, "lr: no setting of that name"),
        (OWN + "lora_r: true\n", UsageError, "not a whole number"),
        (OWN + "packing: 1\n", UsageError, "not true or false"),
        (OWN + "target_modules: [1]\n", UsageError, "a list of names"),
        (OWN + "model: 7\n", UsageError, "7 is not text"),
        (OWN + "lora_dropout: [0.1]\n", UsageError, "not a number"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_one_line(
    tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        load_recipe(own(tmp_path, text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"model: \xff\xfe")
    with pytest.raises(DataError, match="is no YAML"):
        load_recipe(str(tmp_path / "mine.yaml"))


def test_every_setting_is_described() -> None:
    described = (Recipe.__doc__ or "").replace(",", " ").split()
    assert [name for name in Recipe.__dataclass_fields__ if name not in described] == []


NUMBERS = st.fixed_dictionaries(
    {},
    optional={
        "learning_rate": st.floats(1e-9, 1),
        "lora_r": st.integers(1, 512),
        "epochs": st.floats(0.1, 100),
        "seed": st.integers(0, 2**31),
        "packing": st.booleans(),
        "eval_steps": st.none() | st.integers(1, 10**6),
    },
)


@settings(max_examples=30)
@given(NUMBERS)
def test_settings_mean_the_same_in_a_file_and_on_the_command_line(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("recipe")
    overrides = [f"{key}={'none' if value is None else value}" for key, value in values.items()]
    changed = load_recipe(own(folder, OWN), overrides)
    assert changed == load_recipe(own(folder, OWN + (yaml.safe_dump(values) if values else "")))
