"""Mixtures: how long 11 languages x 10,000 items take, whether memory stays flat, whether bytes repeat.

Each size runs in a process of its own, by this module as a program: ``python -m bench.mixing RUN OUT ITEMS``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import ROOT, Figure, Settings, alternate, ratios, say, scratch, spread
from .memory import status, write_rows

if TYPE_CHECKING:
    from mlt.toolkit.records import Record

LANGUAGES = ("en", "es", "ja", "bn", "sw", "fr", "de", "ru", "zh-Hans", "th", "te")
LONG, SHORT = 10_000, 1_000
VALIDATION = 200
SPARE = 300  # items beyond those that are asked for
SHARD = 1_000
MOST = 1.2


def run(settings: Settings) -> list[Figure]:
    """Four figures: time, time against reading and writing the same rows, memory, and equal bytes."""
    long, short = settings.size(LONG, 1_000), settings.size(SHORT, 200)
    with scratch() as folder:
        runs = {items: write_run(folder / f"run-{items}", items + VALIDATION + SPARE) for items in (long, short)}
        say(f"  mixing: {len(LANGUAGES)} languages x {long:,} items")
        facts = {items: _measure(runs[items], folder / f"first-{items}" / "mixture", items) for items in (long, short)}
        sides = {
            "mix": lambda: _mix(runs[long], folder / "again" / "mixture", long),
            "copy": lambda: _copy(folder / f"first-{long}" / "mixture", folder / "copy"),
        }
        times = alternate(sides, settings.repetitions)
        first, again = folder / f"first-{long}" / "mixture", folder / "again" / "mixture"
        differing = [name for name in _files(first) if (first / name).read_bytes() != (again / name).read_bytes()]
        rows = _rows(first)
    above = {items: fact["peak_kb"] - fact["import_kb"] for items, fact in facts.items()}
    seconds, low, high = spread(times["mix"])
    share, least, most = spread(ratios(times["mix"], times["copy"]))
    ratio = above[long] / above[short]
    how = f"{len(LANGUAGES)} languages, the same items in each, {VALIDATION} more for validation, GSM8K-like rows"
    return [
        Figure(
            name="mixing.seconds",
            title=f"Mixing {len(LANGUAGES)} languages x {long:,} items",
            asked="reported",
            measured=seconds,
            unit="s",
            met=None,
            how=how,
            low=low,
            high=high,
            repetitions=settings.repetitions,
            details={"rows": rows, "rows_per_second": rows / seconds, "seconds": times},
        ),
        Figure(
            name="mixing.against_copy",
            title="Mixing / reading the mixture with pyarrow and writing it again",
            asked="reported",
            measured=share,
            unit="x",
            met=None,
            how=how,
            low=least,
            high=most,
            repetitions=settings.repetitions,
        ),
        Figure(
            name="mixing.memory",
            title=f"Mixing: peak memory above the import's, {long:,} items a language / {short:,}",
            asked=f"<= {MOST}",
            measured=ratio,
            unit="x",
            met=ratio <= MOST,
            how="a process for each size, VmHWM",
            details={"megabytes_above_import": {str(items): kb / 1024 for items, kb in above.items()}},
        ),
        Figure(
            name="mixing.bytes",
            title="Files of a mixture that differ when it is made a second time",
            asked="0",
            measured=len(differing),
            unit="files",
            met=not differing,
            how=f"{len(_FIXED)} kinds of file compared byte by byte, made by two processes",
            details={"differing": differing},
        ),
    ]


_FIXED = (".parquet", ".json", ".jsonl")


def write_run(folder: Path, items: int, languages: Sequence[str] = LANGUAGES) -> Path:
    """A run of ``items`` math records in every language, none of them alike; its folder. It may be made to grow."""
    from mlt.toolkit.store import RunStore

    identity = {"source": {"dataset": "bench", "revision": str(items), "license": "CC0-1.0"}}
    with RunStore.open(folder, identity) as store:
        english = list(_english(folder / "rows.jsonl", items))
        for lang in languages:
            for index, start in enumerate(range(0, items, SHARD)):
                rows = [record.with_(lang=lang) for record in english[start : start + SHARD]]
                store.write_shard(lang, index, rows, [], {"in": len(rows)})
        licenses = {"source": "CC0-1.0", "model": "CC0-1.0"}
        store.save_manifest(
            complete=True, licenses=licenses, languages={lang: store.totals(lang) for lang in store.languages}
        )
    return folder


def _english(path: Path, items: int) -> Iterator[Record]:
    from mlt.toolkit.sources import open_source
    from mlt.toolkit.tasks import get_task

    write_rows(path, items)
    task = get_task("math")
    for row in open_source(path, task="math"):
        assert row.data is not None
        yield task.record(row.data, row.source)
    path.unlink()


def _mix(source: Path, out: Path, items: int) -> None:
    from mlt.train import mix

    mix([source], out, langs=list(LANGUAGES), per_language=items, validation=VALIDATION, force=True)


def _copy(mixture: Path, out: Path) -> None:
    """What cannot be saved: the mixture's own rows read, and written as they are."""
    import pyarrow.parquet as pq

    out.mkdir(exist_ok=True)
    for path in sorted(mixture.rglob("*.parquet")):
        pq.write_table(
            pq.read_table(path), out / f"{path.parent.name}-{path.name}", compression="zstd", row_group_size=1000
        )


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in _FIXED)


def _rows(mixture: Path) -> int:
    import pyarrow.parquet as pq

    return sum(pq.ParquetFile(path).metadata.num_rows for path in mixture.rglob("*.parquet"))


def _measure(source: Path, out: Path, items: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.mixing", str(source), str(out), str(items)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def _child(source: Path, out: Path, items: int) -> None:
    with scratch() as folder:
        small = write_run(folder / "run", 300)
        _mix(small, folder / "small", 20)  # loads what every size needs
        before = status("VmHWM")
        _mix(source, out, items)
    json.dump({"import_kb": before, "peak_kb": status("VmHWM")}, sys.stdout)


if __name__ == "__main__":
    os.chdir(ROOT)
    _child(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
