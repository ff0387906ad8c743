"""Exported tasks ask lm-evaluation-harness what we ask, and their rules read what their gold says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlt.eval.export import export_lm_eval
from mlt.eval.items import Item, make_item
from mlt.toolkit.checks.call_formats import render_api_bank
from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.records import Call, Gold


def math_item(number: int, lang: str = "en", **fields: Any) -> Item:
    values = {
        "gold": Gold(answer=str(number)),
        "prompt": f"Question {{{{ {number} }}}}?\n",
        "test_set": "mgsm",
        **fields,
    }
    return make_item(id=f"m{number}", group=f"m{number}", task="math", lang=lang, **values)


def api_item(*calls: Call, **fields: Any) -> Item:
    values = {"prompt": "Call it.\n", "test_set": "bfcl:simple", **fields}
    return make_item(id="a1", group="a1", task="api", lang="en", gold=Gold(calls=calls), **values)


def config(folder: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def data(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / config(folder, name)["dataset_kwargs"]["data_files"]["test"]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def extracted(folder: Path, name: str, output: str) -> str:
    """What the harness' ``regex`` filter takes (lm_eval/filters/extraction.py), up to what exact_match ignores."""
    task = config(folder, name)
    [regex, first] = task["filter_list"][0]["filter"]
    assert first == {"function": "take_first"}
    pattern = re.compile(regex["regex_pattern"])
    assert pattern.groups == 0
    found = pattern.findall(output)
    text = found[regex["group_select"]].strip() if found else regex["fallback"]
    for ignored in task["metric_list"][0]["regexes_to_ignore"]:
        text = re.sub(ignored, "", text)
    return text


def test_there_is_a_task_a_language_that_holds_our_prompts(tmp_path: Path) -> None:
    items = [math_item(1), math_item(2), math_item(1, "bn", prompt="১টি?\n")]
    assert export_lm_eval(items, tmp_path / "out", max_new_tokens=300) == ["mlt_mgsm_en", "mlt_mgsm_bn"]
    assert data(tmp_path / "out", "mlt_mgsm_en") == [
        {"id": "m1", "prompt": "Question {{ 1 }}?\n", "answer": "1"},
        {"id": "m2", "prompt": "Question {{ 2 }}?\n", "answer": "2"},
    ]
    assert data(tmp_path / "out", "mlt_mgsm_bn")[0]["prompt"] == "১টি?\n"
    task = config(tmp_path / "out", "mlt_mgsm_bn")
    assert (task["task"], task["output_type"], task["dataset_path"]) == ("mlt_mgsm_bn", "generate_until", "json")
    assert (task["doc_to_text"], task["doc_to_target"]) == ("prompt", "answer")
    assert task["generation_kwargs"] == {"until": [], "max_gen_toks": 300, "do_sample": False, "temperature": 0.0}


def test_few_shot_prompts_keep_where_they_stop_and_the_harness_adds_no_shots(tmp_path: Path) -> None:
    items = [math_item(1, stop=("\n\n", "Question:")), math_item(2, stop=("\n\n",))]
    export_lm_eval(items, tmp_path / "out", max_new_tokens=300)
    task = config(tmp_path / "out", "mlt_mgsm_en")
    assert task["generation_kwargs"]["until"] == ["\n\n", "Question:"]
    assert task["num_fewshot"] == 0


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("48/2 = 24, so 48+24 = 72. The answer is 72.", "72"),
        ("#### 1,234", "1234"),
        ("It is -5.", "-5"),
        ("1.5", "1.5"),
        ("I do not know", "[invalid]"),
    ],
)
def test_the_last_number_is_taken(tmp_path: Path, output: str, answer: str) -> None:
    export_lm_eval([math_item(1)], tmp_path / "out", max_new_tokens=300)
    assert extracted(tmp_path / "out", "mlt_mgsm_en", output) == answer


@pytest.mark.parametrize(
    "calls",
    [
        (Call("AddAlarm", {"token": "x1", "time": "2023-10-26 08:00:00"}),),
        (Call("math.factorial", {"number": 5}), Call("Book", {"names": ["Ann", "l'après-midi"], "at": {"x": -3.5}})),
        (Call("Ping", {}),),
    ],
)
def test_gold_calls_are_taken_out_of_text_as_they_stand_in_the_data(tmp_path: Path, calls: tuple[Call, ...]) -> None:
    [name] = export_lm_eval([api_item(*calls)], tmp_path / "out", max_new_tokens=300)
    assert name == "mlt_bfcl-simple_en"
    answer = data(tmp_path / "out", name)[0]["answer"]
    assert answer == render_api_bank(calls).removeprefix("API-Request: ")
    assert extracted(tmp_path / "out", name, f"API-Request: {answer}\nUser: [thanks]") == answer


def test_no_call_is_right_where_none_is_wanted(tmp_path: Path) -> None:
    [name] = export_lm_eval([api_item()], tmp_path / "out", max_new_tokens=300)
    assert extracted(tmp_path / "out", name, "I cannot do that.") == data(tmp_path / "out", name)[0]["answer"]
    assert extracted(tmp_path / "out", name, "[Ping()]") != data(tmp_path / "out", name)[0]["answer"]


def test_readme_names_every_task_and_how_to_run_them(tmp_path: Path) -> None:
    export_lm_eval([math_item(1), math_item(1, "sw"), api_item(Call("Ping", {}))], tmp_path / "out", max_new_tokens=64)
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "--include_path . --tasks mlt_mgsm_en,mlt_mgsm_sw,mlt_bfcl-simple_en " in readme
    assert "| mlt_mgsm_sw | sw | 1 |" in readme
    assert "last number" in readme and "gold one" in readme


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        export_lm_eval([math_item(1)], tmp_path, max_new_tokens=64)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("items", "message"),
    [([], "no items to export"), ([math_item(1), math_item(2, prompt="", messages=[])], "m2 .* chat messages only")],
)
def test_what_cannot_be_exported_leaves_no_folder(tmp_path: Path, items: list[Item], message: str) -> None:
    with pytest.raises(DataError, match=message):
        export_lm_eval(items, tmp_path / "out", max_new_tokens=64)
    assert not (tmp_path / "out").exists()
