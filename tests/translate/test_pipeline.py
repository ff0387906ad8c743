"""Whole runs: counted, extended, resumed after a kill, refused when something else decides the rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.store import Run, open_run
from mlt.translate import translate

ROW = (
    "{name} has {a} red pens. She buys {b} more for ${c} each.\nHow many pens has she now, Dr. Lee asks?",
    "{name} has {a} + {b} = <<{a}+{b}={sum}>>{sum} pens.\n#### {sum}",
)


def math_rows(count: int) -> list[dict[str, str]]:
    rows = []
    for n in range(count):
        fills = {"name": f"Name{chr(65 + n % 26)}a", "a": n + 2, "b": 3, "c": 5, "sum": n + 5}
        rows.append({"question": ROW[0].format(**fills), "answer": ROW[1].format(**fills)})
    return rows


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in math_rows(25)))
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache"))


def rows_of(run: Run, lang: str) -> dict[str, tuple[str, str]]:
    return {record.id: (record.messages[0].content, record.target) for record in run.records(lang)}


def test_the_identity_engine_gives_every_byte_back(source: Path, tmp_path: Path) -> None:
    result = translate(source, langs="sw,th", model="identity", out=tmp_path / "run", shard_size=10)
    run = open_run(result.path)
    english = rows_of(run, "en")
    assert len(english) == 25
    assert rows_of(run, "sw") == rows_of(run, "th") == english


def test_every_row_is_kept_or_rejected_and_the_manifest_says_so(source: Path, tmp_path: Path) -> None:
    result = translate(source, langs="sw", model="corrupting", out=tmp_path / "run", shard_size=10, ladder=False)
    run = open_run(result.path)
    count = result.manifest["languages"]["sw"]
    rejected = list(run.rejected("sw"))
    assert count["in"] == count["out"] + sum(count["rejected"].values()) == 25
    assert len(rejected) == sum(count["rejected"].values()) > 0
    assert result.manifest["complete"] is True
    assert all(entry.record is not None and entry.reason in count["rejected"] for entry in rejected)


def test_nothing_published_by_a_corrupting_engine_has_lost_a_number(source: Path, tmp_path: Path) -> None:
    run = open_run(translate(source, langs="sw", model="corrupting", out=tmp_path / "run").path)
    english = rows_of(run, "en")
    for id, (_, target) in rows_of(run, "sw").items():
        annotation = english[id][1].split("= ")[1].split(" pens")[0]
        assert annotation in target and target.endswith(english[id][1].split("\n")[-1])


def test_malformed_rows_are_set_aside_with_file_line_and_reason(source: Path, tmp_path: Path) -> None:
    with source.open("a") as file:
        file.write(
            '{"question": "torn\n[1, 2]\n{"question": "No answer?"}\n{"question": "a\\ud800b", "answer": "#### 1"}\n'
        )
    run = open_run(translate(source, langs="sw", model="identity", out=tmp_path / "run").path)
    rejected = list(run.rejected("en"))
    assert [entry.source.row for entry in rejected if entry.source] == [26, 27, 28, 29]
    assert all(entry.reason and entry.raw for entry in rejected)
    assert run.manifest["languages"]["en"] == run.manifest["languages"]["en"] | {"in": 29, "out": 25}


def test_more_languages_and_a_higher_limit_extend_a_run(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    translate(source, langs="sw", model="identity", out=out, limit=7, shard_size=10)
    translate(source, langs="sw,yo", model="identity", out=out, limit=18, shard_size=10)
    translate(source, langs="sw,yo,th", model="identity", out=out, shard_size=10)
    once = open_run(translate(source, langs="sw,yo,th", model="identity", out=tmp_path / "once", shard_size=10).path)
    run = open_run(out)
    assert run.languages == once.languages
    for lang in ("en", "sw", "yo", "th"):
        assert list(rows_of(run, lang).items()) == list(rows_of(once, lang).items())


@pytest.mark.parametrize(
    "change", [{"beam_size": 2}, {"model": "corrupting"}, {"arguments": "translate"}, {"segment": "line"}]
)
def test_another_decoding_model_or_policy_is_refused_by_name(
    source: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    out = tmp_path / "run"
    translate(source, langs="sw", model="identity", out=out)
    with pytest.raises(DataError, match=r"was made with .* --force"):
        translate(source, **({"langs": "sw", "model": "identity", "out": out} | change))  # type: ignore[arg-type]
    translate(source, **({"langs": "sw", "model": "identity", "out": out, "force": True} | change))  # type: ignore[arg-type]


def test_a_changed_source_is_refused(source: Path, tmp_path: Path) -> None:
    translate(source, langs="sw", model="identity", out=tmp_path / "run")
    source.write_text(source.read_text().replace("red", "blue"))
    with pytest.raises(DataError, match="source"):
        translate(source, langs="sw", model="identity", out=tmp_path / "run")


def test_equal_rows_get_ids_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(math_rows(1)[0]) + "\n" for _ in range(5)))
    run = open_run(translate(path, langs="sw", model="identity", out=tmp_path / "run", shard_size=2).path)
    ids = list(rows_of(run, "sw"))
    assert len(ids) == 5 and {id.split("-")[0] for id in ids} == {ids[0].split("-")[0]}


def test_units_stand_in_the_record_with_their_rung(source: Path, tmp_path: Path) -> None:
    run = open_run(translate(source, langs="sw", model="identity", out=tmp_path / "run").path)
    record = next(run.records("sw"))
    assert [unit.source for unit in record.units][-1] == "NameAa has 2 + 3 = 5 pens."
    assert {unit.rung for unit in record.units} == {"direct"}
    assert record.translation is not None and "identity" in record.translation.signature


def test_english_as_a_target_is_refused(source: Path) -> None:
    with pytest.raises(UsageError, match="English is the source"):
        translate(source, langs="en", model="identity")


def test_the_tiny_model_says_that_it_is_a_toy(tmp_path: Path) -> None:
    class Notes(NullProgress):
        def note(self, text: str) -> None:
            notes.append(text)

    notes: list[str] = []
    result = translate(langs="sw", model="tiny", out=tmp_path / "run", limit=2, progress=Notes())
    assert any("exists to prove the pipeline" in note for note in notes)
    assert "exists to prove the pipeline" in result.manifest["model_notice"]


# Runs `mlt ARGUMENTS`, killed once its folder holds so many files, for each of the numbers, and then to its end.
KILLED = """
import os, signal, sys, time
from pathlib import Path
import mlt.toolkit.commands.translate, mlt.translate.api, mlt.translate.commands, pandas, pyarrow.parquet
from mlt.toolkit.cli import main

os.fsync = lambda handle: None  # as in the tests' own process
folder, numbers, *arguments = sys.argv[1:]
for number in numbers.split(","):
    process = os.fork()
    if not process:
        os._exit(main(arguments))
    while sum(path.is_file() for path in Path(folder).rglob("*")) < int(number):
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
sys.exit(main(arguments))
"""


def test_killed_at_any_instant_and_started_again_it_ends_with_the_same_rows(source: Path, tmp_path: Path) -> None:
    source.write_text("".join(json.dumps(row) + "\n" for row in math_rows(90)))
    whole = open_run(translate(source, langs="sw,yo", model="corrupting", out=tmp_path / "whole", shard_size=20).path)
    arguments = ["translate", str(source), "--langs", "sw,yo", "--model", "corrupting", "--shard-size", "20"]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed"), "1,12,25", *arguments]
    env = os.environ | {"MLT_CACHE_DIR": str(tmp_path / "cache-of-killed")}
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "killed")], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    run = open_run(tmp_path / "killed")
    for lang in ("en", "sw", "yo"):
        assert list(rows_of(run, lang).items()) == list(rows_of(whole, lang).items())
        assert [e.reason for e in run.rejected(lang)] == [e.reason for e in whole.rejected(lang)]
