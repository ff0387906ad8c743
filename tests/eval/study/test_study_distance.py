"""Distances between languages, and gains against them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from made_studies import BILINGUAL, LANGS, MIXTURES, MODELS, MadeRun, grid, table_of

from mlt.eval.study.analysis import uriel
from mlt.eval.study.analysis.distance import distance
from mlt.eval.study.analysis.uriel import TABLE, TABLE_LANGUAGES, syntax_distance, table_text
from mlt.toolkit.errors import EnvironmentProblem
from mlt.toolkit.languages import resolve

has_package = pytest.mark.skipif(find_spec("lang2vec") is None, reason="lang2vec is not installed")


def known(one: str, other: str) -> float:
    found = syntax_distance(one, other)
    assert found is not None
    return found


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package lang2vec whose vectors are made up."""
    folder = tmp_path / "lang2vec"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('its code is not wanted')")
    vectors = {"eng": (1, 0, 0, 9), "yor": (0, 1, 0, 9), "ltz": (1, 1, 0, 0)}
    np.savez(
        folder / "data" / "feature_predictions.npz",
        feats=np.array(["S_SVO", "S_SOV", "S_VSO", "P_TONE"]),
        langs=np.array(list(vectors)),
        data=np.array(list(vectors.values()), dtype=np.float32)[:, :, None],
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "lang2vec", raising=False)
    uriel._vectors.cache_clear()
    yield
    uriel._vectors.cache_clear()


def test_the_table_is_a_distance() -> None:
    for one, other in combinations(TABLE_LANGUAGES, 2):
        assert 0 < known(one, other) == known(other, one) <= 1
    assert all(known(lang, lang) == 0 for lang in TABLE_LANGUAGES)


@pytest.mark.parametrize(
    "one, other, value",
    [("en", "fr", 0.1882), ("en", "ja", 0.4998), ("en", "sw", 0.5262), ("en", "zh", 0.2876), ("eng", "te", 0.4794)],
)
def test_distances_are_uriels(one: str, other: str, value: float) -> None:
    assert known(one, other) == value


def test_every_language_of_the_papers_ladder_is_in_the_table() -> None:
    wanted = {lang for langs in MIXTURES.values() for lang in langs} | set(LANGS)
    assert {resolve(lang).language.code for lang in wanted} <= set(TABLE_LANGUAGES)


def test_a_language_outside_the_table_is_measured_by_the_package(package: None) -> None:
    assert syntax_distance("en", "lb") == pytest.approx(1 - 1 / 2**0.5)
    assert known("lb", "yo") == known("en", "lb")
    assert known("en", "yo") < 0.9, "a pair of the table is the table's: by these vectors it would be 1"
    assert syntax_distance("en", "zu") is None


def test_a_word_that_is_no_language_has_no_distance() -> None:
    assert syntax_distance("en", "klingonese") is None


def test_the_table_cannot_be_made_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uriel, "_vectors", lambda: None)
    with pytest.raises(EnvironmentProblem, match="pip install lang2vec"):
        table_text()


@has_package
def test_the_table_is_what_the_package_gives() -> None:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert table_text().splitlines() == lines


def test_a_planted_slope_is_found() -> None:
    def nearer_is_better(run: MadeRun, lang: str) -> float:
        if run.languages == ("en",) or lang == "en":
            return 0.2
        return 0.7 - 0.8 * min(known(lang, other) for other in run.languages)

    found = distance(table_of(grid(nearer_is_better, models=MODELS[:2], items=200)))
    assert not found.left_out and not found.empty
    slopes = {(slope.measure, slope.scope, slope.task): slope for slope in found.slopes}
    assert set(slopes) == set(product(("pivot", "nearest"), ("transfer", "all"), ("math", "api", "all")))
    for scope, task in product(("transfer", "all"), ("math", "api", "all")):
        slope = slopes["nearest", scope, task].slope
        assert slope.value == pytest.approx(-0.8, abs=0.02)
        assert slope.high is not None and slope.high < 0
    point = next(point for point in found.points if (point.mixture, point.lang) == ("L02-en-bn", "te"))
    assert (point.nearest, point.to_nearest, point.exposure) == ("bn", known("bn", "te"), "transfer")
    assert point.to_pivot == known("en", "te")


def test_points_with_an_unknown_distance_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uriel, "_vectors", lambda: None)
    mixtures = {**BILINGUAL, "L02-en-zu": ("en", "zu")}
    runs = grid(lambda run, lang: 0.5, models=MODELS[:1], tasks=("math",), mixtures=mixtures, langs=("en", "es", "te"))
    found = distance(table_of(runs))
    assert found.left_out == ("zu",)
    assert {point.mixture for point in found.points} == {*BILINGUAL} - {"L01-en"}


def test_two_languages_give_a_slope_without_an_interval() -> None:
    runs = grid(lambda run, lang: 0.5, models=MODELS[:1], tasks=("math",), mixtures=BILINGUAL, langs=("en", "es", "te"))
    found = distance(table_of(runs))
    assert found.slopes and all(slope.slope.low is None for slope in found.slopes)
