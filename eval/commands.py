"""``mlt eval`` as the command line calls it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.progress import open_progress
from ..toolkit.tables import print_json, print_table

if TYPE_CHECKING:
    from .test_sets import OpenedSet


def run_eval(model: str | None, *, out: Path | None, dry_run: bool, as_json: bool, **request: Any) -> None:
    """``request`` goes to :func:`mlt.eval.api.evaluate` as it is."""
    from .api import evaluate

    if model is None and not dry_run:
        raise UsageError("MODEL is missing: name a checkpoint, an adapter, a Hub id or openai:URL#NAME")
    with open_progress() as progress:
        try:
            result = evaluate(model or "", out=out, dry_run=dry_run, progress=progress, **request)
        except KeyboardInterrupt:
            progress.note("the same command goes on where this one ended")
            raise
        if result.test_set.skipped:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in result.test_set.skipped.items())
            progress.note(f"{result.test_set.name}: rows that are no item: {reasons}")
    if dry_run:
        _show_items(result.test_set, as_json=as_json)
    elif not as_json and request.get("shard"):
        print(f"{result.generated:,} new answers; when all tasks are done: mlt merge {result.path}")
    elif as_json:
        print_json({"path": str(result.path), "generated": result.generated, **result.results})
    else:
        show_results(result.results)
        print(f"\n{result.path}")


def show_results(results: Mapping[str, Any]) -> None:
    """The table: a row a cell, each verdict with its accuracy, the primary one with its interval, in percent."""
    for task, primary in results["primary"].items():
        cells = [cell for cell in results["cells"] if cell["task"] == task]
        others = [name for name in (cells[0]["verdicts"] if cells else ()) if name != primary]
        columns = ["test set", "language", "items", primary, "95 %", *others, "in language", "cut off"]
        rows = [_row(cell, primary, others) for cell in cells]
        print_table(columns, rows, right=columns[2:], title=task)


def _row(cell: Mapping[str, Any], primary: str, others: list[str]) -> list[str]:
    main, seen = cell["verdicts"][primary], cell["fidelity"]
    fidelity = f"{100 * seen['match'] / seen['judged']:.1f}" if seen["judged"] else ""
    return [
        cell["test_set"],
        cell["lang"],
        f"{cell['items']:,}",
        f"{100 * main['accuracy']:.1f}",
        f"{100 * main['low']:.1f}-{100 * main['high']:.1f}",
        *(f"{100 * cell['verdicts'][name]['accuracy']:.1f}" for name in others),
        fidelity,
        f"{cell['truncated']:,}",
    ]


def _show_items(opened: OpenedSet, *, as_json: bool) -> None:
    rows = []
    for lang in opened.languages:
        items = [item for item in opened.items if item.lang == lang]
        lengths = [
            len(item.prompt) or sum(len(said["content"] or "") for said in item.messages or ()) for item in items
        ]
        rows.append({"language": lang, "items": len(items), "median": round(median(lengths)), "longest": max(lengths)})
    if as_json:
        print_json({"test_set": opened.name, "task": opened.task, "languages": rows, "skipped": opened.skipped})
        return
    print_table(
        ["language", "items", "median prompt", "longest prompt"],
        ([row["language"], *(f"{row[key]:,}" for key in ("items", "median", "longest"))] for row in rows),
        right=["items", "median prompt", "longest prompt"],
        title=f"{opened.name} ({opened.task}); prompts in characters",
    )
    print("nothing was asked")
