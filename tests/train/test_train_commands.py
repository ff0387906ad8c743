"""``mlt train`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("trl")
from small_trainings import ADAPTER, small_mixture

from mlt.toolkit.cli import main

SETTINGS = [part for setting in (*ADAPTER, "max_steps=1") for part in ("--set", setting)]


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(small_mixture(tmp_path_factory.mktemp("mixture")))


def test_it_trains_prints_and_the_second_time_says_that_it_is_finished(
    mixture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main(["train", "tiny/math", mixture, "-o", out, *SETTINGS]) == 0
    printed = capsys.readouterr().out
    assert "optimiser updates" in printed and "mean" in printed and printed.rstrip().endswith(out)
    assert "{'loss'" not in printed

    assert main(["train", "tiny/math", mixture, "-o", out, *SETTINGS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["made"] is False and told["path"] == out
    assert told["manifest"]["training"]["steps"] == 1


def test_preflight_only_prints_the_tokens_of_each_language(mixture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "tiny/math", mixture, "--preflight-only", *SETTINGS]) == 0
    printed = capsys.readouterr().out
    assert "p99" in printed and "sw" in printed and "nothing was trained" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tinny/math"], "tiny/math"),
        (["tiny/math", "--set", "learning_rat=1"], "learning_rate"),
        (["tiny/math", "--set", "max_length=8", "--preflight-only"], "max_length"),
        (["tiny/math"], "--out is missing"),
        (["tiny/math", "-o", "x", "--set", "method=full", "--merge"], "--merge"),
    ],
)
def test_a_refusal_is_one_line(
    mixture: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["train", arguments[0], mixture, *arguments[1:]]) in (2, 3)
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(error) == 1 and said in error[0]
