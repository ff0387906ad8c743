"""What is translated once: repeated units inside a data set, and a second run that finds everything in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import shared_engine
from .common import Figure, Settings, api_bank_files, gsm8k, say, scratch, seconds, slug, spread, write_jsonl
from .independent_check import read_rows
from .nllb_shape import build
from .sides import LANGUAGE

AT_MOST = 0.05


def run(settings: Settings) -> list[Figure]:
    """The share of repeated units of both data sets, and the time of a second run."""
    with scratch() as folder:
        limit = settings.size(0, 20) or None
        math = write_jsonl(folder / "gsm8k.jsonl", gsm8k(settings)[:limit])
        return [
            _repeated("GSM8K", [math], folder, None),
            _repeated("API-Bank", api_bank_files(settings), folder, limit),
            _second_run(settings, folder),
        ]


def _repeated(name: str, files: Sequence[Path], folder: Path, limit: int | None) -> Figure:
    """Every unit of every row, by a run of the identity engine, against the distinct ones."""
    from mlt.translate import translate

    units: list[str] = []
    for file in files:
        say(f"  units of {file.name}")
        out = folder / f"identity-{file.stem}"
        run = translate(file, langs=[LANGUAGE], model="identity", out=out, cache_dir=folder / "cache", limit=limit).path
        rows = read_rows(run / LANGUAGE) + read_rows(run / "rejected" / LANGUAGE)
        units += [unit["source"] for row in rows for unit in row["units"] or []]
    distinct = set(units)
    words, distinct_words = (sum(len(unit.split()) for unit in some) for some in (units, distinct))
    return Figure(
        name=f"reuse.repeated.{slug(name)}",
        title=f"Units that are repeated and translated once, {name}",
        asked="reported",
        measured=100 * (1 - len(distinct) / len(units)),
        unit="%",
        met=None,
        how=f"{len(distinct):,} distinct of {len(units):,} units",
        details={"share_of_words_saved": 1 - distinct_words / words},
    )


def _second_run(settings: Settings, folder: Path) -> Figure:
    """The same run twice, into fresh folders, with one cache, default decoding and the default model's size."""
    from mlt.translate import translate

    _, ct2 = build(settings)
    rows = gsm8k(settings)[: settings.size(24, 2)]
    source = write_jsonl(folder / "twice.jsonl", rows)
    shares, times = [], []
    for repetition in range(settings.repetitions):

        def once(name: str, repetition: int = repetition) -> None:
            translate(
                source,
                langs=[LANGUAGE],
                model=shared_engine.SPEC,
                out=folder / f"{name}-{repetition}",
                cache_dir=folder / f"cache-{repetition}",
                ladder=False,
            )

        shared_engine.use(ct2)
        first, second = seconds(lambda: once("first")), seconds(lambda: once("second"))
        say(f"    {repetition + 1}/{settings.repetitions} first {first:.2f} s, second {second:.2f} s")
        shares.append(100 * second / first)
        times.append([first, second])
    median, low, high = spread(shares)
    return Figure(
        name="reuse.second_run",
        title="A second identical run into a fresh folder, of the first's time",
        asked="< 5 %",
        measured=median,
        unit="%",
        met=median < 100 * AT_MOST,
        how=f"{len(rows)} GSM8K rows, NLLB-600M's shape, int8, beam 4, weights loaded beforehand",
        low=low,
        high=high,
        repetitions=settings.repetitions,
        details={"seconds": times},
    )
