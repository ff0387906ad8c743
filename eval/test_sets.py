"""Test sets by name or place, as items: what a model is asked in each language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..toolkit import layout
from ..toolkit.errors import DataError, UsageError
from ..toolkit.languages import parse_languages
from ..toolkit.mixtures import find_mixtures, is_mixture, open_mixture
from ..toolkit.remote_files import url_of
from ..toolkit.run import open_run
from ..toolkit.tasks import TASKS
from .items import Item, item_key
from .set_files import LocalFolder, language_of, list_folder, open_hub_folder, sort_files
from .set_kinds import FilesSet, MixtureSet, RunSet, SetKind, SourceSet
from .shots import NONE

DEFAULT = {"math": "mgsm", "api": "api-bank"}


@dataclass(frozen=True)
class NamedTestSet:
    """An entry of ``test_sets.yaml``; the fields are explained there."""

    name: str
    task: str
    hub: str | None = None
    source: str | None = None
    config: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenedSet:
    """Items, language by language, and what they were made of: ``revisions`` by language, and by reason how many rows
    were ``skipped``."""

    name: str
    task: str
    items: list[Item]
    revisions: dict[str, str]
    skipped: dict[str, int]

    @property
    def languages(self) -> list[str]:
        """The languages that were asked for, in order."""
        return list(self.revisions)


@cache
def known_sets() -> Mapping[str, NamedTestSet]:
    """The named test sets."""
    import yaml

    entries = yaml.safe_load(Path(__file__).with_name("test_sets.yaml").read_text(encoding="utf-8"))
    return {name: NamedTestSet(name, **entry) for name, entry in entries.items()}


def load_items(
    task: str,
    langs: str | Sequence[str] | None,
    data: str | Path | None,
    *,
    shots: int = 0,
    limit: int | None = None,
    seed: int = 0,
    cache_dir: str | Path | None = None,
) -> list[Item]:
    """The items of :func:`open_test_set`."""
    return open_test_set(task, langs, data, shots=shots, limit=limit, seed=seed, cache_dir=cache_dir).items


def open_test_set(
    task: str,
    langs: str | Sequence[str] | None,
    data: str | Path | None,
    *,
    shots: int = 0,
    limit: int | None = None,
    seed: int = 0,
    cache_dir: str | Path | None = None,
) -> OpenedSet:
    """The items of a test set in ``langs`` (None: all that it has).

    ``data``: None (MGSM for math, API-Bank's level 1 for api), a name (``mgsm``, ``msvamp``, ``api-bank``,
    ``bfcl:CATEGORY``), a path, ``hf://owner/name``, or ``NAME=PATH``. A path is a run (a test set that was
    translated), a mixture (its validation split), a folder of files a language, or a file. ``shots``: worked examples
    of the question's own language before each question. ``limit``: items a language; which ones is decided by
    ``seed`` and the item's id, so they are the same ones in every language.

    Raises UsageError for what is unknown or not there, DataError for data without an item, EnvironmentProblem without
    the Hub.
    """
    if task not in TASKS:
        raise UsageError(f"--task {task}: choose {' or '.join(TASKS)}")
    if shots < 0 or (limit is not None and limit < 1):
        raise UsageError("--shots must be 0 or more, and --limit 1 or more")
    wanted = None if langs is None else [found.language.code for found in parse_languages(_joined(langs))]
    kind = _open(task, data, wanted, None if cache_dir is None else Path(cache_dir))
    there = sorted(kind.languages, key=lambda lang: (lang != "en", lang))
    if not there:
        reasons = ", ".join(f"{count} {reason}" for reason, count in kind.skipped.items()) or "it is empty"
        raise DataError(f"--data {kind.name}: no item for {task} ({reasons})")
    missing = [lang for lang in wanted or () if lang not in there]
    if missing:
        raise UsageError(f"--langs {','.join(missing)}: {kind.name} has {', '.join(there)}{_hint(task, there)}")
    items: list[Item] = []
    for lang in wanted or there:
        examples = kind.shots(lang, shots) if shots else NONE
        found = list(kind.items(lang, examples))
        if not found:
            raise DataError(f"--data {kind.name}: no item for {task} in {lang}")
        items += _distinct(_limited(found, limit, seed))
    revisions = {lang: kind.revision(lang) for lang in wanted or there}
    return OpenedSet(kind.name, task, items, revisions, dict(sorted(kind.skipped.items())))


def _open(task: str, data: str | Path | None, langs: list[str] | None, cache_dir: Path | None) -> SetKind:
    text = DEFAULT[task] if data is None else str(data)
    name, equals, place = text.partition("=")
    if equals and not Path(text).exists():
        known = known_sets().get(name.strip())
        _same_task(known, task)
        return _open_path(place.strip(), task, langs, name.strip(), known.columns if known else {})
    name, _, config = text.partition(":")
    if (known := known_sets().get(name)) is not None and not isinstance(data, Path):
        _same_task(known, task)
        return _open_named(known, text, config, cache_dir)
    if text.startswith("hf://"):
        return SourceSet(text.removeprefix("hf://"), task, text, split="test", cache_dir=cache_dir)
    return _open_path(text, task, langs, "", {})


def _open_named(known: NamedTestSet, text: str, config: str, cache_dir: Path | None) -> SetKind:
    if known.source is not None:
        source = known.source.format(config=config or known.config)
        return SourceSet(text, known.task, source, "en", split="test", cache_dir=cache_dir)
    if config:
        raise UsageError(f"--data {text}: {known.name} has no parts; choose languages with --langs")
    store = open_hub_folder(str(known.hub), cache_dir)
    files = sort_files(store.names)
    if not files.tests:
        raise UsageError(f"{known.hub}: no file names a language; name local files instead: {known.name}=FOLDER")
    return FilesSet(known.name, known.task, files, store, known.columns)


def _open_path(place: str, task: str, langs: list[str] | None, name: str, columns: Mapping[str, str]) -> SetKind:
    if url := url_of(place):
        return RunSet(name or url.rpartition("/")[2], task, open_run(url))
    path = Path(place)
    if not path.exists():
        raise UsageError(
            f"--data {place}: no such file, folder or test set (known: {', '.join(known_sets())}; yours: NAME=PATH)"
        )
    label = name or path.resolve().name.partition(".")[0] or "data"
    if path.is_dir():
        if (kind := _open_ours(path, label, task)) is not None:
            return kind
        files = list_folder(path)
        if files.tests:
            return FilesSet(label, task, files, LocalFolder(path), columns)
        return SourceSet(label, task, path, columns=columns)
    if lang := language_of(path.name):
        beside = list_folder(path.parent).exemplars if path.parent.is_dir() else {}
        files = replace(sort_files([path.name]), exemplars=beside)
        return FilesSet(label, task, replace(files, tests={lang: path.name}), LocalFolder(path.parent), columns)
    return SourceSet(label, task, path, columns=columns)


def _open_ours(path: Path, label: str, task: str) -> SetKind | None:
    """A run or a mixture."""
    if is_mixture(path):
        return MixtureSet(label, task, open_mixture(path))
    if (path / layout.MANIFEST).is_file():
        return RunSet(label, task, open_run(path))
    if mixtures := find_mixtures(path):
        raise UsageError(f"--data {path} holds mixtures: name one of them, such as {mixtures[0].path}")
    return None


def _same_task(known: NamedTestSet | None, task: str) -> None:
    if known is not None and known.task != task:
        raise UsageError(f"--data {known.name} is a test set for --task {known.task}")


def _limited(items: list[Item], limit: int | None, seed: int) -> list[Item]:
    """The items that rank first, in the order in which they came."""
    if limit is None or len(items) <= limit:
        return items
    ranked = sorted(items, key=lambda item: _rank(item.id, seed))
    chosen = {item.key for item in ranked[:limit]}
    return [item for item in items if item.key in chosen][:limit]


def _distinct(items: list[Item]) -> list[Item]:
    """Items with keys of their own: of rows that are the same, the second one's id ends in -2."""
    seen: Counter[str] = Counter()
    distinct = []
    for item in items:
        seen[item.key] += 1
        if (number := seen[item.key]) > 1:
            id = f"{item.id}-{number}"
            key = item_key(item.task, item.lang, id, item.prompt, item.messages)
            item = replace(item, id=id, key=key)
        distinct.append(item)
    return distinct


def _rank(id: str, seed: int) -> bytes:
    return blake2b(f"{seed}:{id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _joined(langs: str | Sequence[str]) -> str:
    return langs if isinstance(langs, str) else ",".join(langs)


def _hint(task: str, there: Sequence[Any]) -> str:
    translated = "; translate it first (mlt translate) and name the run with --data"
    return translated if list(there) == ["en"] else ""
