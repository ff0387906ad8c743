"""``mlt merge`` of an evaluation, as the command line calls it."""

from __future__ import annotations

from pathlib import Path

from ...toolkit.progress import open_progress
from ...toolkit.tables import print_json
from ..commands import show_results
from .merge import merge_evaluation


def run_merge(out: Path, *, as_json: bool) -> None:
    """See :func:`merge_evaluation`; prints the table of the evaluation."""
    with open_progress() as progress:
        results = merge_evaluation(out, progress)
    if as_json:
        print_json({"path": str(out), **results})
        return
    show_results(results)
    print(f"\n{out}")
