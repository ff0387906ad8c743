"""Studies simulated by known rules: do intervals hold what was put in, and how often does a verdict find nothing real?

Accuracies are linear in what a run is, so that the regression's coefficients are known without error. Chance effects
of runs, of a run's languages, of items and of an item in a language are drawn anew for every study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from .common import Figure, Settings, say
from .study_counts import LEVEL, Coverage, at_most, count_verdict, reported, three_errors

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

STUDIES = 500
NULL_STUDIES = 200
MARGIN = 0.05
ITEMS = 60
PAIR_ITEMS, PAIR_MARGIN = 240, 0.10
"""A test of equivalence can only go wrong where there are items enough for it to succeed."""

KINDS = ("direct", "transfer", "pivot")
TIERS = ("high", "low")

PAIRS = (
    ("L04-no-es", "L02-en-es", "es"),
    ("L09-no-sw", "L02-en-sw", "sw"),
    ("L04-no-es", "L04-no-sw", "en"),
)
"""Two mixtures and a language: two pairs in which the first leaves it out, and one in which both hold it."""

KNOWN: Mapping[str, Any] = {
    "intercept": 0.25,
    "size": 0.10,
    "family": 0.05,
    "math": -0.05,
    "pretrained": -0.04,
    "direct": 0.06,
    "sqrt_l": 0.04,
}
"""The paper's coefficients made smaller, so that no accuracy leaves 0..1 with the chance effects on top."""

CHANCE: Mapping[str, Any] = {"run_sd": 0.02, "cell_sd": 0.02, "item_sd": 0.04, "item_language_sd": 0.02}


def run(settings: Settings) -> list[Figure]:
    """How often intervals hold the truth and verdicts are false; what the mixed model makes of known log-odds."""
    return [
        *_regression(settings),
        _means(settings),
        *_effects(settings),
        *_pairs(settings),
        *_null(settings),
        *_mixed(settings),
    ]


def _regression(settings: Settings) -> Iterator[Figure]:
    """The terms of the paper's regression, with this project's intervals and with the paper's."""
    import numpy as np

    from mlt.eval.study.analysis.design_matrix import paper_design
    from mlt.eval.study.analysis.grid import make_grid
    from mlt.eval.study.analysis.regression import regressions
    from mlt.eval.study.analysis.simulate import Design, Simulator, World

    simulator, world = Simulator(Design(items=ITEMS)), World(**KNOWN, **CHANCE)
    design = paper_design(make_grid(simulator.draw(world, 0)))
    fitted = np.linalg.lstsq(design.matrix, simulator.expected(world), rcond=None)[0]
    truth = dict(zip(design.names, (float(value) for value in fitted), strict=True))
    ours, theirs = Coverage(), Coverage()
    for seed in _seeds(settings, STUDIES, "regression"):
        found = next(each for each in regressions(simulator.draw(world, seed)) if each.key == "paper")
        for term in found.terms:
            ours.add(term.name, term.number.low, term.number.high, truth[term.name])
            theirs.add(term.name, term.as_paper.low, term.as_paper.high, truth[term.name])
    how = f"22 mixtures x 5 models x 2 tasks and their bases, {ITEMS} items a language; chance of runs and items"
    yield ours.figure("ols", "Studies whose 95 % interval holds the coefficient of the pooled regression", how)
    paper = theirs.figure("ols_paper", "The same with the paper's intervals, that draw cells as if independent", how)
    yield reported(paper)


def _means(settings: Settings) -> Figure:
    """What one more language brings on average, by kind and task."""
    from mlt.eval.study.analysis.estimating import mean_number
    from mlt.eval.study.analysis.long_table import exposure_of
    from mlt.eval.study.analysis.pairs import Verdicts, against_pivot, of_task, tasks_of
    from mlt.eval.study.analysis.simulate import Design, Simulator, World

    simulator, world = Simulator(Design(items=ITEMS)), World(**KNOWN, **CHANCE)
    expected = _by_cell(simulator.cells, simulator.expected(world))
    held = Coverage()
    for seed in _seeds(settings, STUDIES, "means"):
        table = simulator.draw(world, seed)
        verdicts = Verdicts(table)
        bilingual = [pair for pair in against_pivot(verdicts, "per_language") if pair.run.size == 2]
        kinds = [p.lang if p.lang == "en" else exposure_of(p.lang, p.run.languages, base=False) for p in bilingual]
        for kind in dict.fromkeys(kinds):
            of_kind = [pair for pair, own in zip(bilingual, kinds, strict=True) if own == kind]
            for task in tasks_of(of_kind):
                own = of_task(of_kind, task)
                found, _ = mean_number(verdicts, "mean", "mean", own)
                changes = [expected[p.run.name, p.lang] - expected[p.other.name, p.lang] for p in own]
                held.add(f"{kind}, {task}", found.low, found.high, sum(changes) / len(changes))
    how = f"bilingual against English-only, by kind and task; {ITEMS} items; chance of runs and items"
    return held.figure("means", "Studies whose 95 % interval holds the mean gain of a second language", how)


def _effects(settings: Settings) -> Iterator[Figure]:
    """What verdicts rest on: contrasts over replicates, and the adjusted regression where languages differ."""
    from mlt.eval.study.analysis.claims import Claims
    from mlt.eval.study.analysis.contrasts import contrast
    from mlt.eval.study.analysis.grid import make_grid
    from mlt.eval.study.analysis.regression import fitted
    from mlt.eval.study.analysis.simulate import Design, Simulator, World

    simulator = Simulator(Design(items=ITEMS))
    world = World(**KNOWN, **CHANCE, languages={"en": 0.05, "te": 0.02})
    expected = simulator.expected(world)
    contrasts, terms = Coverage(), Coverage()
    for seed in _seeds(settings, STUDIES, "effects"):
        grid = make_grid(simulator.draw(world, seed))
        claims = Claims(grid, "en", "per_language")
        found = {
            f"{kind}, {task}": claims.bilingual(kind, task) for kind, task in product(KINDS, (None, "api", "math"))
        }
        found |= {
            f"left out of {size}, {tier}": claims.left_out(tier, size) for tier, size in product(TIERS, (4, 6, 9))
        }
        for name, weights in found.items():
            estimate = contrast(grid, weights)
            if estimate is not None:
                truth = sum(expected[cell] * w for own in weights.values() for cell, w in own.items()) / len(weights)
                contrasts.add(name, *estimate.interval(), truth)
        adjusted = fitted(grid, "adjusted")
        for name, place in adjusted.places.items() if adjusted else ():
            terms.add(name, *adjusted.fit.interval(place), KNOWN[name.lower()])
    how = f"22 mixtures x 5 models x 2 tasks, {ITEMS} items a language; chance of runs and items"
    effects = contrasts.figure("effects", "Studies whose 95 % interval holds the effect that a verdict rests on", how)
    yield reported(effects)  # they err to the careful side
    yield terms.figure("adjusted", "The same for the adjusted regression, where some languages are easier", how)


def _pairs(settings: Settings) -> Iterator[Figure]:
    """Single pairs of runs on the same items: intervals, TOST at its margin, and the test where nothing differs."""
    from mlt.eval.study.analysis.estimating import compare_pair
    from mlt.eval.study.analysis.pairs import Verdicts
    from mlt.eval.study.analysis.simulate import MODELS, Design, Simulator, World

    simulator = Simulator(Design(models=MODELS[:1], items=PAIR_ITEMS))
    chance = {name: CHANCE[name] for name in ("item_sd", "item_language_sd")}  # the runs are taken as they are
    world = World(**{**KNOWN, "direct": 0.0, "sqrt_l": 0.0}, **chance, extra=partial(left_out, -PAIR_MARGIN))
    expected = _by_cell(simulator.cells, simulator.expected(world))
    held, equivalent, different = Coverage(), [], []
    for seed in _seeds(settings, STUDIES, "pairs"):
        verdicts = Verdicts(simulator.draw(world, seed))
        for task, (one, other, lang) in product(simulator.design.tasks, PAIRS):
            ours, theirs = (f"{task}/{MODELS[0][0]}/per_language/{mixture}/s0" for mixture in (one, other))
            pair = verdicts.match(verdicts.runs[ours], verdicts.runs[theirs], lang)
            if pair is None:
                raise ValueError(f"no item of {lang} was answered by both {one} and {other}")
            found = compare_pair("pair", "pair", [pair], PAIR_MARGIN)
            truth = expected[pair.run.name, lang] - expected[pair.other.name, lang]
            held.add(f"{task}, {lang}", found.number.low, found.number.high, truth)
            if truth:
                equivalent.append(found.equivalence.equivalent)
            else:
                different.append(found.p < 1 - LEVEL)
    how = f"{PAIR_ITEMS} items, in groups of two (api) or alone (math)"
    yield held.figure("pairs", "Studies whose 95 % interval holds the difference of two runs on the same items", how)
    title = "Pairs of runs that differ by the margin and are called equivalent"
    # Tests of level 5 %: as with the intervals, three Monte Carlo errors of so many studies are allowed.
    most = 1 - LEVEL + three_errors(settings.size(STUDIES, 2))
    yield at_most("tost", title, equivalent, f"{how}; margin {100 * PAIR_MARGIN:.0f} points", most=most)
    title = "Pairs of runs that do not differ and are called different"
    yield at_most("paired_test", title, different, how, most=most)


def _null(settings: Settings) -> Iterator[Figure]:
    """Verdicts "supported" where each claim is false: nothing differs, or what is to be as good differs by the margin.

    A claim is counted in the studies of its own null: a bound of 0 where nothing has an effect, one below 0 where a
    language left out is worse by the margin, one above 0 where it is better by as much.
    """
    from mlt.eval.study.analysis.findings import find
    from mlt.eval.study.analysis.simulate import Design, Simulator, World

    simulator = Simulator(Design(items=ITEMS, budgets=("per_language", "total", "steps")))
    worlds = {
        sign: World(intercept=0.4, **CHANCE, extra=partial(left_out, sign * MARGIN) if sign else None)
        for sign in (0, -1, 1)
    }
    counts: dict[str, list[int]] = {}
    errors: list[bool] = []
    for seed in _seeds(settings, NULL_STUDIES, "null studies"):
        for sign, world in worlds.items():
            for finding in find(simulator.draw(world, seed), margin=MARGIN):
                if sign == (finding.bound > 0) - (finding.bound < 0):
                    errors.append(finding.verdict == "supported")
                    count_verdict(counts.setdefault(finding.key, [0, 0, 0]), finding)
    details = {
        "findings": len(counts),
        "supported_percent": {key: 100 * c[0] / sum(c) for key, c in counts.items()},
        "not_supported_percent": {key: 100 * c[1] / sum(c) for key, c in counts.items()},
    }
    how = f"{settings.size(NULL_STUDIES, 2)} studies in which no claim holds, {len(counts)} claims each, {ITEMS} items"
    yield at_most("null", 'Verdicts that are "supported" though the claim is false', errors, how, details)


def _mixed(settings: Settings) -> Iterator[Figure]:
    """The logistic mixed model's coefficients where the log-odds are known: reported, not asked for."""
    from mlt.eval.study.analysis.mixed import mixed_logit
    from mlt.eval.study.analysis.simulate import Design, Simulator, World

    simulator = Simulator(Design(items=ITEMS))
    world = World(link="logit", intercept=-1.0, size=0.5, direct=0.4, sqrt_l=0.3, run_sd=0.1, item_sd=0.8)
    found: dict[str, list[float]] = {}
    for seed in _seeds(settings, 20, "mixed model"):
        for term in mixed_logit(simulator.draw(world, seed)).terms:
            found.setdefault(term.key, []).append(term.value if term.value is not None else float("nan"))
    means = {key: sum(values) / len(values) for key, values in found.items()}
    direct = next((value for key, value in means.items() if "direct" in key), float("nan"))
    yield Figure(
        name="study_checks.mixed",
        title="Mean coefficient of direct exposure in the logistic mixed model, where 0.4 was put in",
        asked="reported",
        measured=direct,
        unit="log-odds",
        met=None,
        how=f"{settings.size(20, 2)} studies, {ITEMS} items, run and item effects",
        details={"means": means, "put_in": {"size": world.size, "direct": world.direct, "sqrt_l": world.sqrt_l}},
    )


def left_out(change: float, cells: pd.DataFrame) -> Array:
    """``change`` in the languages that a mixture of more than two leaves out."""
    import numpy as np

    found: Array = np.where((cells["exposure"] == "transfer") & (cells["L"] > 2), change, 0.0)
    return found


def _by_cell(cells: pd.DataFrame, expected: Array) -> dict[tuple[str, str], float]:
    names = zip(cells["run"], cells["lang"], strict=True)
    return dict(zip(names, (float(value) for value in expected), strict=True))


def _seeds(settings: Settings, studies: int, what: str) -> Iterator[int]:
    """A seed a study, with a line now and then."""
    count = settings.size(studies, 2)
    for seed in range(1, count + 1):
        if seed % 100 == 0:
            say(f"  {what}: {seed}/{count}")
        yield seed
