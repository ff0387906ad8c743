"""How long ``mlt --help`` takes against a bare typer app's ``--help``: the ratio of medians over alternating runs."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = '''
import typer

app = typer.Typer()


@app.command()
def one(name: str = "x") -> None:
    """First."""


@app.command()
def two(name: str = "x") -> None:
    """Second."""


app()
'''


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, float | int]:
    """Median seconds of either, and their ratio; the runs alternate, so that a busy machine slows both."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare.py")
        bare.write_text(BARE)
        commands = {
            "bare_s": [sys.executable, str(bare), "--help"],
            "mlt_s": [sys.executable, "-m", "mlt.toolkit", "--help"],
        }
        for command in commands.values():
            seconds(command)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command))
    medians = {name: round(statistics.median(values), 4) for name, values in times.items()}
    return {"rounds": rounds, **medians, "ratio": round(medians["mlt_s"] / medians["bare_s"], 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.rounds)
    print(json.dumps(result) if options.json else f"mlt --help takes {result['ratio']} of a bare typer app's")


if __name__ == "__main__":
    main()
