"""``mlt merge``, as the command line calls it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...toolkit.progress import open_progress
from ...toolkit.remote_files import shown
from ...toolkit.tables import print_json
from ..report import show_result
from .merge import merge


def run_merge(out: Path, parts: Sequence[Path], *, as_json: bool) -> None:
    """See :func:`merge`; prints the table of the run."""
    with open_progress() as progress:
        manifest = merge(out, parts, progress)
    if as_json:
        print_json({"path": shown(str(out)), "manifest": manifest})
        return
    show_result(manifest)
    print(f"\n{shown(str(out))}")
