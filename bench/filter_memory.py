"""Memory stays flat in the filter: the peak of a long run against that of one a tenth as long.

Each size runs in a process of its own, by this module as a program: ``python -m bench.filter_memory ROWS``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .common import ROOT, Figure, Settings, say, scratch
from .corruptions import draw
from .memory import status

LONG, SHORT = 200_000, 20_000
MOST = 1.2
SENTENCES = 2

# Word groups of a sentence in English and Swahili.
_WHO = (
    ("The teacher", "Mwalimu"),
    ("My neighbour", "Jirani yangu"),
    ("The farmer", "Mkulima"),
    ("Her sister", "Dada yake"),
    ("The driver", "Dereva"),
    ("The old doctor", "Daktari mzee"),
    ("The fisherman", "Mvuvi"),
    ("The tailor", "Fundi cherehani"),
)
_DID = (("bought", "alinunua"), ("sold", "aliuza"), ("found", "alipata"), ("lost", "alipoteza"), ("sent", "alituma"))
_WHAT = (
    ("mangoes", "maembe"),
    ("books", "vitabu"),
    ("chairs", "viti"),
    ("baskets", "vikapu"),
    ("eggs", "mayai"),
    ("bottles", "chupa"),
    ("oranges", "machungwa"),
)
_WHERE = (
    ("at the market", "sokoni"),
    ("in the village", "kijijini"),
    ("near the river", "karibu na mto"),
    ("in the city", "mjini"),
    ("at the school", "shuleni"),
    ("on the road", "barabarani"),
    ("at home", "nyumbani"),
)


def run(settings: Settings) -> list[Figure]:
    """One figure: peak memory above the import's at 200,000 pairs / at 20,000."""
    sizes = {"long": settings.size(LONG, 6000), "short": settings.size(SHORT, 3000)}
    facts = {name: _measure(rows) for name, rows in sizes.items()}
    above = {name: fact["peak_kb"] - fact["import_kb"] for name, fact in facts.items()}
    ratio = above["long"] / above["short"]
    return [
        Figure(
            name="filter_memory.pairs",
            title=f"Filter: peak memory above the import's, {sizes['long']:,} pairs / {sizes['short']:,}",
            asked=f"<= {MOST}",
            measured=ratio,
            unit="x",
            met=ratio <= MOST,
            how="pairs in one language, every check of the shipped policy, a process for each size, VmHWM",
            details={"megabytes_above_import": {name: kb / 1024 for name, kb in above.items()}, "runs": facts},
        )
    ]


def pair_rows(count: int) -> Iterator[dict[str, str]]:
    """Pairs of two sentences in English and Swahili, hardly two of them alike."""
    for row in range(count):
        sentences = [_sentence(draw("pair", row, index)) for index in range(SENTENCES)]
        source, target = (" ".join(texts) for texts in zip(*sentences, strict=True))
        yield {"id": f"pair-{row}", "source": source, "target": target, "lang": "sw"}


def _sentence(place: int) -> tuple[str, str]:
    parts = []
    for choices in (_WHO, _DID, _WHAT, _WHERE):
        parts.append(choices[place % len(choices)])
        place //= len(choices)
    (who, mtu), (did, tendo), (what, kitu), (where, mahali) = parts
    number = 2 + place % 9000
    return f"{who} {did} {number} {what} {where}.", f"{mtu} {tendo} {kitu} {number} {mahali}."


def write_pairs(path: Path, count: int) -> Path:
    """``count`` pairs as a JSON Lines file, written as they are made; its path."""
    with path.open("w", encoding="utf-8") as file:
        for row in pair_rows(count):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def _measure(rows: int) -> dict[str, Any]:
    say(f"  filter memory: {rows:,} pairs")
    done = subprocess.run(
        [sys.executable, "-m", "bench.filter_memory", str(rows)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def _child(rows: int) -> None:
    from mlt.filter import filter_run

    with scratch() as folder:
        filter_run(write_pairs(folder / "one.jsonl", 1), folder / "one", lid="embedded")  # loads models and tables
        before = status("VmHWM")
        result = filter_run(write_pairs(folder / "pairs.jsonl", rows), folder / "run", lid="embedded")
        counts = result.manifest["filter"]["languages"]["sw"]
    json.dump(
        {"import_kb": before, "peak_kb": status("VmHWM"), "rows": counts["in"], "kept": counts["kept"]}, sys.stdout
    )


if __name__ == "__main__":
    os.chdir(ROOT)
    _child(int(sys.argv[1]))
