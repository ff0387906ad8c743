"""``mlt train``, as the command line calls it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..eval.numbers import percent
from ..toolkit.progress import open_progress
from ..toolkit.tables import print_json, print_table

if TYPE_CHECKING:
    from .sft import TrainResult


def run_train(
    recipe: str,
    data: str,
    *,
    out: Path | None,
    overrides: Sequence[str],
    restart: bool,
    preflight_only: bool,
    merge: bool,
    as_json: bool,
) -> None:
    """Trains, and prints what preflight found and what came of it; only the first of several processes prints."""
    from .sft import train

    with open_progress() as progress:
        result = train(
            recipe,
            data,
            out,
            overrides=overrides,
            resume=not restart,
            preflight_only=preflight_only,
            merge=merge,
            progress=progress,
        )
    if _first_process():
        _print_json(result) if as_json else _print(result)


def _print_json(result: TrainResult) -> None:
    told: dict[str, Any] = {"preflight": result.report.to_json()}
    if result.path is not None:
        told |= {
            "path": str(result.path),
            "made": result.made,
            "merged": None if result.merged is None else str(result.merged),
            "manifest": result.manifest,
        }
    print_json(told)


def _print(result: TrainResult) -> None:
    if result.path is None:
        result.report.show()
        print("nothing was trained")
        return
    if result.made:
        result.report.show()
    else:
        print("finished already: nothing was trained")
    kept, training = result.manifest["kept"], result.manifest["training"]
    if kept["languages"]:
        rows = [(lang, kept["items"].get(lang, ""), f"{percent(v)} %") for lang, v in kept["languages"].items()]
        rows.append(("mean", sum(kept["items"].values()), f"{percent(kept['accuracy'])} %"))
        title = f"Held-out items at step {kept['step']:,}, the best of {len(training['evaluations'])} by {kept['by']}"
        print_table(("language", "items", "accuracy"), rows, right=("items", "accuracy"), title=title)
    if training["losses"]:
        first, last = training["losses"][0], training["losses"][-1]
        print(f"loss {first[1]:.4g} at step {first[0]:,}, {last[1]:.4g} at step {last[0]:,}")
    for path in (result.path, result.merged):
        if path is not None:
            print(path)


def _first_process() -> bool:
    from accelerate import PartialState

    first: bool = PartialState().is_main_process
    return first
