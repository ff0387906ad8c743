"""Files of a model repository on the Hugging Face Hub: only those that are needed, every failure in one line."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from .errors import MltError, UsageError
from .files import disk_errors, read_json
from .hub_errors import Asked, explain
from .hub_outage import is_outage

# What is being done, how much of it is done, and how much there is (None: not known).
Progress = Callable[[str, int, int | None], None]

_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Fetched files: their folder, the commit, the licence that the model card states (None: not stated, or the Hub
    was not asked)."""

    folder: Path
    revision: str
    license: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository holds, or what the Hub's cache holds of it."""

    names: frozenset[str]
    _fetch: Callable[[str], Path]

    def json(self, name: str) -> Any:
        """The value in one of its JSON files; an empty object where there is no such file."""
        return read_json(self._fetch(name)) if name in self.names else {}


Choose = Callable[[Listing], Sequence[str]]
"""Names the patterns to fetch; raises UsageError where the listing does not hold what is needed."""


def fetch_files(
    hub_id: str,
    patterns: Sequence[str] | Choose,
    *,
    option: str,
    hint: str,
    revision: str | None = None,
    progress: Progress | None = None,
) -> HubFiles:
    """The files that match ``patterns`` (as ``fnmatch`` reads them), from the Hub, or from the Hub's own cache on this
    machine when it cannot be reached.

    Each pattern must match a file, unless a function chooses the patterns and judges by itself. ``option`` is what the
    user named the model with (``--model``), ``hint`` what to do where the Hub cannot be reached. ``progress`` counts
    bytes. Raises UsageError when the Hub has no such model or file, EnvironmentProblem when the Hub cannot be
    reached, wants a login, or the disk is full.
    """
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download

    choose = patterns if callable(patterns) else _all_of(patterns, f"{option} {hub_id}")
    what = f"fetching {hub_id}"
    if progress:
        progress(what, 0, None)
    try:
        with disk_errors("the Hub's cache"):
            info = HfApi().model_info(hub_id, revision=revision, timeout=_TIMEOUT_S)
            names = frozenset(sibling.rfilename for sibling in info.siblings or ())
            listing = Listing(names, lambda name: Path(hf_hub_download(hub_id, name, revision=info.sha)))
            # Asked for by branch, so that the cache finds the folder again by branch without the Hub.
            folder = snapshot_download(
                hub_id, revision=revision, allow_patterns=list(choose(listing)), tqdm_class=byte_bar(what, progress)
            )
    except MltError:
        raise
    except Exception as error:
        if is_outage(error) and (kept := _kept(hub_id, revision, choose)):
            return kept
        explained = explain(error, Asked(hub_id, "model", hint, option, revision))
        if explained is None:
            raise
        raise explained from error
    if progress:
        progress(what, 1, 1)
    card: Any = info.card_data or {}
    stated = card.get("license")
    return HubFiles(Path(folder), Path(folder).name, ", ".join(stated) if isinstance(stated, list) else stated)


def _all_of(patterns: Sequence[str], where: str) -> Choose:
    def choose(listing: Listing) -> Sequence[str]:
        missing = [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in listing.names)]
        if missing:
            raise UsageError(f"{where}: it holds no {missing[0]}")
        return patterns

    return choose


def _kept(hub_id: str, revision: str | None, choose: Choose) -> HubFiles | None:
    """What an earlier download left in the Hub's cache, if it is enough."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    def cached(patterns: Sequence[str]) -> Path:
        found = snapshot_download(hub_id, revision=revision, allow_patterns=list(patterns), local_files_only=True)
        return Path(found)

    try:
        folder = cached(())
        names = frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        # Asked again with the patterns: a download that was broken off lacks some of their files.
        cached(choose(Listing(names, folder.joinpath)))
    except (LocalEntryNotFoundError, UsageError):
        return None
    return HubFiles(folder, folder.name, None)


def byte_bar(what: str, progress: Progress | None) -> type:
    """A tqdm class for ``snapshot_download`` that reports bytes to ``progress`` and draws nothing."""
    from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "file": io.StringIO(), "disable": False})

        def display(self, *_: Any, **__: Any) -> None:
            if progress and self.unit == "B" and self.total and self.n < self.total:
                progress(what, int(self.n), int(self.total))

    return Bar
