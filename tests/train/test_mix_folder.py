"""The folder of a mixture: whole or not there, made once, never in the place of something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from mix_runs import bytes_of, ids_of, items, rows_of, write_run

from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.files import file_hash
from mlt.toolkit.mixtures import Format, mixture_schema, open_mixture
from mlt.toolkit.signature import parse_signature
from mlt.train import api, mix, write_rows


class Notes:
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def start(self, lang: str, total: int | None) -> None: ...
    def advance(self, lang: str, n: int) -> None: ...
    def finish(self, lang: str) -> None: ...
    def message(self, text: str) -> None: ...


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", dict.fromkeys(("en", "sw"), items(30)))


@pytest.mark.parametrize("format", ["prompt", "messages"])
def test_files_are_as_the_manifest_says(tmp_path: Path, run: Path, format: Format, monkeypatch: Any) -> None:
    monkeypatch.setattr(write_rows, "FILE_ROWS", 25)
    monkeypatch.setattr(write_rows, "_GROUP", 10)
    result = mix([run], tmp_path / "m", per_language=26, validation=2, format=format)
    mixture = open_mixture(result.path)
    assert mixture.manifest == result.manifest == json.loads(json.dumps(result.manifest))
    sizes = {name: entry["rows"] for name, entry in mixture.manifest["files"].items()}
    assert sizes == {
        "train/part-00000.parquet": 25,
        "train/part-00001.parquet": 25,
        "train/part-00002.parquet": 2,
        "validation/part-00000.parquet": 4,
    }
    for name, entry in mixture.manifest["files"].items():
        path = mixture.path / name
        assert (path.stat().st_size, file_hash(path)) == (entry["bytes"], entry["blake2b"])
        groups, schema = pq.ParquetFile(path).metadata, pq.read_schema(path)
        assert (schema.names, schema.metadata) == (mixture_schema(format).names, mixture_schema(format).metadata)
        assert len(pq.read_table(path).cast(mixture_schema(format))) == entry["rows"]
        assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == {
            25: [10, 10, 5],
            2: [2],
            4: [4],
        }[entry["rows"]]
    assert sorted(path.name for path in result.path.iterdir()) == [".lock", "mixture.json", "train", "validation"]


def test_the_signature_says_what_decided_and_the_runs_are_named(tmp_path: Path, run: Path) -> None:
    manifest = mix([run], tmp_path / "m", langs="sw,en", total=10, seed=3).manifest
    said = parse_signature(manifest["signature"])
    assert (said["stage"], said["seed"], said["languages"], said["budget.amount"]) == ("mix", 3, ["en", "sw"], 10)
    [entry] = manifest["runs"]
    assert said["runs"] == [entry["content"]]
    assert entry["filtered"] and entry["source"] == {"dataset": "made-up", "revision": "1"}
    assert entry["licenses"] == {"source": "cc0-1.0", "model": None}
    assert (manifest["name"], manifest["mode"], manifest["languages"]) == ("m", "parallel", ["en", "sw"])


def test_the_same_again_makes_nothing_and_a_damaged_one_is_made_again(tmp_path: Path, run: Path) -> None:
    first = mix([run], tmp_path / "m", per_language=5)
    before = bytes_of(first.path)
    again = mix([run], tmp_path / "m", per_language=5)
    assert (first.made, again.made, again.manifest) == (True, False, first.manifest)
    (first.path / "train" / "part-00000.parquet").write_bytes(b"torn")
    assert mix([run], tmp_path / "m", per_language=5).made
    assert bytes_of(first.path) == before


def test_another_mixture_is_refused_naming_the_difference_and_force_replaces_it(tmp_path: Path, run: Path) -> None:
    out = mix([run], tmp_path / "m", per_language=5, validation=2).path
    (out / "README.md").write_text("mine")
    with pytest.raises(DataError, match=r"m was made with budget.amount = 5, now it is 6: use --force"):
        mix([run], out, per_language=6, validation=2)
    assert mix([run], out, per_language=6, force=True).made
    assert len(ids_of(out)["en"]) == 6
    assert not (out / "validation").exists()
    assert (out / "README.md").read_text() == "mine"


def test_a_run_that_has_changed_is_another_mixture(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"en": items(8), "sw": items(8)})
    mix([run], tmp_path / "m", langs="en", per_language=5)
    other = write_run(tmp_path / "other", {"en": items(9), "sw": items(8)})
    with pytest.raises(DataError, match="was made with runs = "):
        mix([other], tmp_path / "m", langs="en", per_language=5)
    third = write_run(tmp_path / "third", {"en": items(8), "sw": items(3)})
    assert not mix([third], tmp_path / "m", langs="en", per_language=5).made


def test_a_forced_mixture_that_cannot_be_made_leaves_the_old_one(tmp_path: Path, run: Path) -> None:
    out = mix([run], tmp_path / "m", per_language=5).path
    before = bytes_of(out)
    with pytest.raises(DataError, match="not enough rows"):
        mix([run], out, per_language=500, force=True)
    assert bytes_of(out) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [("notes.txt", "holds notes.txt and no mixture.json"), ("run.json", "is a run: choose another --out")],
)
def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path, run: Path, name: str, message: str) -> None:
    out = tmp_path / "m"
    out.mkdir()
    (out / name).write_text("{}")
    with pytest.raises(UsageError, match=message):
        mix([run], out, per_language=5)
    assert [path.name for path in out.iterdir()] == [name]


def test_a_name_that_is_no_config_is_refused(tmp_path: Path, run: Path) -> None:
    with pytest.raises(UsageError, match="--out ends in 'my mixture'"):
        mix([run], tmp_path / "my mixture", per_language=5)


def test_two_processes_do_not_write_one_folder(tmp_path: Path, run: Path) -> None:
    (tmp_path / "m").mkdir()
    with (
        FileLock(tmp_path / "m" / ".lock"),
        pytest.raises(EnvironmentProblem, match="is being written by another process"),
    ):
        mix([run], tmp_path / "m", per_language=5)


@pytest.mark.parametrize("where", ["mid-move", "before-manifest"])
def test_what_a_killed_process_left_is_made_again(
    tmp_path: Path, run: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bytes_of(mix([run], tmp_path / "whole" / "m", per_language=5, validation=2).path)
    out = tmp_path / "m"
    # As after SIGKILL: some files in their place, the scratch folder there, no manifest.
    (out / ".scratch" / "made").mkdir(parents=True)
    (out / "train").mkdir()
    (out / "train" / "part-00007.parquet").write_bytes(b"old")
    if where == "before-manifest":
        (out / "validation").mkdir()
        (out / "validation" / "part-00000.parquet").write_bytes(b"old")
    assert mix([run], out, per_language=5, validation=2).made
    assert bytes_of(out) == whole

    def fail(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("mlt.train.mixture_folder.write_json", fail)
    with pytest.raises(OSError, match="full"):
        mix([run], tmp_path / "n", per_language=5)
    assert not (tmp_path / "n").exists()


def test_a_user_hears_of_runs_and_languages_that_need_a_look(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"en": items(3), "yo": items(3)}, filtered=False)
    notes = Notes()
    api.mix([run], tmp_path / "m", per_language=2, progress=notes)
    assert [note.partition("run ")[2] or note for note in notes.notes] == [
        "is not filtered: its rows are as the translator left them (mlt filter)",
        'yo: no line for "step by step" of their own, so the English one',
    ]


def test_removed_items_leave_every_language_and_are_listed(tmp_path: Path, run: Path) -> None:
    test_set = tmp_path / "test.jsonl"
    questions = [f"How many are math-{n} in en? " + "And more? " * (n % 7) for n in (3, 4)]
    rows = [{"question": question, "answer": "#### 4"} for question in questions]
    test_set.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = mix([run], tmp_path / "m", langs="sw", per_language=28, decontaminate=[f"held={test_set}"])
    assert ids_of(result.path)["sw"] == {item.id for item in items(30)} - {"math-3", "math-4"}
    listed = [json.loads(line) for line in (result.path / "removed.jsonl").read_text().splitlines()]
    assert [(entry["id"], entry["test_set"], entry["rule"], entry["test_row"]) for entry in listed] == [
        ("math-3", "held", "exact", 1),
        ("math-4", "held", "exact", 2),
    ]
    found = result.manifest["decontamination"]
    assert (found["checked"], found["removed"]) == (30, {"held": {"exact": 2}})
    assert [entry["name"] for entry in result.manifest["identity"]["decontaminate"]] == ["held"]
    with pytest.raises(DataError, match="28 there"):
        mix([run], tmp_path / "n", per_language=29, decontaminate=[f"held={test_set}"])
    (result.path / "removed.jsonl").unlink()
    assert mix([run], tmp_path / "m", langs="sw", per_language=28, decontaminate=[f"held={test_set}"]).made


def test_items_without_english_are_not_taken_unchecked(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"en": items(4), "sw": items(10)})
    test_set = tmp_path / "test.jsonl"
    test_set.write_text('{"question": "Who?", "answer": "#### 4"}\n')
    notes = Notes()
    result = api.mix([run], tmp_path / "m", langs="sw", per_language=4, decontaminate=f"t={test_set}", progress=notes)
    assert ids_of(result.path)["sw"] == {item.id for item in items(4)}
    assert result.manifest["decontamination"]["without_english"] == 6
    assert any("6 items are left out" in note for note in notes.notes)
    assert (result.path / "removed.jsonl").read_bytes() == b""


def test_a_run_that_changes_while_it_is_read_is_noticed(
    tmp_path: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlt.train.mixer import Pool

    take = Pool.take

    def change(self: Pool, plan: Any) -> Any:
        found = take(self, plan)
        write_run(tmp_path / "other", {"sw": [item._replace(id=item.id + "x") for item in items(30)]})
        (tmp_path / "other" / "sw" / "part-00000.parquet").replace(run / "sw" / "part-00000.parquet")
        return found

    monkeypatch.setattr(Pool, "take", change)
    with pytest.raises(DataError, match=r"shard 0 of sw in .* was changed while it was read"):
        mix([run], tmp_path / "m", per_language=30)


def test_rows_hold_what_a_trainer_reads(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"sw": items(2) + items(2, "api")})
    rows = {row["id"]: row for row in rows_of(mix([run], tmp_path / "m", per_language=4).path)}
    assert rows["math-1"]["prompt"].startswith("How many are math-1 in sw?")
    assert rows["math-1"]["completion"] == "There are <<2+2=4>>4. #### 4"
    assert rows["math-1"]["gold"]["answer"] == "4"
    assert rows["api-1"]["completion"] == "[Count(thing='api-1')]"
    stripped = rows_of(mix([run], tmp_path / "s", per_language=2, tasks="math", annotations="strip").path)
    assert {row["completion"] for row in stripped} == {"There are 4. #### 4"}
