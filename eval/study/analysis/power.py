"""The chance that a study with this one's standard error had to find an effect of a given size."""

from __future__ import annotations

import math

LEVEL = 0.95


def power(effect: float, error: float, freedom: float, *, bound: float = 0.0, above: bool = True) -> float | None:
    """How often the 95 % interval (t) would lie wholly above ``bound`` (below it: ``above=False``), were ``effect``
    true; all in one unit.

    That the error was estimated from the same data makes the answer rough. None where the error is not known or 0.
    """
    from scipy.stats import nct, t

    if not (error > 0 and freedom > 0 and math.isfinite(error)):
        return None
    away = (effect - bound) / error * (1 if above else -1)
    least = float(t.ppf((1 + LEVEL) / 2, freedom))
    # scipy gives nan far from the centre, where the answer is 0 or 1.
    found = float(nct.sf(least, freedom, away))
    if math.isnan(found):
        return 1.0 if away > least else 0.0
    return min(max(found, 0.0), 1.0)
