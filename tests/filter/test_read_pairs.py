"""Files of pairs become runs, and the kept pairs become files again."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.filter.pairs_out import write_kept_pairs
from mlt.filter.read_pairs import import_pairs, is_pairs, pairs_identity
from mlt.toolkit.edits import Edit
from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.records import Gold, Message, Record, Source
from mlt.toolkit.run import Run
from mlt.toolkit.shard_files import kept_table
from mlt.toolkit.store import RunStore, open_run


def row(id: Any, lang: Any, source: Any = "", target: Any = "Habari", **more: Any) -> dict[str, Any]:
    return {"id": id, "source": source or f"Hello {id}", "target": target, "lang": lang, **more}


ROWS = [
    row("b", "sw", note="é"),
    row("a", "swh_Latn"),
    row("b", "yo"),
    row("c", "yo"),
    row(7, "th"),
    row("a", "Thai"),
]


def lines(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(f"{entry if isinstance(entry, str) else json.dumps(entry)}\n" for entry in rows))
    return path


def imported(path: Path, folder: Path, columns: dict[str, str] | None = None, size: int = 2) -> Run:
    with RunStore.open(folder, pairs_identity(path, columns or {}, size)) as store:
        import_pairs(path, store, columns, size)
    return open_run(folder)


def texts(run: Run, lang: str, index: int) -> list[tuple[str, str, int]]:
    return [(r.id, r.messages[0].content, r.source.row) for r in run.read_shard(lang, index)]


def reasons(run: Run, lang: str) -> list[tuple[str, int]]:
    return [(entry.reason, entry.source.row) for entry in run.rejected(lang) if entry.source]


def test_shards_go_by_the_english_records(tmp_path: Path) -> None:
    path = lines(tmp_path / "pairs.jsonl", ROWS)
    run = imported(path, tmp_path / "run")
    assert run.languages == ["en", "sw", "th", "yo"]
    assert texts(run, "en", 0) == [("b", "Hello b", 1), ("a", "Hello a", 2)]
    assert texts(run, "en", 1) == [("c", "Hello c", 4), ("7", "Hello 7", 5)]
    assert texts(run, "sw", 0) == [("b", "Habari", 1), ("a", "Habari", 2)]
    assert run.shards("sw") == [0]
    assert texts(run, "th", 0) == [("a", "Habari", 6)]
    assert texts(run, "th", 1) == [("7", "Habari", 5)]
    assert run.manifest["complete"] is True
    assert run.manifest["languages"]["th"]["in"] == 2
    revision = run.manifest["identity"]["source"]["revision"]
    record = Record(
        id="b",
        group="b",
        task="text",
        lang="sw",
        messages=(Message("user", "Habari"),),
        target="",
        gold=Gold(),
        source=Source("pairs.jsonl", revision, "", 1, "unknown"),
    )
    assert run.read_shard("sw", 0)[0] == record
    assert run.table("sw", 0).slice(0, 1).equals(kept_table([record]))


def test_rows_that_are_no_pairs_are_set_aside_with_reasons(tmp_path: Path) -> None:
    rows = [
        row("a", "sw"),
        "{",
        "[1]",
        row("a", "sw", target="Jambo"),
        row("a", "yo", "Another"),
        row("d", "klingon"),
        row("e", None),
        row("f", "en"),
        row("g", "sw", target=None),
        row("h", "sw", target=3),
        row(True, "sw"),
        row("", "yo"),
        row("i", "th", "   "),
        {"id": "j", "lang": "sw", "target": "x"},
        row("k", "sw", "Hi", ""),
    ]
    run = imported(lines(tmp_path / "pairs.jsonl", rows), tmp_path / "run")
    assert reasons(run, "en") == [
        ("bad-json", 2),
        ("not-an-object", 3),
        ("unknown-language", 6),
        ("missing-field", 7),
        ("english-target", 8),
    ]
    assert reasons(run, "sw") == [
        ("duplicate-id", 4),
        ("missing-field", 9),
        ("wrong-type", 10),
        ("wrong-type", 11),
        ("missing-field", 14),
    ]
    assert reasons(run, "yo") == [("source-differs", 5), ("missing-field", 12)]
    assert reasons(run, "th") == [("empty-source", 13)]
    assert [record.id for record in run.records("sw")] == ["a", "k"]
    entry = next(iter(run.rejected("yo")))
    assert entry.raw is not None and json.loads(entry.raw) == rows[4]
    assert "row 1" in entry.detail
    for lang in run.languages:
        totals = run.totals(lang)
        assert totals["in"] == totals["out"] + sum(totals["rejected"].values())
        assert set(run.shards(lang)) <= set(run.shards("en"))


def write_as(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    name = path.name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(list(rows)), path, compression="gzip", row_group_size=2)
        return path
    if ".csv" in name or ".tsv" in name:
        with path.open("w", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if ".tsv" in name else ",")
            writer.writerows([list(rows[0]), *(list(entry.values()) for entry in rows)])
        return path
    if name.startswith("array"):
        data = json.dumps(rows, ensure_ascii=False)
    elif name.startswith("spread"):
        data = "\n".join(json.dumps(entry, indent=1) for entry in rows)
    else:
        data = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in rows)
    path.write_bytes(gzip.compress(data.encode()) if name.endswith(".gz") else data.encode())
    return path


def read_as(path: Path) -> list[dict[str, Any]]:
    from mlt.toolkit.readers import read_rows

    return [dict(entry.data) for entry in read_rows(path) if entry.data is not None]


@pytest.mark.parametrize(
    "name",
    [
        "p.jsonl",
        "p.ndjson",
        "p.jsonl.gz",
        "array.json",
        "spread.json",
        "p.json",
        "p.csv",
        "p.tsv",
        "p.csv.gz",
        "p.parquet",
    ],
)
def test_kept_pairs_are_the_file_s_own_rows(tmp_path: Path, name: str) -> None:
    rows = [
        {"n": str(number), "text": f"Hello,\t“{number}”", "target": f"Jambo {number}", "lang": "sw", "extra": "x\ny"}
        for number in range(5)
    ]
    plain_name = name.removesuffix(".gz")
    path = write_as(tmp_path / plain_name, rows)
    if name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / name
    columns = {"n": "id", "text": "source"}
    source = imported(path, tmp_path / "in", columns)
    out = tmp_path / "out"
    with RunStore.open(out, {"stage": "filter", "input": pairs_identity(path, columns, 2)}) as store:
        for index in source.shards("en"):
            for lang in ("en", "sw"):
                table = source.table(lang, index)
                store.write_tables(lang, index, table.slice(0, 1), None, {"in": 1})
        store.add_edits([Edit("2", "sw", "good", {"text": "Mpya"}, {"text": "Jambo 2"}), Edit("4", "sw", "good")])
        store.write_tables("sw", 1, source.table("sw", 1).slice(0, 1), None, {"in": 1})
        store.write_tables("sw", 2, source.table("sw", 2), None, {"in": 1})
        written = write_kept_pairs(path, store, out)
    assert written == out / f"kept{''.join(Path(name).suffixes)}"
    assert read_as(written) == [rows[0], {**rows[2], "target": "Mpya"}, rows[4]]
    if ".jsonl" in name:
        unpack = gzip.decompress if name.endswith(".gz") else bytes
        before, after = unpack(path.read_bytes()).splitlines(), unpack(written.read_bytes()).splitlines()
        assert [after[0], after[2]] == [before[0], before[4]]
    if name == "p.parquet":
        assert pq.ParquetFile(written).schema_arrow.equals(pq.ParquetFile(path).schema_arrow)
        assert pq.ParquetFile(written).metadata.row_group(0).column(0).compression == "GZIP"


@pytest.mark.parametrize("name", ["array.json", "p.jsonl", "p.parquet", "p.csv"])
def test_nothing_kept_is_a_file_without_rows(tmp_path: Path, name: str) -> None:
    path = write_as(tmp_path / name, [row("a", "sw")])
    imported(path, tmp_path / "in")
    with RunStore.open(tmp_path / "out", {"input": pairs_identity(path, {}, 2)}) as store:
        assert read_as(write_kept_pairs(path, store, tmp_path / "out")) == []


def test_a_killed_import_goes_on_and_a_finished_one_is_not_done_again(tmp_path: Path) -> None:
    path = lines(tmp_path / "pairs.jsonl", ROWS)
    whole = imported(path, tmp_path / "whole")
    run = tmp_path / "run"
    imported(path, run)
    with RunStore.open(run, pairs_identity(path, {}, 2)) as store:
        store.drop_shard("th", 1)
        store.save_manifest(complete=False)
    untouched = (run / "en/part-00000.parquet").stat().st_mtime_ns
    again = imported(path, run)
    assert (run / "en/part-00000.parquet").stat().st_mtime_ns == untouched
    for lang in whole.languages:
        assert list(again.records(lang)) == list(whole.records(lang))
    stamp = (run / "run.json").stat().st_mtime_ns
    imported(path, run)
    assert (run / "run.json").stat().st_mtime_ns == stamp
    lines(path, ROWS[:3])
    with pytest.raises(DataError, match=r"made with source\.revision"):
        imported(path, run)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (
            [{"id": 1, "src": "x", "target": "y", "lang": "sw"}],
            {},
            r"has no column 'source'.* it has id, lang, src, target",
        ),
        ([row(1, "sw")], {"nope": "target"}, r"has no column 'nope' \(target\)"),
        ([row(1, "sw")], {"id": "key"}, "--columns 'key': a file of pairs has the columns id, source"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, rows: Any, columns: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        imported(lines(tmp_path / "pairs.jsonl", rows), tmp_path / "run", columns)


@pytest.mark.parametrize("content", [[], ["{"], [row("a", "xx")]])
def test_a_file_without_a_pair_is_refused_with_its_first_problem(tmp_path: Path, content: list[Any]) -> None:
    with pytest.raises(DataError, match=r"no row of it can be used; .+"):
        imported(lines(tmp_path / "pairs.jsonl", content), tmp_path / "run")


def test_what_is_no_file_of_pairs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    lines(tmp_path / "a.jsonl", ROWS)
    assert [is_pairs(tmp_path / name) for name in ("a.txt", "a.jsonl", "b.jsonl", "")] == [False, True, False, False]
    with pytest.raises(UsageError, match=r"a\.txt: unknown format"):
        pairs_identity(tmp_path / "a.txt", {}, 2)
    with pytest.raises(DataError, match=r"b\.jsonl: no such run or file"):
        pairs_identity(tmp_path / "b.jsonl", {}, 2)


cells = st.one_of(
    st.none(), st.sampled_from(["a", "b", "c", "sw", "yo", "en", "zz", ""]), st.integers(0, 2), st.booleans()
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "source", "target", "lang"), cells)), max_size=12)
)
def test_every_row_is_a_pair_or_set_aside(rows: list[dict[str, Any]]) -> None:
    from tempfile import TemporaryDirectory

    every = [row("first", "sw"), *rows, {}]
    with TemporaryDirectory() as folder:
        run = imported(lines(Path(folder, "p.jsonl"), every), Path(folder, "run"))
        pairs = [record.source.row for lang in run.languages if lang != "en" for record in run.records(lang)]
        aside = [entry.source.row for lang in run.languages for entry in run.rejected(lang) if entry.source]
        assert sorted(pairs + aside) == list(range(1, len(every) + 1))
