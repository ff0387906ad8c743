"""Copies of a row are numbered."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.ids import IdCounter


def test_the_k_th_copy_gets_its_number(tmp_path: Path) -> None:
    with IdCounter(tmp_path / "ids") as ids:
        assert [ids.number(id) for id in "abaab"] == ["a", "b", "a-1", "a-2", "b-1"]


def test_it_begins_anew_each_time_and_leaves_no_file(tmp_path: Path) -> None:
    for _ in range(2):
        with IdCounter(tmp_path / "deep" / "ids") as ids:
            assert ids.number("a") == "a"
    assert list((tmp_path / "deep").iterdir()) == []


def test_what_a_killed_process_left_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"torn")
    with IdCounter(tmp_path / "ids") as ids:
        assert ids.number("a") == "a"


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from("abc")), st.integers(0, 20))
def test_seeded_with_what_was_written_it_goes_on_the_same(rows: list[str], cut: int) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        with IdCounter(Path(folder) / "whole") as ids:
            whole = [ids.number(row) for row in rows]
        with IdCounter(Path(folder) / "resumed") as ids:
            ids.seed(whole[:cut])
            assert whole[:cut] + [ids.number(row) for row in rows[cut:]] == whole
    assert max(Counter(whole).values(), default=1) == 1
