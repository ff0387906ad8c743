"""The numbers of run.json, of the shards' markers and of mixture.json beside what the Parquet files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.edits import MARKED_BAD
from ..toolkit.errors import DataError
from ..toolkit.files import file_hash, read_json
from ..toolkit.mixtures import FOLDER, MANIFEST
from ..toolkit.progress import Progress
from ..toolkit.signature import flatten
from .columns import counted, parquet, pieces
from .compare import Mismatch
from .divide import kinds_of
from .published import data_file

if TYPE_CHECKING:
    from .bundle import Bundle
    from .evidence import Evidence, LanguageEvidence, MixtureEvidence

_PLACE = ("lang", "index", "files")  # what a marker says of itself, and no number of rows
_OF_A_SHARD = ("shards", "in", "out", "rejected")  # compared shard by shard


def check_manifests(bundle: Bundle, evidence: Evidence, progress: Progress) -> list[Mismatch]:
    """What the manifests say and the data do not. Hashes are made of every file that a marker or a mixture names."""
    found = [
        Mismatch(0, lang, "", f"{layout.MANIFEST}: languages")
        for lang in bundle.manifest.get("languages", {})
        if lang not in bundle.languages
    ]
    for entry in evidence.run.languages if evidence.run else ():
        progress.message(f"checking the files of {entry.lang}")
        markers = {index: _read_marker(bundle, entry.lang, index) for index in bundle.shards[entry.lang]}
        found += _language(bundle, entry, markers.values())
        for index, marker in markers.items():
            found += _marker(bundle, entry.lang, index, marker)
    for mixture in evidence.mixtures:
        progress.message(f"checking the files of {mixture.name}")
        found += _mixture(bundle, mixture)
    progress.message("")
    return found


def _language(bundle: Bundle, entry: LanguageEvidence, markers: Iterable[Mapping[str, Any]]) -> Iterator[Mismatch]:
    """What run.json says of a language, under ``languages`` and, where it was filtered, under ``filter.languages``.

    What no file holds (as how many units each rung had) must be the sum of the markers.
    """
    aside = {**entry.before, **_only(entry.by_filter, MARKED_BAD)}  # what a person sets aside counts as carried
    counts: dict[str, Any] = {
        "shards": len(bundle.shards[entry.lang]),
        "in": entry.total,
        "out": entry.kept,
        "rejected": entry.reasons,
        "failing": {check.name: check.outside for check in entry.checks if check.enabled},
        "abstained": {check.name: check.abstained for check in entry.checks if check.enabled},
    }
    if not (entry.edited or MARKED_BAD in entry.reasons):  # else two reasons of one name cannot be told apart
        counts |= {"carried": aside, "dropped": entry.by_filter}
    said = bundle.manifest.get("languages", {}).get(entry.lang)
    yield from _compare(f"{layout.MANIFEST}: languages.{entry.lang}", said, counts)
    sums = _summed(markers)
    yield from _compare(f"{layout.MANIFEST}: languages.{entry.lang}", said, _without(sums, counts))
    yield from _compare(f"done/{entry.lang}", sums, _without(counts, _OF_A_SHARD))
    judged = bundle.manifest.get("filter", {}).get("languages", {}).get(entry.lang)
    if judged is not None:
        carried = _object(layout.MANIFEST, _object(layout.MANIFEST, judged).get("carried", {}))
        given = {"in": entry.total - sum(carried.values()), "kept": entry.kept}
        yield from _compare(f"{layout.MANIFEST}: filter.languages.{entry.lang}", judged, counts | given)


def _read_marker(bundle: Bundle, lang: str, index: int) -> Mapping[str, Any]:
    name = layout.marker_file(lang, index)
    if name not in bundle.files:
        raise DataError(f"{name} is missing: fetch the published files, or make the run, again")
    return _object(name, read_json(bundle.files[name]))


def _summed(markers: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """The sums of all numbers of the markers, by dotted names."""
    sums: Counter[str] = Counter()
    for marker in markers:
        for name, value in flatten({key: marker[key] for key in marker if key not in _PLACE}).items():
            if isinstance(value, int) and not isinstance(value, bool):
                sums[name] += value
    return sums


def _marker(bundle: Bundle, lang: str, index: int, marker: Mapping[str, Any]) -> Iterator[Mismatch]:
    name = layout.marker_file(lang, index)
    kinds = [data_file(task, lang, split, index) for task, split in kinds_of(bundle.shards[lang][index])]
    rejected = bundle.files.get(layout.rejected_file(lang, index))
    reasons: Counter[str] = Counter()
    for table in pieces([rejected] if rejected else [], ["reason"]):
        reasons.update({reason: rows for (reason,), rows in counted(table, ["reason"])})
    out = sum(_rows(bundle.files[kind]) for kind in kinds)
    counts = {"out": out, "in": out + reasons.total(), "rejected": dict(reasons)}
    yield from _compare(name, marker, counts)
    published = {layout.rejected_file(lang, index): rejected}
    if len(kinds) == 1:  # a shard of several kinds is divided, and no file of it is the run's own
        published[layout.data_file(lang, index)] = bundle.files[kinds[0]]
    for file, entry in _object(name, marker.get("files")).items():
        if (path := published.get(file)) is not None:
            yield from _compare(f"{name}: files.{file}", _object(name, entry), _file(path))


def _mixture(bundle: Bundle, mixture: MixtureEvidence) -> Iterator[Mismatch]:
    where, manifest = f"{FOLDER}/{mixture.name}/{MANIFEST}", mixture.manifest
    counts = {"counts": mixture.counts, "tokens": mixture.tokens or {}, "bytes": mixture.bytes}
    yield from _compare(where, {name: manifest[name] for name in counts if manifest.get(name) is not None}, counts)
    said = manifest.get("decontamination")
    if said is not None:
        yield from _compare(f"{where}: decontamination", said, {"removed": mixture.removed})
    for name, entry in manifest["files"].items():
        path = bundle.files[f"{FOLDER}/{mixture.name}/{name}"]
        yield from _compare(f"{where}: files.{name}", _object(where, entry), {**_file(path), "rows": _rows(path)})


def _compare(where: str, said: Any, counts: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Where a manifest's entries differ from the counts, of those keys that both have. What is missing below is 0."""
    old, new = flatten(_object(where, said)), flatten(counts)
    both = set(map(_head, old)) & set(map(_head, new))
    for name in sorted(name for name in old.keys() | new.keys() if _head(name) in both):
        one, other = old.get(name) or 0, new.get(name) or 0
        if one != other:
            yield Mismatch(0, str(one), str(other), f"{where}{'.' if ': ' in where else ': '}{name}")


def _head(name: str) -> str:
    return name.split(".", 1)[0]


def _without(counts: Mapping[str, Any], heads: Collection[str]) -> dict[str, Any]:
    return {name: number for name, number in counts.items() if _head(name) not in heads}


def _object(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DataError(f"{where} is damaged: it holds no numbers; make it again")
    return value


def _file(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "blake2b": file_hash(path)}


def _rows(path: Path) -> int:
    with parquet(path) as file:
        rows: int = file.metadata.num_rows
        return rows


def _only(counts: Mapping[str, int], name: str) -> dict[str, int]:
    return {name: counts[name]} if name in counts else {}
