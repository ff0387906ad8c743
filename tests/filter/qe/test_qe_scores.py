"""The score cache: what is put in comes out again, for the same model and texts alone."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.qe.scores import ScoreCache
from mlt.toolkit.errors import EnvironmentProblem

MODEL = {"model": "who/model", "revision": "1"}
TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)


@given(st.dictionaries(st.tuples(TEXT, TEXT), st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_what_is_put_in_comes_out_again(scores):
    with tempfile.TemporaryDirectory() as folder:
        cache = ScoreCache(Path(folder), "who/model", MODEL)
        cache.put_many(scores)
        cache.close()
        again = ScoreCache(Path(folder), "who/model", MODEL)
        assert again.get_many(list(scores)) == scores
        again.close()


def test_another_model_or_another_cut_of_the_texts_is_another_key(tmp_path):
    cache = ScoreCache(tmp_path, "who/model", MODEL)
    cache.put_many({("ab", "c"): 0.5})
    assert cache.get_many([("a", "bc"), ("ab", "c"), ("c", "ab")]) == {("ab", "c"): 0.5}
    assert ScoreCache(tmp_path, "who/model", {**MODEL, "revision": "2"}).get_many([("ab", "c")]) == {}


def test_the_first_score_of_a_pair_stands(tmp_path):
    cache = ScoreCache(tmp_path, "who/model", MODEL)
    cache.put_many({("a", "b"): 0.5})
    cache.put_many({("a", "b"): 0.6})
    assert cache.get_many([("a", "b")]) == {("a", "b"): 0.5}


def test_more_pairs_than_a_query_takes(tmp_path):
    cache = ScoreCache(tmp_path, "who/model", MODEL)
    scores = {(str(n), "b"): n / 7 for n in range(1234)}
    cache.put_many(scores)
    assert cache.get_many([*scores, ("other", "b")]) == scores


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path, caplog):
    cache = ScoreCache(tmp_path, "who/model", MODEL)
    cache.close()
    cache.path.write_bytes(b"no database at all" * 100)
    again = ScoreCache(tmp_path, "who/model", MODEL)
    again.put_many({("a", "b"): 0.5})
    assert again.get_many([("a", "b")]) == {("a", "b"): 0.5}
    assert "was damaged" in caplog.text and list(tmp_path.glob("scores/*.damaged-*"))


def test_a_file_that_another_keeps_locked_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("mlt.filter.qe.scores._BUSY_S", 0.1)
    cache = ScoreCache(tmp_path, "who/model", MODEL)
    other = sqlite3.connect(cache.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(EnvironmentProblem, match="kept locked by another process"):
        cache.put_many({("a", "b"): 0.5})
    other.close()
