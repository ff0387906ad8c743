"""Shards as columns: read, written, replaced, and written again with what people have edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlt.toolkit import replacing
from mlt.toolkit.edits import Edit
from mlt.toolkit.errors import DataError, MltError
from mlt.toolkit.records import Gold, Message, Record, Rejected, Source, record_schema, rejected_schema
from mlt.toolkit.shard_files import kept_table, rejected_table
from mlt.toolkit.store import RunStore, open_run

IDENTITY: dict[str, Any] = {"source": "s@1", "output_version": 1}


def record(number: int, lang: str = "sw") -> Record:
    return Record(
        id=f"row-{number}",
        group="g",
        task="math",
        lang=lang,
        messages=(Message("user", f"Swali {number}"),),
        target=f"Jibu {number}",
        gold=Gold(str(number)),
        source=Source("s", "1", "", number + 1, "CC0-1.0"),
    )


ASIDE = [Rejected("length", "2.5 above 2", record(2), score=2.5), Rejected("bad-json", "line 3", None, "{")]


def write(store: RunStore) -> dict[str, Any]:
    store.write_shard("en", 0, [record(n, "en") for n in range(3)], [], {"in": 3})
    return store.write_shard("sw", 0, [record(0), record(1)], ASIDE, {"in": 4, "input": "x"})


def test_columns_come_back_as_they_were_written(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "a", IDENTITY) as store:
        marker = write(store)
    run = open_run(tmp_path / "a")
    kept, rejected = run.table("sw", 0), run.rejected_table("sw", 0)
    assert kept.schema.equals(record_schema(), check_metadata=True)
    assert rejected is not None and rejected.schema.equals(rejected_schema(), check_metadata=True)
    assert rejected.column("score").to_pylist() == [2.5, None]
    assert list(run.rejected("sw")) == ASIDE
    assert run.ids("sw", 0) == ["row-0", "row-1"]
    assert run.rejected_table("en", 0) is None
    with RunStore.open(tmp_path / "b", IDENTITY) as store:
        again = pa.concat_tables([kept.slice(0, 1), kept.slice(1)])
        assert store.write_tables("sw", 0, again, rejected, {"in": 4, "input": "x"}) == marker
    assert marker["rejected"] == {"bad-json": 1, "length": 1}
    with pytest.raises(DataError, match=r"shard 1 of sw in .* is not finished"):
        run.table("sw", 1)


def test_a_run_without_the_score_column_is_read(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)
        old = store.rejected_table("sw", 0)
        assert old is not None
        path = tmp_path / "rejected/sw/part-00000.parquet"
        size = path.stat().st_size
        pq.write_table(old.drop_columns(["score"]), path)
        marker = tmp_path / "done/sw/part-00000.json"
        marker.write_text(marker.read_text().replace(str(size), str(path.stat().st_size)))
        table = store.rejected_table("sw", 0)
        assert table is not None and table.column("score").to_pylist() == [None, None]
        assert [entry.score for entry in store.rejected("sw")] == [None, None]


@pytest.mark.parametrize(
    ("rows", "facts", "message"),
    [
        ([record(0)], {"in": 2}, "in 2 is not out 1 [+] rejected 0"),
        ([record(0), record(0)], {"in": 2}, "an id stands in it twice"),
        ([record(0, "yo")], {"in": 1}, "another language"),
        ([record(0)], {"in": 1, "files": {}}, "may not hold files"),
    ],
)
def test_columns_that_do_not_add_up_are_not_written(
    tmp_path: Path, rows: list[Record], facts: dict[str, Any], message: str
) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        with pytest.raises(MltError, match=message):
            store.write_tables("sw", 0, kept_table(rows), None, facts)
        assert store.shards("sw") == []


def test_scores_of_a_shard_outlive_its_columns_but_not_force(tmp_path: Path) -> None:
    scores = tmp_path / "scores/sw/part-00000.parquet"
    with RunStore.open(tmp_path, IDENTITY) as store:
        store.begin("sw")
        scores.parent.mkdir(parents=True)
        scores.touch()
    with RunStore.open(tmp_path, IDENTITY) as store:
        store.write_tables("sw", 0, kept_table([record(0)]), None, {"in": 1})
        assert scores.exists()
        store.drop_shard("sw", 0)
        assert not scores.exists()
        scores.touch()
    with RunStore.open(tmp_path, IDENTITY, force=True):
        assert not scores.exists()


def test_edits_are_put_on_rows_that_are_written_again(tmp_path: Path) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)
        store.add_edits([Edit("row-1", "sw", "bad"), Edit("row-2", "sw", "good"), Edit("row-0", "yo", "bad")])
    for force in (False, True):
        with RunStore.open(tmp_path, IDENTITY, force=force) as store:
            marker = write(store)
            assert marker["out"] == 2 and marker["rejected"] == {"bad-json": 1, "marked-bad": 1}
            assert store.ids("sw", 0) == ["row-0", "row-2"]


@pytest.mark.parametrize("moves", range(4))
def test_a_shard_that_is_replaced_is_old_or_new_whenever_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        write(store)
    move, left = replacing._move, iter(range(moves))

    def killed(source: Path, target: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        move(source, target)

    with monkeypatch.context() as patched, RunStore.open(tmp_path, IDENTITY) as store:
        patched.setattr(replacing, "_move", killed)
        one, two = kept_table([record(0)]), rejected_table([*ASIDE, Rejected("x", "", record(1))])
        if moves < 3:
            with pytest.raises(KeyboardInterrupt):
                store.replace_tables("sw", 0, one, two, {"in": 4})
        else:
            store.replace_tables("sw", 0, one, two, {"in": 4})
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.done("sw", 0, verify=True) is not None
        assert (store.totals("sw")["out"], store.ids("sw", 0)) == (1, ["row-0"])
    assert not (tmp_path / ".staged").exists()


def test_a_replacement_killed_before_it_was_whole_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunStore.open(tmp_path, IDENTITY) as store:
        before = write(store)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(replacing, "write_json", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            store.replace_tables("sw", 0, kept_table([record(0)]), None, {"in": 1})
    with RunStore.open(tmp_path, IDENTITY) as store:
        assert store.done("sw", 0, verify=True) == before
    assert not (tmp_path / ".staged").exists()
