"""Runs and mixtures to publish, and published folders without a card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mlt.data_cards.bundle import open_bundle
from mlt.toolkit.files import file_hash
from mlt.toolkit.mixtures import mixture_schema
from mlt.toolkit.records import Gold, Message, Record, Rejected, Source
from mlt.toolkit.store import RunStore


def published(folder: Path, to: Path) -> Path:
    """What is published of a folder, but for the card, in a folder of its own."""
    with open_bundle(folder) as bundle:
        for name, path in bundle.files.items():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to / name)
    return to


def record(id: str, lang: str = "sw", task: str = "math", split: str = "train") -> Record:
    """A small record."""
    source = Source("made-up", "1", split, 1, "cc0-1.0")
    return Record(id, id, task, lang, (Message("user", f"{id} in {lang}?"),), "4", Gold("4"), source)


def make_run(
    folder: Path, languages: dict[str, Sequence[Sequence[Record]]], *, complete: bool = True, aside: Sequence[str] = ()
) -> Path:
    """A run of these records, by language and shard. ``aside``: ids that are set aside."""
    with RunStore.open(folder, {"source": "made-up"}) as store:
        for lang, shards in languages.items():
            for index, records in enumerate(shards):
                kept = [entry for entry in records if entry.id not in aside]
                lost = [Rejected("loop", "around", entry) for entry in records if entry.id in aside]
                store.write_shard(lang, index, kept, lost, {"in": len(records), "input": "x"})
        totals = {lang: store.totals(lang) for lang in store.languages}
        store.save_manifest(complete=complete, languages=totals, licenses={"source": "CC0-1.0", "model": None})
    return folder


def make_mixture(folder: Path, name: str | None = None, rows: int = 3, languages: Sequence[str] = ("en", "sw")) -> Path:
    """A mixture with a row each of train and validation in every language."""
    files = {}
    for split in ("train", "validation"):
        path = folder / split / "part-00000.parquet"
        path.parent.mkdir(parents=True)
        entries = [
            {"id": f"{split}{n}", "group": "g", "task": "math", "lang": lang, "prompt": "p", "completion": "4"}
            for n in range(rows)
            for lang in languages
        ]
        pq.write_table(pa.Table.from_pylist(entries, schema=mixture_schema("prompt")), path)
        entry = {"bytes": path.stat().st_size, "blake2b": file_hash(path), "rows": len(entries)}
        files[f"{split}/part-00000.parquet"] = entry
    (folder / "removed.jsonl").write_text('{"id": "gone"}\n')
    manifest = {
        "schema_version": "1",
        "name": name or folder.name,
        "signature": f"mlt:0|stage:mix|name:{folder.name}",
        "format": "prompt",
        "languages": list(languages),
        "tasks": ["math"],
        "files": files,
    }
    (folder / "mixture.json").write_text(json.dumps(manifest))
    return folder
