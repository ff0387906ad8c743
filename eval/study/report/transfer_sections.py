"""Heatmaps and zero-shot pairs as parts of a study's report."""

from __future__ import annotations

from collections.abc import Sequence

from ...numbers import probability
from ..analysis.evidence import Number
from ..analysis.heatmaps import Heatmap, Heatmaps
from ..analysis.pairs import POOLED
from ..analysis.zero_shot import ZeroShot, ZeroShotPair
from .figure_canvas import Picture
from .figures import Cloud, Field, heatmaps, scatter
from .gain_sections import model_title, task_title, why
from .sections import Section
from .tables import Table, known

_ACROSS = 3
_PAPER_ZERO_SHOT = (
    "The paper, by t-tests: high-resource languages match or exceed in 87.5, 100 and 100 % of cases at L = 4, 6 and 9; "
    "low-resource ones at L = 9 are indistinguishable in 62.5 % and never better."
)


def heatmap_section(found: Sequence[Heatmaps], pivot: str) -> Section:
    """What each language added brings to each evaluated language."""
    lead = (
        f"Rows: what was trained on, {pivot} alone and with one more language; columns: the evaluated language; the "
        "change in percentage points. A single model’s intervals are of its items, its run taken as it is; those of a "
        "mean over models know that runs are noisy."
    )
    pictures: list[Picture] = []
    tables: list[Table] = []
    folded: list[Table] = []
    for one in found:
        for task in dict.fromkeys(part.task for part in one.maps):
            own = [part for part in one.maps if part.task == task]
            pictures.append(_heat_picture(one.budget, task, own, pivot))
            for part in own:
                (tables if part.model == POOLED or len(own) == 1 else folded).append(
                    _heat_table(one.budget, part, pivot)
                )
    title = "What one language brings to another"
    return Section("heatmaps", title, lead, tuple(pictures), tuple(tables), tuple(folded), why(found, tables))


def zero_shot_section(found: Sequence[ZeroShot]) -> Section:
    """Languages left out of larger mixtures against direct bilingual training."""
    pictures, tables, folded = [], [], []
    for one in (one for one in found if not one.empty):
        pictures.append(_zero_shot_picture(one))
        tables.append(_groups_table(one))
        folded.append(_pairs_table(one))
    margin = f"{100 * found[0].margin:g}" if found else "5"
    lead = (
        "A language left out of a larger mixture against the same language trained on beside the pivot: a point a "
        "pair, on the dashed line where both are as good. Tests are on the same items, clustered by problem or "
        f"dialogue, adjusted by Holm’s method within a model and task; equivalent: within ±{margin} points by two "
        "one-sided tests. A p that is not small shows nothing by itself: “not settled”."
    )
    title = "Left out, or trained on"
    return Section("zero-shot", title, lead, tuple(pictures), tuple(tables), tuple(folded), why(found, tables))


def _heat_picture(budget: str, task: str, maps: Sequence[Heatmap], pivot: str) -> Picture:
    every = [source for one in maps for source in one.sources]
    fields = []
    for one in maps:
        rows = _ordered(every, one, pivot)
        values = tuple(_changes(one, source) for source in rows)
        fields.append(Field(model_title(one.model), tuple(_source(row, pivot) for row in rows), one.targets, values))
    title = f"{task_title(task)}: change {_since(maps[0], pivot)}, percentage points ({budget})"
    across = min(len(fields), _ACROSS)
    return heatmaps(f"heatmap-{task}-{budget}", title, fields, across=across, x="evaluated in", y="trained on")


def _heat_table(budget: str, one: Heatmap, pivot: str) -> Table:
    rows = tuple((_source(source, pivot), *_changes(one, source)) for source in _ordered(one.sources, one, pivot))
    return Table(
        f"heatmap-{one.task}-{one.model}-{budget}".replace("/", "-"),
        f"{task_title(one.task)}, {model_title(one.model)}: change {_since(one, pivot)} ({budget})",
        ("trained on", *one.targets),
        rows,
        shaded=True,
    )


def _ordered(sources: Sequence[str], one: Heatmap, pivot: str) -> list[str]:
    """Sources, each once: the pivot, then as the evaluated languages are, then the others."""
    order = [pivot, *one.targets]
    return sorted(dict.fromkeys(sources), key=lambda source: order.index(source) if source in order else len(order))


def _changes(one: Heatmap, source: str) -> tuple[Number | None, ...]:
    """A row of a heatmap; None where nothing was measured."""
    cells = (one.cell(source, target) for target in one.targets)
    return tuple(None if cell is None else cell.change for cell in cells)


def _since(one: Heatmap, pivot: str) -> str:
    return "from the checkpoint before training" if one.baseline == "pretrained" else f"from {pivot} alone"


def _source(source: str, pivot: str) -> str:
    return pivot if source == pivot else f"{pivot} + {source}"


def _zero_shot_picture(found: ZeroShot) -> Picture:
    panels = []
    for size in sorted({pair.size for pair in found.pairs}):
        own = [pair for pair in found.pairs if pair.size == size]
        tiers = sorted({pair.tier for pair in found.pairs})
        panels.append((f"L = {size}", [Cloud(tier, _points(own, tier)) for tier in tiers]))
    title = f"Left out of a larger mixture, or trained on directly ({found.budget})"
    return scatter(
        f"zero-shot-{found.budget}",
        title,
        panels,
        x="trained on directly, right, %",
        y="left out, right, %",
        diagonal=True,
    )


def _points(pairs: Sequence[ZeroShotPair], tier: str) -> tuple[tuple[float, float, Number], ...]:
    return tuple(
        (direct, zero, pair.difference)
        for pair in pairs
        if pair.tier == tier
        and (direct := known(pair.direct)) is not None
        and (zero := known(pair.zero_shot)) is not None
    )


def _groups_table(found: ZeroShot) -> Table:
    rows = tuple(
        (
            one.tier,
            f"L = {one.size}" if one.size else "all L",
            task_title(one.task),
            one.mean,
            one.reaching,
            one.not_worse,
            one.better,
            one.worse,
            one.equivalent,
        )
        for one in found.groups
    )
    columns = (
        "tier",
        "left out at",
        "task",
        "mean difference",
        "as many right or more, %",
        "no significant loss, %",
        "better, %",
        "worse, %",
        "equivalent, %",
    )
    title = f"Left out less trained on directly ({found.budget})"
    return Table(f"zero-shot-{found.budget}", title, columns, rows, words=3, note=_PAPER_ZERO_SHOT)


def _pairs_table(found: ZeroShot) -> Table:
    rows = tuple(
        (
            task_title(one.task),
            one.model,
            one.lang,
            one.mixture,
            one.zero_shot,
            one.direct,
            one.difference,
            probability(one.p_holm),
            one.outcome,
        )
        for one in found.pairs
    )
    columns = (
        "task",
        "model",
        "language",
        "left out of",
        "left out, %",
        "direct, %",
        "difference",
        "p (Holm)",
        "outcome",
    )
    return Table(f"zero-shot-pairs-{found.budget}", f"Every pair ({found.budget})", columns, rows, words=4)
