"""Small finished runs of math problems, for studies that name theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from made_records import math_record

from mlt.toolkit.store import RunStore


def write_run(
    folder: Path, languages: Sequence[str], count: int = 12, *, changed: str = "", complete: bool = True
) -> Path:
    """``count`` items in each language; the texts of the language ``changed`` differ from the usual ones."""
    with RunStore.open(folder, {"stage": "filter", "input": {"source": {"dataset": "made", "revision": "1"}}}) as store:
        for lang in languages:
            word = "again" if lang == changed else "now"
            records = [
                math_record(f"How many are {number} in {lang} {word}?", id=f"m{number}", group=f"m{number}", lang=lang)
                for number in range(count)
            ]
            store.write_shard(lang, 0, records, [], {"in": count})
        store.save_manifest(
            complete=complete,
            licenses={"source": "cc0-1.0", "model": None},
            model_notice=None,
            filter={"languages": {}},
        )
    return folder
