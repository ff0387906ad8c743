"""``mlt merge`` of a filtered run, as the command line calls it."""

from __future__ import annotations

from pathlib import Path

from ...toolkit.progress import open_progress
from ..commands import show_filtered
from .merge import merge


def run_merge(out: Path, *, as_json: bool) -> None:
    """See :func:`merge`; prints what ``mlt filter`` would."""
    with open_progress() as progress:
        result = merge(out, progress)
    show_filtered(result, None, as_json=as_json)
