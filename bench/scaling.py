"""A run too large to try: 50 million rows into 50 languages on 64 GPUs, from what a small one shows.

``python -m bench.scaling`` prints the tables of docs/scaling.md. Three kinds of numbers go in: what is measured here
and now with an engine that only gives texts back (bytes, files, the time of all that is not decoding), what is stated
(:class:`Stated`), and a simulation of the pool with the very queue that gives its shards out.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlt.toolkit.actor_pool import TRIES
from mlt.toolkit.languages import ENGLISH, all_languages
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.run import open_run
from mlt.toolkit.sources import open_source
from mlt.toolkit.store import RunStore
from mlt.translate import translate
from mlt.translate.distributed.shard_queue import ShardQueue
from mlt.translate.distributed.worker import RunPlace, ShardItem
from mlt.translate.english import write_english
from mlt.translate.shard import Settings as Decided

from .common import scratch

_LOOKS = 50


@dataclass(frozen=True)
class Stated:
    """What is assumed. ``tokens_per_s``: target tokens a GPU decodes a second, over all rungs of the ladder."""

    rows: int = 50_000_000
    languages: int = 50
    gpus: int = 64
    tokens_per_s: float = 15_000
    tokens_per_unit: float = 30  # a sentence of GSM8K in NLLB's pieces, with the 10-60 % that other languages add
    dollars_per_gpu_hour: float = 2.0
    hours_between_deaths: float = 24  # of one worker: taken away, or out of memory
    restart_s: float = 90  # a machine, an interpreter, the weights
    spread: float = 0.25  # of the time of a shard, as the deviation of its logarithm
    marker_s: float = 0.001  # to open, read and measure a marker's files on a network disk


@dataclass(frozen=True)
class Measured:
    """What a run of ``rows`` rows into one language has shown."""

    rows: int
    units_per_row: float
    english_s: float
    other_s: float
    bytes_per_row: float
    english_bytes_per_row: float
    cache_bytes_per_unit: float
    marker_bytes: float
    marker_s: float


def measure(rows: list[dict[str, str]]) -> Measured:
    """Translates rows by the engine that gives them back, so that all the processor's time taken is our own."""
    with scratch() as folder:
        source = folder / "rows.jsonl"
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        common: dict[str, Any] = {"model": "identity", "shard_size": 1000, "cache_dir": folder / "cache"}
        translate(source, langs="sw", out=folder / "first", limit=50, **common)  # imports and tables
        started = time.process_time()
        with RunStore.open(folder / "english", {"of": "a measurement"}) as store:
            write_english(store, open_source(str(source)), 1000, NullProgress())
        english_s = time.process_time() - started
        started = time.process_time()
        translate(source, langs="yo", out=folder / "run", **common)
        both_s = time.process_time() - started
        run = open_run(folder / "run")
        said = run.manifest["languages"]["yo"]
        count, shards = said["out"], len(run.shards("yo"))
        started = time.process_time()
        for _ in range(_LOOKS):
            run.totals("yo")
        marker_s = (time.process_time() - started) / shards / _LOOKS
        files = list((folder / "cache").rglob("yo.sqlite"))
        return Measured(
            rows=count,
            units_per_row=said["unique_units"] / count,
            english_s=english_s / count,
            other_s=max(0.0, both_s - english_s) / count,
            bytes_per_row=_size(run.path / "yo") / count,
            english_bytes_per_row=_size(run.path / "en") / count,
            cache_bytes_per_unit=sum(file.stat().st_size for file in files) / max(1, said["decoded"]),
            marker_bytes=_size(run.path / "done" / "yo") / shards,
            marker_s=marker_s,
        )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Simulated:
    """A simulated run: hours, share of the workers' time that decoded what was kept, deaths, and shards given up."""

    hours: float
    useful: float
    deaths: int
    aside: int


class _Paper:
    """What the queue asks of a pipeline and its store, of a run of which nothing is done."""

    progress = NullProgress()

    def __init__(self) -> None:
        self.store, self.home, self.finished = self, self, set[tuple[str, int]]()

    def due(self, language: Any, shards: list[int]) -> list[int]:
        return [index for index in shards if (language.code, index) not in self.finished]

    def done(self, lang: str, index: int) -> dict[str, int]:
        return {"out": 1}

    def refresh(self, lang: str) -> None:
        """Nothing of it stands elsewhere."""

    def facts(self, name: str) -> None:
        """Nothing was found out."""

    def totals(self, lang: str) -> dict[str, Any]:
        return {"in": 1, "out": 1, "rejected": {}}


def simulate(stated: Stated, shard_s: float, shards: int, seed: int = 0) -> Simulated:
    """Gives out every shard of every language to workers that take their time and now and then die."""
    chance, paper = random.Random(seed), _Paper()
    languages = [language for language in all_languages() if language != ENGLISH][: stated.languages]
    place = RunPlace(Path("run"), Decided(), 1, "off")
    queue = ShardQueue(paper, place, languages, range(shards))  # type: ignore[arg-type]
    idle, now, useful, deaths = stated.gpus, 0.0, 0.0, 0
    events: list[tuple[float, int, ShardItem | None, bool]] = []
    tries: Counter[ShardItem] = Counter()
    number = 0
    while True:
        while idle and (item := queue.take()) is not None:
            took = shard_s * chance.lognormvariate(-(stated.spread**2) / 2, stated.spread)
            death = chance.expovariate(1 / (stated.hours_between_deaths * 3600))
            idle, number = idle - 1, number + 1
            heapq.heappush(events, (now + min(took, death), number, item, death >= took))
            useful += took if death >= took else 0
        if not events:
            break
        began = now
        now, _, item, well = heapq.heappop(events)
        if item is None:
            idle += 1
        elif well:
            idle += 1
            paper.finished.add((item.language.code, item.index))
            queue.done(item)
        else:
            deaths, number, tries[item] = deaths + 1, number + 1, tries[item] + 1
            heapq.heappush(events, (now + stated.restart_s, number, None, True))
            if tries[item] < TRIES:
                queue.again(item)
            else:
                queue.set_aside(item, "its worker died")
        if item is None and not queue.left() and all(entry[2] is None for entry in events):
            now = began  # what starts again has nothing to do any more
            break
    return Simulated(now / 3600, useful / (now * stated.gpus), deaths, len(queue.aside))


def shard_seconds(stated: Stated, measured: Measured, size: int) -> float:
    """What a GPU takes for a shard: decoding, and our own work, which runs in the same process."""
    decoding = size * measured.units_per_row * stated.tokens_per_unit / stated.tokens_per_s
    return decoding + size * measured.other_s


def tables(stated: Stated, measured: Measured, sizes: list[int]) -> str:
    """The tables, in Markdown."""
    pairs = stated.rows * stated.languages
    lines = ["| measured, per row and language | |", "|-|-:|"]
    own = f"{1e3 * measured.english_s:.2f} / {1e3 * measured.other_s:.2f} ms"
    lines += [
        f"| units to decode | {measured.units_per_row:.2f} |",
        f"| one core's time outside of the engine, English / other | {own} |",
        f"| bytes of rows, English / other | {measured.english_bytes_per_row:.0f} / {measured.bytes_per_row:.0f} |",
        f"| bytes of cached units, a unit | {measured.cache_bytes_per_unit:.0f} |",
        f"| a marker | {measured.marker_bytes:.0f} bytes, {1e3 * measured.marker_s:.2f} ms to look at |",
    ]
    units = pairs * measured.units_per_row
    lines += ["", "| of the whole run | |", "|-|-:|"]
    bytes_of_rows = pairs * measured.bytes_per_row + stated.rows * measured.english_bytes_per_row
    lines += [
        f"| rows, all languages | {pairs / 1e9:.1f} billion |",
        f"| target tokens | {units * stated.tokens_per_unit / 1e12:.2f} trillion |",
        f"| disk, rows | {bytes_of_rows / 1e12:.2f} TB |",
        f"| cached units, all workers / each | {units * measured.cache_bytes_per_unit / 1e12:.2f} TB / "
        f"{units * measured.cache_bytes_per_unit / stated.gpus / 1e9:.0f} GB |",
        f"| English side, one process | {stated.rows * measured.english_s / 3600:.1f} h |",
    ]
    head = "| rows a shard | shards | files | a shard | hours | GPU hours | cost | workers' time that counts | deaths |"
    lines += ["", head + " looking at all markers once |", "|" + "-:|" * 10]
    for size in sizes:
        shards = -(-stated.rows // size)
        took = shard_seconds(stated, measured, size)
        simulated = simulate(stated, took, shards)
        gpu_hours = simulated.hours * stated.gpus
        look = shards * stated.languages * stated.marker_s / 3600
        lines.append(
            f"| {size:,} | {shards * stated.languages:,} | {2 * shards * (stated.languages + 1):,} | {took:,.0f} s | "
            f"{simulated.hours:,.0f} | {gpu_hours:,.0f} | ${gpu_hours * stated.dollars_per_gpu_hour:,.0f} | "
            f"{100 * simulated.useful:.1f} % | {simulated.deaths} | {look:.2f} h |"
        )
    lines += ["", "| tokens/s a GPU | hours on 64 | cost | our own share of the time |", "|-:|-:|-:|-:|"]
    for rate in (5_000, 15_000, 50_000):
        other = replace(stated, tokens_per_s=rate)
        took = shard_seconds(other, measured, 1)
        hours = pairs * took / stated.gpus / 3600
        cost = hours * stated.gpus * stated.dollars_per_gpu_hour
        lines.append(f"| {rate:,} | {hours:,.0f} | ${cost:,.0f} | {100 * measured.other_s / took:.0f} % |")
    return "\n".join(lines)


def main() -> None:
    """Measures, simulates and prints."""
    parser = argparse.ArgumentParser(prog="bench.scaling", description="Tables of docs/scaling.md.")
    parser.add_argument("--rows", type=int, default=1000, help="rows of GSM8K to measure with, at most")
    parser.add_argument("--sizes", default="1000,10000,50000", help="rows a shard")
    options = parser.parse_args()
    data = Path(os.environ.get("MLT_BENCH_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    rows = [json.loads(line) for path in sorted((data / "gsm8k").glob("train*.jsonl")) for line in path.open()]
    chosen = [{key: row[key] for key in ("question", "answer")} for row in rows[: options.rows]]
    print(tables(Stated(), measure(chosen), [int(size) for size in options.sizes.split(",")]))


if __name__ == "__main__":
    main()
