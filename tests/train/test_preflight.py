"""Preflight: each fault that would train a model wrongly without a word stops it in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training_files import called, make_mixture, prompt_row, said, tiny_recipe, tiny_tokenizer, write_rows

from mlt.toolkit.errors import DataError, MltError, UsageError
from mlt.train.adapter_targets import adapted_layers, count_adapters
from mlt.train.data import TrainingData, load_training_data
from mlt.train.labels import IGNORED
from mlt.train.models import adapter_config
from mlt.train.preflight import preflight
from mlt.train.preflight_report import Report
from mlt.train.recipe import Recipe
from mlt.train.steps import accumulation_of, plan_steps
from mlt.train.templates_check import Template, examine
from mlt.train.tiny_model import make_tiny

for _package in ("datasets", "transformers", "torch", "trl", "peft"):
    pytest.importorskip(_package, reason="training needs it (mlt[train])")

MODEL, TOKENIZER = make_tiny(0)
STOCK = TOKENIZER.chat_template.replace("{% generation %}", "").replace("{% endgeneration %}", "")
UNENDED = TOKENIZER.chat_template.replace("<|end|>{% endgeneration %}", "{% endgeneration %}<|end|>")
TOOLLESS = TOKENIZER.chat_template.replace("{%- if tools %}", "{%- if false %}")
PYTHON_CALLS = TOKENIZER.chat_template.replace("call.function.arguments | tojson", "call.function.arguments")
UNMARKED_CALLS = TOKENIZER.chat_template.replace("{%- for call in", "{% endgeneration %}{%- for call in").replace(
    "{% endfor %}<|end|>{% endgeneration %}", "{% endfor %}<|end|>"
)
THINKING = TOKENIZER.chat_template.replace("{% generation %}", "<think></think>{% generation %}")
OTHER_PROMPT = TOKENIZER.chat_template.replace("<|role|>assistant\n{% endif %}", "<|role|>model\n{% endif %}")
"""The tiny model's template, each time with one of the faults that templates of the Hub have."""

TOOLS = [{"type": "function", "function": {"name": "Sum", "description": "", "parameters": {"type": "object"}}}]
MATH = {"messages": [said("user", "2 + 3?"), said("assistant", "#### 5")]}
CALL = {"messages": [said("user", "2 + 3?"), called("Sum", '{"a":2}')], "tools": TOOLS}
Change = Callable[[TrainingData], TrainingData]


def loaded(folder: Path, rows: Iterable[dict[str, Any]], recipe: Recipe, tokenizer: Any = TOKENIZER) -> TrainingData:
    rows = list(rows)
    write_rows(folder / "set" / "train.jsonl", rows)
    write_rows(folder / "set" / "validation.jsonl", rows[:1])
    return load_training_data(folder / "set", recipe, tokenizer)


def checked(
    folder: Path, rows: Iterable[dict[str, Any]], *overrides: str, tokenizer: Any = TOKENIZER, task: str = "math"
) -> Report:
    recipe = tiny_recipe(*overrides, task=task)
    return preflight(recipe, MODEL, tokenizer, loaded(folder, rows, recipe, tokenizer))


def templated(template: str) -> Any:
    return tiny_tokenizer(template)


def refused(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(MltError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)


# --- what is told --------------------------------------------------------------------------------------------------


def test_report_tells_tokens_by_language_and_the_updates_that_will_be_made(tmp_path: Path) -> None:
    recipe = tiny_recipe("method=lora", "max_steps=none", "epochs=3", "batch_size=8", "micro_batch_size=2")
    data = load_training_data(make_mixture(tmp_path), recipe, TOKENIZER)
    report = preflight(recipe, MODEL, TOKENIZER, data, world=2, memory={"weights": 5, "total": 7}, device_memory=100)
    lengths = {"en": [], "sw": []}
    for row in data.train:
        lengths[row["lang"]].append(len(row["input_ids"]))
    for found in report.languages:
        ordered = sorted(lengths[found.lang])
        assert (found.rows, found.max, found.truncated) == (10, ordered[-1], 0)
        assert found.p50 in ordered
        assert found.p50 <= found.p99 <= found.max
    assert [found.lang for found in report.languages] == ["en", "sw"]
    steps = report.steps
    assert (steps.sequences, steps.accumulation, steps.per_epoch, steps.updates) == (20, 2, 3, 9)
    assert (report.adapters, report.validation) == (14, 6)
    assert report.notes == ("26 rows of other tasks than math are left out",)


def test_report_is_printed_and_written_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = checked(tmp_path, [prompt_row(lang="th")])
    replace(report, memory={"weights": 2000, "total": 3000}, device=4000).show()
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("th", "optimiser updates", "3.0 kB: weights 2.0 kB", "4.0 kB"))
    assert report.to_json()["languages"][0]["lang"] == "th"


@pytest.mark.parametrize("packing", ["false", "true"])
def test_updates_are_those_that_the_trainer_makes(tmp_path: Path, packing: str) -> None:
    from trl import SFTConfig, SFTTrainer

    recipe = tiny_recipe("batch_size=4", "micro_batch_size=2", "max_steps=none", "epochs=2", f"packing={packing}")
    recipe = replace(recipe, max_length=128)
    data = loaded(tmp_path, [prompt_row(number) for number in range(11)], recipe)
    planned = plan_steps(recipe, [len(ids) for ids in data.train["input_ids"]])
    trainer = SFTTrainer(
        model=make_tiny(0)[0],
        processing_class=TOKENIZER,
        train_dataset=data.train,
        args=SFTConfig(
            output_dir=str(tmp_path / "out"),
            per_device_train_batch_size=2,
            gradient_accumulation_steps=planned.accumulation,
            num_train_epochs=recipe.epochs,
            max_length=recipe.max_length,
            packing=recipe.packing,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
            bf16=False,
        ),
    )
    # TRL has taken the rows as they are, with their labels.
    if not recipe.packing:
        assert trainer.train_dataset["labels"] == data.train["labels"]
        trainer.train()
        assert trainer.state.global_step == planned.updates == 6
    else:
        assert planned.sequences <= len(trainer.train_dataset) < len(data.train)


# --- silent faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "rows", "says"),
    [
        (None, [MATH], "no chat template.*mlt mix --format prompt"),
        (STOCK, [MATH], "marks no token as the assistant's.*mlt mix --format prompt"),
        (TOOLLESS, [CALL], "leaves the tools out"),
        (PYTHON_CALLS, [CALL], "does not write a call's name and arguments as they are"),
        (UNMARKED_CALLS, [CALL], "marks the assistant's words but not its calls"),
        (UNENDED, [MATH], r"1 of 1 rows \(the first is train row 1 of und\) have no end token among the labels"),
        (THINKING, [MATH], "tokens between the prompt and what is learned"),
        (OTHER_PROMPT, [MATH], "writes otherwise when the answer is asked for"),
    ],
)
def test_template_that_would_teach_something_else_is_refused(
    tmp_path: Path, template: str | None, rows: list[dict[str, Any]], says: str
) -> None:
    tokenizer = templated(template or "")
    task = "api" if rows == [CALL] else "math"
    refused(lambda: checked(tmp_path, rows, tokenizer=tokenizer, task=task), says)


@pytest.mark.parametrize("rows", [[MATH], [CALL]])
def test_template_that_marks_the_assistant_and_shows_tools_passes(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    assert checked(tmp_path, rows, task="api" if rows == [CALL] else "math").validation == 1


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("qwen3", Template(False, False, True, True)),  # the empty mask of the stock template
        ("qwen3_training", Template(True, True, True, True)),
        ("gemma3", Template(False, False, False, False)),  # knows no tools
        ("gemma3_training", Template(True, False, False, False)),
        ("llama3_1", Template(False, False, True, True)),
    ],
)
def test_templates_of_known_models_are_seen_through(name: str, found: Template) -> None:
    import trl

    folder = Path(trl.__file__).parent / "chat_templates"
    assert examine(templated((folder / f"{name}.jinja").read_text(encoding="utf-8"))) == found


def test_row_with_all_labels_masked_is_refused(tmp_path: Path) -> None:
    recipe = tiny_recipe()
    data = loaded(tmp_path, [prompt_row(1), prompt_row(2, "sw")], recipe)
    masked = data.train.map(lambda row: {"labels": [IGNORED] * len(row["labels"])} if row["lang"] == "sw" else row)
    refused(
        lambda: preflight(recipe, MODEL, TOKENIZER, replace(data, train=masked)),
        r"1 of 2 rows \(the first is row-2 of sw\) have no token to learn: all labels are masked",
    )


def test_model_that_stops_at_another_token_than_rows_end_with_is_refused(tmp_path: Path) -> None:
    from copy import deepcopy

    model = make_tiny(0)[0]
    model.generation_config = deepcopy(model.generation_config)
    model.generation_config.eos_token_id = [TOKENIZER.convert_tokens_to_ids("<|tools|>")]
    recipe = tiny_recipe()
    data = loaded(tmp_path, [prompt_row()], recipe)
    refused(
        lambda: preflight(recipe, model, TOKENIZER, data),
        r"generation stops at '<\|tools\|>'; the tokenizer's end token is '<\|end\|>', make the two the same",
    )
    model.generation_config.eos_token_id.append(TOKENIZER.eos_token_id)
    assert preflight(recipe, model, TOKENIZER, data)


def test_prompt_that_is_cut_otherwise_before_its_completion_is_refused(tmp_path: Path) -> None:
    merged, recipe, model = tiny_tokenizer(), tiny_recipe(), make_tiny(0)[0]
    merged.add_tokens([" 42"])
    model.resize_token_embeddings(len(merged))

    def report(prompt: str, completion: str) -> Report:
        rows = [prompt_row(0), prompt_row(1, prompt=prompt, completion=completion)]
        return preflight(recipe, model, merged, loaded(tmp_path / prompt, rows, recipe, merged))

    refused(lambda: report("Answer: ", "42"), "row-1 of en.*a prompt that is cut into other tokens")
    assert report("Answer:", " 42").steps.sequences == 2


LONG_THAI = [prompt_row(number) for number in range(19)] + [prompt_row(lang="th", prompt="กี่" * 60 + "\n")]


def test_truncation_is_judged_by_language(tmp_path: Path) -> None:
    refused(
        lambda: checked(tmp_path, LONG_THAI, "max_length=200", "truncation_limit=0.1"),
        r"1 of 1 rows of th \(100\.0 %\) are longer than max_length=200 .* set max_length=\d+, or .*truncation_limit=1",
    )


def test_truncation_that_was_allowed_passes_and_says_what_is_lost(tmp_path: Path) -> None:
    report = checked(tmp_path, LONG_THAI, "max_length=200", "truncation_limit=1")
    assert [(found.lang, found.truncated) for found in report.languages] == [("en", 0), ("th", 1)]
    assert any("1 rows hold nothing to learn" in note for note in report.notes)


def test_way_out_of_truncation_is_wide_enough(tmp_path: Path) -> None:
    longest = max(found.max for found in checked(tmp_path, LONG_THAI).languages)
    assert checked(tmp_path / "fits", LONG_THAI, f"max_length={longest}")
    refused(lambda: checked(tmp_path / "not", LONG_THAI, f"max_length={longest - 1}"), f"set max_length={longest}")


@pytest.mark.parametrize(
    ("overrides", "rows", "says"),
    [
        (("max_length=20000",), [prompt_row()], "max_length=20000: the model reads 16384 tokens at most"),
        ((), [prompt_row(completion="I do not know.")], "keep=accuracy, but set holds no validation items with gold"),
    ],
)
def test_recipe_that_does_not_fit_model_or_data_is_refused(
    tmp_path: Path, overrides: tuple[str, ...], rows: list[dict[str, Any]], says: str
) -> None:
    refused(lambda: checked(tmp_path, rows, *overrides), says)


def test_best_by_loss_needs_rows_and_no_gold(tmp_path: Path) -> None:
    assert checked(tmp_path, [prompt_row(completion="I do not know.")], "keep=loss").validation == 0
    recipe = tiny_recipe("keep=loss")
    alone = load_training_data(write_rows(tmp_path / "rows.jsonl", [prompt_row()]), recipe, TOKENIZER)
    refused(lambda: preflight(recipe, MODEL, TOKENIZER, alone), "keep=loss, but rows.jsonl holds no validation rows")


def test_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    other = tiny_tokenizer()
    other.add_tokens(["How many"])
    refused(
        lambda: checked(tmp_path, [prompt_row()], tokenizer=other),
        "the tokenizer gives token 260, but the model knows 260",
    )


def test_more_memory_than_the_device_has_is_refused_and_a_narrow_fit_is_told(tmp_path: Path) -> None:
    recipe = tiny_recipe()
    data = loaded(tmp_path, [prompt_row()], recipe)

    def report(total: int) -> Report:
        return preflight(recipe, MODEL, TOKENIZER, data, memory={"total": total}, device_memory=80 * 10**9)

    refused(lambda: report(81 * 10**9), "takes about 81 GB, the device has 80 GB: set a smaller micro_batch_size")
    assert any("narrowly" in note for note in report(79 * 10**9).notes)
    assert report(10**9).notes == ()


# --- adapters ------------------------------------------------------------------------------------------------------


def gemma_like() -> Any:
    """Two towers with layers of the same names, as Gemma 3 from 4B on has them."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": 32, "head_dim": 8, "num_key_value_heads": 1}
    vision = {**sizes, "image_size": 28, "patch_size": 14}
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    return Gemma3ForConditionalGeneration(config)


@pytest.mark.parametrize("targets", ["auto", "q_proj,v_proj"])
def test_adapters_sit_in_the_text_tower_alone_and_peft_agrees(targets: str) -> None:
    from peft import get_peft_model

    recipe, model = tiny_recipe("method=lora", f"target_modules={targets}"), gemma_like()
    layers = adapted_layers(adapter_config(recipe, model), model)
    assert len(layers) == count_adapters(recipe, model) == (7 if targets == "auto" else 2)
    assert all("language_model" in layer for layer in layers)
    adapted = get_peft_model(model, adapter_config(recipe, model))
    holding = [name for name, layer in adapted.named_modules() if hasattr(layer, "lora_A")]
    assert [name.removeprefix("base_model.model.") for name in holding] == layers


def test_adapters_in_the_vision_tower_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from peft import LoraConfig

    everywhere = LoraConfig(target_modules=["q_proj"])
    monkeypatch.setattr("mlt.train.adapter_targets.adapter_config", lambda recipe, model: everywhere)
    with pytest.raises(UsageError, match=r"1 layers are not of the text tower \(model\.vision_tower.*q_proj\)"):
        count_adapters(tiny_recipe("method=lora"), gemma_like())


@pytest.mark.parametrize(("targets", "says"), [("qqq", "no layer qqq"), ("q_proj,lm_head", "on lm_head would never")])
def test_targets_that_would_not_be_trained_are_refused(targets: str, says: str) -> None:
    refused(lambda: count_adapters(tiny_recipe("method=lora", f"target_modules={targets}"), MODEL), says)


def test_full_fine_tuning_has_no_adapters() -> None:
    assert count_adapters(tiny_recipe("method=full"), MODEL) is None


# --- steps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "rows", "world", "updates"),
    [
        (("epochs=6", "batch_size=512", "micro_batch_size=4"), 3024, 8, 36),  # the study's smallest run
        (("epochs=6", "batch_size=512", "micro_batch_size=4"), 100_000, 8, 1176),
        (("epochs=0.5", "batch_size=4", "micro_batch_size=4"), 10, 1, 2),
        (("epochs=1", "batch_size=8", "micro_batch_size=8"), 3, 1, 1),
    ],
)
def test_updates_of_known_runs(overrides: tuple[str, ...], rows: int, world: int, updates: int) -> None:
    recipe = tiny_recipe("max_steps=none", *overrides)
    assert plan_steps(recipe, [10] * rows, world).updates == updates


@pytest.mark.parametrize(("batch", "micro", "world"), [(8, 8, 2), (12, 4, 2)])
def test_global_batch_that_the_processes_cannot_share_is_refused(batch: int, micro: int, world: int) -> None:
    recipe = replace(tiny_recipe(), batch_size=batch, micro_batch_size=micro)
    with pytest.raises(
        UsageError, match=f"batch_size={batch} is no multiple of micro_batch_size={micro} times {world}"
    ):
        accumulation_of(recipe, world)


def test_checks_leave_model_and_data_as_they_are(tmp_path: Path) -> None:
    import torch

    recipe = tiny_recipe("method=lora")
    data = loaded(tmp_path, [prompt_row()], recipe)
    before = {name: tensor.clone() for name, tensor in MODEL.state_dict().items()}
    rows = data.train.to_dict()
    preflight(recipe, MODEL, TOKENIZER, data)
    assert data.train.to_dict() == rows
    assert all(torch.equal(before[name], tensor) for name, tensor in MODEL.state_dict().items())


def test_damage_is_a_matter_of_data_and_settings_one_of_use(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        checked(tmp_path, LONG_THAI, "max_length=200")
    with pytest.raises(UsageError):
        checked(tmp_path, [prompt_row()], "max_length=20000")
