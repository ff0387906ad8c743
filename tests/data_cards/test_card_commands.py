"""``mlt card``, ``mlt push`` and ``mlt pull`` as the command line calls them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from published_runs import make_run, record

from mlt.toolkit.cli import main

LICENSE = ["--license", "cc0-1.0", "--i-have-checked-the-license"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    languages = {lang: [[record(id, lang) for id in "abc"]] for lang in ("en", "sw")}
    return make_run(tmp_path_factory.mktemp("made") / "run", languages)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def test_a_card_is_written_and_holds(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(run), "--license", "cc0-1.0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"card": str(run / "README.md")}
    assert main(["card", str(run), "--check"]) == 0
    assert capsys.readouterr().out == f"{run}: every number of the card holds\n"


def test_a_card_that_does_not_hold_leaves_with_1_and_names_the_line(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["card", str(run), "--license", "cc0-1.0"])
    card = run / "README.md"
    text = card.read_text().replace("num_examples: 3", "num_examples: 4", 1)
    card.write_text(text)
    line = text[: text.index("num_examples: 4")].count("\n") + 1
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(["card", str(run), "--check"])
    assert left.value.code == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"line {line} (YAML): the card says") and "4" in first and "3" in first
    assert last == f"{run}: 1 line does not hold"
    with pytest.raises(SystemExit):
        main(["card", str(run), "--check", "--json"])
    (mismatch,) = json.loads(capsys.readouterr().out)["mismatches"]
    assert mismatch["line"] == line


def test_a_set_goes_to_a_folder_and_comes_back(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, back = tmp_path / "out", tmp_path / "back"
    assert main(["push", str(run), "--to-folder", str(out), *LICENSE]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert main(["pull", str(out), "-o", str(back)]) == 0
    assert capsys.readouterr().out == f"{out}: en, sw\n{back}\n"
    assert (back / "sw" / "part-00000.parquet").read_bytes() == (run / "sw" / "part-00000.parquet").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["push", "{run}"], "OWNER/NAME is missing"),
        (["push", "{run}", "--to-folder", "{run}2", "--private"], "--private is for the Hub"),
        (["push", "{run}", "--to-folder", "{run}2", "--revision", "v2"], "--revision is for the Hub"),
        (["push", "{run}", "--to-folder", "{run}2"], "publishing needs --license"),
        (["card", "{run}", "--check", "--license", "mit"], "--check compares a card with its data"),
        (["push", "{run}/nothing", "someone/x", "--license", "mit"], "{run}/nothing: no such folder"),
    ],
)
def test_a_request_that_makes_no_sense_is_one_line(
    run: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument.format(run=run) for argument in arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {expected.format(run=run)}")


def test_a_dry_run_prints_files_and_sizes_without_the_hub(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub.HfApi, "repo_info", refuse)
    assert main(["push", str(run), "someone/x", "--dry-run", *LICENSE]) == 0
    printed = capsys.readouterr().out
    for name in ("README.md", "data/math_sw/train-00000.parquet", "done/en/part-00000.json"):
        (line,) = (line for line in printed.splitlines() if line.startswith(name))
        assert re.fullmatch(rf"{re.escape(name)} +[\d.]+ k?B +send *", line)
    assert "would be sent, 0 unchanged" in printed
    assert "what the Hub holds already is not known: the Hub cannot be reached" in printed
    assert printed.endswith("/datasets/someone/x\n")
