"""Rows, tokens and bytes of a mixture are those of its files, counted as the mixture itself counts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_runs import record

from mlt.data_cards.mixture_evidence import read_mixture, text_sizes, total
from mlt.toolkit.errors import DataError
from mlt.toolkit.mixtures import Format, Mixture, mixture_schema
from mlt.train.rows import mixture_row, row_text

FILE = "train/part-00000.parquet"


def mixture_of(folder: Path, rows: list[dict[str, Any]], format: Format = "prompt", removed: str = "") -> Mixture:
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=mixture_schema(format)), path, row_group_size=2)
    (folder / "removed.jsonl").write_text(removed)
    manifest = {"name": "m", "signature": "mlt:0", "format": format, "languages": ["en"], "tasks": ["math"]}
    return Mixture(folder, manifest | {"files": {FILE: {}}})


@pytest.mark.parametrize("format", ["prompt", "messages"])
def test_rows_tokens_and_bytes_are_counted_by_split_task_and_language(tmp_path: Path, format: Format) -> None:
    rows = [
        mixture_row(record(id, lang), format) | {"tokens": tokens}
        for id, lang, tokens in [("m1", "en", 5), ("m2", "en", 6), ("m1", "sw", 7), ("a1", "sw", 8)]
    ]
    found = read_mixture(mixture_of(tmp_path, rows, format))
    assert found.counts == {"train": {"math": {"en": 2, "sw": 1}, "api": {"sw": 1}}}
    assert found.tokens == {"train": {"math": {"en": 11, "sw": 7}, "api": {"sw": 8}}}
    sizes = [len(row_text(row).encode()) for row in rows]
    assert found.bytes == {"train": {"math": {"en": sizes[0] + sizes[1], "sw": sizes[2]}, "api": {"sw": sizes[3]}}}
    assert (total(found.counts), total(found.bytes)) == (4, sum(sizes))


def test_without_a_tokenizer_there_are_no_tokens(tmp_path: Path) -> None:
    assert read_mixture(mixture_of(tmp_path, [mixture_row(record("m1"), "prompt")])).tokens is None


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
CALL = st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": TEXT, "arguments": TEXT})})
MESSAGE = st.fixed_dictionaries({"content": TEXT | st.none(), "tool_calls": st.none() | st.lists(CALL, max_size=3)})
ROWS = st.fixed_dictionaries({"tools": TEXT | st.none(), "messages": st.lists(MESSAGE, max_size=4)})


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_the_size_of_a_row_is_that_of_the_text_that_a_mixture_counts(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, schema=mixture_schema("messages"))
    assert text_sizes(table).tolist() == [len(row_text(row).encode()) for row in rows]


def test_what_was_taken_out_is_counted_by_test_set_and_rule(tmp_path: Path) -> None:
    entries = [("mgsm", "exact"), ("mgsm", "13-gram"), ("mgsm", "exact"), ("api-bank", "api")]
    removed = "".join(json.dumps({"id": "x", "test_set": name, "rule": rule}) + "\n" for name, rule in entries)
    found = read_mixture(mixture_of(tmp_path, [mixture_row(record("m1"), "prompt")], removed=removed))
    assert found.removed == {"api-bank": {"api": 1}, "mgsm": {"13-gram": 1, "exact": 2}}


@pytest.mark.parametrize("line", ["no json", '{"id": "x"}', '{"test_set": 1, "rule": "exact"}'])
def test_a_list_of_removed_rows_that_cannot_be_read_is_refused(tmp_path: Path, line: str) -> None:
    mixture = mixture_of(tmp_path, [mixture_row(record("m1"), "prompt")], removed=f"{line}\n")
    with pytest.raises(DataError, match=r"removed\.jsonl:1 "):
        read_mixture(mixture)


def test_a_mixture_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    mixture = mixture_of(tmp_path, [mixture_row(record("m1"), "prompt")])
    mixture.manifest["format"] = "xml"
    with pytest.raises(DataError, match="has format 'xml'; known are prompt, messages"):
        read_mixture(mixture)


@pytest.mark.parametrize("name", ["signature", "languages", "tasks"])
def test_a_mixture_that_does_not_say_what_it_is_is_refused(tmp_path: Path, name: str) -> None:
    mixture = mixture_of(tmp_path, [mixture_row(record("m1"), "prompt")])
    del mixture.manifest[name]
    with pytest.raises(DataError, match=f"does not say its {name}"):
        read_mixture(mixture)
