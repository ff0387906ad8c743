"""How a check's scores are spread, counted shard by shard, and drawn; and how many rows a threshold would keep.

The bins are chosen from some of the values, the counts are exact over all of them: outliers count in the outer bins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .policy import Threshold

if TYPE_CHECKING:
    import numpy as np

MAX_BINS = 40
WIDTH, HEIGHT = 560, 176
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 24, 24
_SHARES = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5)
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class KeptAt(NamedTuple):
    """A threshold and the rows that a check alone would keep under it; ``current``: it is the policy's own."""

    threshold: float
    kept: int
    share: float
    current: bool


class Bar(NamedTuple):
    """A drawn bar, in units of the drawing; ``low`` and ``high`` are scores, of the outer bars the extreme ones."""

    x: float
    y: float
    width: float
    height: float
    beyond: bool
    low: float
    high: float
    rows: int


class Mark(NamedTuple):
    """A place on an axis, and the value that stands there."""

    place: float
    value: float


@dataclass(frozen=True)
class Drawing:
    """What a template needs to draw a histogram. The heights are logarithmic: rows beyond a threshold are few."""

    bars: list[Bar]
    x_ticks: list[Mark]
    y_ticks: list[Mark]
    minimum: Mark | None
    maximum: Mark | None
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


class Histogram:
    """Counts of scores in at most :data:`MAX_BINS` bins, within the bounds and beyond them.

    ``pilot``: some finite scores, which decide the bins and the thresholds to try. ``direction`` as a check has it.
    """

    def __init__(self, pilot: np.ndarray[Any, Any], bounds: Threshold, direction: str) -> None:
        import numpy as np

        self.bounds = bounds
        self.edges = _edges(pilot, bounds)
        self.inside = np.zeros(len(self.edges) - 1, dtype=np.int64)
        self.beyond = np.zeros_like(self.inside)
        self.lowest, self.highest = math.inf, -math.inf
        self._tried = {
            kind: dict.fromkeys(_thresholds(pilot, kind, getattr(bounds, kind)), 0)
            for kind, direction_of in (("min", "low"), ("max", "high"))
            if direction in (direction_of, "both")
        }

    @property
    def count(self) -> int:
        """The number of scores."""
        return int(self.inside.sum() + self.beyond.sum())

    def add(self, values: np.ndarray[Any, Any]) -> None:
        """Count scores: numbers without NaN."""
        import numpy as np

        if not len(values):
            return
        outside = _outside(values, self.bounds.min, self.bounds.max)
        places = np.clip(np.searchsorted(self.edges, values, side="right") - 1, 0, len(self.inside) - 1)
        self.inside += np.bincount(places[~outside], minlength=len(self.inside))
        self.beyond += np.bincount(places[outside], minlength=len(self.inside))
        self.lowest, self.highest = min(self.lowest, float(values.min())), max(self.highest, float(values.max()))
        for kind, failing in self._tried.items():
            for threshold in failing:
                low, high = (threshold, self.bounds.max) if kind == "min" else (self.bounds.min, threshold)
                failing[threshold] += int(np.count_nonzero(_outside(values, low, high)))

    def kept_at(self, rows: int) -> dict[str, list[KeptAt]]:
        """``min`` or ``max`` (or both) -> thresholds, the most lenient first, with what each would keep of ``rows``.

        The other bound stays as it is. A row without a score is kept at any threshold.
        """
        tables = {}
        for kind, failing in self._tried.items():
            current = getattr(self.bounds, kind)
            entries = [
                KeptAt(threshold, rows - n, (rows - n) / rows if rows else 0.0, threshold == current)
                for threshold, n in failing.items()
            ]
            tables[kind] = sorted(entries, key=lambda entry: entry.threshold, reverse=kind == "max")
        return tables

    def drawing(self) -> Drawing:
        """The bars, axes and threshold lines."""
        low, high = float(self.edges[0]), float(self.edges[-1])
        tallest = math.log10(1 + max(int(self.inside.max()), int(self.beyond.max()), 1))

        def across(value: float) -> float:
            return round(_LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT), 2)

        def up(count: float) -> float:
            return round(HEIGHT - _BOTTOM - math.log10(1 + count) / tallest * (HEIGHT - _TOP - _BOTTOM), 2)

        bars = [
            Bar(
                across(start),
                up(count),
                round(max(across(end) - across(start) - 0.8, 0.8), 2),
                round(HEIGHT - _BOTTOM - up(count), 2),
                beyond,
                float(self.edges[index]) if index else min(low, self.lowest),
                float(self.edges[index + 1]) if index + 1 < len(self.inside) else max(high, self.highest),
                count,
            )
            for index, start, end, count, beyond in self._pieces()
        ]
        most = max(int(self.inside.max()), int(self.beyond.max()))
        step = 1 if most < 10_000 else 2
        powers = (10.0**power for power in range(0, 12, step) if 10**power <= most)
        minimum, maximum = (
            None if value is None else Mark(across(value), value) for value in (self.bounds.min, self.bounds.max)
        )
        return Drawing(
            bars, [Mark(across(x), x) for x in _ticks(low, high)], [Mark(up(n), n) for n in powers], minimum, maximum
        )

    def _pieces(self) -> Iterator[tuple[int, float, float, int, bool]]:
        """(bin, from, to, count, beyond): a bin that a threshold cuts has two pieces, side by side."""
        for index in range(len(self.inside)):
            start, end = float(self.edges[index]), float(self.edges[index + 1])
            within, without = int(self.inside[index]), int(self.beyond[index])
            if within and without:
                minimum = self.bounds.min
                above = minimum is not None and minimum >= start
                cut = minimum if above and minimum is not None else self.bounds.max
                share = min(max(((cut if cut is not None else start) - start) / (end - start), 0.2), 0.8)
                middle = start + share * (end - start)
                yield index, start, middle, without if above else within, above
                yield index, middle, end, within if above else without, not above
            elif within or without:
                yield index, start, end, within or without, bool(without)


def _outside(values: np.ndarray[Any, Any], low: float | None, high: float | None) -> np.ndarray[Any, Any]:
    import numpy as np

    outside = np.zeros(len(values), dtype=bool)
    if low is not None:
        outside |= values < low
    if high is not None:
        outside |= values > high
    return outside


def _edges(pilot: np.ndarray[Any, Any], bounds: Threshold) -> np.ndarray[Any, Any]:
    """Bins of one round width, over the bulk of the values and the bounds."""
    import numpy as np

    low, high = _span(pilot, [bound for bound in (bounds.min, bounds.max) if bound is not None])
    width = (high - low) / (MAX_BINS - 2)
    power = 10.0 ** math.floor(math.log10(width))
    step = next(step * power for step in _STEPS if step * power >= width * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    edges: np.ndarray[Any, Any] = np.arange(first, last + 1) * step
    return edges


def _span(pilot: np.ndarray[Any, Any], bounds: list[float]) -> tuple[float, float]:
    """From where to where to draw: the bulk of the values, outliers within the bulk's own width, every bound."""
    import numpy as np

    low, high = (float(value) for value in np.quantile(pilot, [0.005, 0.995])) if len(pilot) else (0.0, 1.0)
    if len(pilot):
        bulk = high - low
        low, high = max(float(pilot.min()), low - bulk), min(float(pilot.max()), high + bulk)
    low, high = min([low, *bounds]), max([high, *bounds])
    if high - low < 1e-9 * max(1.0, abs(low), abs(high)):
        margin = max(0.5, abs(low) / 2)
        return low - margin, high + margin
    margin = 0.04 * (high - low)
    return (low - margin if low in bounds else low), (high + margin if high in bounds else high)


def _thresholds(pilot: np.ndarray[Any, Any], kind: str, current: float | None) -> list[float]:
    """Thresholds to try: where few of the values lie beyond, in three digits, and the policy's own."""
    import numpy as np

    shares = np.array(_SHARES) if kind == "min" else 1 - np.array(_SHARES)
    found = {float(f"{value:.3g}") for value in np.quantile(pilot, shares)} if len(pilot) else set()
    return sorted(found | ({current} if current is not None else set()))


def _ticks(low: float, high: float) -> list[float]:
    """About six round values from ``low`` to ``high``."""
    width = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(width))
    step = next(step * power for step in _STEPS if step * power >= width * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]
