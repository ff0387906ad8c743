"""Findings: what makes a claim supported, and that what is not there is not found."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from mlt.eval.study.analysis.bilingual import bilingual
from mlt.eval.study.analysis.claims import Claims
from mlt.eval.study.analysis.contrasts import contrast
from mlt.eval.study.analysis.evidence import CellRef, Number
from mlt.eval.study.analysis.findings import find
from mlt.eval.study.analysis.grid import make_grid
from mlt.eval.study.analysis.judging import Claim, judge
from mlt.eval.study.analysis.long_table import StudyTable
from mlt.eval.study.analysis.power import power
from mlt.eval.study.analysis.regression import regressions
from mlt.eval.study.analysis.simulate import MODELS, Design, Simulator, World
from mlt.eval.study.analysis.verdicts import Finding
from mlt.eval.study.analysis.zero_shot import zero_shot

CHANCE = World(intercept=0.45, model_sd=0.02, run_sd=0.02, cell_sd=0.02, item_sd=0.06, item_language_sd=0.02)
GAINS = replace(CHANCE, intercept=0.45, pretrained=-0.1, direct=0.2, sqrt_l=0.1, math=-0.1)


@cache
def seeds() -> Simulator:
    """One model with four seeds, under two budgets."""
    return Simulator(Design(models=MODELS[:1], seeds=(0, 1, 2, 3), budgets=("per_language", "total"), items=24))


@cache
def models() -> Simulator:
    return Simulator(Design(items=16))


def by_key(table: StudyTable) -> dict[str, Finding]:
    return {finding.key: finding for finding in find(table)}


def test_answers_that_are_all_wrong_decide_nothing_and_have_no_interval() -> None:
    table = seeds().draw(CHANCE, 0)
    none = replace(table, frame=table.frame.assign(correct=False))
    for finding in find(none):
        assert finding.verdict == "undecided", finding
        assert (finding.effect.low, finding.effect.high) == (None, None), finding
    assert all("cells have the same accuracy" in found.empty for found in regressions(none))


def test_no_interval_goes_beyond_what_accuracies_allow() -> None:
    grid = make_grid(models().draw(CHANCE, 0))
    names = Claims(grid, "en", "per_language")
    found = contrast(grid, names.bilingual("direct", "api"))
    assert found is not None and found.most == pytest.approx(1.0)
    assert replace(found, error=5.0).interval() == (pytest.approx(-1.0), pytest.approx(1.0))


def left_out(high: float, low: float, cells: pd.DataFrame) -> np.ndarray:
    zero_shot = (cells["exposure"] == "transfer") & (cells["L"] > 2)
    return np.where(zero_shot & (cells["tier"] == "high"), high, np.where(zero_shot, low, 0.0))


@pytest.mark.parametrize(
    ("low", "high", "bound", "above", "verdict", "says"),
    [
        (0.01, 0.09, 0.0, True, "supported", "+1.0 to +9.0 points, lies above 0"),
        (-0.01, 0.09, 0.0, True, "undecided", "holds 0"),
        (-0.09, -0.01, 0.0, True, "not supported", "lies below 0"),
        (-0.09, -0.01, 0.0, False, "supported", "lies below 0"),
        (0.01, 0.09, 0.0, False, "not supported", "lies above 0"),
        (-0.04, 0.02, -0.05, True, "supported", "lies above -5.0"),
        (-0.06, 0.02, -0.05, True, "undecided", "holds -5.0"),
        (-0.09, -0.06, -0.05, True, "not supported", "lies below -5.0"),
        (-0.02, 0.04, 0.05, False, "supported", "lies below +5.0"),
        (0.0, 0.09, 0.0, True, "undecided", "holds 0"),
        (-0.01, 0.02, 0.0, True, "undecided", "the paper's +9.0 lies outside"),
    ],
)
def test_a_verdict_follows_from_the_interval_and_the_bound(
    low: float, high: float, bound: float, above: bool, verdict: str, says: str
) -> None:
    effect = Number("k", "l", (low + high) / 2, low, high, 9, "difference", "m", (CellRef("r", "en"),))
    claim = Claim("k", "curve", "c", bound, above, paper=0.09)
    found = judge(claim, effect, error=0.02, freedom=9)
    assert found.verdict == verdict
    assert says in found.reason


@pytest.mark.parametrize(("problem", "low"), [("too few", 0.1), ("", None)])
def test_an_interval_that_cannot_be_trusted_decides_nothing(problem: str, low: float | None) -> None:
    effect = Number("k", "l", 0.2, low, None if low is None else 0.3, 9, "difference", "m")
    found = judge(Claim("k", "curve", "c"), effect, error=0.02, freedom=9, problem=problem)
    assert found.verdict == "undecided"
    assert found.reason == (problem or "its error cannot be told from these data")


@pytest.mark.parametrize(
    ("effect", "bound", "above", "expected"),
    [
        (0.0, 0.0, True, 0.025),
        (0.0, -0.05, True, None),
        (-0.05, 0.0, False, None),
        (0.05, 0.0, True, None),
        (9.0, 0.0, True, 1.0),
        (-9.0, 0.0, True, 0.0),
    ],
)
def test_power_is_how_often_a_drawn_interval_lies_beyond_the_bound(
    effect: float, bound: float, above: bool, expected: float | None
) -> None:
    error, freedom, draws = 0.02, 8, 200_000
    rng = np.random.default_rng(0)
    errors = error * np.sqrt(rng.chisquare(freedom, draws) / freedom)
    values = effect + error * rng.standard_normal(draws)
    reach = 2.306004 * errors
    drawn = float((values - reach > bound).mean() if above else (values + reach < bound).mean())
    found = power(effect, error, freedom, bound=bound, above=above)
    assert found == pytest.approx(drawn, abs=0.005)
    assert expected is None or found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("error", "freedom"), [(0.0, 5.0), (float("nan"), 5.0), (0.1, 0.0), (0.1, float("nan"))])
def test_power_of_an_unknown_error_is_not_known(error: float, freedom: float) -> None:
    assert power(0.1, error, freedom) is None


def test_a_contrast_is_the_mean_of_its_replicates() -> None:
    grid = make_grid(seeds().draw(GAINS, 1))
    claims = Claims(grid, "en", "per_language")
    cells = grid.cells[grid.cells["budget"] == "per_language"].set_index(["task", "seed", "mixture", "lang"])[
        "accuracy"
    ]
    expected = [
        cells[task, seed, f"L02-en-{lang}", lang] - cells[task, seed, "L01-en", lang]
        for task in ("api", "math")
        for seed in range(4)
        for lang in ("es", "ja", "bn", "sw")
    ]
    found = contrast(grid, claims.bilingual("direct"))
    assert found is not None
    assert found.value == pytest.approx(np.mean(expected))
    assert (found.replicates, found.groups) == (8, 12 + 24)
    assert len(found.cells) == 2 * 4 * (4 + 4)


@pytest.mark.parametrize("item_sd", [0.0, 0.08])
def test_intervals_of_contrasts_hold_the_truth_about_as_often_as_they_say(item_sd: float) -> None:
    studies, simulator = 40, Simulator(Design(models=MODELS[:1], seeds=(0, 1, 2), items=8))
    world = replace(CHANCE, direct=0.1, item_sd=item_sd / 2, item_language_sd=item_sd)
    held = Counter[str]()
    for seed in range(1, studies + 1):
        grid = make_grid(simulator.draw(world, seed))
        claims = Claims(grid, "en", "per_language")
        for name, weights, truth in (
            ("direct", claims.bilingual("direct"), 0.1),
            ("transfer", claims.bilingual("transfer"), 0.0),
            ("left out", claims.left_out("high", 4), -0.1),
        ):
            found = contrast(grid, weights)
            assert found is not None
            low, high = found.interval()
            held[name] += low <= truth <= high
    assert all(abs(count / studies - 0.95) <= 3 * (0.95 * 0.05 / studies) ** 0.5 for count in held.values()), held


def test_large_effects_are_supported() -> None:
    found = by_key(seeds().draw(GAINS, 1))
    wanted = ("bilingual.direct.api", "bilingual.direct.math", "bilingual.direct.all", "regression.direct")
    assert {found[key].verdict for key in (*wanted, "regression.sqrt_L")} == {"supported"}
    assert found["bilingual.direct.api"].effect.value == pytest.approx(0.2, abs=0.1)
    assert {found[f"zero_shot.high.L{size}"].verdict for size in (4, 9)} == {"not supported"}
    assert found["zero_shot.low.L9"].verdict == "supported"


def test_a_term_that_few_runs_decide_is_undecided() -> None:
    few = by_key(seeds().draw(GAINS, 1))["regression.pretrained"]
    assert (few.verdict, few.power) == ("undecided", None)
    assert "degrees of freedom; it takes 4" in few.reason
    assert by_key(models().draw(GAINS, 1))["regression.pretrained"].verdict == "supported"


def test_effects_of_the_other_sign_are_not_supported() -> None:
    world = replace(CHANCE, intercept=0.6, pretrained=0.1, direct=-0.2, sqrt_l=-0.15)
    found = by_key(seeds().draw(world, 1))
    wanted = ("bilingual.direct.all", "regression.direct", "regression.sqrt_L")
    assert {found[key].verdict for key in wanted} == {"not supported"}


def test_as_good_as_is_undecided_where_there_is_no_room_to_be_worse() -> None:
    table = seeds().draw(CHANCE, 1)
    seldom = table.frame["correct"] & table.frame["item"].str.endswith("1")
    found = by_key(replace(table, frame=table.frame.assign(correct=seldom)))
    assert all("leaves no room" in found[f"zero_shot.{end}"].reason for end in ("high.L4", "high.L9", "low.L9"))


def test_runs_that_are_all_wrong_decide_nothing() -> None:
    table = seeds().draw(CHANCE, 1)
    found = find(replace(table, frame=table.frame.assign(correct=False)))
    assert {finding.verdict for finding in found} == {"undecided"}


@pytest.mark.parametrize("world", [CHANCE, replace(CHANCE, extra=lambda cells: left_out(-0.05, 0.05, cells))])
def test_false_claims_are_seldom_supported(world: World) -> None:
    verdicts = Counter[bool]()
    for seed in range(5):
        for finding in find(seeds().draw(world, seed)):
            if (finding.bound == 0) == (world.extra is None):
                verdicts[finding.verdict == "supported"] += 1
    assert verdicts[True] <= 0.05 * verdicts.total(), verdicts


def test_one_run_of_a_kind_decides_no_contrast_whatever_its_items_say() -> None:
    table = Simulator(Design(models=MODELS[:1], items=24)).draw(GAINS, 1)
    found = by_key(table)
    direct = found["bilingual.direct.api"]
    assert (direct.verdict, direct.power) == ("undecided", None)
    assert direct.reason.startswith("one replicate tells too little of how runs differ")
    assert direct.effect.value is not None and direct.effect.low is not None
    assert "how runs differ is not in it" in direct.effect.method


def test_claims_about_models_rest_on_as_many_observations_as_there_are_models() -> None:
    found = by_key(models().draw(replace(CHANCE, size=0.1, family=0.1, model_sd=0.0), 1))
    assert found["regression.log10_parameters"].effect.n == 5
    assert found["regression.log10_parameters"].verdict == "supported"
    of_three = Simulator(Design(models=(MODELS[0], MODELS[2], MODELS[3]), items=4))
    few = by_key(of_three.draw(CHANCE, 1))["regression.log10_parameters"]
    assert (few.verdict, few.effect.value) == ("undecided", None)
    assert "too few" in few.reason


@pytest.mark.parametrize("seed", range(4))
def test_a_study_that_is_not_finished_has_all_its_findings(seed: int) -> None:
    table = models().draw(GAINS, 0)
    rng = np.random.default_rng(seed)
    runs = table.frame["run"].unique()
    kept = rng.choice(runs, (1, 3, 12, 80)[seed], replace=False)
    found = find(replace(table, frame=table.frame[table.frame["run"].isin(kept)].reset_index(drop=True)))
    keys = [finding.key for finding in found]
    assert len(set(keys)) == len(keys)
    assert {finding.family for finding in found} >= {"bilingual", "zero_shot", "curve", "regression"}
    assert all(finding.reason and finding.verdict in ("supported", "not supported", "undecided") for finding in found)
    assert json.loads(json.dumps([finding.to_json() for finding in found], allow_nan=False))


def test_budgets_tell_diversity_from_volume() -> None:
    world = replace(
        CHANCE,
        intercept=0.3,
        extra=lambda cells: np.where(cells["budget"] == "per_language", 0.3 * np.sqrt(cells["L"] / 10), 0.0),
    )
    found = by_key(seeds().draw(world, 3))
    assert found["budgets.diversity.total"].verdict == "undecided"
    assert found["budgets.volume.total"].verdict == "supported"


def test_medians_and_shares_stand_beside_and_decide_nothing() -> None:
    table = Simulator(Design(models=MODELS[:2], items=8)).draw(GAINS, 0)
    alone = find(table)
    found = find(table, bilingual=bilingual(table, resamples=20), zero_shot=zero_shot(table))
    assert [replace(finding, beside=()) for finding in found] == list(alone)
    beside = {finding.key: [number.key for number in finding.beside] for finding in found if finding.beside}
    assert beside.keys() >= {"bilingual.direct.api", "bilingual.pivot.all", "zero_shot.high.L4", "zero_shot.low.L9"}
    keys = [number.key for finding in found for number in (finding.effect, *finding.beside)]
    assert len(set(keys)) == len(keys)
