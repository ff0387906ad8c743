"""The commands of this stage, as the command line calls them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..toolkit.errors import UsageError
from ..toolkit.progress import open_progress
from ..toolkit.remote_files import local_only
from ..toolkit.tables import print_json, print_table, size_text

if TYPE_CHECKING:
    from .check import Mismatch
    from .previous import Choice
    from .publish import PushResult


def run_card(folder: Path, *, check: bool, license: str | None, repository: str | None, as_json: bool) -> None:
    """``mlt card``: writes the card of a folder, or checks it; leaves with exit code 1 where it does not hold."""
    local_only(folder, "DIR", "copy the run here first")
    if not check:
        from .card import write_card

        with open_progress() as progress:
            path = write_card(folder, license=license, repository=repository, progress=progress)
        print_json({"card": str(path)}) if as_json else print(path)
        return
    if license is not None or repository is not None:
        raise UsageError("--check compares a card with its data: leave --license and --repository out")
    from .check import check_card

    with open_progress() as progress:
        found = check_card(folder, progress)
    if as_json:
        print_json({"folder": str(folder), "mismatches": [asdict(mismatch) for mismatch in found]})
    else:
        _show_mismatches(folder, found)
    if found:
        raise SystemExit(1)


def run_push(
    folder: Path,
    repository: str | None,
    *,
    to_folder: Path | None,
    license: str | None,
    checked: bool,
    private: bool,
    revision: str | None,
    create_pr: bool,
    dry_run: bool,
    prune: bool,
    card: Choice,
    as_json: bool,
) -> None:
    """``mlt push``: to the Hub, or to a folder that is laid out like it."""
    if to_folder is not None:
        for_hub = {"--private": private, "--revision": revision, "--create-pr": create_pr, "--dry-run": dry_run}
        if wrong := next((option for option, given in for_hub.items() if given), None):
            raise UsageError(f"{wrong} is for the Hub: leave it out, or leave --to-folder out")
        from .publish import publish_to_folder

        with open_progress() as progress:
            path = publish_to_folder(
                folder, to_folder, repository=repository, license=license, checked=checked, card=card, progress=progress
            )
        print_json({"path": str(path)}) if as_json else print(path)
        return
    if repository is None:
        raise UsageError("OWNER/NAME is missing: name the data set or model on the Hub, or a folder with --to-folder")
    from .publish import push

    with open_progress() as progress:
        result = push(
            folder,
            repository,
            license=license,
            checked=checked,
            private=private,
            revision=revision,
            create_pr=create_pr,
            dry_run=dry_run,
            prune=prune,
            card=card,
            progress=progress,
        )
    print_json(asdict(result)) if as_json else _show_push(result)


def run_pull(repository: str, out: Path | None, *, revision: str | None, cache_dir: Path | None, as_json: bool) -> None:
    """``mlt pull``: a published set back as a run."""
    from .pull import pull

    with open_progress() as progress:
        result = pull(repository, out, revision=revision, cache_dir=cache_dir, progress=progress)
    if as_json:
        print_json(asdict(result))
        return
    commit = f", commit {result.revision}" if result.revision else ""
    print(f"{repository}{commit}: {', '.join(result.languages)}")
    print(result.path)


def _show_mismatches(folder: Path, found: list[Mismatch]) -> None:
    for mismatch in found:
        place = f"line {mismatch.line}" if mismatch.line else mismatch.where
        where = f" ({mismatch.where})" if mismatch.line and mismatch.where else ""
        print(f"{place}{where}: the card says {mismatch.card}, the data say {mismatch.data}")
    print(f"{folder}: {_many(len(found))} not hold" if found else f"{folder}: every number of the card holds")


def _show_push(result: PushResult) -> None:
    """Dry: every file that would be sent or removed. Else: how much was. The page comes last."""
    if result.dry_run:
        rows = [
            *((path, size_text(size), "send") for path, size in result.written.items()),
            *((path, "", "remove") for path in result.removed),
        ]
        print_table(("file", "size", "change"), rows, right=("size",))
    done = ("would be sent", "would be removed") if result.dry_run else ("sent", "removed")
    amounts = [
        f"{len(result.written)} files ({size_text(sum(result.written.values()))}) {done[0]}",
        f"{len(result.unchanged)} unchanged",
        *([f"{len(result.removed)} {done[1]}"] if result.removed else []),
    ]
    print(", ".join(amounts) if result.written or result.removed else "nothing has changed")
    for note in result.notes:
        print(note)
    print(result.pr_url or result.url)


def _many(lines: int) -> str:
    return "1 line does" if lines == 1 else f"{lines} lines do"
