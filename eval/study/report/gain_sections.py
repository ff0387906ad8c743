"""Coverage curves, gains by tier and the bilingual table as parts of a study's report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...report import TITLES
from ..analysis.bilingual import Bilingual, Contrast
from ..analysis.coverage import Coverage, CoverageCurve
from ..analysis.pairs import POOLED
from ..analysis.tier_gains import TierGain, TierGains
from .figure_canvas import Picture
from .figures import Entry, Line, Panel, curves, intervals
from .sections import Section
from .tables import Table, Value, bounds, value_text

_ACROSS = 5
_SHARE, _POINTS = "right, %", "percentage points"
_PAPER_MEDIANS: Mapping[tuple[str, str], float] = {
    ("direct", "api"): 0.0927,
    ("direct", "math"): 0.084,
    ("transfer", "api"): 0.0338,
    ("transfer", "math"): 0.016,
    ("pivot", "api"): 0.0088,
    ("pivot", "math"): 0.034,
}
_PAPER_WINS: Mapping[str, tuple[int, int]] = {"direct": (35, 40), "transfer": (119, 160), "pivot": (30, 40)}
"""Wins of configurations; the counts are those of which the paper's percentages and intervals are made."""


def coverage_section(found: Sequence[Coverage]) -> Section:
    """Accuracy against the number of languages, by tier and by language."""
    lead = (
        "Accuracy against L, the number of languages trained on; L = 0 is the checkpoint before training. The band is "
        "Wilson’s interval of the pooled answers; dotted, and wider as a rule: an interval that knows that the same "
        "items are asked in several languages. Neither knows what another seed would give."
    )
    title = "Accuracy by number of languages"
    pictures: list[Picture] = []
    tables: list[Table] = []
    folded: list[Table] = []
    for one in found:
        if one.empty:
            continue
        pictures += [_coverage_picture(one, one.by_tier, "tier"), _coverage_picture(one, one.by_language, "language")]
        tables.append(_coverage_table(one, one.by_tier, "tier", clustered=False))
        folded.append(_coverage_table(one, one.by_tier, "tier", clustered=True))
        folded.append(_coverage_table(one, one.by_language, "language", clustered=False))
    return Section("coverage", title, lead, tuple(pictures), tuple(tables), tuple(folded), why(found, tables))


def tier_section(found: Sequence[TierGains], pivot: str) -> Section:
    """Gains over the pivot alone by tier and number of languages."""
    lead = (
        f"Mean change against training on {pivot} alone, same model, task, budget and seed, by the resource tier of "
        f"the evaluated language; {pivot} stands by itself. Intervals know the noise of runs and of items; "
        "those of few runs reach beyond the figure."
    )
    pictures, tables, folded = [], [], []
    for one in (one for one in found if not one.empty):
        pooled = [gain for gain in one.gains if gain.model == POOLED] or list(one.gains)
        pictures.append(_tier_picture(one.budget, pooled, pivot))
        tables.append(_tier_table(f"tier-gains-{one.budget}", f"Gain over {pivot} alone ({one.budget})", pooled))
        if single := [gain for gain in one.gains if gain not in pooled]:
            name = f"Gain over {pivot} alone, by model ({one.budget})"
            folded.append(_tier_table(f"tier-gains-models-{one.budget}", name, single))
    title = "Gain by resource tier"
    return Section("tiers", title, lead, tuple(pictures), tuple(tables), tuple(folded), why(found, tables))


def bilingual_section(found: Sequence[Bilingual], pivot: str) -> Section:
    """One more language against the pivot alone."""
    lead = (
        f"Mixtures of {pivot} and one more language against {pivot} alone, in the language added (direct), in "
        f"languages in neither (transfer), and in {pivot}. A configuration is a model, a task, a mixture and an "
        "evaluated language; it wins where strictly more items are right. The verdicts above rest on the mean, whose "
        "interval knows that runs are noisy; the paper reports the median."
    )
    pictures, tables, folded = [], [], []
    for one in (one for one in found if not one.empty):
        pictures.append(_bilingual_picture(one, pivot))
        tables.append(_bilingual_table(one, pivot))
        folded.append(_changes_table(one, pivot))
    title = "One more language"
    return Section("bilingual", title, lead, tuple(pictures), tuple(tables), tuple(folded), why(found, tables))


def why(found: Iterable[Any], tables: Sequence[Table]) -> str:
    """Why a section is empty: the reasons of its analyses, each once; "" where it has a table."""
    reasons = dict.fromkeys(f"{one.empty[:1].upper()}{one.empty[1:]}." for one in found if one.empty)
    return "" if tables else " ".join(reasons) or "No run is finished."


def task_title(task: str) -> str:
    """A task as people call it; all of them where it is pooled."""
    return "all tasks" if task == POOLED else TITLES.get(task, task)


def model_title(model: str) -> str:
    """A model, or all of them where it is pooled."""
    return "all models" if model == POOLED else model


def by_size(
    key: str, title: str, rows: Mapping[tuple[str, ...], Mapping[int, Value]], heads: Sequence[str], note: str = ""
) -> Table:
    """A table with a row a name and a column a number of languages."""
    sizes = sorted({size for row in rows.values() for size in row})
    columns = (*heads, *(f"L = {size}" if size else "before" for size in sizes))
    body = tuple((*name, *(row.get(size) for size in sizes)) for name, row in rows.items())
    return Table(key, title, columns, body, words=len(heads), note=note)


def _coverage_picture(found: Coverage, own: Sequence[CoverageCurve], kind: str) -> Picture:
    panels: dict[tuple[str, str], list[Line]] = {}
    for curve in sorted(own, key=lambda curve: (curve.lang != "en", curve.lang or curve.tier)):
        points = tuple((float(point.size), point.accuracy) for point in curve.points)
        edges = [(float(point.size), bounds(point.clustered)) for point in curve.points]
        drawn = tuple((place, ends) for place, ends in edges if ends is not None)
        line = Line(curve.lang or curve.tier, points, () if curve.lang else drawn)
        panels.setdefault((curve.task, curve.model), []).append(line)
    places = list(dict.fromkeys(name for curve in own for name in (curve.task, curve.model)))
    ordered = sorted(panels, key=lambda panel: [places.index(name) for name in panel])
    across = min(len({model for _, model in ordered}), _ACROSS)
    drawn_panels = [Panel(f"{model}\n{task_title(task)}", tuple(panels[task, model])) for task, model in ordered]
    name, title = f"coverage-{kind}-{found.budget}", f"Accuracy by number of languages and {kind} ({found.budget})"
    return curves(name, title, drawn_panels, across=across, x="L: languages trained on (0: before training)", y=_SHARE)


def _coverage_table(found: Coverage, own: Sequence[CoverageCurve], kind: str, *, clustered: bool) -> Table:
    rows: dict[tuple[str, ...], dict[int, Value]] = {
        (task_title(curve.task), curve.model, curve.lang or curve.tier): {
            point.size: point.clustered if clustered else point.accuracy for point in curve.points
        }
        for curve in own
    }
    suffix, words = ("-clustered", "item-clustered") if clustered else ("", "Wilson’s")
    title = f"Right, %, by {kind}, with {words} intervals ({found.budget})"
    return by_size(f"coverage-{kind}-{found.budget}{suffix}", title, rows, ("task", "model", kind))


def _tier_picture(budget: str, gains: Sequence[TierGain], pivot: str) -> Picture:
    panels: dict[tuple[str, str], dict[str, list[TierGain]]] = {}
    for gain in sorted(gains, key=lambda gain: (gain.tier != pivot, gain.tier, gain.size)):
        panels.setdefault((gain.task, gain.model), {}).setdefault(gain.tier, []).append(gain)
    drawn = [
        Panel(
            f"{task_title(task)}\n{model_title(model)}",
            tuple(Line(tier, tuple((float(one.size), one.gain) for one in own)) for tier, own in tiers.items()),
        )
        for (task, model), tiers in panels.items()
    ]
    title = f"Gain over {pivot} alone by resource tier ({budget})"
    across = min(len(drawn), _ACROSS)
    return curves(
        f"tier-gains-{budget}", title, drawn, across=across, x="L: languages trained on", y=_POINTS, zero=True
    )


def _tier_table(key: str, title: str, gains: Sequence[TierGain]) -> Table:
    rows: dict[tuple[str, ...], dict[int, Value]] = {}
    for gain in gains:
        rows.setdefault((task_title(gain.task), model_title(gain.model), gain.tier), {})[gain.size] = gain.gain
    return by_size(key, title, rows, ("task", "model", "tier"), "Percentage points [95 %].")


def _bilingual_picture(found: Bilingual, pivot: str) -> Picture:
    entries = []
    for one in found.contrasts:
        label = f"{_kind(one, pivot)}, {task_title(one.task)}"
        entries.append(Entry(label, one.median, "median", _PAPER_MEDIANS.get((one.kind, one.task))))
        entries.append(Entry(label, one.mean, "mean"))
    name, title = f"bilingual-{found.budget}", f"One more language against {pivot} alone ({found.budget})"
    return intervals(name, title, entries, x="change, percentage points (95 % interval; hollow: the paper’s median)")


def _bilingual_table(found: Bilingual, pivot: str) -> Table:
    rows: list[tuple[Value, ...]] = []
    for one in found.contrasts:
        median = _PAPER_MEDIANS.get((one.kind, one.task))
        wins = _PAPER_WINS[one.kind] if one.task == POOLED else None
        rows.append(
            (
                _kind(one, pivot),
                task_title(one.task),
                one.median,
                one.median_items,
                one.mean,
                one.wins,
                f"{one.won} / {one.tied} / {one.lost}",
                "" if median is None else value_text(median, "difference"),
                "" if wins is None else f"{value_text(wins[0] / wins[1], 'share')} ({wins[0]} of {wins[1]})",
            )
        )
    columns = (
        "evaluated language",
        "task",
        "median [over runs]",
        "median [over items]",
        "mean [runs and items]",
        "wins, % [Wilson]",
        "won / tied / lost",
        "the paper’s median",
        "the paper’s wins, %",
    )
    title = f"One more language against {pivot} alone ({found.budget})"
    return Table(
        f"bilingual-{found.budget}", title, columns, tuple(rows), words=2, note="Changes in percentage points."
    )


def _changes_table(found: Bilingual, pivot: str) -> Table:
    rows = tuple(
        (
            task_title(one.task),
            one.model,
            f"{pivot} + {one.added}",
            one.lang,
            one.tier,
            one.kind,
            one.number,
            one.outcome,
        )
        for one in found.changes
    )
    columns = ("task", "model", "mixture", "evaluated", "tier", "kind", "change [95 %]", "outcome")
    title = f"Every configuration ({found.budget})"
    return Table(f"bilingual-changes-{found.budget}", title, columns, rows, words=6)


def _kind(one: Contrast, pivot: str) -> str:
    return {"direct": "the one added (direct)", "transfer": "in neither (transfer)"}.get(one.kind, pivot)
