"""Memory stays flat: the peak of a long run through the identity engine against that of a run a tenth as long.

Each size runs in a process of its own, by this module as a program: ``python -m bench.memory ROWS``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from .common import ROOT, Figure, Settings, say, scratch

UNITS_PER_ROW = 8
LONG, SHORT = 200_000, 20_000
MOST = 1.2


def run(settings: Settings) -> list[Figure]:
    """One figure: peak memory above the import's at 200,000 units / at 20,000."""
    sizes = {"long": settings.size(LONG, 24_000), "short": settings.size(SHORT, 12_000)}
    facts = {name: _measure(units) for name, units in sizes.items()}
    above = {name: fact["peak_kb"] - fact["import_kb"] for name, fact in facts.items()}
    ratio = above["long"] / above["short"]
    return [
        Figure(
            name="memory.identity",
            title=f"Peak memory above the import's, {facts['long']['units']:,} units / {facts['short']['units']:,}",
            asked=f"<= {MOST}",
            measured=ratio,
            unit="x",
            met=ratio <= MOST,
            how="identity engine, one language, unique units, a process for each size, VmHWM",
            details={"megabytes_above_import": {name: kb / 1024 for name, kb in above.items()}, "runs": facts},
        )
    ]


def _measure(units: int) -> dict[str, Any]:
    say(f"  memory: {units:,} units")
    rows = units // UNITS_PER_ROW
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory", str(rows)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def write_rows(path: Path, rows: int) -> None:
    """Problems in GSM8K's format, four sentences of question and four lines of answer each, none twice."""
    drawn = random.Random(0)
    names, things = ("Amina", "Bola", "Chidi", "Dayo", "Esther"), ("mangoes", "books", "pencils", "baskets", "coins")
    with path.open("w", encoding="utf-8") as file:
        for row in range(rows):
            name, thing = drawn.choice(names), drawn.choice(things)
            a, b = drawn.randint(2, 90), drawn.randint(2, 9)
            question = (
                f"{name} has {a} {thing} in house {row}. Each visitor to house {row} brings {b} more of them. "
                f"Today {b} visitors come to house {row}. How many {thing} are in house {row} now?"
            )
            answer = (
                f"The visitors to house {row} bring {b}*{b}=<<{b}*{b}={b * b}>>{b * b} {thing}.\n"
                f"That is in addition to the {a} {thing} of {name} at house {row}.\n"
                f"So house {row} holds {a}+{b * b}=<<{a}+{b * b}={a + b * b}>>{a + b * b} {thing}.\n"
                f"Nothing else is brought to house {row}.\n#### {a + b * b}"
            )
            file.write(json.dumps({"question": question, "answer": answer}) + "\n")


def status(field: str) -> int:
    """A field of this process's status, in kB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _child(rows: int) -> None:
    import pyarrow.parquet  # noqa: F401
    import sentencex

    import mlt.toolkit.sources
    import mlt.toolkit.store
    import mlt.translate.api  # noqa: F401
    from mlt.translate import translate

    list(sentencex.segment("en", "One. Two."))  # loads its tables, whatever the size of the run
    with scratch() as folder:
        write_rows(folder / "rows.jsonl", rows)
        before = status("VmHWM")
        result = translate(
            folder / "rows.jsonl", langs=["sw"], model="identity", out=folder / "run", cache_dir=folder / "cache"
        )
        counts = result.manifest["languages"]["sw"]
    json.dump({"import_kb": before, "peak_kb": status("VmHWM"), "units": counts["unique_units"]}, sys.stdout)


if __name__ == "__main__":
    os.chdir(ROOT)
    _child(int(sys.argv[1]))
