"""Decisions from score columns alone: no record is read, no model is loaded.

A row is dropped by the first enabled check, in the order of the policy, whose score lies outside its bounds. A score
that is null, because the check abstained or does not cover the language, drops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .policy import Policy, Rule, Threshold

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

KEPT = -1


@dataclass(frozen=True)
class Decisions:
    """What becomes of a shard's rows. ``reasons``: per row an index into ``checks``, or :data:`KEPT`.

    ``failing``: how many rows lie outside a check's bounds, whatever else they fail; ``abstained``: how many have no
    score.
    """

    checks: tuple[str, ...]
    reasons: np.ndarray[Any, Any]
    failing: Mapping[str, int]
    abstained: Mapping[str, int]

    @property
    def kept(self) -> np.ndarray[Any, Any]:
        """Which rows are kept, as booleans."""
        mask: np.ndarray[Any, Any] = self.reasons == KEPT
        return mask

    def dropped(self) -> dict[str, int]:
        """How many rows each check has dropped as the first that they failed; checks that dropped none are left out."""
        import numpy as np

        counts = np.bincount(self.reasons[self.reasons != KEPT], minlength=len(self.checks))
        return {name: int(count) for name, count in zip(self.checks, counts, strict=True) if count}


def decide(table: pa.Table, policy: Policy, lang: str) -> Decisions:
    """The decisions on a scores table in a language. A check without a column decides nothing."""
    import numpy as np

    rules = [rule for rule in policy.enabled if rule.name in table.column_names]
    reasons = np.full(table.num_rows, KEPT, dtype=np.int16)
    failing, abstained = {}, {}
    for index, rule in enumerate(rules):
        column = table.column(rule.name)
        abstained[rule.name] = column.null_count
        outside = _outside(column, rule.threshold_for(lang))
        failing[rule.name] = 0 if outside is None else int(np.count_nonzero(outside))
        if failing[rule.name]:
            reasons[outside & (reasons == KEPT)] = index
    return Decisions(tuple(rule.name for rule in rules), reasons, failing, abstained)


def columns_for(policy: Policy) -> list[str]:
    """The columns that a decision reads."""
    return [rule.name for rule in policy.enabled]


def decision_key(policy: Policy, lang: str) -> list[Any]:
    """JSON values that decide, beside the scores, about a language's rows."""
    rules = ((rule.name, rule.threshold_for(lang)) for rule in policy.enabled)
    return [[name, bounds.min, bounds.max] for name, bounds in rules]


def reason_detail(rule: Rule, lang: str, value: float, seen: str, *, hard: bool) -> str:
    """Why a check has dropped a row, in words: the score beside its bound, and what the check saw."""
    if hard:
        return seen
    bounds: Threshold = rule.threshold_for(lang)
    if bounds.min is not None and value < bounds.min:
        text = f"{value:.3g} is below {bounds.min:g}"
    else:
        text = f"{value:.3g} is above {bounds.max:g}"
    return f"{text}: {seen}" if seen else text


def sum_counts(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Counts by name, added up, in the order in which names appear."""
    totals: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            totals[name] = totals.get(name, 0) + count
    return totals


def _outside(column: pa.ChunkedArray, bounds: Threshold) -> np.ndarray[Any, Any] | None:
    """Which scores lie outside the bounds, or None where no bound is set. A null is NaN here, and compares false."""
    if bounds.min is None and bounds.max is None:
        return None
    values = column.to_numpy()
    if bounds.min is None:
        return values > bounds.max
    if bounds.max is None:
        return values < bounds.min
    return (values < bounds.min) | (values > bounds.max)
