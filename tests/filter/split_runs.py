"""Runs of several shards to filter, and what a filtered one holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filter_texts import record

from mlt.filter.registry import check_names
from mlt.toolkit.records import Rejected
from mlt.toolkit.store import RunStore

LANGS = ("sw", "th")
POLICY: Mapping[str, Any] = {
    "checks": {
        name: {"enabled": False} for name in check_names() if name not in ("numbers", "script", "length", "duplicates")
    }
}
"""Without the checks that take time; with duplicates, which see a whole language."""


def split_run(
    path: Path, words: Mapping[tuple[str, int], str] | None = None, shards: int = 3, identity: str = "made-up"
) -> Path:
    """A run of ``shards`` shards of two rows. Row 3 has lost a number, 4 is set aside, 5 has the translation of 0.

    ``words`` are put into the target of a row, by language and number.
    """
    with RunStore.open(path, {"source": identity}, force=True) as store:
        for lang in ("en", *LANGS):
            for index in range(shards):
                rows = [
                    record(f"row-{n:02}", lang, _question(lang, n, (words or {}).get((lang, n), "")), str(n))
                    for n in (2 * index, 2 * index + 1)
                ]
                lost = [row for row in rows if lang != "en" and row.id == "row-04"]
                kept = [row for row in rows if row not in lost]
                facts = {"in": len(rows), "input": f"{index}"}
                store.write_shard(lang, index, kept, [Rejected("loop", "around", row) for row in lost], facts)
        totals = {lang: store.totals(lang) for lang in store.languages}
        store.save_manifest(complete=True, languages=totals, licenses={"source": "CC0-1.0", "model": None})
    return path


def content(folder: Path) -> dict[str, Any]:
    """All that a filtered run holds: the bytes of its files, and run.json."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".lock")]
    found: dict[str, Any] = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {**found, "run.json": json.loads((folder / "run.json").read_text())}


def _question(lang: str, n: int, word: str) -> str:
    number, place = (20, 0) if n == 5 else (n + 20, n)
    if lang != "en":
        said = number + 1 if n == 3 else number
        return f"Jirani {word} wa Amina ana maembe {said} na anayauza yote katika soko namba {place}."
    if n == 5:
        return f"A teacher asks {number} pupils to read {place} pages of the long book about rivers today."
    return f"The neighbour of Amina has {number} mangoes and sells them all at market number {place}."
