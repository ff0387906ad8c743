"""The command line's start: ``mlt --help`` against a bare typer app's."""

from __future__ import annotations

from . import help_speed
from .common import Figure, Settings

AT_MOST = 1.2


def run(settings: Settings) -> list[Figure]:
    """One figure, measured by ``help_speed``."""
    facts = help_speed.measure(settings.size(41, 3))
    return [
        Figure(
            name="start_up.help",
            title="`mlt --help` / `--help` of a bare typer app",
            asked=f"<= {AT_MOST}",
            measured=float(facts["ratio"]),
            unit="x",
            met=facts["ratio"] <= AT_MOST,
            how="medians of alternating runs",
            repetitions=int(facts["rounds"]),
            details=facts,
        )
    ]
