"""Runs on a URL: the same run as in a folder, killed at any write, from any machine, with one writer at a time."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from made_records import math_record
from remote_store import CutOff, let_lapse, objects

from mlt.toolkit import remote_files, remote_lease
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.joined_run import JoinedRun, open_part
from mlt.toolkit.mirrors import evict_mirrors, mirrors_in_cache
from mlt.toolkit.parts import Part
from mlt.toolkit.records import Record, Rejected
from mlt.toolkit.remote_files import RemoteFolder, local_only, shown, url_of
from mlt.toolkit.run import local_folder, manifest_at
from mlt.toolkit.store import Run, RunStore, open_run

IDENTITY: dict[str, Any] = {"source": "s@1", "output_version": 1}
URL = "cut://bucket/runs/mine"
LANGS = ("en", "am", "sw")  # am stands before the markers in a listing, sw behind


@pytest.fixture(autouse=True)
def store_is_empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # no power is cut here
    CutOff.empty()
    yield
    CutOff.empty()


def records(lang: str, index: int) -> list[Record]:
    return [math_record(f"{lang} {index} {n}", lang=lang, id=f"m{index}-{n}") for n in range(2)]


def make(cache: Path, url: str | Path = URL, langs: Sequence[str] = LANGS) -> None:
    """Brings a run to hold its shards, each once."""
    with RunStore.open(url, IDENTITY, cache_dir=cache) as store:
        store.save_facts("calibration-sw", {"direct": 1})
        for lang in langs:
            for index in range(2):
                if store.done(lang, index) is None:
                    aside = [Rejected("lost-span", "", math_record(lang=lang, id=f"bad{index}"))] if index else []
                    store.write_shard(lang, index, records(lang, index), aside, {"in": 2 + len(aside), "input": "x"})
        store.save_manifest(complete=True)


def content(run: Run) -> dict[str, Any]:
    rows = {lang: (list(run.records(lang)), list(run.rejected(lang)), run.totals(lang)) for lang in run.languages}
    return {**rows, "manifest": run.manifest}


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("s3://b/x/", "s3://b/x"),
        (Path("s3://b/x"), "s3://b/x"),
        ("FILE:///tmp/x", "file:///tmp/x"),
        (Path("file:///tmp/x"), "file:///tmp/x"),
        ("gs://b/a b/x", "gs://b/a b/x"),
        ("hdfs:///user/x", "hdfs:///user/x"),
        ("s3://", "s3://"),
        ("runs/x", None),
        ("/runs/x", None),
        ("C:/runs/x", None),
        (Path(), None),
    ],
)
def test_a_url_is_known_as_text_and_as_a_path(path: str | Path, url: str | None) -> None:
    assert url_of(path) == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sftp://ann:pw@host/x", "sftp://host/x"),
        (str(Path("sftp://ann@host/x")), "sftp://host/x"),
        ("abfs://box@account.dfs.core.windows.net/x?sig=1", "abfs://box@account.dfs.core.windows.net/x"),
        ("abfs://box:pw@account/x", "abfs://account/x"),
        ("runs/x", "runs/x"),
    ],
)
def test_a_url_is_named_without_secrets(url: str, said: str) -> None:
    assert shown(url) == said


def test_what_needs_a_folder_refuses_a_url() -> None:
    local_only("runs/x", "--out")
    with pytest.raises(UsageError, match=r"^--out s3://b/x: expected a folder of this machine"):
        local_only(Path("s3://me:secret@b/x"), "--out")


@pytest.mark.parametrize("base", ["memory://m/x", "file://{tmp}/far/x", "cut://b/x"])
def test_objects_are_written_listed_read_and_removed(base: str, tmp_path: Path) -> None:
    remote = RemoteFolder(base.format(tmp=tmp_path))
    assert (remote.list(), remote.top(), remote.read("a/b")) == ({}, set(), None)
    assert not remote.fetch("a", tmp_path / "a")
    (tmp_path / "file").write_bytes(b"12")
    remote.put("done/a/1", tmp_path / "file")
    remote.write("done/a/2", b"345")
    assert (remote.create("fact", b"first"), remote.create("fact", b"second")) == (b"first", b"first")
    assert {name: entry.size for name, entry in remote.list().items()} == {"done/a/1": 2, "done/a/2": 3, "fact": 5}
    assert remote.list("done/a/").keys() == {"done/a/1", "done/a/2"}
    assert remote.top() == {"done", "fact"}
    assert dict(remote.read_all(["done/a/1", "done/a/2", "gone"])) == {"done/a/1": b"12", "done/a/2": b"345"}
    before = remote.list()["done/a/2"]
    remote.write("done/a/2", b"678")
    assert remote.list()["done/a/2"] != before
    assert remote.fetch("done/a/2", tmp_path / "here" / "x") and (tmp_path / "here" / "x").read_bytes() == b"678"
    remote.remove(["done/a/1", "gone", "fact"])
    assert remote.list().keys() == {"done/a/2"}
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["x"]


@pytest.mark.parametrize("whole", [True, False], ids=["written whole", "moved"])
def test_cut_off_at_any_write_and_continued_the_run_is_the_same(
    tmp_path: Path, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last write is refused or only not answered; the run is continued from here or from another machine."""
    if not whole:
        monkeypatch.setattr(remote_files, "_WRITES_WHOLE", set())
    make(tmp_path / "cache", tmp_path / "local", langs=("en", "am"))
    wanted = content(open_run(tmp_path / "local"))
    make(tmp_path / "count", langs=("en", "am"))
    changes = len(CutOff.changes)
    assert changes >= 14
    for number in range(1, changes + 1, 1 if whole else 3):
        CutOff.empty()
        CutOff.reset(number, late=number % 2 == 0)
        first = tmp_path / f"{number}"
        with suppress(EnvironmentProblem):
            make(first, langs=("en", "am"))
        CutOff.reset()
        again = first
        if (number // 2) % 2:
            let_lapse(URL)
            again = tmp_path / f"{number}-other"
        make(again, langs=("en", "am"))
        assert content(open_run(URL, cache_dir=tmp_path / f"{number}-read")) == wanted
        assert not [name for name in objects(URL) if name.endswith(".tmp") or name.startswith(".")]


def test_a_store_that_does_not_answer_is_said_in_one_line(tmp_path: Path) -> None:
    CutOff.reset(5)
    with pytest.raises(EnvironmentProblem, match=r"^cannot write cut://bucket/runs/mine/.*dead") as caught:
        make(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_was_done_is_not_done_again_on_another_machine(tmp_path: Path) -> None:
    make(tmp_path / "one")
    CutOff.reset()
    make(tmp_path / "other")
    assert not [path for path in CutOff.changes if path.endswith(".parquet")]


def test_a_marker_goes_out_after_its_rows_and_the_rows_of_other_languages_are_not_kept(tmp_path: Path) -> None:
    make(tmp_path / "cache")
    order = [path.removeprefix("/bucket/runs/mine/") for path in CutOff.changes]
    for lang in LANGS:
        rows, aside, marker = f"{lang}/part-00001.parquet", f"rejected/{lang}/part-00001.parquet", "part-00001.json"
        assert order.index(rows) < order.index(aside) < order.index(f"done/{lang}/{marker}")
    kept = {path.parent.name for path in (tmp_path / "cache").rglob("*.parquet")}
    assert kept == {"en"}


def test_rows_are_fetched_when_they_are_read(tmp_path: Path) -> None:
    make(tmp_path / "cache")
    run = open_run(URL, cache_dir=tmp_path / "read")
    assert (run.languages, run.shards("sw"), run.totals("sw")["out"]) == (["en", "am", "sw"], [0, 1], 4)
    assert not list((tmp_path / "read").rglob("*.parquet"))
    assert run.read_shard("sw", 1) == records("sw", 1)
    assert [path.name for path in (tmp_path / "read").rglob("*.parquet")] == ["part-00001.parquet"]
    assert run.done("am", 0, verify=True) is not None
    assert content(open_run(local_folder(URL, tmp_path / "whole"))) == content(run)


def test_rows_that_were_written_anew_are_fetched_anew(tmp_path: Path) -> None:
    make(tmp_path / "cache")
    assert open_run(URL, cache_dir=tmp_path / "read").read_shard("sw", 0) == records("sw", 0)
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "cache") as store:
        store.write_shard("sw", 0, records("sw", 7), [], {"in": 2, "input": "y"})
    assert open_run(URL, cache_dir=tmp_path / "read").read_shard("sw", 0) == records("sw", 7)


def test_rows_that_are_not_those_of_their_marker_are_refused(tmp_path: Path) -> None:
    make(tmp_path / "cache")
    remote = RemoteFolder(URL)
    size = remote.list()["sw/part-00000.parquet"].size
    remote.write("sw/part-00000.parquet", b"x" * size)
    with pytest.raises(DataError, match=r"mine/sw/part-00000.parquet is not as its marker says"):
        open_run(URL, cache_dir=tmp_path / "read").read_shard("sw", 0)
    remote.remove(["am/part-00000.parquet"])
    assert open_run(URL, cache_dir=tmp_path / "read").shards("am") == [1]


def test_what_is_gone_from_the_url_is_gone(tmp_path: Path) -> None:
    make(tmp_path / "cache")
    RemoteFolder(URL).remove(["done/sw/part-00000.json", "facts/calibration-sw.json"])
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "cache") as store:
        assert (store.shards("sw"), store.facts("calibration-sw")) == ([1], None)
    assert "sw/part-00000.parquet" not in objects(URL)


def test_another_identity_is_refused_and_force_begins_anew(tmp_path: Path) -> None:
    make(tmp_path / "cache")
    with (
        pytest.raises(DataError, match=r"^cut://bucket/runs/mine was made with source = 's@1', now it is 's@2'"),
        RunStore.open(URL, {**IDENTITY, "source": "s@2"}, cache_dir=tmp_path / "other"),
    ):
        pass
    with RunStore.open(URL, {**IDENTITY, "source": "s@2"}, force=True, cache_dir=tmp_path / "other"):
        pass
    assert objects(URL) == {"run.json"}


def test_a_place_that_holds_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    RemoteFolder(URL).write("thesis.tex", b"x")
    with (
        pytest.raises(UsageError, match=r"is no run \(it holds thesis.tex"),
        RunStore.open(URL, IDENTITY, cache_dir=tmp_path),
    ):
        pass
    assert objects(URL) == {"thesis.tex"}
    with pytest.raises(DataError, match="cut://bucket/none is no run"):
        open_run("cut://bucket/none", cache_dir=tmp_path)
    assert manifest_at("cut://bucket/none") is None


def test_a_second_writer_is_refused_until_the_first_ends_or_its_lease_lapses(tmp_path: Path) -> None:
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "one"):
        with (
            pytest.raises(EnvironmentProblem, match=r"mine is being written by .*, process \d+ .*use another --out"),
            RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "two"),
        ):
            pass
        with (
            pytest.raises(EnvironmentProblem, match="mine is being written by another process"),
            RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "one"),
        ):
            pass
        let_lapse(URL)
        with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "two"):
            pass
    assert ".lease" not in objects(URL)


def test_whoever_lost_the_lease_writes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_lease, "RENEW_S", 0.02)
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "one") as first:
        before = json.loads(RemoteFolder(URL).read(".lease") or b"")
        with RunStore.open(URL, IDENTITY, force=True, cache_dir=tmp_path / "two"):
            thread = next(iter(first.home._leases))  # type: ignore[attr-defined]
            while not thread._lost:
                thread._end.wait(0.01)
            with pytest.raises(EnvironmentProblem, match=r"it was taken over by .*run again to go on"):
                first.save_manifest(complete=True)
    assert before["token"]
    assert "complete" not in (manifest_at(URL) or {})


def test_a_lease_that_cannot_be_renewed_in_time_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path) as store:
        monkeypatch.setattr(remote_lease, "LEASE_S", -1.0)
        with pytest.raises(EnvironmentProblem, match="could not renew its lease in time"):
            store.save_manifest(complete=True)


def test_tasks_write_a_url_together_and_nobody_else_does(tmp_path: Path) -> None:
    with open_part(URL, IDENTITY, Part(1, 2), lambda store: None, tmp_path / "one") as first:
        with open_part(URL, IDENTITY, Part(2, 2), lambda store: None, tmp_path / "two") as second:
            first.write_shard("sw", 0, records("sw", 0), [], {"in": 2, "input": "x"})
            assert second.shards("sw") == []
            second.home.refresh("sw")
            assert second.shards("sw") == [0]
            assert second.read_shard("sw", 0) == records("sw", 0)
            first.save_facts("calibration-sw", {"direct": 1})
            second.save_facts("calibration-sw", {"direct": 2})
            assert second.facts("calibration-sw") == {"direct": 1}
        with (
            pytest.raises(EnvironmentProblem, match="being written by the tasks 1-of-2"),
            RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "three"),
        ):
            pass
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "three") as store:
        assert store.shards("sw") == [0]


def test_a_shard_that_did_not_go_out_is_not_done_for_whoever_made_it(tmp_path: Path) -> None:
    make(tmp_path / "one", langs=("en",))
    joined = JoinedRun.join(URL, tmp_path / "two")
    assert joined.shards("en") == [0, 1]
    CutOff.reset(2)
    with pytest.raises(EnvironmentProblem, match="dead"):
        joined.write_shard("sw", 0, records("sw", 0), [], {"in": 2, "input": "x"})
    CutOff.reset()
    assert joined.done("sw", 0) is None
    joined.write_shard("sw", 0, records("sw", 0), [], {"in": 2, "input": "x"})
    assert joined.done("sw", 0) is not None
    assert open_run(URL, cache_dir=tmp_path / "three").shards("sw") == [0]


def test_a_task_whose_lease_is_renewed_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_lease, "RENEW_S", 0.02)
    monkeypatch.setattr(remote_lease, "_POLL_S", 0.05)
    with (
        open_part(URL, IDENTITY, Part(1, 2), lambda store: None, tmp_path / "one"),
        pytest.raises(EnvironmentProblem, match="has a task 1-of-2 already, held by"),
        open_part(URL, IDENTITY, Part(1, 2), lambda store: None, tmp_path / "two"),
    ):
        pass


def test_a_task_waits_for_the_lease_of_a_dead_one_to_lapse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_lease, "_POLL_S", 0.02)
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path / "one"):
        pass
    dead = {"token": "another", "host": "gone", "pid": 1, "renewed": time.time(), "lasts": 0.3}
    RemoteFolder(URL).write(".lease-1-of-2", json.dumps(dead).encode())
    with open_part(URL, IDENTITY, Part(1, 2), lambda store: None, tmp_path / "two") as store:
        assert time.time() > dead["renewed"] + dead["lasts"]
        assert store.home.busy_tasks() == ["1-of-2"]
    assert objects(URL) == {"run.json"}


def test_mirrors_are_listed_and_those_that_are_not_written_are_evicted(tmp_path: Path) -> None:
    make(tmp_path, langs=("en",))
    open_run(URL, cache_dir=tmp_path).read_shard("en", 0)
    assert [(mirror.use, mirror.size > 0) for mirror in mirrors_in_cache(tmp_path)] == [("read", True), ("run", True)]
    assert evict_mirrors(tmp_path, older_than_days=1) == 0
    with RunStore.open(URL, IDENTITY, cache_dir=tmp_path):
        assert evict_mirrors(tmp_path, older_than_days=-1) > 0
    assert [mirror.use for mirror in mirrors_in_cache(tmp_path)] == ["run"]
    assert mirrors_in_cache(tmp_path / "none") == []


def test_a_run_that_is_joined_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run at cut://bucket/none"):
        JoinedRun.join("cut://bucket/none", tmp_path)


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("s3://bucket/x", EnvironmentProblem, "pip install s3fs"),
        ("nothing://bucket/x", UsageError, "fsspec knows no nothing://"),
        ("hf://datasets/x", UsageError, "no run can stand there"),
        ("memory://", UsageError, "name a folder in it"),
    ],
)
def test_what_cannot_be_reached_is_said_in_one_line(
    url: str, kind: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(kind, match=said) as caught:
        RemoteFolder(url)
    assert "\n" not in str(caught.value)


def test_no_message_holds_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "cut://ann:tops3cret@bucket/x?sig=abcdef"
    assert shown(url) == "cut://bucket/x"

    def refuse(self: object, path: str, **_: Any) -> bytes:
        raise PermissionError(f"ann may not read {path} at {url} with tops3cret")

    monkeypatch.setattr(CutOff, "cat_file", refuse)
    with pytest.raises(EnvironmentProblem, match=r"cannot read cut://bucket/x/run\.json") as caught:
        RemoteFolder(url).read("run.json")
    assert "tops3cret" not in str(caught.value) and "abcdef" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
