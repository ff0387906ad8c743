"""``mlt eval`` on the command line: what it prints, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai_double import OpenAIDouble
from typer.testing import CliRunner

from mlt.toolkit.cli import app
from mlt.toolkit.errors import UsageError

pytest.importorskip("openai", reason="the endpoint needs the openai package (mlt[openai])")


@pytest.fixture
def data(tmp_path: Path) -> str:
    folder = tmp_path / "mine"
    folder.mkdir()
    for lang, text in {"en": "How many?", "sw": "Ngapi?"}.items():
        (folder / f"mine_{lang}.tsv").write_text(f"{text}\t18\n{text}\t19\n", encoding="utf-8")
    return str(folder)


@pytest.fixture
def model() -> Iterator[str]:
    with OpenAIDouble(lambda body: (f"The answer is {18 if 'Ngapi' in body['prompt'] else 5}.", "stop")) as double:
        yield f"openai:{double.url}#llama"


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["eval", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_a_row_a_language_and_the_path_last(model: str, data: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    lines = said(model, "--task", "math", "--data", data, "--lid", "none", "-o", out).splitlines()
    rows = [line.split() for line in lines]
    assert rows[0] == ["math"]
    assert rows[1][:5] == ["test", "set", "language", "items", "robust"]
    assert [row[:5] for row in rows[3:5]] == [
        ["mine", "en", "2", "0.0", "0.0-65.8"],
        ["mine", "sw", "2", "50.0", "9.5-90.5"],
    ]
    assert lines[-1] == out


def test_json_holds_the_results(model: str, data: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = json.loads(said(model, "--task", "math", "--data", data, "--lid", "none", "-o", str(out), "--json"))
    assert (found["path"], found["generated"]) == (str(out), 4)
    assert {key: found[key] for key in found if key not in ("path", "generated")} == json.loads(
        (out / "results.json").read_text("utf-8")
    )
    assert found["mean"]["math"]["robust"] == 0.25


def test_a_dry_run_needs_no_model_and_shows_lengths(data: str) -> None:
    out = said("--task", "math", "--data", data, "--dry-run")
    rows = [line.split() for line in out.splitlines()]
    assert ["en", "2", "36", "36"] in rows
    assert ["sw", "2", "37", "37"] in rows
    assert out.endswith("nothing was asked\n")


def test_a_dry_run_as_json(data: str) -> None:
    found = json.loads(said("--task", "math", "--data", data, "--langs", "sw", "--dry-run", "--json"))
    assert found["languages"] == [{"language": "sw", "items": 2, "median": 37, "longest": 37}]


def test_without_a_model_it_says_what_is_missing(data: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["eval", "--task", "math", "--data", data, "-o", str(tmp_path / "out")])
    assert isinstance(result.exception, UsageError)
    assert "MODEL is missing" in str(result.exception)


def test_a_task_must_be_named(data: str) -> None:
    result = CliRunner().invoke(app, ["eval", "model", "--data", data])
    assert result.exit_code == 2
    assert "--task" in result.stderr
