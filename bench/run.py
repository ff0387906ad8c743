"""Runs the benchmark: ``python bench/run.py [--only NAME ...] [--quick]``, or ``python -m bench``.

Each part's figures are written as soon as it is done, in place of its earlier ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module
from pathlib import Path

if __package__ in (None, ""):  # run as a file: make the package and the engines in it importable
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.common import RESULTS, ROOT, Figure, Settings, say
from bench.report import markdown
from bench.results import merge

PARTS = (
    "speed",
    "answers",
    "peers",
    "reuse",
    "bergamot",
    "ladder",
    "memory",
    "shortlist",
    "calibration",
    "kill",
    "start_up",
    "corruption_bench",
    "finished_pairs",
    "filter_speed",
    "redecide",
    "filter_memory",
    "comet_worker",
    "mixing",
    "publishing",
    "answer_rules",
    "call_rules",
    "train_speed",
    "train_learning",
    "study_checks",
)
PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: list[str] | None = None) -> int:
    """Runs the parts asked for; 0 when every figure was reached (or ``--quick``), 1 when not, 3 without data."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure mlt; writes results and a table.")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="smoke run at tiny size; writes nothing")
    options = parser.parse_args(arguments)
    data = data_folder()
    if not (data / "gsm8k").is_dir():
        print(
            "no data: set MLT_BENCH_DATA to the folder that holds gsm8k/, api_bank/, ntrex/ and mgsm/", file=sys.stderr
        )
        return 3
    settings = Settings(data, cache_folder(), options.quick, repetitions=1 if options.quick else 3)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    os.environ.pop("OMP_NUM_THREADS", None)  # the sides that are measured with their defaults have them
    reached = True
    for part in options.only or PARTS:
        say(f"{part} ...")
        started = time.perf_counter()
        figures = import_module(f"bench.{part}").run(settings)
        took = time.perf_counter() - started
        say(f"{part}: {took / 60:.1f} minutes")
        for figure in figures:
            print(f"{_mark(figure)} {figure.title}: {figure.measured:.4g} {figure.unit} (asked: {figure.asked})")
        reached &= all(figure.met is not False for figure in figures)
        if not options.quick:
            PAGE.write_text(markdown(merge(RESULTS, part, PARTS, figures, took)), encoding="utf-8")
    return 0 if reached or options.quick else 1


def data_folder() -> Path:
    """Where the data sets are: ``MLT_BENCH_DATA``, else beside the checkout."""
    return Path(os.environ.get("MLT_BENCH_DATA") or ROOT.parent / "shared" / "data")


def cache_folder() -> Path:
    """Where built models are kept: ``MLT_BENCH_CACHE``, else beside what mlt itself keeps."""
    chosen = os.environ.get("MLT_BENCH_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("mlt")) / "bench"


def _mark(figure: Figure) -> str:
    return {True: "reached", False: "MISSED ", None: "       "}[figure.met]


if __name__ == "__main__":
    raise SystemExit(main())
