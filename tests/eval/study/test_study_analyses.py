"""The paper's analyses: its own counts, and made studies whose answers are known."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_studies import BILINGUAL, MIXTURES, MODELS, TIERS, MadeRun, base_runs, first, grid, table_of
from paper_study import paper_counts

from mlt.eval.stats import wilson
from mlt.eval.study.analysis.bilingual import Bilingual, bilingual
from mlt.eval.study.analysis.coverage import coverage
from mlt.eval.study.analysis.distance import distance
from mlt.eval.study.analysis.estimating import accuracy, clustered_accuracy
from mlt.eval.study.analysis.evidence import Number
from mlt.eval.study.analysis.findings import find
from mlt.eval.study.analysis.heatmaps import heatmaps
from mlt.eval.study.analysis.long_table import StudyTable
from mlt.eval.study.analysis.pairs import Cell, Run, budgets
from mlt.eval.study.analysis.tier_gains import tier_gains
from mlt.eval.study.analysis.zero_shot import zero_shot

ANALYSES = (bilingual, coverage, distance, heatmaps, tier_gains, zero_shot)
ONE, TWO = MODELS[:1], MODELS[:2]


@cache
def of_paper() -> Bilingual:
    return bilingual(paper_counts(), resamples=200)


@cache
def small_study() -> StudyTable:
    """Two models, both tasks, all mixtures and the bases: direct cells gain 20 points, others 1 a language more."""

    def rises(run: MadeRun, lang: str) -> float:
        return 0.3 if run.base else 0.3 + 0.2 * (lang in run.languages) + 0.01 * len(run.languages)

    return table_of([*grid(rises, models=TWO, items=40, seed=3), *base_runs(rises, models=TWO, items=40, seed=3)])


def numbers_in(value: Any) -> list[Number]:
    if isinstance(value, Number):
        return [value]
    if isinstance(value, tuple):
        return [number for part in value for number in numbers_in(part)]
    if is_dataclass(value):
        return [number for field in fields(value) for number in numbers_in(getattr(value, field.name))]
    return []


@pytest.mark.parametrize(
    "kind, count, share, low, high",
    [
        ("direct", (35, 40), 87.5, 73.9, 94.5),
        ("transfer", (119, 160), 74.4, 67.1, 80.5),
        ("pivot", (30, 40), 75.0, 59.8, 85.8),
    ],
)
def test_win_rates_of_the_papers_counts_have_the_papers_intervals(
    kind: Any, count: tuple[int, int], share: float, low: float, high: float
) -> None:
    found = of_paper().contrast(kind)
    assert found is not None
    assert (found.won, found.won + found.tied + found.lost) == count
    wins = found.wins
    assert [round(100 * (end or 0), 1) for end in (wins.value, wins.low, wins.high)] == [share, low, high]


@pytest.mark.parametrize(
    "kind, task, points",
    [
        ("direct", "api", 9.27),
        ("direct", "math", 8.4),
        ("transfer", "api", 3.38),
        ("transfer", "math", 1.6),
        ("pivot", "api", 0.88),
        ("pivot", "math", 3.4),
    ],
)
def test_medians_of_the_papers_counts_are_the_papers(kind: Any, task: str, points: float) -> None:
    found = of_paper().contrast(kind, task)
    assert found is not None
    for median in (found.median, found.median_items):
        assert round(100 * (median.value or 0), 2) == points
        assert median.low is not None and median.high is not None and median.value is not None
        assert median.low <= median.value <= median.high


def test_a_tie_is_neither_a_win_nor_a_loss() -> None:
    def right(run: MadeRun, lang: str) -> float:
        return {"es": 0.6, "ja": 0.5, "bn": 0.4}.get(lang, 0.5) if lang in run.languages and lang != "en" else 0.5

    found = bilingual(table_of(grid(right, models=ONE, tasks=("math",), mixtures=BILINGUAL)), resamples=50)
    direct = found.contrast("direct")
    assert direct is not None
    assert (direct.won, direct.tied, direct.lost) == (1, 2, 1)
    assert {change.added: change.outcome for change in found.changes if change.kind == "direct"} == {
        "es": "win",
        "ja": "tie",
        "bn": "loss",
        "sw": "tie",
    }


def test_seeds_of_a_configuration_count_as_one() -> None:
    def right(run: MadeRun, lang: str) -> float:
        return 0.5 + (0.1 if run.seed else 0.3) * (len(run.languages) == 2)

    runs = grid(right, models=ONE, tasks=("math",), mixtures=BILINGUAL, seeds=(0, 1))
    direct = bilingual(table_of(runs), resamples=50).contrast("direct")
    assert direct is not None
    assert (direct.won, direct.tied, direct.lost) == (4, 0, 0)
    assert direct.median.n == 4 and direct.mean.n == 2
    assert direct.median.value == pytest.approx(0.2) and direct.mean.value == pytest.approx(0.2)
    assert len(direct.mean.cells) == 16


def test_the_same_table_gives_the_same_numbers() -> None:
    assert bilingual(paper_counts(), resamples=200) == of_paper()


def test_zero_shot_pairs_every_language_left_out_with_its_bilingual_run() -> None:
    found = zero_shot(small_study())
    assert len(found.pairs) == 2 * 2 * 3 * 4
    assert {pair.size for pair in found.pairs} == {4, 6, 9}
    assert {pair.lang for pair in found.pairs} == {"es", "ja", "bn", "sw"}
    assert all(pair.lang not in MIXTURES[pair.mixture] for pair in found.pairs)
    assert all(pair.p_holm >= pair.p for pair in found.pairs)
    group = found.group("low", 9)
    assert group is not None
    # Directly trained cells gain 20 points; 9 languages bring 7 points over 2.
    assert group.mean.low is not None and group.mean.high is not None
    assert group.mean.low < -0.13 < group.mean.high
    assert sum(pair.tier == "low" and pair.size == 9 for pair in found.pairs) == group.reaching.n == 8


@pytest.mark.parametrize(
    "zero_first, zero, direct, outcome",
    [
        (0, 180, 100, "zero-shot better"),
        (0, 100, 180, "direct better"),
        (0, 100, 100, "equivalent"),
        (0, 100, 104, "equivalent"),
        # The same difference, but most items are answered otherwise.
        (60, 100, 104, "not settled"),
    ],
)
def test_a_pair_is_equal_only_where_that_is_shown(zero_first: int, zero: int, direct: int, outcome: str) -> None:
    rights = {
        ("en", "es"): first(direct, 400),
        MIXTURES["L04-no-es"]: [zero_first <= index < zero_first + zero for index in range(400)],
    }
    runs = [MadeRun("math", ONE[0], "-".join(langs), langs, {"es": right}) for langs, right in rights.items()]
    (pair,) = zero_shot(table_of(runs)).pairs
    assert pair.outcome == outcome
    assert pair.zero_shot.value == zero / 400 and pair.direct.value == direct / 400
    assert pair.difference.value == pytest.approx((zero - direct) / 400)


def test_means_are_those_that_the_findings_rest_on() -> None:
    table = small_study()
    effects = {finding.key: finding.effect for finding in find(table)}
    means = {f"bilingual.{one.kind}.{one.task}": one.mean for one in bilingual(table, resamples=20).contrasts}
    zero = [group for group in zero_shot(table).groups if group.task == "all" and group.size]
    means |= {f"zero_shot.{group.tier}.L{group.size}": group.mean for group in zero}
    shared = effects.keys() & means.keys()
    assert len(shared) >= 9
    for key in shared:
        found, shown = ([number.value, number.low, number.high] for number in (effects[key], means[key]))
        assert found == pytest.approx(shown)


def test_coverage_starts_before_training_and_counts_every_run() -> None:
    found = coverage(small_study())
    assert len(found.by_tier) == 2 * 2 * 2 and len(found.by_language) == 2 * 2 * 6
    for curve in found.curves:
        assert [point.size for point in curve.points] == [0, 1, 2, 4, 5, 6, 9, 10]
        assert [point.runs for point in curve.points] == [1, 1, 4, 5, 1, 5, 5, 1]


def test_answers_to_the_same_items_widen_the_clustered_band() -> None:
    alike = table_of(grid(lambda run, lang: 0.5, models=ONE, tasks=("math",), items=60))
    apart = table_of(grid(lambda run, lang: 0.5, models=ONE, tasks=("math",), items=60, seed=5))

    def widths(table: StudyTable) -> tuple[float, float]:
        point = coverage(table).by_tier[0].points[1]
        return tuple((n.high or 0) - (n.low or 0) for n in (point.accuracy, point.clustered))  # type: ignore[return-value]

    paper, clustered = widths(alike)
    # Every run and language gives the same verdicts: no more is known than of one.
    alone = wilson(30, 60)
    assert clustered == pytest.approx(alone.high - alone.low, rel=0.1) and clustered > 2 * paper
    paper, clustered = widths(apart)
    assert clustered == pytest.approx(paper, rel=0.35)


def test_the_clustered_interval_covers_where_the_papers_does_not() -> None:
    rng = np.random.default_rng(4)
    alone = Run("r", "m", "f", "math", "L01-en", ("en",), "per_language", 0, pretrained=False)
    ids = np.array([f"math-{index}" for index in range(40)], dtype=object)
    covered = np.zeros(2)
    for _ in range(200):
        # Hard and easy items, asked in eight cells: the share right is 1/2 in the long run.
        ease = rng.beta(1, 1, size=len(ids))
        cells = [
            Cell(alone, f"l{place}", "high", ids, ids, (rng.random(40) < ease).astype(float)) for place in range(8)
        ]
        for place, of in enumerate((accuracy, clustered_accuracy)):
            number = of("key", "label", cells)
            covered[place] += (number.low or 0) <= 0.5 <= (number.high or 0)
    paper, clustered = covered / 200
    assert paper < 0.85
    assert abs(clustered - 0.95) <= 3 * (0.95 * 0.05 / 200) ** 0.5


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_nothing_varies_there_is_no_interval(share: float) -> None:
    runs = grid(lambda run, lang: share, models=ONE, tasks=("math",), mixtures=BILINGUAL, items=5)
    direct = bilingual(table_of(runs), resamples=50).contrast("direct")
    assert direct is not None
    assert (direct.mean.value, direct.mean.low, direct.mean.high, direct.estimate) == (0.0, None, None, None)
    for median in (direct.median, direct.median_items):
        assert (median.value, median.low, median.high) == (0.0, None, None)
    assert (direct.won, direct.tied, direct.lost) == (0, 4, 0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 12), st.integers(1, 3))
def test_a_clustered_interval_holds_its_value_within_0_and_1(right: int, per_group: int) -> None:
    runs = [MadeRun("math", ONE[0], "L01-en", ("en",), {"en": first(right, 12), "es": first(12 - right, 12)})]
    for curve in coverage(table_of(runs, items_per_group=per_group)).curves:
        for number in (curve.points[0].accuracy, curve.points[0].clustered):
            assert number.low is not None and number.high is not None and number.value is not None
            assert 0 <= number.low <= number.value <= number.high <= 1
            assert number.high > number.low


def test_gains_keep_the_pivot_apart_and_average_cells() -> None:
    def right(run: MadeRun, lang: str) -> float:
        return {"en": 0.5, "es": 0.5, "ja": 0.3}.get(lang, 0.2) + 0.05 * (len(run.languages) - 1) * (lang != "en")

    found = tier_gains(table_of(grid(right, models=TWO, items=100)))
    for size in (2, 4, 5, 6, 9, 10):
        for tier, gain in (("high", 0.05 * (size - 1)), ("low", 0.05 * (size - 1)), ("en", 0.0)):
            own = found.gain(tier, size)
            assert own is not None and own.gain.value == pytest.approx(gain)
    assert {gain.model for gain in found.gains} == {"qwen3-0.6b", "qwen3-1.7b", "all"}
    assert {gain.task for gain in found.gains} == {"math", "api", "all"}


def test_heatmaps_are_from_the_base_where_there_is_one() -> None:
    def right(run: MadeRun, lang: str) -> float:
        return 0.2 if run.base else 0.4 + 0.2 * (lang in run.languages)

    runs = grid(right, models=TWO, tasks=("math",), mixtures=BILINGUAL)
    (one, _, mean) = heatmaps(table_of([*runs, *base_runs(right, models=TWO, tasks=("math",))])).maps
    assert one.baseline == mean.baseline == "pretrained" and mean.model == "all"
    assert one.sources == ("en", "es", "ja", "bn", "sw") and one.targets == ("en", "es", "ja", "bn", "sw", "te")
    for source, target, change in (("en", "en", 0.4), ("es", "es", 0.4), ("es", "ja", 0.2), ("sw", "te", 0.2)):
        for heat in (one, mean):
            cell = heat.cell(source, target)
            assert cell is not None and cell.change.value == pytest.approx(change)

    (alone, *_) = heatmaps(table_of(runs)).maps
    assert alone.baseline == "pivot" and alone.sources == ("es", "ja", "bn", "sw")
    cell = alone.cell("es", "es")
    assert cell is not None and cell.change.value == pytest.approx(0.2)
    assert alone.cell("en", "en") is None


def test_each_budget_stands_by_itself() -> None:
    def right(run: MadeRun, lang: str) -> float:
        return 0.3 + (0.3 if run.budget == "per_language" else 0.1) * (len(run.languages) > 1)

    runs = grid(right, models=ONE, tasks=("math",), mixtures=BILINGUAL, budgets=("total", "per_language"))
    table = table_of(runs)
    assert budgets(table) == ("per_language", "total")
    for budget, gain in ((None, 0.3), ("per_language", 0.3), ("total", 0.1)):
        found = bilingual(table, budget=budget, resamples=50).contrast("transfer")
        assert found is not None and found.mean.value == pytest.approx(gain)


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.__name__)
def test_every_number_has_a_key_of_its_own_and_leads_to_cells(analysis: Any) -> None:
    table = small_study()
    found = numbers_in(analysis(table))
    assert found
    keys = [number.key for number in found]
    assert len(keys) == len(set(keys))
    known = set(zip(table.frame["run"], table.frame["lang"], strict=True))
    for number in found:
        assert number.cells and {(cell.run, cell.lang) for cell in number.cells} <= known
        assert number.value is not None and number.method
        if number.low is not None and number.high is not None:
            assert number.low <= number.value <= number.high


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.__name__)
@pytest.mark.parametrize("kept", ["bases", "one-mixture"])
def test_an_analysis_without_its_runs_says_why(analysis: Any, kept: str) -> None:
    bases = base_runs(lambda run, lang: 0.5, models=ONE, tasks=("math",))
    five = grid(lambda run, lang: 0.5, models=ONE, tasks=("math",), mixtures={"L05-core": MIXTURES["L05-core"]})
    found = analysis(table_of(bases if kept == "bases" else five))
    if analysis is coverage and kept == "one-mixture":
        assert len(found.by_tier) == len(set(TIERS.values()))
    else:
        assert found.empty and not numbers_in(found)
