"""Score columns: what goes into the file comes out of it, and says what decided it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.check import ABSTAIN, Score
from mlt.filter.columns import Columns, detail_of, read_scores, write_scores
from mlt.toolkit.row_keys import column_keys

ORDER = ("numbers", "language", "length")


def made() -> Columns:
    columns = Columns(["a", "b", "c"])
    columns.put("language", [Score(0.5), ABSTAIN, Score(0.25, "reads as es")], {"version": 1})
    columns.put("numbers", [Score(0.0), Score(2.0, "missing 5; added 6"), Score(0.0)], {"version": 3})
    return columns


def test_file_reads_back_the_same(tmp_path: Path) -> None:
    write_scores(tmp_path, "sw", 0, made(), ORDER)
    table = read_scores(tmp_path, "sw", 0)
    assert table is not None
    assert table.column_names == ["id", "numbers", "language", "details"]
    assert table.column("language").to_pylist() == [0.5, None, 0.25]
    assert Columns.of(table).table(ORDER).equals(made().table(ORDER), check_metadata=True)
    assert column_keys(table.schema) == {"language": {"version": 1}, "numbers": {"version": 3}}


def test_details_are_found_by_check(tmp_path: Path) -> None:
    details = made().table(ORDER).column("details").to_pylist()
    assert details[0] is None
    assert detail_of(details[1], "numbers") == "missing 5; added 6"
    assert detail_of(details[1], "language") == ""
    assert detail_of(None, "numbers") == ""
    assert json.loads(details[2]) == {"language": "reads as es"}


def test_column_made_anew_forgets_its_old_details() -> None:
    columns = made()
    columns.put("numbers", [Score(0.0)] * 3, {"version": 4})
    assert columns.table(ORDER).column("details").to_pylist() == [None, None, '{"language": "reads as es"}']


def test_column_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 scores for 3 rows"):
        made().put("length", [ABSTAIN] * 2, {})


def test_columns_can_be_given_up() -> None:
    columns = made()
    columns.keep_only(["language"])
    assert columns.table(ORDER).column_names == ["id", "language", "details"]
    assert column_keys(columns.table(ORDER).schema) == {"language": {"version": 1}}


def test_missing_and_damaged_files_are_no_scores(tmp_path: Path) -> None:
    assert read_scores(tmp_path, "sw", 0) is None
    path = tmp_path / "scores" / "sw" / "part-00000.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 torn")
    assert read_scores(tmp_path, "sw", 0) is None


@given(st.lists(st.tuples(st.none() | st.floats(allow_nan=False), st.none() | st.text(max_size=20)), max_size=20))
def test_any_score_and_detail_survives(rows: list[tuple[float | None, str | None]]) -> None:
    columns = Columns([str(index) for index in range(len(rows))])
    columns.put("length", [Score(value, _valid(detail)) for value, detail in rows], {"version": 1})
    table = columns.table(ORDER)
    assert table.column("length").to_pylist() == [value for value, _ in rows]
    seen = [detail_of(text, "length") for text in table.column("details").to_pylist()]
    assert seen == [_valid(detail) or "" for _, detail in rows]


def _valid(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()
