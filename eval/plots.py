"""Plots by matplotlib: SVG that stands in a page as it is, and PNG. The same values give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart in grey too, and by those who do not see red or green (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
MARKERS = "osD^"
INK, LINE = "#1d2226", "#dfe2e4"
# In a page, a style element would hold for all of it, and the groups' names would stand there once a plot.
_ALONE = re.compile(r'<defs>\s*<style.*?</style>\s*</defs>| id="[a-z]+\d*_\d+"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its interval, on the line ``label``."""

    label: str
    value: float
    low: float
    high: float


def accuracy_svg(series: Mapping[str, Sequence[Bar]], title: str) -> Markup:
    """Accuracies (shares) with their intervals: a line a label, a colour a series."""
    labels = list(dict.fromkeys(bar.label for bars in series.values() for bar in bars))
    with drawing(len(labels)) as (figure, axes):
        for number, (name, bars) in enumerate(series.items()):
            shift = 0.22 * (number - (len(series) - 1) / 2)
            places = [labels.index(bar.label) + shift for bar in bars]
            _whiskers(axes, bars, places, number, name)
        axes.set_xlim(0, 100)
        axes.set_xlabel("right, % (with 95 % interval)")
        if len(series) > 1:
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(series), frameon=False)
        _label_lines(axes, labels)
        return svg_of(figure, title)


def difference_svg(bars: Sequence[Bar], margin: float, title: str) -> Markup:
    """Differences (shares, second less first) with their intervals, around the band within ``margin``."""
    with drawing(len(bars)) as (figure, axes):
        _differences(axes, bars, margin)
        return svg_of(figure, title)


def difference_png(bars: Sequence[Bar], margin: float) -> bytes:
    """What :func:`difference_svg` shows, as a PNG."""
    with drawing(len(bars)) as (figure, axes):
        _differences(axes, bars, margin)
        data = BytesIO()
        figure.savefig(data, format="png", dpi=150, metadata={"Software": None})
        return data.getvalue()


def _differences(axes: Axes, bars: Sequence[Bar], margin: float) -> None:
    axes.axvspan(-100 * margin, 100 * margin, color="#eef3f4", zorder=0)
    axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
    _whiskers(axes, bars, list(range(len(bars))), 0, "")
    reach = 1.1 * 100 * max(2 * margin, *(max(abs(bar.low), abs(bar.high)) for bar in bars))
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(f"B less A, percentage points (95 % interval; shaded: within {100 * margin:g})")
    _label_lines(axes, [bar.label for bar in bars])


def _whiskers(axes: Axes, bars: Sequence[Bar], places: Sequence[float], number: int, name: str) -> None:
    errors = [[100 * (bar.value - bar.low) for bar in bars], [100 * (bar.high - bar.value) for bar in bars]]
    axes.errorbar(
        [100 * bar.value for bar in bars],
        places,
        # A percentile interval need not hold its value.
        xerr=[[max(0.0, error) for error in side] for side in errors],
        fmt=MARKERS[number % len(MARKERS)],
        color=COLOURS[number % len(COLOURS)],
        markersize=5,
        capsize=2.5,
        linewidth=1.3,
        label=name,
        zorder=3,
    )


def _label_lines(axes: Axes, labels: Sequence[str]) -> None:
    """A line a label, the first on top."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x", color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


@contextmanager
def drawing(lines: int) -> Iterator[tuple[Figure, Axes]]:
    """An empty figure of as many lines, with settings that neither the user nor the clock change."""
    import matplotlib
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none",  # letters stay letters: they can be read aloud, searched and copied
        "svg.hashsalt": "mlt",
        "text.parse_math": False,
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.edgecolor": LINE,
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        figure = Figure(figsize=(8, 1.2 + 0.42 * lines), layout="constrained")
        yield figure, figure.add_subplot()


def svg_of(figure: Figure, title: str) -> Markup:
    """A figure as SVG for a page, without what would change from one drawing to the next; ``title`` is read aloud."""
    from markupsafe import Markup, escape

    data = BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(data, format="svg", metadata=nothing)
    text = data.getvalue().decode()
    bare = _ALONE.sub("", text[text.index("<svg") :])
    return Markup(bare.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1))
