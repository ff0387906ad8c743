"""``mlt compare`` and ``mlt eval --export``, as the command line calls them."""

from __future__ import annotations

from pathlib import Path

from ..toolkit.errors import UsageError
from ..toolkit.progress import open_progress
from ..toolkit.tables import print_json, print_table


def run_compare(a: Path, b: Path, *, margin: float, out: Path | None, as_json: bool) -> None:
    """``mlt compare A B``: the primary verdict as a table, or everything as JSON."""
    from .compare import compare
    from .compare_report import NAME, WORDS, cells, columns_of, notes
    from .score import PRIMARY

    with open_progress() as progress:
        progress.message("comparing")
        found = compare(a, b, margin=margin, out=out)
        progress.message("")
    if as_json:
        print_json({**found.to_json(), "path": None if found.path is None else str(found.path)})
        return
    columns = columns_of(found)
    rows = [cells(row) for row in found.rows if row.verdict == PRIMARY[row.task]]
    print_table(columns, rows, right=columns[WORDS:-1], title=f"A: {found.name_a}\nB: {found.name_b}")
    print(f"\n{notes(found)}")
    for entry in found.unpaired:
        print(f"{entry.lang} {entry.test_set}: {entry.only_a} items only in A, {entry.only_b} only in B, not compared")
    for name, one, other in found.differences:
        print(f"setting {name} differs: {one} in A, {other} in B")
    if found.path is not None:
        print(f"\n{found.path / NAME}.html")


def run_export(
    kind: str,
    *,
    task: str,
    langs: str | None,
    data: str | None,
    shots: int,
    limit: int | None,
    seed: int,
    max_new_tokens: int | None,
    out: Path | None,
    cache_dir: Path | None,
    as_json: bool,
) -> None:
    """``mlt eval --export lm-eval``: tasks for another harness instead of an evaluation."""
    from .api import MAX_NEW_TOKENS
    from .export import FORMATS, export_lm_eval
    from .test_sets import load_items

    if kind not in FORMATS:
        raise UsageError(f"--export {kind} is not known: use {' or '.join(FORMATS)}")
    if out is None:
        raise UsageError("--out is missing: name the folder that the tasks are written to")
    items = load_items(task, langs, data, shots=shots, limit=limit, seed=seed, cache_dir=cache_dir)
    names = export_lm_eval(items, out, max_new_tokens=max_new_tokens or MAX_NEW_TOKENS[task])
    if as_json:
        print_json({"path": str(out), "tasks": names})
        return
    print_table(["task"], [[name] for name in names])
    print(f"\n{out / 'README.md'}")
