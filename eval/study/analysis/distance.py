"""Gain against typological distance: do languages near to what was trained on gain more?

Distances are those of :mod:`.uriel`. A slope is of least squares within strata of model, task and number of languages,
so that larger mixtures, which have both more data and nearer languages, do not make it. Its error is robust to
languages, of which there are few, and to runs: with five evaluated languages only a steep slope can be told from none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .estimating import pair_change
from .evidence import Number
from .pairs import POOLED, Matched, against_pivot, cells_of, configurations, main_budget, tasks_of, verdicts_of
from .uriel import syntax_distance

if TYPE_CHECKING:
    import numpy as np

    from .long_table import StudyTable

Measure = Literal["pivot", "nearest"]
Scope = Literal["transfer", "all"]
MEASURES: tuple[Measure, ...] = ("pivot", "nearest")
SCOPES: tuple[Scope, ...] = ("transfer", "all")
FEWEST = 3
"""Evaluated languages that a slope's interval needs."""


@dataclass(frozen=True, slots=True)
class DistancePoint:
    """One configuration: its gain over the pivot alone, and how far ``lang`` lies from what was trained on.

    ``to_pivot`` is from the pivot, ``to_nearest`` from ``nearest``, the closest language of the mixture (0 where the
    language itself is in it).
    """

    model: str
    task: str
    mixture: str
    size: int
    lang: str
    tier: str
    exposure: Literal["direct", "transfer"]
    to_pivot: float
    nearest: str
    to_nearest: float
    gain: Number


@dataclass(frozen=True, slots=True)
class DistanceSlope:
    """The change in gain from distance 0 to 1, over the points of a task and scope (``transfer``: languages that are
    not in the mixture). ``measure`` says which distance; ``languages`` are the evaluated ones."""

    measure: Measure
    scope: Scope
    task: str
    slope: Number
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Distance:
    """What :func:`distance` finds. ``left_out``: languages whose distances are not known, points with them are not
    there. ``empty`` says why there is nothing."""

    budget: str
    points: tuple[DistancePoint, ...]
    slopes: tuple[DistanceSlope, ...]
    left_out: tuple[str, ...] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    pair: Matched
    pivot: float
    nearest: float
    neighbour: str


def distance(table: StudyTable, *, budget: str | None = None) -> Distance:
    """Gains over the pivot alone (-1 to 1) against distances (0 to 1), of every evaluated language but the pivot."""
    budget = main_budget(table, budget)
    matched = [pair for pair in against_pivot(verdicts_of(table), budget) if pair.lang != table.pivot]
    if not matched:
        return Distance(budget, (), (), (), f"no larger mixture is finished together with {table.pivot} alone")
    wanted = dict.fromkeys(lang for pair in matched for lang in (table.pivot, pair.lang, *pair.run.languages))
    known = _known(tuple(wanted))
    places = [_place(pair, table.pivot) for pair in matched if {table.pivot, pair.lang, *pair.run.languages} <= known]
    left_out = tuple(lang for lang in wanted if lang not in known)
    if not places:
        return Distance(budget, (), (), left_out, "no distances are known between the languages of this study")
    slopes = [
        slope
        for scope in SCOPES
        for task in tasks_of([place.pair for place in places])
        for measure in MEASURES
        if (slope := _slope(measure, scope, task, places, budget))
    ]
    return Distance(budget, tuple(_points(places, budget, table.pivot)), tuple(slopes), left_out)


def _known(languages: Sequence[str]) -> set[str]:
    """The languages whose distance from the first one is known; then those between them are too."""
    return {lang for lang in languages if syntax_distance(languages[0], lang) is not None}


def _place(pair: Matched, pivot: str) -> _Place:
    distances = {other: _between(pair.lang, other) for other in pair.run.languages}
    neighbour = min(distances, key=lambda other: distances[other])
    return _Place(pair, _between(pair.lang, pivot), distances[neighbour], neighbour)


def _between(one: str, other: str) -> float:
    found = syntax_distance(one, other)
    if found is None:
        raise ValueError(f"no distance between {one} and {other}")
    return found


def _points(places: Sequence[_Place], budget: str, pivot: str) -> list[DistancePoint]:
    by_name = {(p.pair.run.model, p.pair.run.task, p.pair.run.mixture, p.pair.lang): p for p in places}
    found = []
    for name, seeds in configurations(place.pair for place in places).items():
        (model, task, mixture, lang), place = name, by_name[name]
        key = f"distance.{budget}.{task}.{model}.{mixture}.{lang}"
        gain = pair_change(key, f"{model}, {task}, {lang}: {mixture} less {pivot} alone", seeds)
        found.append(
            DistancePoint(
                model=model,
                task=task,
                mixture=mixture,
                size=place.pair.run.size,
                lang=lang,
                tier=place.pair.tier,
                exposure="direct" if lang in place.pair.run.languages else "transfer",
                to_pivot=place.pivot,
                nearest=place.neighbour,
                to_nearest=place.nearest,
                gain=gain,
            )
        )
    return found


def _slope(measure: Measure, scope: Scope, task: str, places: Sequence[_Place], budget: str) -> DistanceSlope | None:
    """None where no stratum holds two distances."""
    import numpy as np
    import pandas as pd
    from scipy.stats import t
    from statsmodels.regression.linear_model import OLS

    own = [
        place
        for place in places
        if task in (POOLED, place.pair.run.task) and (scope == "all" or place.pair.lang not in place.pair.run.languages)
    ]
    rows = pd.DataFrame(
        {
            "stratum": [(place.pair.run.model, place.pair.run.task, place.pair.run.size) for place in own],
            "gain": [place.pair.change for place in own],
            "distance": [place.pivot if measure == "pivot" else place.nearest for place in own],
            "lang": [place.pair.lang for place in own],
            "unit": [place.pair.other.name for place in own],
        }
    )
    centred = rows[["gain", "distance"]] - rows.groupby("stratum")[["gain", "distance"]].transform("mean")
    if np.allclose(centred["distance"], 0):
        return None
    fit = OLS(centred["gain"].to_numpy(dtype=float), centred["distance"].to_numpy(dtype=float)).fit()
    value, low, high = float(fit.params[0]), None, None
    languages = tuple(dict.fromkeys(rows["lang"]))
    if len(languages) >= FEWEST:
        codes = [pd.factorize(rows[name])[0] for name in ("lang", "unit")]
        variance, _ = _robust_variance(fit, *codes)
        half = float(t.ppf(0.975, len(languages) - 1)) * variance**0.5
        low, high = value - half, value + half
    key = f"distance.{budget}.slope.{measure}.{scope}.{task}"
    source = "the pivot" if measure == "pivot" else "the nearest language trained on"
    label = f"gain per unit of distance from {source}, {'all languages' if scope == 'all' else 'transfer'}, {task}"
    method = "least squares within model, task and L, cluster-robust by language and by run, 95 %"
    cells = cells_of(place.pair for place in own)
    number = Number(key, label, value, low, high, len(own), "coefficient", method, cells)
    return DistanceSlope(measure, scope, task, number, languages)


def _robust_variance(fit: Any, one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> tuple[float, int]:
    """The variance of a fit's only coefficient, robust to two kinds of clusters, numbered from 0, and how many there
    are of the rarer kind. A kind with one cluster is left out. The sum of both ways less their intersection is never
    taken to be less than either way alone."""
    import numpy as np
    from statsmodels.stats.sandwich_covariance import cov_cluster, cov_cluster_2groups

    kinds = [codes for codes in (one, other) if codes.max() > 0]
    if not kinds:
        raise ValueError("an error that is robust to clusters needs two of them")
    parts = cov_cluster_2groups(fit, *kinds) if len(kinds) > 1 else (cov_cluster(fit, kinds[0]),)
    return max(float(np.squeeze(part)) for part in parts), min(int(codes.max()) + 1 for codes in kinds)
