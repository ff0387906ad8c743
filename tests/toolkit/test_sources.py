"""Sources: every row in order with its place, malformed ones with a reason, from any row on."""

from __future__ import annotations

import builtins
import gzip
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit import hub_sets, json_rows, lines, sources
from mlt.toolkit.errors import DataError, EnvironmentProblem, MltError, UsageError
from mlt.toolkit.presets import preset_of_hub, presets
from mlt.toolkit.sources import Row, SourceReader, open_source, parse_columns
from mlt.toolkit.tasks import TASKS, detect_task

MATH = [{"question": f"q{n}", "answer": f"#### {n}"} for n in range(5)]
Writer = Callable[[str, Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes a file (rows as jsonl, text or bytes as they are) and gives back its path."""

    def writer(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return writer


def write_parquet(path: Path, rows: Sequence[Any], row_group_size: int = 2) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=row_group_size)
    return path


def seen(reader: SourceReader, start: int = 0) -> list[Any]:
    """The rows as data, or as the reason of their error."""
    return [row.data if row.error is None else row.error.reason for row in reader.rows(start)]


def only_bad(reader: SourceReader) -> Row:
    (row,) = [row for row in reader if row.error]
    return row


# --- local files -----------------------------------------------------------------------------------------------------

CSV = "question,answer\n" + "".join(f'"{row["question"]}",{row["answer"]}\n' for row in MATH)
FORMS = {
    "a.jsonl": MATH,
    "a.ndjson": MATH,
    "a.jsonl.gz": MATH,
    "bom.jsonl": b"\xef\xbb\xbf" + "\r\n".join(map(json.dumps, MATH)).encode(),
    "blank.jsonl": "\n" + "\n \n".join(map(json.dumps, MATH)),
    "lines.json": MATH,
    "array.json": json.dumps(MATH),
    "array.json.gz": json.dumps(MATH, indent=1),
    "pretty.json": json.dumps(MATH, indent=2),
    "objects.json": "\n".join(json.dumps(row, indent=2) for row in MATH),
    "a.csv": CSV,
    "a.csv.gz": CSV,
    "bom.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "a.tsv": CSV.replace(",", "\t"),
}


@pytest.mark.parametrize("name", [*FORMS, "a.parquet"])
def test_every_format_gives_the_same_rows_from_any_row_on(write: Writer, tmp_path: Path, name: str) -> None:
    path = write(name, FORMS[name]) if name in FORMS else write_parquet(tmp_path / name, MATH)
    reader = open_source(path)
    for start in range(7):
        assert seen(reader, start) == MATH[start:]
    assert reader.task == "math"
    assert (reader.dataset, reader.split, reader.license) == (name, name.split(".")[0], "unknown")
    assert all(row.source.dataset == name and row.task == "math" for row in reader)


def test_row_tells_its_line(write: Writer) -> None:
    rows = list(open_source(write("a.jsonl", "\n" + json.dumps(MATH[0]) + "\n\n" + json.dumps(MATH[1]))))
    assert [row.source.row for row in rows] == [2, 4]


def test_limit_counts_malformed_rows_and_holds_from_any_row_on(write: Writer) -> None:
    path = write("a.jsonl", "\n".join(["{", *map(json.dumps, MATH)]))
    reader = open_source(path, limit=3)
    assert seen(reader) == ["bad-json", *MATH[:2]]
    assert seen(reader, 1) == MATH[:2]
    assert seen(reader, 3) == seen(reader, 9) == []


GOOD = json.dumps(MATH[0]).encode()


@pytest.mark.parametrize(
    ("name", "bad", "reason", "place"),
    [
        ("a.jsonl", b'{"question": "q"', "bad-json", "a.jsonl: line 2"),
        ("a.jsonl", b"[1, 2]", "not-an-object", "a.jsonl: line 2"),
        ("a.jsonl", b"null", "not-an-object", "a.jsonl: line 2"),
        ("a.jsonl", b'{"question": "\xff"}', "bad-utf8", "a.jsonl: line 2"),
        ("a.jsonl", b'{"question": "\\ud800"}', "bad-unicode", "a.jsonl: line 2"),
        ("a.jsonl", b"[" * 100_000, "bad-json", "a.jsonl: line 2"),
        ("a.jsonl", b'{"n": ' + b"1" * 5000 + b"}", "bad-json", "a.jsonl: line 2"),
        ("a.csv", b"only one", "wrong-field-count", "a.csv: line 3"),
        ("a.csv", b"1,2,3", "wrong-field-count", "a.csv: line 3"),
        ("a.csv", b'"q"x,1', "bad-csv", "a.csv: line 3"),
        ("a.csv", b"\xff,1", "bad-utf8", "a.csv: line 3"),
        ("a.json", b"17", "not-an-object", "a.json: row 2"),
        ("a.json", b'{"question": "\xff"}', "bad-utf8", "a.json: row 2"),
        ("a.json", b'{"question": "\\udfff"}', "bad-unicode", "a.json: row 2"),
    ],
)
def test_malformed_row_is_told_and_the_next_one_is_read(
    write: Writer, name: str, bad: bytes, reason: str, place: str
) -> None:
    layouts = {
        "a.jsonl": b"\n".join([GOOD, bad, GOOD]),
        "a.csv": b"question,answer\nq0,#### 0\n" + bad + b"\nq0,#### 0\n",
        "a.json": b"[" + b",\n".join([GOOD, bad, GOOD]) + b"]",
    }
    reader = open_source(write(name, layouts[name]))
    assert seen(reader) == [MATH[0], reason, MATH[0]]
    row = only_bad(reader)
    assert row.error is not None and place in row.error.detail
    assert row.raw == bad.decode("utf-8", "backslashreplace") and row.source.row in (2, 3)


def test_overlong_line_is_set_aside_without_being_held(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 100)
    monkeypatch.setattr(lines, "RAW_SHOWN", 10)
    long = b'{"question": "' + b"x" * 1000 + b'"}'
    reader = open_source(write("a.jsonl", b"\n".join([GOOD, long, GOOD])))
    assert seen(reader) == [MATH[0], "line-too-long", MATH[0]]
    assert only_bad(reader).raw == '{"question'


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.gz", "a.json.gz"])
def test_truncated_gzip_ends_in_a_row_that_says_so(write: Writer, name: str) -> None:
    texts = {
        "a.jsonl.gz": "".join(json.dumps({**MATH[0], "n": os.urandom(50).hex()}) + "\n" for _ in range(5000)),
        "a.csv.gz": "question,answer\n" + "".join(f"{os.urandom(50).hex()},1\n" for _ in range(5000)),
        "a.json.gz": json.dumps([{**MATH[0], "n": os.urandom(50).hex()} for _ in range(5000)]),
    }
    path = write(name, texts[name])
    path.write_bytes(path.read_bytes()[:-2000])
    rows = list(open_source(path))
    assert 1000 < len(rows) < 5000
    assert [row.error.reason for row in rows if row.error] == ["damaged-file"]
    assert rows[-1].error is not None and name in rows[-1].error.detail
    assert len(list(open_source(path).rows(len(rows) - 1))) == 1
    assert list(open_source(path).rows(len(rows))) == []


@pytest.mark.parametrize("text", ['[{"question": "q", "answer": "1"}', '[{"question": "q", "answer": "1"}, {"que'])
def test_cut_off_array_ends_in_a_malformed_row(write: Writer, text: str) -> None:
    assert seen(open_source(write("a.json", text))) == [{"question": "q", "answer": "1"}, "bad-json"]


def test_array_is_read_through_a_small_window(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "CHUNK", 7)
    reader = open_source(write("a.json", "[" + json.dumps(MATH, indent=1, ensure_ascii=False)[1:]))
    assert seen(reader) == MATH


def test_quoted_csv_field_may_hold_line_breaks(write: Writer) -> None:
    reader = open_source(write("a.csv", 'question,answer\r\n"one\ntwo","#### 1"\r\n\r\nq,2\r\n'))
    assert seen(reader) == [{"question": "one\ntwo", "answer": "#### 1"}, {"question": "q", "answer": "2"}]


def test_unclosed_quote_is_one_malformed_row_that_holds_the_rest(write: Writer) -> None:
    reader = open_source(write("a.csv", 'question,answer\nq,1\n"open,2\nq,3\n'))
    assert seen(reader) == [{"question": "q", "answer": "1"}, "bad-csv"]
    assert only_bad(reader).raw == '"open,2\nq,3'


def test_parquet_values_become_json_values(tmp_path: Path) -> None:
    import datetime
    import decimal

    row = {**MATH[0], "day": datetime.date(2024, 1, 2), "sum": decimal.Decimal("1.50"), "deep": [{"a": b"x"}]}
    (read,) = seen(open_source(write_parquet(tmp_path / "a.parquet", [row])))
    assert read == {**MATH[0], "day": "2024-01-02", "sum": "1.50", "deep": [{"a": "b'x'"}]}


def test_damaged_parquet_pages_cost_their_rows_alone(tmp_path: Path) -> None:
    rows = [{"question": f"{n}" * 50, "answer": os.urandom(40).hex()} for n in range(6)]
    path = write_parquet(tmp_path / "a.parquet", rows)
    data = bytearray(path.read_bytes())
    start = data.index(b"2" * 40)
    data[start - 60 : start + 20] = b"\xff" * 80
    path.write_bytes(data)
    read = seen(open_source(path, task="math"))
    assert len(read) == 6 and read[:2] == rows[:2] and read[4:] == rows[4:]
    assert "damaged-file" in read[2:4]


def test_file_that_is_no_parquet_is_refused_in_one_line(write: Writer) -> None:
    with pytest.raises(DataError, match=r"^a\.parquet is no readable parquet file[^\n]*$"):
        open_source(write("a.parquet", b"nothing"))


def test_folder_is_read_file_by_file_and_a_split_chooses(write: Writer, tmp_path: Path) -> None:
    for name, rows in {"train-00000.jsonl": MATH[:2], "train-00001.jsonl.gz": MATH[2:4], "test.json": MATH[4:]}.items():
        write(f"set/{name}", rows)
    write("set/README.md", "no data")
    write("set/.hidden.jsonl", MATH)
    whole = open_source(tmp_path / "set")
    assert (whole.dataset, whole.split) == ("set", "all")
    assert seen(whole) == [MATH[4], *MATH[:4]]
    places = [(row.source.split, row.source.row) for row in whole]
    assert places[:3] == [("test", 1), ("train-00000", 1), ("train-00000", 2)]
    for start in range(6):
        assert seen(whole, start) == [MATH[4], *MATH[:4]][start:]
    train = open_source(tmp_path / "set", split="train")
    assert (seen(train), train.split) == (MATH[:4], "train")
    assert len({whole.revision, train.revision, open_source(tmp_path / "set", split="test").revision}) == 3


def test_revision_follows_the_bytes_and_not_the_place(write: Writer) -> None:
    one, same, other = write("a.jsonl", MATH), write("x/b.jsonl", MATH), write("c.jsonl", MATH[1:])
    assert open_source(one).revision == open_source(same).revision != open_source(other).revision
    assert open_source(one).revision.startswith("blake2b:") and len(open_source(one).revision) == 24


def test_description_holds_what_decides_the_rows_and_no_path(write: Writer, tmp_path: Path) -> None:
    reader = open_source(write("a.jsonl", [{"q": "x", "a": "1"}]), columns={"q": "question", "a": "answer"}, limit=1)
    described = reader.describe()
    assert json.loads(json.dumps(described)) == described
    assert described["columns"] == {"q": "question", "a": "answer"} and described["task"] == "math"
    assert str(tmp_path) not in json.dumps(described) and "limit" not in described


@given(st.lists(st.binary(max_size=40), max_size=8), st.sampled_from([".jsonl", ".csv", ".json", ".tsv", ".jsonl.gz"]))
def test_any_bytes_give_rows_or_one_line_errors(tmp_path_factory: Any, pieces: list[bytes], suffix: str) -> None:
    path = tmp_path_factory.mktemp("bytes") / f"a{suffix}"
    path.write_bytes(b"\n".join(pieces))
    try:
        reader = open_source(path, task="math")
        rows = list(reader)
        for start in range(len(rows) + 1):
            assert len(list(reader.rows(start))) == len(rows) - start
    except MltError as error:
        assert "\n" not in str(error)
        return
    for row in rows:
        assert (row.data is None) == (row.error is not None)
        (row.raw or "").encode()


# --- tasks and columns -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ("question answer", "math"),
        ("query response type", "math"),
        ("problem solution level", "math"),
        ("instruction input expected_output", "api"),
        ("instruction input output", "api"),
        ("id turns", "api"),
        ("id question function", "api"),
        ("id question function ground_truth", "api"),
        ("query tools answers", "api"),
        ("messages tools", "api"),
        ("conversations", "api"),
        ("requirement apis response", "api"),
    ],
)
def test_columns_tell_the_task(columns: str, task: str) -> None:
    assert detect_task(dict.fromkeys(columns.split())) == task


def test_unknown_columns_ask_for_task_and_columns(write: Writer) -> None:
    with pytest.raises(UsageError, match=r"\(text, label\).*--task.*--columns"):
        open_source(write("a.jsonl", [{"text": "x", "label": 1}]))


def test_task_is_told_by_the_first_good_row(write: Writer) -> None:
    assert open_source(write("a.jsonl", "{\n[]\n" + json.dumps(MATH[0]))).task == "math"


@pytest.mark.parametrize("content", ["", "{\n{"])
def test_source_without_a_good_row_needs_a_task(write: Writer, content: str) -> None:
    path = write("a.jsonl", content)
    with pytest.raises(DataError, match="--task"):
        open_source(path)
    assert len(seen(open_source(path, task="math"))) == len(content.splitlines())


def test_columns_are_renamed_to_ours(write: Writer) -> None:
    path = write("a.jsonl", [{"text": "t", "answer": "old", "sol": "new", "id": 1}])
    reader = open_source(path, columns={"text": "question", "sol": "answer"})
    assert seen(reader) == [{"question": "t", "answer": "new", "id": 1}]


def test_column_that_is_not_there_is_named_with_those_that_are(write: Writer) -> None:
    with pytest.raises(UsageError, match=r"txt=question: a\.jsonl has answer, question"):
        open_source(write("a.jsonl", MATH), columns={"txt": "question"})


@pytest.mark.parametrize(
    ("text", "columns"), [(None, {}), ("", {}), ("a=b", {"a": "b"}), (" a = b , c=d,", {"a": "b", "c": "d"})]
)
def test_column_option_is_parsed(text: str | None, columns: dict[str, str]) -> None:
    assert parse_columns(text) == columns


@pytest.mark.parametrize("text", ["a", "a=", "=b", "a=b,c"])
def test_column_option_without_a_pair_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="theirs=ours"):
        parse_columns(text)


@pytest.mark.parametrize(
    ("spec", "options", "error", "message"),
    [
        ("missing.jsonl", {}, DataError, "missing.jsonl.*gsm8k"),
        ("openai/gsm8k", {}, DataError, "hf://openai/gsm8k"),
        ("a.jsonl", {"split": "test"}, UsageError, "--split test"),
        ("a.jsonl", {"task": "maths"}, UsageError, "--task maths"),
        ("a.jsonl", {"limit": -1}, UsageError, "--limit -1"),
        ("a.txt", {}, UsageError, "a.txt: unknown format"),
        ("set", {"split": "dev"}, UsageError, "set has train"),
        ("empty", {}, DataError, "empty: no data file"),
        ("twice.csv", {}, DataError, "twice.csv.*twice"),
        ("hf://gsm8k", {}, UsageError, "hf://owner/name"),
        (None, {"split": "dev"}, UsageError, "math and api"),
    ],
)
def test_wrong_request_is_refused_in_one_line(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: Any, options: Any, error: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write("a.jsonl", MATH), write("a.txt", "x"), write("set/train.jsonl", MATH), write("twice.csv", "a,a\n1,2\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(error, match=rf"^(?!.*\n).*{message}"):
        open_source(spec, **options)


# --- the embedded sample ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("task", "tasks"), [("auto", ["math", "api"]), ("math", ["math"]), ("api", ["api"])])
def test_sample_gives_math_first_then_api(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, tasks: list[str]
) -> None:
    write("math.jsonl", MATH[:2]), write("api.jsonl", [{"turns": []}])
    monkeypatch.setattr(sources, "samples", SimpleNamespace(__path__=[str(tmp_path)]))
    reader = open_source(None, task=task)
    assert list(dict.fromkeys(row.task for row in reader)) == tasks
    assert (reader.task, reader.license, reader.dataset) == ("+".join(tasks), "CC0-1.0", "mlt-sample")
    assert [row.task for row in reader.rows(1)] == [row.task for row in reader][1:]


# --- the Hub ---------------------------------------------------------------------------------------------------------


def test_presets_say_where_what_and_under_which_terms() -> None:
    assert set(presets()) >= {"gsm8k", "api-bank", "xlam-60k", "bfcl", "metamath", "mcot-math"}
    for name, preset in presets().items():
        assert preset.name == name and preset.hub.count("/") == 1 and preset.license and preset.task in TASKS
        assert preset_of_hub(preset.hub) == preset


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A Hub without a network: sets resolve to one commit, streams give MATH, files come from ``tmp_path``."""
    datasets = pytest.importorskip("datasets")
    import huggingface_hub

    asked: dict[str, Any] = {}

    def info(_: Any, name: str, revision: str | None = None, **__: Any) -> Any:
        asked.update(name=name, revision=revision)
        return SimpleNamespace(sha="c0ffee", card_data=SimpleNamespace(license=["mit", "other"]), gated="auto")

    def load(name: str, config: str | None, **options: Any) -> Any:
        asked.update(config=config, **options)
        if error := asked.get("error"):
            raise error
        return datasets.Dataset.from_list(MATH).to_iterable_dataset()

    def download(_: str, file: str, **__: Any) -> str:
        if not (tmp_path / file).exists():
            raise huggingface_hub.errors.EntryNotFoundError(file)
        return str(tmp_path / file)

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", info)
    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    return asked


@pytest.mark.parametrize(
    ("spec", "split", "asked"),
    [
        ("gsm8k", None, ("openai/gsm8k", "main", None, "train")),
        ("gsm8k:socratic@abc", "test", ("openai/gsm8k", "socratic", "abc", "test")),
        ("hf://openai/gsm8k", None, ("openai/gsm8k", "main", None, "train")),
        ("hf://me/set:x@v1", None, ("me/set", "x", "v1", "train")),
    ],
)
def test_hub_set_is_streamed_at_its_resolved_commit(
    hub: dict[str, Any], spec: str, split: str | None, asked: tuple[str | None, ...]
) -> None:
    reader = open_source(spec, split=split)
    for start in range(6):
        assert seen(reader, start) == MATH[start:]
    assert [row.source.row for row in reader.rows(2)] == [3, 4, 5]
    assert hub["streaming"] and hub["split"] == asked[3]
    assert (hub["name"], hub["config"]) == asked[:2]
    assert (reader.dataset, reader.revision, reader.split) == (asked[0], "c0ffee", asked[3])
    assert reader.license == ("MIT" if "gsm8k" in spec else "mit, other")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ("ValueError", UsageError, "Bad split: dev"),
        ("DatasetNotFoundError", EnvironmentProblem, "gated: accept its terms"),
        ("DataFilesNotFoundError", UsageError, "Bad split: dev"),
        ("ConnectionError", EnvironmentProblem, "cannot be reached"),
    ],
)
def test_stream_that_cannot_be_opened_is_one_line(hub: dict[str, Any], error: str, kind: Any, message: str) -> None:
    from datasets import exceptions

    raised = getattr(exceptions, error, None) or getattr(builtins, error)
    hub["error"] = raised("Bad split: dev.\nAvailable splits: ['train']")
    with pytest.raises(kind, match=rf"^(?!.*\n).*{message}"):
        list(open_source("xlam-60k"))


def test_set_of_raw_files_keeps_the_shape_of_its_rows_and_joins_its_answers(hub: Any, write: Writer) -> None:
    rows = [{"id": f"p_{n}", "question": [], "function": [{f"arg{n}": {}}]} for n in range(2)]
    write("BFCL_v3_parallel.json", rows)
    write("possible_answer/BFCL_v3_parallel.json", [{"id": "p_1", "ground_truth": [1]}])
    reader = open_source("bfcl:parallel")
    assert seen(reader) == [rows[0], {**rows[1], "ground_truth": [1]}]
    assert (reader.task, reader.license, reader.revision) == ("api", "Apache-2.0", "c0ffee")


def test_raw_files_without_answers_are_read_as_they_are(hub: Any, write: Writer) -> None:
    write("BFCL_v3_irrelevance.json", [{"id": "i", "question": [], "function": []}])
    assert len(seen(open_source("bfcl:irrelevance"))) == 1
    with pytest.raises(UsageError, match="there is no config 'nonsense'"):
        open_source("bfcl:nonsense")


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(EnvironmentProblem, match=r"Please install mlt\[hf\]"):
        open_source("gsm8k")


def test_unreachable_hub_names_the_ways_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", refuse)
    with pytest.raises(EnvironmentProblem, match=r"^(?!.*\n).*cannot be reached.*local file.*embedded sample"):
        hub_sets.resolve("openai/gsm8k", None, None)


# --- real data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "split", "task", "count"),
    [
        ("gsm8k", None, "math", 1000),
        ("svamp", None, "math", 436),
        ("mgsm", "en.exemplars", "math", 8),
        ("bfcl", "live_multiple", "api", 522),
        ("api_bank", None, "api", 1377),
    ],
)
def test_real_folders_are_read_whole(data_dir: Path, name: str, split: str | None, task: str, count: int) -> None:
    reader = open_source(data_dir / name, split=split)
    rows = list(reader)
    assert (reader.task, len(rows), sum(row.error is not None for row in rows)) == (task, count, 0)
