from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.planning.plan import make_plan
from mlt.eval.study.planning.spec import load_spec
from mlt.eval.study.planning.spec_types import TranslateSpec
from mlt.eval.study.running.holdout import SUMMARY, hold_out
from mlt.eval.study.running.stages import MLT, eval_argv, mix_argv, train_argv, translate_argv
from mlt.toolkit.commands.base import app
from mlt.toolkit.errors import DataError
from mlt.toolkit.lazy_commands import made_out

SETTINGS = {
    "languages": ["en", "sw"],
    "limit": 5,
    "max_new_tokens": None,
    "shots": 0,
    "verdict": "robust",
    "batch_size": 8,
    "lid": "none",
    "chat": "auto",
    "backend": "auto",
    "seed": 3,
}


def parsed(argv: Sequence[str]) -> dict[str, Any]:
    """What the command line reads in a stage's arguments; it refuses an option that it does not know."""
    assert tuple(argv[: len(MLT)]) == MLT
    name, *arguments = argv[len(MLT) :]
    command: Any = typer.main.get_command(app)
    params: dict[str, Any] = made_out(command.get_command(None, name)).make_context(name, arguments).params
    return params


def test_a_translation_of_the_sample_and_of_one_side_of_a_divided_source(tmp_path: Path) -> None:
    spec = TranslateSpec("sample", "tiny", options={"limit": 9, "beam_size": 2})
    whole = parsed(translate_argv("math", spec, ["sw", "es"], tmp_path, None))
    assert (whole["source"], whole["langs"], whole["limit"], whole["beam_size"]) == (None, "sw,es", 9, 2)
    side = parsed(translate_argv("math", spec, ["sw"], tmp_path, tmp_path / "train.jsonl"))
    assert (side["source"], side["limit"], side["beam_size"]) == (str(tmp_path / "train.jsonl"), None, 2)
    assert (side["task"], side["model"], side["out"]) == ("math", "tiny", str(tmp_path))


def test_a_ladder_is_mixed_as_the_study_says(tmp_path: Path) -> None:
    plan = make_plan(load_spec("tiny"), StudyFolder(tmp_path))
    for ladder in plan.ladders:
        read = parsed(mix_argv(ladder))
        assert (read["runs"], read["out"], read["preset"]) == (list(ladder.runs), ladder.path, "paper-22")
        assert (read["tasks"], read["validation"]) == (ladder.task, ladder.data.validation)
        assert read["per_language"] == ladder.amount.budget.amount


def test_a_training_takes_the_recipe_beside_it(tmp_path: Path) -> None:
    read = parsed(train_argv(tmp_path, tmp_path / "mix"))
    assert (read["recipe"], read["data"]) == (str(tmp_path / "recipe.yaml"), str(tmp_path / "mix"))
    assert read["out"] == tmp_path / "model"


def test_an_evaluation_leaves_to_the_command_what_the_study_leaves_out(tmp_path: Path) -> None:
    read = parsed(eval_argv("owner/name@1", "math", "mgsm", SETTINGS, tmp_path))
    assert (read["model"], read["task"], read["data"], read["langs"]) == ("owner/name@1", "math", "mgsm", "en,sw")
    assert (read["limit"], read["max_new_tokens"], read["seed"], read["lid"]) == (5, None, 3, "none")
    assert read["out"] == tmp_path / "answers"


def write_rows(path: Path, groups: Sequence[str]) -> None:
    rows = [
        {"question": f"What is {n} and 1?", "answer": f"{n + 1}\n#### {n + 1}", "group": group}
        for n, group in enumerate(groups)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def held(tmp_path: Path, groups: Sequence[str], holdout: int, **options: Any) -> tuple[list[str], list[str]]:
    """The groups of the training rows and of the test rows."""
    source, out = tmp_path / "source.jsonl", tmp_path / "out"
    write_rows(source, groups)
    hold_out("math", TranslateSpec(str(source), "tiny", holdout, options), out)
    sides = [(out / name).read_text().splitlines() for name in ("train.jsonl", "test.jsonl")]
    train, test = ([json.loads(line)["group"] for line in lines] for lines in sides)
    return train, test


def test_no_group_stands_on_both_sides_and_no_row_is_lost(tmp_path: Path) -> None:
    groups = [f"g{n // 3}" for n in range(30)]
    train, test = held(tmp_path, groups, 10)
    assert len(test) == 9  # whole groups of three
    assert not set(train) & set(test)
    assert Counter(train + test) == Counter(groups)


def test_the_same_rows_are_held_out_wherever_they_stand(tmp_path: Path) -> None:
    groups = [f"g{n}" for n in range(20)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    _, first = held(tmp_path / "a", groups, 5)
    _, second = held(tmp_path / "b", groups[::-1], 5)
    assert set(first) == set(second)
    assert len(first) == 5


def test_options_that_say_which_rows_are_read_hold_before_they_are_divided(tmp_path: Path) -> None:
    train, test = held(tmp_path, [f"g{n}" for n in range(20)], 3, limit=8)
    assert sorted(train + test) == sorted(f"g{n}" for n in range(8))


def test_rows_that_are_no_record_are_counted(tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    write_rows(source, ["a", "b", "c"])
    source.write_text(source.read_text() + '{"question": "", "answer": ""}\n{torn\n')
    hold_out("math", TranslateSpec(str(source), "tiny", 1), tmp_path / "out")
    summary = json.loads((tmp_path / "out" / SUMMARY).read_text())
    assert (summary["rows"]["train"], summary["rows"]["test"]) == (2, 1)
    assert sum(summary["rows"]["left_out"].values()) == 2


def test_a_source_that_is_divided_is_left_alone(tmp_path: Path) -> None:
    before = held(tmp_path, ["a", "b", "c"], 1)
    assert held(tmp_path, ["x", "y", "z"], 1) == before


@pytest.mark.parametrize(("groups", "holdout"), [(["a", "a", "a"], 2), (["a", "b"], 2)])
def test_a_source_that_cannot_be_divided_is_refused(tmp_path: Path, groups: list[str], holdout: int) -> None:
    with pytest.raises(DataError, match="change holdout"):
        held(tmp_path, groups, holdout)
