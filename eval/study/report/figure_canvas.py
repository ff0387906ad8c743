"""Figures of a study as SVG and PNG: matplotlib with fixed settings, so that the same numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ... import plots
from ...plots import LINE, drawing, svg_of

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (*plots.COLOURS, "#e69f00", "#56b4e9", "#444b52")
MARKERS = (*plots.MARKERS, *"vPX")
_DPI = 150


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure by its file's ``name``; the links in ``svg`` are those of a page beside numbers.html."""

    name: str
    title: str
    svg: Markup
    png: bytes

    @property
    def alone(self) -> bytes:
        """The SVG as a file in a folder of the report's."""
        return f"{self.svg}\n".replace('href="numbers.html#', 'href="../numbers.html#').encode()


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """An empty figure, in inches, with the settings of every plot of this program."""
    with drawing(1) as (figure, _):
        figure.clear()
        figure.set_size_inches(width, height)
        yield figure


def picture(figure: Figure, name: str, title: str) -> Picture:
    """A figure of :func:`canvas`, still inside its block, as a picture."""
    data = BytesIO()
    figure.savefig(data, format="png", dpi=_DPI, metadata={"Software": None})
    figure.set_layout_engine("none")  # all stands in its place now; to find it once more takes as long as to draw
    return Picture(name, title, svg_of(figure, title), data.getvalue())


def plain(axes: Axes, *, grid: Any = "both") -> None:
    """Axes with a light grid and no box."""
    axes.grid(axis=grid, color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
