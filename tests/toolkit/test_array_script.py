"""The script of an array names its command, and what the script itself gives may not be given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.array_script import write_array
from mlt.toolkit.errors import UsageError
from mlt.toolkit.made_by import made_by


@pytest.mark.parametrize(
    ("words", "called", "cached"),
    [
        (["rows.jsonl", "--langs", "sw"], "translate rows.jsonl --langs sw", True),
        (["translate", "--langs", "sw"], "translate --langs sw", True),
        (["filter", "runs/it is"], "filter 'runs/it is'", False),
        (["eval", "model", "--task", "math", "--cache-dir", "c"], "eval model --task math --cache-dir c", False),
    ],
)
def test_each_task_is_given_the_words_and_its_part(
    words: list[str], called: str, cached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/opt/a python")
    script = write_array(tmp_path / "out", 7, words).read_text()
    command, _, rest = script.partition("\nexec ")[2].partition(" \\\n")
    assert command == f"'/opt/a python' -m mlt.toolkit {called}"
    assert rest.strip() == f'--out {tmp_path / "out"} --shard "$part/7"' + (' --cache-dir "$cache"' if cached else "")
    assert "#SBATCH --array=1-7" in script.splitlines()
    assert f"--job-name=mlt-{called.split()[0]}" in script


def test_of_a_url_the_script_stands_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = write_array(Path("s3://bucket/runs/x"), 2, ["rows.jsonl", "--langs", "sw"])
    assert script == tmp_path / "x.sbatch"
    assert "--out s3://bucket/runs/x " in script.read_text()
    with pytest.raises(UsageError, match="--array sftp://host/x: leave user, password") as caught:
        write_array(Path("sftp://me:secret@host/x"), 2, ["rows.jsonl", "--langs", "sw"])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["filter"],
        ["filter", "runs/a", "--shard=1/2"],
        ["eval", "m", "-o", "elsewhere"],
        ["x.jsonl", "--executor", "ray"],
        ["x.jsonl", "--cache-dir", "c"],
    ],
)
def test_what_the_script_gives_itself_is_refused(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_array(tmp_path / "run", 2, words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "command"),
    [
        ("run.json", {"identity": {"stage": "filter", "input": {}}}, "filter"),
        ("run.json", {"identity": {"engine": {}}}, "translate"),
        ("eval.json", {}, "eval"),
        ("run.json", {}, None),
        ("else.json", {}, None),
    ],
)
def test_a_folder_says_which_command_made_it(
    name: str, content: dict[str, Any], command: str | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(json.dumps(content))
    assert made_by(tmp_path) == command
    assert made_by(tmp_path / "missing") is None
