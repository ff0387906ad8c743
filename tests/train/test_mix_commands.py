"""``mlt mix`` on the command line: what it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mix_runs import items, write_run
from typer.testing import CliRunner

from mlt.toolkit.cli import app

LADDER = "name: s\ncore: [en, sw]\npivot: en\nrungs:\n  - {size: 1, how: pivot}\n  - {size: 2, how: core}\n"


@pytest.fixture
def run(tmp_path: Path) -> str:
    return str(write_run(tmp_path / "run", dict.fromkeys(("en", "sw"), items(9) + items(9, "api"))))


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["mix", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_table_of_languages_and_the_path_last(tmp_path: Path, run: str) -> None:
    lines = said(run, "--per-language", "6", "--validation", "2", "-o", str(tmp_path / "m")).splitlines()
    titles = [title.strip() for title in lines[0].split("  ") if title.strip()]
    assert titles == ["language", "train math", "train api", "validation math", "validation api", "bytes"]
    assert [line.split()[:5] for line in lines[2:5]] == [
        ["en", "3", "3", "1", "1"],
        ["sw", "3", "3", "1", "1"],
        ["all", "6", "6", "2", "2"],
    ]
    assert lines[-1] == str(tmp_path / "m")


def test_a_ladder_is_a_row_a_mixture(tmp_path: Path, run: str) -> None:
    (tmp_path / "s.yaml").write_text(LADDER)
    lines = said(
        run, "--preset", str(tmp_path / "s.yaml"), "--tasks", "math", "--per-language", "4", "-o", str(tmp_path / "l")
    ).splitlines()
    assert [line.split()[:-2] for line in lines[2:4]] == [
        ["L01-en", "en", "4", "0"],
        ["L02-core", "en", "sw", "8", "0"],
    ]
    assert lines[0].split()[-1] == "bytes" and lines[2].split()[-1] == "B"
    assert lines[-1] == str(tmp_path / "l")


def test_json_holds_the_manifest(tmp_path: Path, run: str) -> None:
    found = json.loads(said(run, "--total", "4", "--disjoint", "-o", str(tmp_path / "m"), "--json"))
    [mixture] = found["mixtures"]
    assert mixture["made"] and mixture["manifest"]["mode"] == "disjoint"
    assert mixture["manifest"] == json.loads((tmp_path / "m" / "mixture.json").read_text())


def test_a_dry_run_needs_no_folder_and_says_what_is_missing(run: str) -> None:
    out = said(run, "--per-language", "30", "--tasks", "math", "--dry-run")
    assert "not enough: en math: 30 asked, 9 there, 21 missing" in out
    assert out.endswith("nothing was written\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--per-language", "2"], "--out is missing"),
        (["--per-language", "2", "--disjoint", "--union", "-o", "x"], "exclude each other"),
        (["--per-language", "2", "--preset", "paper-22", "--langs", "en", "-o", "x"], "a ladder has its own languages"),
    ],
)
def test_what_cannot_be_is_one_line(run: str, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["mix", run, *arguments])
    assert message in str(result.exception)
