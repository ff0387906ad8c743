"""What a training leaves behind: weights that load again, the best ones, and a card that says how they came about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")
import torch
import yaml
from mix_runs import items, write_run
from small_trainings import ADAPTER, small_mixture, tensors

from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.progress import NullProgress
from mlt.train import mix
from mlt.train.accuracy import METRIC, TaskAccuracy, choice, chosen_items
from mlt.train.sft import TrainResult, train
from mlt.train.train_folder import checkpoint_of

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_mixture(tmp_path_factory.mktemp("mixture"))


@pytest.fixture(scope="module")
def trained(mixture: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    out = tmp_path_factory.mktemp("trained") / "out"
    return train("tiny/math", mixture, out, overrides=(*ADAPTER, "max_steps=2", "learning_rate=0.05"), merge=True)


def folder(result: TrainResult) -> Path:
    assert result.path is not None
    return result.path


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(torch.tensor([[5, 6, 7, 8]])).logits


def test_the_folder_holds_what_is_needed_and_nothing_that_runs_code(trained: TrainResult) -> None:
    names = {path.name for path in folder(trained).iterdir()}
    assert {WEIGHTS, "adapter_config.json", "tokenizer.json", "trainer_state.json", "train.json", "README.md"} <= names
    assert not {path.suffix for path in folder(trained).rglob("*")} & {".bin", ".pt", ".pth", ".pkl"}
    assert "checkpoints" not in names


def test_an_adapter_loads_again_and_the_merged_model_answers_as_it_does(trained: TrainResult) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(folder(trained) / "base")
    untrained = logits(base)
    adapted = logits(PeftModel.from_pretrained(base, folder(trained)))
    assert trained.merged == folder(trained) / "merged"
    merged = logits(AutoModelForCausalLM.from_pretrained(trained.merged))
    assert torch.allclose(adapted, merged, atol=1e-5)
    assert not torch.allclose(adapted, untrained, atol=1e-2)


def test_the_loss_falls_and_the_manifest_says_all_that_decided_it(trained: TrainResult, mixture: Path) -> None:
    manifest = json.loads((folder(trained) / "train.json").read_text())
    (_, first), (_, last) = manifest["training"]["losses"]
    assert last < first
    assert manifest["finished"]
    assert manifest["identity"]["data"] == json.loads((mixture / "mixture.json").read_text())["signature"]
    assert set(manifest["identity"]["versions"]) == {"torch", "transformers", "trl", "peft", "accelerate"}
    for part in ("recipe.learning_rate:0.05", "model.revision:seed-0", "versions.trl:", "recipe.method:lora"):
        assert part in manifest["signature"]
    assert manifest["data"]["train"] == {"en": 6, "sw": 6}
    assert manifest["data"]["runs"] == json.loads((mixture / "mixture.json").read_text())["runs"]
    assert 0 < manifest["training"]["trained_parameters"] < manifest["training"]["parameters"]


def test_the_card_shows_settings_data_results_and_departures(trained: TrainResult) -> None:
    text = (folder(trained) / "README.md").read_text()
    head = yaml.safe_load(text.split("---\n")[1])
    assert head["library_name"] == "peft" and head["language"] == ["en", "sw"]
    assert "base_model" not in head  # the tiny model is on no Hub
    assert "| method | full | lora |" in text
    assert "| learning\\_rate | 1e-05 | 0.05 |" in text
    assert "| mean | 2 |" in text
    assert trained.manifest["signature"] in text


def test_what_a_name_holds_is_shown_in_the_card_and_not_read_as_markup(trained: TrainResult) -> None:
    from mlt.train.model_card import model_card

    manifest = json.loads(json.dumps(trained.manifest))
    manifest["data"]["name"] = "<script>alert(1)</script> | `x`\n# no title"
    manifest["identity"]["data"] = "``` <b>"
    text = model_card(manifest)
    assert "<script>" not in text and "\n# no title" not in text
    assert "```` ``` <b> ````" in text


def test_the_kept_weights_are_those_of_the_best_accuracy(
    mixture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {1: 0.2, 2: 0.9, 3: 0.9, 4: 0.1}
    monkeypatch.setattr(
        TaskAccuracy, "__call__", lambda self, model, step: {METRIC: shares[step], f"{METRIC}_en": shares[step]}
    )

    class Copy(NullProgress):
        def note(self, text: str) -> None:
            for step in (2, 3):
                found = checkpoint_of(tmp_path / "out", step)
                if text.startswith("step 4") and found.is_dir():
                    shutil.copytree(found, tmp_path / f"of-{step}")

    # The rate is so high that the loss of each step differs much, upwards too.
    settings = (*ADAPTER, "max_steps=4", "eval_steps=1", "learning_rate=0.02")
    result = train("tiny/math", mixture, tmp_path / "out", overrides=settings, progress=Copy())

    found = {entry["step"]: entry for entry in result.manifest["training"]["evaluations"]}
    best = min((2, 3), key=lambda step: found[step]["loss"])  # of equal accuracies that with the lower loss
    assert result.manifest["kept"]["step"] == best
    assert result.manifest["kept"]["accuracy"] == 0.9
    ours, theirs = tensors(folder(result) / WEIGHTS), tensors(tmp_path / f"of-{best}" / WEIGHTS)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_equal_accuracies_are_told_apart_by_the_loss_and_no_loss_outweighs_an_item() -> None:
    assert choice({METRIC: 0.5}, 1.0) > choice({METRIC: 0.5}, 2.0) > choice({METRIC: 0.5}, float("nan"))
    assert choice({METRIC: 0.5 + 1 / 10_000}, 1e9) > choice({METRIC: 0.5}, 0.0)


def test_all_weights_are_trained_and_kept_by_loss_where_the_recipe_says_so(mixture: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    settings = (*ADAPTER, "method=full", "keep=loss", "max_steps=3", "eval_steps=1", "packing=true", "max_length=256")
    result = train("tiny/math", mixture, tmp_path / "out", overrides=settings)
    kept, training = result.manifest["kept"], result.manifest["training"]
    assert kept["loss"] == min(entry["loss"] for entry in training["evaluations"])
    assert training["trained_parameters"] == training["parameters"]
    assert logits(AutoModelForCausalLM.from_pretrained(folder(result))).isfinite().all()


def test_rows_of_a_file_that_name_no_language_are_scored_by_the_rules_of_english(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for split, count in (("train", 4), ("validation", 2)):
        rows = [{"prompt": f"{n} and 1?\n", "completion": f"It is {n + 1}.\n#### {n + 1}"} for n in range(count)]
        (data / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = train("tiny/math", data, tmp_path / "out", overrides=(*ADAPTER, "max_steps=1"))
    assert result.manifest["kept"]["items"] == {"und": 1}
    assert result.manifest["kept"]["languages"].keys() == {"und"}


def test_without_held_out_rows_the_accuracy_is_refused_before_the_first_step(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"en": items(4)})
    alone = mix([run], tmp_path / "alone", per_language=4).path
    with pytest.raises(DataError, match="--validation"):
        train("tiny/math", alone, tmp_path / "out", overrides=ADAPTER)
    assert not (tmp_path / "out").exists()


def test_preflight_alone_writes_nothing(mixture: Path, tmp_path: Path) -> None:
    result = train("tiny/math", mixture, None, overrides=ADAPTER, preflight_only=True)
    assert result.path is None and [found.lang for found in result.report.languages] == ["en", "sw"]
    assert not list(tmp_path.iterdir())


def test_a_loss_that_is_no_number_ends_the_training(mixture: Path, tmp_path: Path) -> None:
    settings = (*ADAPTER, "max_steps=5", "learning_rate=1e30", "method=full", "keep=loss", "warmup_ratio=0")
    with pytest.raises(DataError, match="learning_rate"):
        train("tiny/math", mixture, tmp_path / "out", overrides=settings)


@pytest.mark.parametrize(("settings", "said"), [(("method=full",), "--merge"), ((), "--out is missing")])
def test_what_makes_no_sense_is_refused_before_anything_is_loaded(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        train("tiny/math", "nowhere", None if not settings else "x", overrides=("method=lora", *settings), merge=True)


def test_the_sample_holds_the_same_items_in_every_language() -> None:
    from mlt.eval.items import make_item
    from mlt.toolkit.records import Gold

    all_items = [
        make_item(id=f"i{n}", group="g", task="math", lang=lang, test_set="t", gold=Gold("1"), prompt=f"{lang}{n}")
        for lang in ("sw", "en")
        for n in range(20)
    ]
    chosen = chosen_items(all_items, 5, seed=3)
    ids = {lang: [item.id for item in chosen if item.lang == lang] for lang in ("en", "sw")}
    assert ids["en"] == ids["sw"] and len(ids["en"]) == 5
    assert ids["en"] != [item.id for item in chosen_items(all_items, 5, seed=4) if item.lang == "en"]
    assert len(chosen_items(all_items, None, seed=3)) == 40
