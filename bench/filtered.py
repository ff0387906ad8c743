"""Pairs through the filter's public API, and what became of them, read back from the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .common import write_jsonl
from .independent_check import read_rows

PairRow = tuple[str, str, str, str]
"""id, source, target, language."""
Outcome = tuple[str | None, str | None]
"""Reason and detail; None and None for a row that was kept."""


def decisions(rows: Sequence[PairRow], folder: Path, **options: Any) -> dict[str, Outcome]:
    """What ``filter_run(**options)`` decides on rows with different ids; ``folder`` is made and keeps its run.

    Raises ValueError where a row is lost or stands twice.
    """
    from mlt.filter import filter_run

    folder.mkdir(parents=True)
    pairs = [{"id": id, "source": source, "target": target, "lang": lang} for id, source, target, lang in rows]
    run = filter_run(write_jsonl(folder / "pairs.jsonl", pairs), folder / "run", **options).path
    found: list[tuple[str, Outcome]] = []
    for lang in (path.name for path in (run / "done").iterdir() if path.name != "en"):
        found += [(row["id"], (None, None)) for row in read_rows(run / lang)]
        found += [(row["id"], (row["reason"], row["detail"])) for row in read_rows(run / "rejected" / lang)]
    outcomes = dict(found)
    if sorted(id for id, _ in found) != sorted(row[0] for row in rows):
        raise ValueError(f"{len(rows)} rows went in, {len(found)} came out, {len(outcomes)} of them distinct")
    return outcomes
