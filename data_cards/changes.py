"""What publishing changes: the files to write and to remove, where some may stand already, and whether it may be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..toolkit import layout
from ..toolkit.errors import DataError, UsageError
from ..toolkit.mixtures import FOLDER
from ..toolkit.shard_files import short
from ..toolkit.signature import diff
from .bundle import Bundle
from .published import MANIFEST, README

Content = Path | bytes

OWN_FILES = (README, MANIFEST, layout.MANIFEST, layout.EDITS)
OWN_FOLDERS = ("data", "rejected", "scores", "done", FOLDER)
"""What publishing writes and removes; anything else in a place is not ours and stays."""

_HARMLESS = (".gitattributes", ".gitignore", README, "LICENSE", "LICENSE.md", "LICENSE.txt")
"""What a place may hold before anything was published to it."""


class Place(Protocol):
    """Where a set is published: a branch of a repository, or a folder."""

    @property
    def name(self) -> str:
        """What errors call it."""
        ...

    @property
    def names(self) -> Iterable[str]:
        """All files that it holds."""
        ...

    def is_same(self, name: str, content: Content) -> bool:
        """Whether it holds this file, byte for byte."""
        ...

    def read(self, path: str) -> bytes | None:
        """A small file's content; None where there is no such file."""
        ...


@dataclass(frozen=True)
class Changes:
    """``written``: published path -> content; ``unchanged``: paths; ``removed``: paths. All sorted."""

    written: Mapping[str, Content]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def find_changes(files: Mapping[str, Path], card: str, place: Place, owns: Callable[[str], bool]) -> Changes:
    """What makes ``place`` hold the files and the card, and nothing of ours (what ``owns`` says) besides."""
    wanted: dict[str, Content] = {**files, README: card.encode("utf-8", "backslashreplace")}
    held = {name for name in place.names if owns(name)}
    same = {name for name in sorted(wanted.keys() & held) if place.is_same(name, wanted[name])}
    written = {name: wanted[name] for name in sorted(wanted.keys() - same)}
    return Changes(written, tuple(sorted(same)), tuple(sorted(held - wanted.keys())))


def is_own(name: str) -> bool:
    """Whether a path is one that publishing may write or remove."""
    return name in OWN_FILES or name.startswith(tuple(f"{folder}/" for folder in OWN_FOLDERS))


def require_same_set(bundle: Bundle, place: Place) -> None:
    """UsageError where the place holds something else than an earlier version of this set, naming the difference."""
    if require_kind(bundle.kind, place) is None:
        return
    manifest = read_object(place, layout.MANIFEST)
    if bundle.kind == "run" and manifest is not None:
        keys = ("schema_version", "identity")
        old, new = ({key: held.get(key) for key in keys} for held in (manifest, bundle.manifest))
        for name, before, now in diff(old, new):
            raise UsageError(
                f"{place.name} holds another run: {name.removeprefix('identity.')} = {short(before)}, this one has "
                f"{short(now)}; choose another place"
            )


def require_kind(kind: str, place: Place) -> dict[str, Any] | None:
    """What the published.json of a place says; None for a place that nothing was published to.

    UsageError where the place holds another kind of thing, or files of others.
    """
    published = read_object(place, MANIFEST)
    if published is None:
        if foreign := next((name for name in sorted(place.names) if name not in _HARMLESS), None):
            raise UsageError(
                f"{place.name} holds {foreign} and no {MANIFEST}, so mlt has not published it: choose another place"
            )
        return None
    if published.get("kind") != kind:
        raise UsageError(
            f"{place.name} holds a {_kind(published.get('kind'))}, this is a {_kind(kind)}: choose another place"
        )
    return published


def lost(bundle: Bundle, place: Place) -> list[str]:
    """What the place holds of this set and the bundle does not: languages, shards of others, mixtures; in words."""
    published = read_object(place, MANIFEST) or {}
    mixtures = {name.split("/")[1] for name in place.names if name.startswith(f"{FOLDER}/")}
    mixtures -= {mixture.name for mixture in bundle.mixtures}
    return [*_lost_rows(bundle, _shards(published)), *(f"mixture {name}" for name in sorted(mixtures))]


def describe(bundle: Bundle, changes: Changes, place: Place) -> str:
    """What the changes do, in a few words for the title of a commit."""
    held = read_object(place, MANIFEST)
    if held is None:
        parts = [*bundle.languages] if bundle.kind == "run" else []
        return f"publish {_some([*parts, *(mixture.name for mixture in bundle.mixtures)])}"
    if not changes.removed and set(changes.written) == {README}:
        return "update the card"
    old = _shards(held).keys() | {name.split("/")[1] for name in place.names if name.startswith(f"{FOLDER}/")}
    new = [name for name in [*bundle.shards, *(mixture.name for mixture in bundle.mixtures)] if name not in old]
    gone = lost(bundle, place)
    parts = [f"add {_some(new)}"] if new else []
    parts += [f"remove {_some(gone)}"] if gone else []
    return "; ".join(parts) or "update the data"


def _lost_rows(bundle: Bundle, shards: Mapping[str, set[str]]) -> Iterator[str]:
    for lang, numbers in shards.items():
        if lang not in bundle.shards:
            yield lang
        elif more := numbers - {str(index) for index in bundle.shards[lang]}:
            yield f"{len(more)} more shard{'s' if len(more) > 1 else ''} of {lang}"


def _shards(published: Mapping[str, Any]) -> dict[str, set[str]]:
    """Language -> the numbers of its shards, as far as the manifest makes sense: others may have written it."""
    shards = published.get("shards")
    entries = shards.items() if isinstance(shards, dict) else ()
    return {lang: set(numbers) for lang, numbers in entries if isinstance(numbers, dict)}


def read_object(place: Place, name: str) -> dict[str, Any] | None:
    """A JSON object that a place holds; None where there is none. DataError where it is damaged."""
    text = place.read(name)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DataError(f"{place.name}: its {name} is damaged; mend it there, or choose another place")
    return value


def _kind(kind: Any) -> str:
    return {"mixtures": "set of mixtures", "model": "trained model"}.get(kind, "run")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown
