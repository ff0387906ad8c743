"""The pooled regressions and the mixed model on studies with known coefficients."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mlt.eval.study.analysis.cluster_errors import Errors
from mlt.eval.study.analysis.design_matrix import (
    DIRECT,
    PRETRAINED,
    SIZE,
    SQRT_L,
    adjusted_design,
    configurations,
    paper_design,
)
from mlt.eval.study.analysis.grid import Grid, make_grid
from mlt.eval.study.analysis.long_table import StudyTable
from mlt.eval.study.analysis.mixed import mixed_logit
from mlt.eval.study.analysis.regression import fitted, regressions
from mlt.eval.study.analysis.simulate import MODELS, Design, Simulator, World, simulate

QWEN, MATH = "family[Qwen3]", "task[math]"
KNOWN = World(intercept=0.38, size=0.07, family=0.06, math=-0.06, pretrained=-0.06, direct=0.05, sqrt_l=0.05)
NOISY = replace(KNOWN, run_sd=0.02, cell_sd=0.02, item_sd=0.08, item_language_sd=0.03)
TERMS = {SIZE: 0.07, QWEN: 0.06, MATH: -0.06, PRETRAINED: -0.06, DIRECT: 0.05, SQRT_L: 0.05}
SMALL = Design(models=(MODELS[0], MODELS[2], MODELS[3]), items=8)


@cache
def small() -> Simulator:
    return Simulator(SMALL)


def expected_grid(simulator: Simulator, world: World) -> Grid:
    """Cells whose accuracies are exactly what the world expects."""
    grid = make_grid(simulator.draw(world, 0))
    return Grid(grid.cells.assign(accuracy=simulator.expected(world)), grid.task_rows, grid.deviations)


def some(table: StudyTable, **wanted: str) -> StudyTable:
    frame = table.frame
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return replace(table, frame=frame.reset_index(drop=True))


def test_the_terms_are_those_of_the_world_that_made_the_cells() -> None:
    found = fitted(expected_grid(small(), KNOWN), "paper")
    assert found is not None
    values = {name: float(found.fit.values[place]) for name, place in found.places.items()}
    assert values == pytest.approx(TERMS)


def test_languages_that_are_easy_do_not_pass_for_a_gain_of_training_in_the_adjusted_regression() -> None:
    world = replace(KNOWN, direct=0.0, languages={"en": 0.2, "te": -0.1})
    grid = expected_grid(small(), world)
    paper, adjusted = fitted(grid, "paper"), fitted(grid, "adjusted")
    assert paper is not None and adjusted is not None
    assert paper.fit.values[paper.places[DIRECT]] > 0.05
    assert adjusted.fit.values[adjusted.places[DIRECT]] == pytest.approx(0.0, abs=1e-9)
    assert adjusted.fit.values[adjusted.places[SQRT_L]] == pytest.approx(0.05)


@pytest.mark.parametrize("key", ["paper", "adjusted"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(key: str) -> None:
    studies, simulator = 60, small()
    grid = make_grid(simulator.draw(NOISY, 0))
    design = paper_design(grid) if key == "paper" else adjusted_design(grid)
    wanted = list(design.labels)
    errors = Errors(design.matrix, configurations(grid.cells), [design.column(name) for name in wanted])
    held = np.zeros(len(wanted))
    for seed in range(1, studies + 1):
        fit = errors.fit(make_grid(simulator.draw(NOISY, seed)))
        for place, name in enumerate(wanted):
            low, high = fit.interval(place)
            held[place] += low <= TERMS[name] <= high
    assert (np.abs(held / studies - 0.95) <= 3 * math.sqrt(0.95 * 0.05 / studies)).all(), dict(
        zip(wanted, held / studies, strict=True)
    )


def test_the_papers_interval_is_too_sure_of_what_items_decide() -> None:
    found = next(one for one in regressions(small().draw(NOISY, 3)) if one.key == "paper")
    task = next(term for term in found.terms if term.name == MATH)
    width = [number.high - number.low for number in (task.number, task.as_paper)]  # type: ignore[operator]
    assert width[0] > 1.5 * width[1]


def test_r2_on_runs_left_out_is_less_than_on_random_cells_where_runs_differ() -> None:
    world = replace(KNOWN, run_sd=0.1, direct=0.0, sqrt_l=0.0)
    found = regressions(simulate(replace(SMALL, models=MODELS[:1], items=40), world, 1))
    adjusted = next(one for one in found if one.key == "adjusted")
    assert adjusted.r2 and adjusted.r2_by_run and adjusted.r2_random
    assert adjusted.r2_by_run.value < adjusted.r2_random.value < adjusted.r2.value  # type: ignore[operator]


def test_seeds_of_a_configuration_are_left_out_together() -> None:
    cells = make_grid(simulate(replace(SMALL, models=MODELS[:1], seeds=(0, 1), items=2), KNOWN)).cells
    names = configurations(cells)
    assert len(set(names)) == 2 * (22 + 1)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"task": "api"}, {"task": "there is but one"}),
        ({"model": MODELS[0][0]}, {"family": "there is but one", SIZE: "the same in all cells"}),
        ({"exposure": "direct"}, {DIRECT: "the same in all cells", PRETRAINED: "the same in all cells"}),
        ({"mixture": "L10-all"}, {SQRT_L: "the same in all cells"}),
    ],
)
def test_terms_without_variation_are_left_out_and_named(wanted: dict[str, str], left: dict[str, str]) -> None:
    design = paper_design(make_grid(some(small().draw(KNOWN, 0), **wanted)))
    assert {out.name: out.why for out in design.left_out}.items() >= left.items()
    assert not set(design.labels) & set(left)


def test_size_and_family_of_two_models_are_not_told_apart() -> None:
    design = paper_design(make_grid(simulate(replace(SMALL, models=(MODELS[0], MODELS[4]), items=2), KNOWN)))
    assert SIZE in design.labels
    assert [(out.name, out.why) for out in design.left_out] == [(QWEN, "cannot be told apart from the terms before it")]


def test_a_term_that_one_configuration_decides_has_no_interval() -> None:
    table = some(small().draw(NOISY, 0), task="api", model=MODELS[0][0])
    found = next(one for one in regressions(table) if one.key == "adjusted")
    pretrained, direct = (next(t.number for t in found.terms if t.name == name) for name in (PRETRAINED, DIRECT))
    assert pretrained.value is not None and (pretrained.low, pretrained.high) == (None, None)
    assert direct.low is not None


def test_few_runs_give_no_regression_and_say_why() -> None:
    frame = small().draw(KNOWN, 0).frame
    table = replace(small().draw(KNOWN, 0), frame=frame[frame["run"].isin(frame["run"].unique()[1:2])])
    found = regressions(table)
    assert [one.terms for one in found] == [(), ()]
    assert all("too few" in one.empty for one in found)


def test_the_same_table_gives_the_same_json() -> None:
    table = small().draw(NOISY, 1)
    once, again = ([json.dumps(one.to_json(), allow_nan=False) for one in regressions(table)] for _ in range(2))
    assert once == again


def test_qwen_is_compared_with_the_others_whatever_their_name() -> None:
    models = (("a", "Qwen3", 8.0), ("b", "SmolLM2", 8.1), ("c", "SmolLM2", 9.0))
    design = paper_design(make_grid(simulate(replace(SMALL, models=models, items=2), KNOWN)))
    assert QWEN in design.labels


def test_the_mixed_model_recovers_log_odds_and_says_what_it_is() -> None:
    world = World(link="logit", intercept=-0.5, size=0.6, math=-0.5, direct=0.4, sqrt_l=0.3, run_sd=0.2, item_sd=0.8)
    table = simulate(replace(SMALL, items=20), world, 2)
    found = mixed_logit(table, rows=6_000)
    values = {term.key.removeprefix("mixed."): term.value for term in found.terms}
    assert values[SIZE] == pytest.approx(0.6, abs=0.2)
    assert values[DIRECT] == pytest.approx(0.4, abs=0.2)
    assert found.run_sd and found.item_sd
    assert 0.1 < found.run_sd.value < 0.35 and 0.5 < found.item_sd.value < 1.2  # type: ignore[operator]
    assert 3_000 < found.rows <= 6_000 < found.of == len(table.frame)
    assert "too narrow" in found.method


def test_answers_that_are_all_wrong_give_no_mixed_model() -> None:
    table = small().draw(KNOWN, 0)
    found = mixed_logit(replace(table, frame=table.frame.assign(correct=False)))
    assert (found.terms, found.empty) == ((), "all answers are right, or all are wrong")
