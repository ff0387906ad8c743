"""Deciding anew: from the score columns alone, against reading those columns with pyarrow; and as a whole command."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import Figure, Settings, alternate, ratios, say, scratch, seconds, spread
from .filter_memory import write_pairs

if TYPE_CHECKING:
    from mlt.filter.policy import Policy

LANGUAGE = "sw"
ROWS, SHARDS = 1_000_000, (1000, 50_000)
WHOLE_ROWS = 20_000
AT_MOST = 5
NULLS, FAILING, DETAILS = 0.1, 0.02, 0.05  # shares of a column's rows


def run(settings: Settings) -> list[Figure]:
    """The decision on a million rows, in shards as a run has them and in large ones; and the command run again."""
    rows = settings.size(ROWS, 100_000)
    return [*(_decision(settings, rows, shard) for shard in SHARDS), _whole(settings)]


def _decision(settings: Settings, rows: int, shard: int) -> Figure:
    from mlt.filter.columns import read_scores
    from mlt.filter.decide import columns_for, decide
    from mlt.filter.policy import load_policy

    policy = load_policy()
    names = columns_for(policy)
    with scratch() as folder:
        say(f"  columns of {rows:,} rows in shards of {shard:,}")
        paths = _write(folder, rows // shard, shard, policy)
        tables = [read_scores(folder, LANGUAGE, index) for index in range(len(paths))]

        def anew() -> None:
            for index in range(len(paths)):
                decide(read_scores(folder, LANGUAGE, index), policy, LANGUAGE)

        sides: dict[str, Callable[[], Any]] = {
            "pyarrow": lambda: _read(paths, names),
            "mlt": anew,
            "decision_alone": lambda: [decide(table, policy, LANGUAGE) for table in tables],
        }
        for call in sides.values():
            call()
        times = alternate(sides, settings.repetitions)
    median, low, high = spread(ratios(times["mlt"], times["pyarrow"]))
    return Figure(
        name=f"redecide.shards_of_{shard}",
        title=f"Deciding anew on {rows:,} rows / reading their columns with pyarrow, shards of {shard:,}",
        asked=f"<= {AT_MOST}",
        measured=median,
        unit="x",
        met=median <= AT_MOST,
        how=f"{len(names)} columns; ours reads ids and details too, and decides",
        low=low,
        high=high,
        repetitions=settings.repetitions,
        details={"seconds": times, "decision_alone": ratios(times["decision_alone"], times["pyarrow"])},
    )


def _read(paths: Sequence[Path], names: Sequence[str]) -> None:
    import pyarrow.parquet as parquet

    for path in paths:
        parquet.read_table(path, columns=list(names), partitioning=None)


def _write(folder: Path, shards: int, rows: int, policy: Policy) -> list[Path]:
    """The same columns in every shard: mostly sound rows, some nulls, some details."""
    from mlt.filter.check import Score
    from mlt.filter.columns import Columns, write_scores
    from mlt.filter.registry import check_class, check_names
    from mlt.toolkit.layout import scores_file

    drawn = random.Random(0)
    columns = Columns([f"{drawn.getrandbits(128):032x}" for _ in range(rows)])
    for rule in policy.enabled:
        hard = check_class(rule.name).hard
        scores = []
        for _ in range(rows):
            bad = drawn.random() < FAILING
            value = float(bad) if hard else drawn.random()
            detail = f"{rule.name}: what was seen, {drawn.random():.3f}" if drawn.random() < DETAILS else None
            scores.append(Score(None if drawn.random() < NULLS else value, detail))
        columns.put(rule.name, scores, {"version": 1})
    for index in range(shards):
        write_scores(folder, LANGUAGE, index, columns, check_names())
    return [folder / scores_file(LANGUAGE, index) for index in range(shards)]


def _whole(settings: Settings) -> Figure:
    """``mlt filter`` again with other thresholds: kept and rejected rows and the report are written anew."""
    from mlt.filter import filter_run
    from mlt.filter.decide import columns_for
    from mlt.filter.policy import load_policy

    rows = settings.size(WHOLE_ROWS, 1000)
    names = columns_for(load_policy())
    with scratch() as folder:
        source = write_pairs(folder / "pairs.jsonl", rows)
        say(f"  a run of {rows:,} pairs, then its decisions anew")
        first = seconds(lambda: filter_run(source, folder / "run", lid="embedded"))
        paths = sorted((folder / "run" / "scores").glob("*/*.parquet"))
        again, read = [], []
        for repetition in range(settings.repetitions):
            bounds = {"checks": {"length": {"min": -2.0 - repetition / 10}}}
            again.append(seconds(lambda: filter_run(source, folder / "run", lid="embedded", policy=bounds)))  # noqa: B023
            read.append(seconds(lambda: _read(paths, names)))
    median, low, high = spread(ratios(again, read))
    return Figure(
        name="redecide.whole",
        title=f"The whole run again with other thresholds, {rows:,} rows / reading the columns with pyarrow",
        asked="reported",
        measured=median,
        unit="x",
        met=None,
        how="rows, rejects and the report written anew, no model loaded",
        low=low,
        high=high,
        repetitions=settings.repetitions,
        details={"seconds": {"first": first, "again": again, "read": read}},
    )
