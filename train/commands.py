"""The commands of this stage, as the command line calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.progress import open_progress
from ..toolkit.tables import print_json, print_table, size_text

if TYPE_CHECKING:
    from .api import MixResult
    from .request import Mode


def chosen_mode(*, parallel: bool, disjoint: bool, union: bool) -> Mode:
    """The mode that the options name; UsageError where they name several."""
    if parallel + disjoint + union > 1:
        raise UsageError("--parallel, --disjoint and --union exclude each other: give one of them")
    return "disjoint" if disjoint else "union" if union else "parallel"


def run_mix(
    runs: list[Path],
    *,
    langs: str | None,
    preset: str | None,
    out: Path | None,
    decontaminate: str | None,
    dry_run: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """``mlt mix``, one mixture or a ladder. ``request`` goes to :func:`mlt.train.api.mix` as it is."""
    from .api import mix, mix_ladder

    if preset is not None and langs is not None:
        raise UsageError("--langs and --preset exclude each other: a ladder has its own languages")
    if out is None and not dry_run:
        raise UsageError("--out is missing: name the folder of the mixture")
    folder = out or Path("mixture")
    options = {**request, "decontaminate": decontaminate or "", "dry_run": dry_run}
    with open_progress() as progress:
        try:
            if preset is None:
                results = [mix(runs, folder, langs=langs, progress=progress, **options)]
            else:
                results = mix_ladder(runs, folder, preset, progress=progress, **options).mixtures
        except KeyboardInterrupt:
            progress.note("the same command begins again; finished mixtures of a ladder stay")
            raise
    _show(results, folder, ladder=preset is not None, dry_run=dry_run, as_json=as_json)


def _show(results: Sequence[MixResult], folder: Path, *, ladder: bool, dry_run: bool, as_json: bool) -> None:
    missing = list(dict.fromkeys(str(entry) for result in results for entry in result.missing))
    if as_json:
        entries = [{"path": str(result.path), "made": result.made, "manifest": result.manifest} for result in results]
        print_json({"path": str(folder), "mixtures": entries, **({"missing": missing} if dry_run else {})})
        return
    if ladder:
        _show_ladder(results)
    else:
        show_mixture(results[0].manifest)
    _show_removed(results[0].manifest)
    for line in missing:
        print(f"not enough: {line}")
    print("nothing was written" if dry_run else f"\n{folder}")


def show_mixture(manifest: Mapping[str, Any]) -> None:
    """The table: a row a language, its rows of each task, its tokens and bytes."""
    tasks, splits = manifest["tasks"], [split for split, found in manifest["counts"].items() if found]
    names = [f"{split} {task}" if len(tasks) > 1 else split for split in splits for task in tasks]
    sizes = [name for name in ("tokens", "bytes") if manifest[name] and any(manifest[name].values())]
    rows = []
    for lang in manifest["languages"]:
        counts = [manifest["counts"][split].get(task, {}).get(lang, 0) for split in splits for task in tasks]
        sums = [_sum_of(manifest[name], lang) for name in sizes]
        rows.append([lang, *counts, *sums])
    total = [sum(row[place] for row in rows) for place in range(1, len(names) + len(sizes) + 1)]
    rows.append(["all", *total])
    shown = [[row[0], *(f"{number:,}" for number in row[1:])] for row in rows]
    if "bytes" in sizes:
        shown = [[*row[:-1], size_text(whole[-1])] for row, whole in zip(shown, rows, strict=True)]
    print_table(["language", *names, *sizes], shown, right=[*names, *sizes])
    if manifest["left_out"]:
        print(f"{manifest['left_out']:,} items are in neither split: a part of their group is in validation")


def _show_ladder(results: Sequence[MixResult]) -> None:
    size = "tokens" if all(result.manifest["tokens"] for result in results) else "bytes"
    titles = ["mixture", "languages", "train", "validation", size]
    rows = []
    for result in results:
        manifest = result.manifest
        sums = {split: _sum(found) for split, found in manifest["counts"].items()}
        volume = sum(map(_sum, manifest[size].values()))
        counts = [f"{sums[split]:,}" for split in ("train", "validation")]
        shown = f"{volume:,}" if size == "tokens" else size_text(volume)
        rows.append([manifest["name"], " ".join(manifest["languages"]), *counts, shown if volume else ""])
    print_table(titles, rows, right=titles[2:])


def _show_removed(manifest: Mapping[str, Any]) -> None:
    found = manifest["decontamination"]
    if found is not None:
        counts = [f"{name} {rule} {n:,}" for name, rules in found["removed"].items() for rule, n in rules.items()]
        print(f"removed of {found['checked']:,} items, by test set and rule: {', '.join(counts) or 'none'}")


def _sum(by_task: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(found.values()) for found in by_task.values())


def _sum_of(by_split: Mapping[str, Mapping[str, Mapping[str, int]]], lang: str) -> int:
    return sum(found.get(lang, 0) for tasks in by_split.values() for found in tasks.values())
