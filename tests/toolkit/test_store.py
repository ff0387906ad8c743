"""The folder of a run: whole shards or none, continued, extended, refused."""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit import layout
from mlt.toolkit.errors import DataError, EnvironmentProblem, MltError, UsageError
from mlt.toolkit.records import Call, Gold, Message, Record, Rejected, Source, Translation, UnitTrace
from mlt.toolkit.store import RunStore, open_run

IDENTITY: dict[str, Any] = {"source": "s@1", "decoding": {"beam_size": 4}, "output_version": 1}
SOURCE = Source("s", "1", "train", 1, "CC0-1.0")


def record(number: int, lang: str = "sw", text: str = "Habari") -> Record:
    return Record(
        id=f"{number:032x}",
        group="g",
        task="api",
        lang=lang,
        messages=(
            Message("user", text),
            Message("assistant", "", (Call("Find", {"city": "Nairobi", "days": [1, 2.5, None]}),)),
            Message("tool", '{"ok":true}', call_id="0"),
        ),
        target=text,
        gold=Gold("24", (Call("Find", {}),), ({"city": ["Nairobi", ""]},)),
        source=replace(SOURCE, row=number + 1),
        tools='[{"name":"Find"}]',
        translation=Translation("m", "r", "mlt:1", "keep", "keep"),
        units=(UnitTrace("Hello", text, "direct", ("unk",)),),
    )


def rejected(number: int, reason: str = "lost-span") -> Rejected:
    return Rejected(reason, "2 of 3", record(number))


def write(store: RunStore, lang: str = "sw", index: int = 0, rows: int = 3, bad: int = 0) -> dict[str, Any]:
    kept = [record(index * 1000 + n, lang) for n in range(rows)]
    aside = [rejected(index * 1000 + rows + n) for n in range(bad)]
    facts = {"in": rows + bad, "input": f"hash{index}", "rungs": {"direct": rows}, "seconds": 0.5}
    return store.write_shard(lang, index, kept, aside, facts)


def names(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )


def test_a_shard_comes_back_with_its_rejected_rows(tmp_path: Path) -> None:
    malformed = Rejected("bad-json", "line 3", None, "{\ud800", replace(SOURCE, row=3))
    with RunStore.open(tmp_path / "run", IDENTITY) as store:
        store.write_shard("sw", 0, [record(0), record(1)], [rejected(2), malformed], {"in": 4})
    run = open_run(tmp_path / "run")
    assert list(run.records("sw")) == [record(0), record(1)]
    assert list(run.rejected("sw")) == [rejected(2), replace(malformed, raw="{\\ud800")]
    assert names(tmp_path / "run") == [
        "done/sw/part-00000.json",
        "rejected/sw/part-00000.parquet",
        "run.json",
        "sw/part-00000.parquet",
    ]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    from tempfile import TemporaryDirectory

    kept = [record(number, text=text) for number, text in enumerate(texts)]
    with TemporaryDirectory() as folder, RunStore.open(folder, IDENTITY) as store:
        store.write_shard("sw", 0, kept, [], {"in": len(kept)})
        assert store.read_shard("sw", 0) == kept


def test_shards_and_languages_come_in_order(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        for lang, index in (("yo", 0), ("sw", 2), ("sw", 0), ("en", 0)):
            write(store, lang, index)
        assert store.shards("sw") == [0, 2]
        assert store.shards("th") == []
        assert store.languages == ["en", "sw", "yo"]
    assert [r.source.row for r in open_run(tmp_path).records("sw")] == [1, 2, 3, 2001, 2002, 2003]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with RunStore.open(tmp_path / name, IDENTITY) as store:
            write(store, bad=2)
    for file in names(tmp_path / "a"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_totals_are_the_sum_of_the_markers(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store, index=0, rows=3, bad=1)
        write(store, index=1, rows=2, bad=2)
        expected = {"shards": 2, "in": 8, "out": 5, "rejected": {"lost-span": 3}}
        assert store.totals("sw") == {**expected, "rungs": {"direct": 5}, "seconds": 1.0}
        assert store.totals("th") == {"shards": 0, "in": 0, "out": 0, "rejected": {}}


@pytest.mark.parametrize(
    ("kept", "facts", "message"),
    [
        ([record(0)], {"in": 2}, "in 2 is not out 1 [+] rejected 0"),
        ([record(0)], {}, "in None is not"),
        ([record(0)], {"in": 1, "out": 1}, "may not hold out"),
        ([record(0), record(0)], {"in": 2}, "an id stands in it twice"),
        ([record(0, "yo")], {"in": 1}, "another language"),
    ],
)
def test_a_shard_that_does_not_add_up_is_not_written(
    tmp_path: Path, kept: list[Record], facts: dict[str, Any], message: str
) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        with pytest.raises(MltError, match=message):
            store.write_shard("sw", 0, kept, [], facts)
        assert store.shards("sw") == []


def test_text_that_is_no_unicode_is_named(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store, pytest.raises(DataError, match=r"lone surrogate.*ab\\ud800c"):
        store.write_shard("sw", 0, [record(0, text="ab\ud800c")], [], {"in": 1})


def test_a_shard_written_again_replaces_the_old_one_and_its_rejected_rows(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store, rows=1, bad=2)
        (tmp_path / "scores/sw").mkdir(parents=True)
        (tmp_path / "scores/sw/part-00000.parquet").touch()
        write(store, rows=3)
        assert len(store.read_shard("sw", 0)) == 3
        assert list(store.rejected("sw")) == []
    assert names(tmp_path) == ["done/sw/part-00000.json", "run.json", "sw/part-00000.parquet"]


def test_a_dropped_shard_is_gone(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store, bad=1)
        store.save_plan("sw", 0, "direct", [["a"]])
        store.drop_shard("sw", 0)
        assert store.done("sw", 0) is None
        with pytest.raises(DataError, match=r"shard 0 of sw in .* is not finished"):
            store.read_shard("sw", 0)
    assert names(tmp_path) == ["run.json"]


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("file", "damage", "seen_cheaply"),
    [
        ("done/sw/part-00000.json", _truncate, True),
        ("done/sw/part-00000.json", lambda path: path.write_bytes(b""), True),
        ("done/sw/part-00000.json", lambda path: path.write_text("[1]"), True),
        ("done/sw/part-00000.json", Path.unlink, True),
        ("done/sw/part-00000.json", lambda path: _edit(path, '"index": 0', '"index": 1'), True),
        ("done/sw/part-00000.json", lambda path: _edit(path, "rejected/sw", "../sw"), True),
        ("sw/part-00000.parquet", _truncate, True),
        ("sw/part-00000.parquet", Path.unlink, True),
        ("sw/part-00000.parquet", _flip, False),
        ("rejected/sw/part-00000.parquet", _truncate, True),
        ("rejected/sw/part-00000.parquet", _flip, False),
    ],
)
def test_a_damaged_shard_is_not_done(
    tmp_path: Path, file: str, damage: Callable[[Path], object], seen_cheaply: bool
) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store, bad=1)
        assert store.done("sw", 0, verify=True) == store.done("sw", 0) is not None
        damage(tmp_path / file)
        assert store.done("sw", 0, verify=True) is None
        assert (store.done("sw", 0) is None) is seen_cheaply
    if seen_cheaply:  # opened again, what no marker speaks for goes, so that the folder holds finished rows alone
        with RunStore.open(tmp_path, IDENTITY):
            assert names(tmp_path) == ["run.json"]


def test_torn_files_of_a_killed_run_are_removed_and_others_stay(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)
        store.save_plan("sw", 0, "direct", [["a"]])  # killed before drop_plans: stale once the shard is done
        store.save_plan("sw", 1, "direct", [["b"]])
    for torn in (".run.json.0123456789ab.tmp", "sw/.part-00001.parquet.0123456789ab.tmp", "sw/part-00001.parquet"):
        (tmp_path / torn).touch()
    for foreign in ("notes.txt", "sw/notes.tmp", "other/part-00000.parquet"):
        (tmp_path / foreign).parent.mkdir(exist_ok=True)
        (tmp_path / foreign).touch()
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.plan("sw", 0, "direct") is None
        assert store.plan("sw", 1, "direct") == [["b"]]
    assert names(tmp_path) == [
        "done/sw/part-00000.json",
        "notes.txt",
        "other/part-00000.parquet",
        "plan/sw/part-00001.direct.json",
        "run.json",
        "sw/notes.tmp",
        "sw/part-00000.parquet",
    ]


def test_plans_are_kept_per_rung_until_dropped(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        store.save_plan("sw", 0, "direct", [["a", "b"], ["c"]])
        store.save_plan("sw", 0, "placeholder-X0", [["d"]])
        store.save_plan("sw", 1, "direct", [["e"]])
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.plan("sw", 0, "direct") == [["a", "b"], ["c"]]
        assert store.plan("sw", 0, "placeholder-X0") == [["d"]]
        store.drop_plans("sw", 0)
        assert [store.plan("sw", 0, "direct"), store.plan("sw", 0, "placeholder-X0")] == [None, None]
        assert store.plan("sw", 1, "direct") == [["e"]]


def test_facts_are_written_once(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.facts("calibration-sw") is None
        store.save_facts("calibration-sw", {"form": "X0", "shares": (0.9, 1)})
        store.save_facts("calibration-sw", {"form": "X0", "shares": [0.9, 1]})
        with pytest.raises(MltError, match="already written and differ"):
            store.save_facts("calibration-sw", {"form": "[0]"})
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.facts("calibration-sw") == {"form": "X0", "shares": [0.9, 1]}


def test_names_that_would_leave_the_folder_are_refused(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        for name in ("../x", "a/b", "", ".hidden"):
            with pytest.raises(MltError, match="not fit for a file name"):
                store.save_facts(name, 1)
        with pytest.raises(MltError, match="a language cannot be named 'done'"):
            store.done("done", 0)


def test_the_manifest_is_kept_and_updated(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        store.save_manifest(languages={"sw": {"in": 1}})
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.manifest["languages"] == {"sw": {"in": 1}}
        assert store.manifest["identity"] == IDENTITY
        assert "decoding.beam:4" in store.manifest["signature"]
    assert open_run(tmp_path).manifest == store.manifest


def test_scratch_does_not_outlive_the_run(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        (store.scratch / "ids").touch()
    assert names(tmp_path) == ["run.json"]


def test_another_identity_is_refused_by_name_and_nothing_is_touched(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)
    before = names(tmp_path)
    expected = r"made with decoding\.beam_size = 4, now it is 2: use --force .* or another --out"
    with (
        pytest.raises(DataError, match=expected),
        RunStore.open(tmp_path, {**IDENTITY, "decoding": {"beam_size": 2}}),
    ):
        pass
    assert names(tmp_path) == before


def test_force_removes_the_run_s_own_files_only(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store, bad=1)
        store.save_plan("yo", 3, "direct", [["a"]])
        store.save_facts("calibration-sw", 1)
    for foreign in ("notes.txt", "sw/notes.txt", "other/part-00000.parquet", "facts/notes.txt"):
        (tmp_path / foreign).parent.mkdir(exist_ok=True)
        (tmp_path / foreign).touch()
    with RunStore.open(tmp_path, {"source": "other"}, force=True) as store:
        assert store.manifest["identity"] == {"source": "other"}
        assert store.languages == []
    assert names(tmp_path) == ["facts/notes.txt", "notes.txt", "other/part-00000.parquet", "run.json", "sw/notes.txt"]
    assert not (tmp_path / "done").exists()


def test_force_killed_half_way_leaves_no_false_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store, index=0)
        write(store, index=1)

    def killed(paths: list[Path]) -> None:
        paths[0].unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(layout, "remove", killed)
        with RunStore.open(tmp_path, {"source": "other"}, force=True):
            pass
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.shards("sw") == [1]
        assert names(tmp_path) == ["done/sw/part-00001.json", "run.json", "sw/part-00001.parquet"]


def test_a_damaged_manifest_is_refused_and_force_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json is damaged"), RunStore.open(tmp_path, IDENTITY):
        pass
    with RunStore.open(tmp_path, IDENTITY, force=True) as store:
        assert store.manifest["identity"] == IDENTITY


@pytest.mark.parametrize("force", [False, True])
def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path, force: bool) -> None:
    (tmp_path / "thesis.tex").touch()
    with (
        pytest.raises(UsageError, match=r"is no run \(it holds thesis.tex and no run.json\)"),
        RunStore.open(tmp_path, IDENTITY, force=force),
    ):
        pass
    assert names(tmp_path) == ["thesis.tex"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="is a file, not a folder"), RunStore.open(tmp_path / "out", IDENTITY):
        pass


def test_a_folder_killed_before_its_manifest_is_a_fresh_one(tmp_path: Path) -> None:
    for name in (".lock", ".run.json.0123456789ab.tmp"):
        (tmp_path / name).touch()
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.languages == []
    assert names(tmp_path) == ["run.json"]


def test_only_one_writer_at_a_time(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY):
        with (
            pytest.raises(EnvironmentProblem, match="being written by another process"),
            RunStore.open(tmp_path, IDENTITY),
        ):
            pass
        assert open_run(tmp_path).manifest["identity"] == IDENTITY
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)


def test_open_run_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is no run: it holds no run\.json"):
        open_run(tmp_path / "none")
    with RunStore.open(tmp_path, IDENTITY) as store:
        store.save_manifest(schema_version="0")
    with pytest.raises(DataError, match="has schema_version 0"):
        open_run(tmp_path)


def test_rotten_parquet_is_one_line(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)
        path = tmp_path / "sw/part-00000.parquet"
        path.write_bytes(b"x" * path.stat().st_size)
        with pytest.raises(DataError, match=r"part-00000\.parquet is damaged") as caught:
            store.read_shard("sw", 0)
    assert "\n" not in str(caught.value)


def test_the_store_is_imported_without_pyarrow() -> None:
    code = "import sys, mlt.toolkit.store; print('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def _write_on(folder: str, finished: Connection) -> None:
    with RunStore.open(folder, IDENTITY) as store:
        for index in range(len(store.shards("sw")), 10_000):
            store.save_plan("sw", index, "direct", [["a"]])
            write(store, "sw", index, rows=20, bad=index % 3)
            store.drop_plans("sw", index)
            store.save_manifest(shards=index + 1)
            finished.send(index)


def _run_and_kill(folder: Path, seconds: float) -> int:
    """The last shard that a writer claimed before it was killed, some time after its first one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["hypothesis", "mlt.toolkit.store", "pyarrow.parquet", "pytest"])
    receiver, sender = context.Pipe(duplex=False)
    writer = context.Process(target=_write_on, args=(str(folder), sender))
    writer.start()
    sender.close()
    claimed = receiver.recv()
    time.sleep(seconds)
    writer.kill()
    writer.join()
    with suppress(EOFError):
        while True:
            claimed = receiver.recv()
    return int(claimed)


def test_killed_at_any_instant_every_done_shard_is_whole(tmp_path: Path) -> None:
    chance = random.Random(7)
    for attempt in range(10):
        claimed = _run_and_kill(tmp_path, chance.uniform(0.005, 0.15))
        with RunStore.open(tmp_path, IDENTITY) as store:
            shards = store.shards("sw")
            assert shards == list(range(len(shards))) and len(shards) > claimed >= attempt
            assert all(store.done("sw", index, verify=True) for index in shards)
            assert [len(store.read_shard("sw", index)) for index in shards] == [20] * len(shards)
            assert store.totals("sw")["rejected"].get("lost-span", 0) == sum(index % 3 for index in shards)
            assert not [name for name in names(tmp_path) if name.endswith(".tmp")]
            assert len(list(tmp_path.glob("sw/*"))) == len(shards)
