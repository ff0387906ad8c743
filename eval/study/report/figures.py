"""The kinds of figures in a study's report: curves, lines of intervals, scatters and heatmaps, drawn by matplotlib.

Values are :class:`Number` objects; shares and differences are drawn in percent and points. Every mark leads to the
evidence of its number where the figure stands in a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...plots import INK, LINE
from ..analysis.evidence import Number
from .figure_canvas import COLOURS, MARKERS, Picture, canvas, picture, plain
from .tables import bounds, evidence_link, known, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MUTED = "#59626b"
_FEW = 3
"""More lines than these overlap too much for strong bands."""
_ROOM = 2.2
"""How many times the farthest difference an axis reaches: intervals of few runs would flatten all else."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series of a panel: (x, number) in the order of x, with the numbers' intervals as a band.

    ``edges``: (x, (low, high)) of another interval, in shares, drawn as dotted lines.
    """

    name: str
    points: tuple[tuple[float, Number], ...]
    edges: tuple[tuple[float, tuple[float, float]], ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several small plots that share their axes."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of :func:`intervals`; ``paper``: the published value, in the number's unit."""

    label: str
    number: Number
    series: str = ""
    paper: float | None = None


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points of a scatter: (x, y, number behind the point)."""

    name: str
    points: tuple[tuple[float, float, Number], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A heatmap: ``values[row][column]``, None where nothing was measured."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Number | None, ...], ...]


def curves(
    name: str, title: str, panels: Sequence[Panel], *, across: int, x: str, y: str, zero: bool = False
) -> Picture:
    """Small multiples, ``across`` in a row; ``zero``: differences around a line at 0, else shares from 0 to 100."""
    down = -(-len(panels) // across)
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    numbers = [number for panel in panels for line in panel.lines for _, number in line.points]
    values = [drawn(number, value) for number in numbers if (value := known(number)) is not None]
    reach = max(5.0, _ROOM * max(map(abs, values), default=0.0))
    ticks = sorted({place for panel in panels for line in panel.lines for place, _ in line.points})
    with canvas(max(4.6, min(2.7 * across, 12) + 0.8), 2.3 * down + 0.8) as figure:
        grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            for line in panel.lines:
                _curve(axes, line, names.index(line.name), 0.2 if len(panel.lines) <= _FEW else 0.07)
            if zero:
                axes.axhline(0, color=INK, linewidth=0.8, zorder=1)
                axes.set_ylim(-reach, reach)
            axes.set_title(panel.title, fontsize=9.5)
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            plain(axes)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_visible(False)
        _legend(figure, grid.flat[: len(panels)], len(names))
        figure.supxlabel(x, fontsize=9.5)
        figure.supylabel(y, fontsize=9.5)
        return picture(figure, name, title)


def intervals(name: str, title: str, entries: Sequence[Entry], *, x: str) -> Picture:
    """A line a label with the number and its interval, a colour a series; the paper's value as a hollow diamond."""
    labels = list(dict.fromkeys(entry.label for entry in entries))
    names = list(dict.fromkeys(entry.series for entry in entries))
    with canvas(9.5, 1.3 + 0.44 * len(labels)) as figure:
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
        for entry in entries:
            order = names.index(entry.series)
            _interval(axes, entry, labels.index(entry.label) + 0.2 * (order - (len(names) - 1) / 2), order)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        plain(axes, grid="x")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(x)
        _legend(figure, [axes], len(names) + 1)
        return picture(figure, name, title)


def scatter(
    name: str,
    title: str,
    panels: Sequence[tuple[str, Sequence[Cloud]]],
    *,
    x: str,
    y: str,
    diagonal: bool = False,
    lines: Sequence[tuple[float, float] | None] = (),
) -> Picture:
    """Panels side by side that share their axes. ``diagonal``: x and y are shares, and the line where they are the
    same is drawn; ``lines``: (intercept, slope) a panel, in points."""
    names = list(dict.fromkeys(cloud.name for _, clouds in panels for cloud in clouds))
    shares = [100 * place for _, clouds in panels for cloud in clouds for point in cloud.points for place in point[:2]]
    with canvas(max(4.8, min(3.1 * len(panels), 10.5) + 0.6), 3.9) as figure:
        grid = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)
        for number, (axes, (label, clouds)) in enumerate(zip(grid.flat, panels, strict=True)):
            for cloud in clouds:
                _cloud(axes, cloud, names.index(cloud.name), 100.0 if diagonal else 1.0)
            if diagonal:
                axes.axline((0, 0), slope=1, color=_MUTED, linewidth=0.9, linestyle="--", zorder=1)
                axes.set_aspect("equal", adjustable="box")
                axes.set_xlim(min(shares) - 4, max(shares) + 4)
                axes.set_ylim(min(shares) - 4, max(shares) + 4)
            else:
                axes.axhline(0, color=INK, linewidth=0.8, zorder=1)
            if number < len(lines) and (fitted := lines[number]) is not None:
                axes.axline((0, fitted[0]), slope=fitted[1], color=_MUTED, linewidth=1.2, zorder=2)
            axes.set_title(label, fontsize=9.5)
            plain(axes)
        _legend(figure, grid.flat, len(names))
        figure.supxlabel(x, fontsize=9.5)
        figure.supylabel(y, fontsize=9.5)
        return picture(figure, name, title)


def heatmaps(name: str, title: str, fields: Sequence[Field], *, across: int, x: str, y: str) -> Picture:
    """Heatmaps of differences with one scale around 0, their values written in."""
    from matplotlib.colors import LinearSegmentedColormap

    scale: Any = LinearSegmentedColormap.from_list("around 0", [COLOURS[1], "#ffffff", COLOURS[0]])
    found = [abs(known(cell) or 0.0) for field in fields for row in field.values for cell in row if cell]
    reach = max(found, default=0.0) or 0.01
    down = -(-len(fields) // across)
    wide = max(len(field.columns) for field in fields)
    high = max(len(field.rows) for field in fields)
    with canvas(max(4.8, min(across * (0.52 * wide + 1.1), 13)), down * (0.36 * high + 0.75) + 0.6) as figure:
        grid = figure.subplots(down, across, squeeze=False)
        for axes, field in zip(grid.flat, fields, strict=False):
            _field(axes, field, scale, reach)
        for axes in list(grid.flat)[len(fields) :]:
            axes.set_visible(False)
        figure.supxlabel(x, fontsize=9.5)
        figure.supylabel(y, fontsize=9.5)
        return picture(figure, name, title)


def drawn(number: Number, value: float) -> float:
    """A value in the number's unit as figures show it: shares and differences times 100."""
    return value * (100 if number.unit in ("share", "difference") else 1)


def _curve(axes: Axes, line: Line, order: int, strength: float) -> None:
    found = [(place, number, value) for place, number in line.points if (value := known(number)) is not None]
    if not found:
        return
    places = [place for place, _, _ in found]
    values = [drawn(number, value) for _, number, value in found]
    colour, marker = COLOURS[order % len(COLOURS)], MARKERS[order % len(MARKERS)]
    axes.plot(places, values, color=colour, linewidth=1.4, zorder=3)
    marks = axes.scatter(places, values, s=17, color=colour, marker=marker, label=line.name, zorder=4)
    marks.set_urls([evidence_link(number) for _, number, _ in found])
    bands = [(place, number, ends) for place, number, _ in found if (ends := bounds(number)) is not None]
    lows, highs = ([drawn(number, ends[side]) for _, number, ends in bands] for side in (0, 1))
    axes.fill_between([band[0] for band in bands], lows, highs, color=colour, alpha=strength, linewidth=0, zorder=2)
    for side in (0, 1):
        edge = [(place, 100 * ends[side]) for place, ends in line.edges]
        axes.plot([place for place, _ in edge], [end for _, end in edge], color=colour, linewidth=0.9, linestyle=":")


def _interval(axes: Axes, entry: Entry, place: float, order: int) -> None:
    number = entry.number
    if (value := known(number)) is None:
        return
    colour = COLOURS[order % len(COLOURS)]
    if (ends := bounds(number)) is not None:
        axes.plot([drawn(number, end) for end in ends], [place, place], color=colour, linewidth=1.5, zorder=3)
    # Two points: a collection of one is drawn without its link.
    at = [drawn(number, value)] * 2
    marks = axes.scatter(at, [place] * 2, s=26, color=colour, marker=MARKERS[order % len(MARKERS)], zorder=4)
    marks.set_urls([evidence_link(number)] * 2)
    marks.set_label(entry.series or "this study")
    if entry.paper is not None:
        style: dict[str, Any] = {"facecolors": "none", "edgecolors": INK, "marker": "D", "label": "the paper"}
        axes.scatter([drawn(number, entry.paper)], [place], s=44, zorder=5, **style)


def _cloud(axes: Axes, cloud: Cloud, order: int, scale: float) -> None:
    marks = axes.scatter(
        [scale * x for x, _, _ in cloud.points],
        [100 * y for _, y, _ in cloud.points],
        s=22,
        color=COLOURS[order % len(COLOURS)],
        marker=MARKERS[order % len(MARKERS)],
        alpha=0.75,
        linewidth=0,
        label=cloud.name,
        zorder=3,
    )
    marks.set_urls([evidence_link(number) for _, _, number in cloud.points])


def _field(axes: Axes, field: Field, scale: Any, reach: float) -> None:
    import numpy as np

    values = np.array(
        [[np.nan if cell is None or (value := known(cell)) is None else value for cell in row] for row in field.values]
    )
    axes.pcolormesh(np.ma.masked_invalid(values), cmap=scale, vmin=-reach, vmax=reach, edgecolors="white", linewidth=1)
    for row, cells in enumerate(field.values):
        for place, cell in enumerate(cells):
            if cell is not None and (value := known(cell)) is not None:
                strong = abs(value) > 0.6 * reach
                axes.text(
                    place + 0.5,
                    row + 0.5,
                    value_text(value, cell.unit),
                    ha="center",
                    va="center",
                    fontsize=7.5,
                    color="white" if strong else INK,
                    url=evidence_link(cell),
                )
    axes.set_xticks([place + 0.5 for place in range(len(field.columns))], field.columns, fontsize=8.5)
    axes.set_yticks([place + 0.5 for place in range(len(field.rows))], field.rows, fontsize=8.5)
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.set_title(field.title, fontsize=9.5)
    for spine in axes.spines.values():
        spine.set_color(LINE)


def _legend(figure: Any, grid: Any, columns: int) -> None:
    """One legend for all panels, where there is more than one name."""
    found: dict[str, Any] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if len(found) > 1:
        figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=min(columns, 5), frameon=False)
