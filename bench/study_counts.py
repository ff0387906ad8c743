"""Simulated studies counted: how many intervals held the truth and how many verdicts were false, as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .common import Figure

if TYPE_CHECKING:
    from mlt.eval.study.analysis.verdicts import Finding

LEVEL = 0.95
"""Of the intervals; tests are of the rest."""


class Coverage:
    """Counts, by name, how many intervals held the truth, fell short of it or went beyond it."""

    def __init__(self) -> None:
        self.held: dict[str, list[int]] = {}

    def add(self, name: str, low: float | None, high: float | None, truth: float) -> None:
        """One interval; none at all counts as one that holds everything."""
        counts = self.held.setdefault(name, [0, 0, 0])
        counts[1 if high is not None and high < truth else 2 if low is not None and low > truth else 0] += 1

    def figure(self, name: str, title: str, how: str) -> Figure:
        """The share that is furthest from 95 %; reached where it is within three Monte Carlo errors."""
        shares = {key: counts[0] / sum(counts) for key, counts in self.held.items()}
        studies = sum(next(iter(self.held.values())))
        allowed = three_errors(studies)
        worst = max(shares.values(), key=lambda value: abs(value - LEVEL))
        return Figure(
            name=f"study_checks.{name}",
            title=title,
            asked=f"95 +- {100 * allowed:.1f} %",
            measured=100 * worst,
            unit="%",
            met=abs(worst - LEVEL) <= allowed,
            how=f"{how}; {studies} studies, the interval furthest from 95 % of {len(shares)}",
            low=100 * min(shares.values()),
            high=100 * max(shares.values()),
            repetitions=studies,
            details={
                "percent": {key: 100 * value for key, value in shares.items()},
                "too_low": {key: counts[1] for key, counts in self.held.items()},
                "too_high": {key: counts[2] for key, counts in self.held.items()},
            },
        )


def at_most(
    name: str,
    title: str,
    errors: Sequence[bool],
    how: str,
    details: Mapping[str, Any] | None = None,
    most: float = 1 - LEVEL,
) -> Figure:
    """A share of errors, of which ``most`` are allowed."""
    value = sum(errors) / len(errors)
    return Figure(
        name=f"study_checks.{name}",
        title=title,
        asked=f"<= {100 * most:.2g} %",
        measured=100 * value,
        unit="%",
        met=value <= most,
        how=f"{how}; {len(errors)} of them",
        repetitions=len(errors),
        details=dict(details or {}),
    )


def reported(figure: Figure) -> Figure:
    """A figure of which nothing is asked."""
    return replace(figure, asked="reported", met=None)


def count_verdict(counts: list[int], finding: Finding) -> None:
    """Adds a verdict to those supported, not supported and undecided."""
    counts[("supported", "not supported", "undecided").index(finding.verdict)] += 1


def three_errors(studies: int) -> float:
    """Three Monte Carlo errors of a share of 95 or of 5 %."""
    return float(3 * (LEVEL * (1 - LEVEL) / studies) ** 0.5)
