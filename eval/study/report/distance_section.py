"""Gain against typological distance as a part of a study's report."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from ..analysis.distance import MEASURES, Distance, DistancePoint, Measure
from ..analysis.evidence import Number
from .figure_canvas import Picture
from .figures import Cloud, scatter
from .gain_sections import model_title, task_title, why
from .sections import Section
from .tables import Table, known

_TITLE = "Gain and typological distance"


def distance_section(found: Sequence[Distance], pivot: str) -> Section:
    """The gain of languages that were not trained on against how far they are from those that were."""
    lead = (
        f"Change against {pivot} alone of languages that are not in the mixture, by the cosine distance of their "
        f"syntax (lang2vec’s syntax_knn, URIEL) from {pivot} and from the nearest language trained on. A slope is the "
        "change in gain, as a share, from distance 0 to 1, within model, task and L; few languages are evaluated, so "
        "that only a steep one can be told from none."
    )
    there = [one for one in found if not one.empty]
    pictures = [shown for one in there if (shown := _picture(one, pivot)) is not None]
    tables = [_slopes(one, pivot) for one in there]
    folded = [_points_table(one, pivot) for one in there]
    return Section("distance", _TITLE, lead, tuple(pictures), tuple(tables), tuple(folded), why(found, tables))


def _picture(found: Distance, pivot: str) -> Picture | None:
    transfer = [point for point in found.points if point.exposure == "transfer"]
    if not transfer:
        return None
    tiers = sorted({point.tier for point in transfer})
    panels: list[tuple[str, list[Cloud]]] = []
    lines: list[tuple[float, float] | None] = []
    for task in dict.fromkeys(point.task for point in transfer):
        own = [point for point in transfer if point.task == task]
        for measure in MEASURES:
            clouds = [Cloud(tier, tuple(_point(one, measure) for one in own if one.tier == tier)) for tier in tiers]
            panels.append((f"{task_title(task)}\n{_from(measure, pivot)}", clouds))
            lines.append(_line(found, task, measure, own))
    return scatter(
        f"distance-{found.budget}",
        f"Gain of languages not trained on, by typological distance ({found.budget})",
        panels,
        x="distance (syntax_knn, 0 to 1)",
        y="gain, percentage points",
        lines=lines,
    )


def _point(one: DistancePoint, measure: Measure) -> tuple[float, float, Number]:
    return _distance(one, measure), known(one.gain) or 0.0, one.gain


def _distance(one: DistancePoint, measure: Measure) -> float:
    return one.to_pivot if measure == "pivot" else one.to_nearest


def _line(found: Distance, task: str, measure: Measure, points: Sequence[DistancePoint]) -> tuple[float, float] | None:
    """Intercept and slope in points; the line goes through the middle of the points, as slopes are within strata."""
    wanted = (measure, "transfer", task)
    slope = next((one.slope for one in found.slopes if (one.measure, one.scope, one.task) == wanted), None)
    if slope is None or (value := known(slope)) is None:
        return None
    centre = fmean(_distance(one, measure) for one in points)
    return 100 * (fmean(known(one.gain) or 0.0 for one in points) - value * centre), 100 * value


def _slopes(found: Distance, pivot: str) -> Table:
    rows = tuple(
        (
            _from(one.measure, pivot),
            "not trained on" if one.scope == "transfer" else "all",
            task_title(one.task),
            one.slope,
            ", ".join(one.languages),
        )
        for one in found.slopes
    )
    left = (
        f"No distance is known of {', '.join(found.left_out)}: points with them are left out." if found.left_out else ""
    )
    columns = ("distance", "evaluated languages", "task", "slope [95 %]", "over")
    title = f"Change in gain from distance 0 to 1, as a share ({found.budget})"
    return Table(f"distance-{found.budget}", title, columns, rows, words=3, note=left)


def _points_table(found: Distance, pivot: str) -> Table:
    rows = tuple(
        (
            task_title(one.task),
            model_title(one.model),
            one.mixture,
            one.lang,
            one.exposure,
            f"{one.to_pivot:.3f}",
            f"{one.to_nearest:.3f} ({one.nearest})",
            one.gain,
        )
        for one in found.points
    )
    columns = ("task", "model", "mixture", "evaluated", "kind", f"from {pivot}", "from the nearest", "gain [95 %]")
    return Table(f"distance-points-{found.budget}", f"Every configuration ({found.budget})", columns, rows, words=5)


def _from(measure: Measure, pivot: str) -> str:
    return f"from {pivot}" if measure == "pivot" else "from the nearest trained on"
