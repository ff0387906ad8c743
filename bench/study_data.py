"""The data of a study on translations that people made: finished runs, as ``mlt translate`` leaves them.

    python -m bench.study_data --out study-data          # reads the folder MLT_BENCH_DATA, or --data

writes ``api-train`` and ``api-test`` (xSID: people's translations), ``math-train`` and ``math-test`` (MSVAMP: machine
translations that people have checked) and ``math-mgsm`` (MGSM: people's translations, a harder test). A test set holds
items that are sound in every language; whatever shares a group with one of them is in no training set.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import read_jsonl, say
from .study_rows import Draft, call_draft, problem_draft, problem_groups, rank, schemas, utterance_groups

if TYPE_CHECKING:
    from mlt.toolkit.records import Record, Rejected

VERSION = 1
TEST_ITEMS = 60
POOL = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set comes from. ``files``: a file per language, by our codes; ``how``: who brought it into them."""

    name: str
    dataset: str
    revision: str
    license: str
    task: str
    split: str
    files: Mapping[str, str]
    how: str


@dataclass(frozen=True, slots=True)
class Parallel:
    """A set as it was read: per language, for every item of the English side (by id), a record or why there is none."""

    origin: Origin
    content: str
    groups: Mapping[str, str]
    entries: Mapping[str, Mapping[str, Record | Rejected]]

    def complete(self) -> list[str]:
        """The ids of the items that are sound in every language, in the English order."""
        from mlt.toolkit.records import Record

        return [id for id in self.groups if all(isinstance(made[id], Record) for made in self.entries.values())]


_FIVE = ("en", "es", "ja", "sw", "th")
_TWELVE = {code: code for code in ("en", "ar", "da", "de", "id", "it", "ja", "kk", "nl", "sr", "tr")} | {
    "zh-Hans": "zh"
}
XSID = Origin(
    name="xsid",
    dataset="mainlp/xsid",
    revision="761d926c3f2e9f6bea13192d2f39cec1d04d9777",
    license="CC-BY-SA-4.0",
    task="api",
    split="valid",
    files={lang: f"xsid/{code}.valid.jsonl" for lang, code in _TWELVE.items()},
    how="people",
)
MSVAMP = Origin(
    name="msvamp",
    dataset="microsoft/MathOctopus",
    revision="4d385db696c420b212ccf861fcfab13c1499a576",
    license="MIT",
    task="math",
    split="msvamp",
    files={lang: f"msvamp/{lang}.first200.jsonl" for lang in _FIVE},
    how="machine, checked by people",
)
MGSM = Origin(
    name="mgsm",
    dataset="google-research/url-nlp",
    revision="452a21ad3dae5668c06ceeac21ff073e1e40f9be",
    license="CC-BY-4.0",
    task="math",
    split="test",
    files={lang: f"mgsm/{lang}.test_001-100.jsonl" for lang in _FIVE},
    how="people",
)


def write_all(
    data: Path, out: Path, *, test: int = TEST_ITEMS, pool: int = POOL, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Writes the five runs below ``out``; counts per run and language. What is there already, is made anew.

    ``test``: items of each test set; ``pool``: APIs that an API prompt offers, at least 1. DataError where
    a set has too few items that are sound in every language.
    """
    counts = {}
    for origin in (XSID, MSVAMP):
        found = read(origin, data, pool)
        held_out, away = split(found, test, seed)
        rest = [id for id in found.groups if id not in held_out and id not in away]
        for part, ids in (("train", rest), ("test", held_out)):
            counts[f"{origin.task}-{part}"] = write_run(
                found, ids, out / f"{origin.task}-{part}", {"part": part, "test": test, "pool": pool, "seed": seed}
            )
    found = read(MGSM, data)
    counts["math-mgsm"] = write_run(found, found.complete(), out / "math-mgsm", {"part": "test"})
    return counts


def read(origin: Origin, data: Path, pool: int = POOL) -> Parallel:
    """All rows of a set below the folder ``data``; DataError where a language's file is missing.

    ``pool``: APIs that an API prompt offers.
    """
    from mlt.toolkit.errors import DataError
    from mlt.toolkit.local_sets import content_hash
    from mlt.toolkit.records import item_id

    files = {lang: data / name for lang, name in origin.files.items()}
    if missing := [str(path) for path in files.values() if not path.is_file()]:
        raise DataError(f"{missing[0]} is missing: name the folder of the data with --data or MLT_BENCH_DATA")
    rows = {lang: {row["id"]: row for row in read_jsonl(path)} for lang, path in files.items()}
    english = list(rows["en"].values())
    names = (utterance_groups if origin.task == "api" else problem_groups)(english)
    ids = [item_id(origin.task, {"dataset": origin.dataset, "id": row["id"]}) for row in english]
    known = schemas(english) if origin.task == "api" else {}
    groups = {
        id: item_id(origin.task, {"dataset": origin.dataset, "group": g}) for id, g in zip(ids, names, strict=True)
    }
    entries: dict[str, dict[str, Record | Rejected]] = {lang: {} for lang in rows}
    for number, (id, row) in enumerate(zip(ids, english, strict=True), 1):
        for lang in rows:
            own = rows[lang].get(row["id"])
            draft = None
            if own is not None:
                draft = call_draft(own, row, known, id, pool) if origin.task == "api" else problem_draft(own, row)
            entries[lang][id] = _entry(origin, lang, id, groups[id], number, draft)
    return Parallel(origin, content_hash(list(files.values())), groups, entries)


def _entry(origin: Origin, lang: str, id: str, group: str, number: int, draft: Draft | None) -> Record | Rejected:
    from mlt.toolkit.records import Message, Record, Rejected, Source, Translation

    source = Source(origin.dataset, origin.revision, origin.split, number, origin.license)
    if draft is None:
        return Rejected("not-translated", f"{origin.name} has no row of this item in {lang}", source=source)
    translation = Translation(origin.how, origin.revision, f"{origin.dataset}@{origin.revision}", "translate", "keep")
    record = Record(
        id=id,
        group=group,
        task=origin.task,
        lang=lang,
        messages=(Message("user", draft.text),),
        target=draft.target,
        gold=draft.gold,
        source=source,
        tools=draft.tools,
        translation=None if lang == "en" else translation,
    )
    return record if draft.problem is None else Rejected(*draft.problem, record)


def split(found: Parallel, test: int, seed: int) -> tuple[list[str], set[str]]:
    """The items of the test set, and those that share a group with one of them and go into neither set.

    Whole groups by rank, until ``test`` items that are sound in every language are together; DataError where there
    are too few.
    """
    from mlt.toolkit.errors import DataError

    sound = found.complete()
    if len(sound) < test:
        raise DataError(f"{found.origin.name}: {len(sound)} items are sound in every language, --test {test} are asked")
    taken: set[str] = set()
    held_out: set[str] = set()
    for group in sorted({found.groups[id] for id in sound}, key=lambda group: rank(seed, group)):
        if len(held_out) >= test:
            break
        taken.add(group)
        held_out |= set([id for id in sound if found.groups[id] == group][: test - len(held_out)])
    away = {id for id, group in found.groups.items() if group in taken} - held_out
    return [id for id in found.groups if id in held_out], away


def write_run(
    found: Parallel, ids: Sequence[str], folder: Path, settings: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """A finished run of these items in every language, made by ``settings``; its counts per language."""
    from mlt.toolkit.records import Record, Rejected
    from mlt.toolkit.store import RunStore

    origin = found.origin
    source = {"dataset": origin.dataset, "revision": origin.revision, "split": origin.split, "content": found.content}
    identity = {
        "source": {**source, "license": origin.license},
        "translated_by": origin.how,
        **settings,
        "version": VERSION,
    }
    digest = blake2b("".join(f"{id}\n" for id in ids).encode(), digest_size=16).hexdigest()
    with RunStore.open(folder, identity, force=True) as store:
        for lang, entries in found.entries.items():
            made = [entries[id] for id in ids]
            kept = [entry for entry in made if isinstance(entry, Record)]
            aside = [entry for entry in made if isinstance(entry, Rejected)]
            store.write_shard(lang, 0, kept, aside, {"in": len(ids), "input": digest})
        counts = {lang: store.totals(lang) for lang in store.languages}
        store.save_manifest(complete=True, languages=counts, licenses={"source": origin.license, "model": None})
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.study_data", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("MLT_BENCH_DATA"), help="folder of xsid/, msvamp/")
    parser.add_argument("--out", type=Path, default=Path("study-data"))
    parser.add_argument("--test", type=int, default=TEST_ITEMS, help="items of each test set")
    parser.add_argument("--pool", type=int, default=POOL, help="APIs that an API prompt offers")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.data is None:
        parser.error("name the folder of the data with --data or MLT_BENCH_DATA")
    made = write_all(given.data, given.out, test=given.test, pool=given.pool, seed=given.seed)
    for name, languages in made.items():
        for lang, totals in languages.items():
            aside = ", ".join(f"{reason} {count}" for reason, count in sorted(totals["rejected"].items()))
            say(f"{name} {lang}: {totals['out']} of {totals['in']}{f'; set aside: {aside}' if aside else ''}")


if __name__ == "__main__":
    main()
