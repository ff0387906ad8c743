"""The commands of this stage, as the command line calls them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.progress import Progress, open_progress
from ..toolkit.tables import print_json, print_table

if TYPE_CHECKING:
    from .job import FilterResult


def run_filter(
    source: Path | None,
    *,
    out: Path | None,
    columns: str | None,
    review: int | None,
    explain: str | None,
    dry_run: bool,
    print_policy: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """``mlt filter`` in all its forms. ``request`` goes to :func:`mlt.filter.api.filter_run` as it is."""
    if print_policy:
        from .policy import DEFAULT

        print(DEFAULT.read_text(encoding="utf-8"), end="")
        return
    if source is None:
        raise UsageError("RUN|PAIRS is missing: name the folder of a run, or a file with id, source, target and lang")
    if explain is not None:
        _explain(out or source, explain, as_json=as_json)
        return
    if out is None and review is None:
        raise UsageError("--out is missing: name the folder of the filtered run")
    if review is not None and request["shard"] is not None:
        raise UsageError(f"--review {review}: a part of a run has no page; ask for it when mlt merge has been run")
    with open_progress() as progress:
        if dry_run:
            from .dryrun import preview

            _show_preview(preview(source, _folder(out), progress=progress, **_only_choices(request)), as_json=as_json)
            return
        result = None if out is None else _filter(source, out, columns, progress, request)
        page = None if review is None else _review(out or source, review, progress)
    show_filtered(result, page, as_json=as_json)


def run_setup_comet(python: Path | None, *, cache_dir: Path | None, force: bool, check: bool, as_json: bool) -> None:
    """``mlt setup comet``: an interpreter of its own for COMET."""
    from .qe.setup import find_comet, setup_comet

    if check:
        found = find_comet(cache_dir)
        if found is None:
            raise UsageError("COMET is not set up: run `mlt setup comet`")
        where = str(found)
    else:
        with open_progress() as progress:
            where = str(setup_comet(cache_dir, python, force=force, progress=progress))
    print_json({"comet": where}) if as_json else print(where)


def _filter(source: Path, out: Path, columns: str | None, progress: Progress, request: dict[str, Any]) -> FilterResult:
    from ..toolkit.sources import parse_columns
    from .api import filter_run

    try:
        return filter_run(source, out, columns=parse_columns(columns) or None, progress=progress, **request)
    except KeyboardInterrupt:
        progress.note("the same command goes on where this one stopped")
        raise


def _review(folder: Path, rows: int, progress: Progress) -> Path:
    from ..toolkit.run import open_run
    from .review import write_review

    progress.message("writing the review page")
    page = write_review(open_run(folder), rows)
    progress.message("")
    return page


def _explain(folder: Path, item: str, *, as_json: bool) -> None:
    from ..toolkit.run import open_run
    from .explain import explain, show_explanation

    entries = explain(open_run(folder), item)
    print_json(entries) if as_json else show_explanation(entries)


def _folder(out: Path | None) -> Path:
    if out is None:
        raise UsageError("--out is missing: name the folder of the filtered run")
    return out


def _only_choices(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in ("policy", "lid", "qe", "langs", "cache_dir")}


def show_filtered(result: FilterResult | None, page: Path | None, *, as_json: bool) -> None:
    """The table of a filtered run and the files beside it, or where a part of it was written."""
    files = {"review": page}
    if result is not None:
        files |= {"report": result.report, "intersection": result.intersection, "pairs": result.pairs}
    named = {name: str(path) for name, path in files.items() if path is not None}
    if as_json:
        made = {} if result is None else {"path": str(result.path), "manifest": result.manifest}
        print_json({**made, **named})
        return
    if result is not None:
        if result.report is None:
            print(f"{result.path}: this part is scored; mlt merge makes the whole when all are")
        else:
            show_summary(result.manifest["filter"]["languages"])
            print(f"\n{result.path}")
    for name, path in named.items():
        print(f"{name}: {path}")


def show_summary(languages: Mapping[str, Mapping[str, Any]]) -> None:
    """The table: a row a language, how many rows each check has dropped as the first that they failed."""
    checks = list(dict.fromkeys(name for entry in languages.values() for name in entry["dropped"]))
    titles = ["language", "in", *checks, "kept", "share"]
    rows = []
    for lang, entry in languages.items():
        counts = (entry["dropped"].get(name, 0) for name in checks)
        share = f"{entry['kept'] / entry['in']:.1%}" if entry["in"] else ""
        rows.append([lang, f"{entry['in']:,}", *(f"{n:,}" if n else "" for n in counts), f"{entry['kept']:,}", share])
    print_table(titles, rows, right=titles[1:])
    for lang, entry in languages.items():
        for name, why in entry.get("uncovered", {}).items():
            print(f"{lang}: {name} has no scores: {why}")


def _show_preview(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for lang, entry in found["languages"].items():
        if entry["to_score"]:
            print(f"{lang}: {entry['rows']:,} rows; to score first: {', '.join(entry['to_score'])}")
    decided = {lang: entry for lang, entry in found["languages"].items() if not entry["to_score"]}
    if decided:
        show_summary(decided)
    print("nothing was written")
