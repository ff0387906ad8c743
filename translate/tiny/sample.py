"""Writes the embedded sample: ``python -m mlt.translate.tiny.sample`` (seeded; equal bytes every time)."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .dialogues import api_names, draw_dialogue, flows
from .fills import Filler, load_yaml
from .problems import PROBLEMS, draw_problem

SAMPLES = Path(__file__).resolve().parents[2] / "toolkit" / "samples"
SEED = 2024
ROWS = 100


def math_rows() -> list[dict[str, Any]]:
    """100 problems in GSM8K's format, all kinds in turn, no two alike."""
    filler = Filler(random.Random(SEED), held_out=True)
    return _distinct(lambda index: draw_problem(PROBLEMS[index % len(PROBLEMS)], filler), "question")


def api_rows() -> list[dict[str, Any]]:
    """100 dialogues in API-Bank's format, all courses in turn, no two alike."""
    filler = Filler(random.Random(SEED + 1), held_out=True)
    courses, every = flows(), sorted(load_yaml("apis.yaml"))

    def draw(index: int) -> dict[str, Any]:
        flow = courses[index % len(courses)]
        used = api_names(flow)
        # A model has to choose between two: the two that are called, or the one and another.
        described = used if len(used) > 1 else [*used, filler.rng.choice([name for name in every if name not in used])]
        row = draw_dialogue(flow, filler, described=sorted(described))
        return {"file": f"{'-'.join(used)}-{index // len(courses) + 1}.jsonl", "id": index % len(courses), **row}

    return _distinct(draw, "input")


def main() -> None:
    """Write ``math.jsonl`` and ``api.jsonl``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=SAMPLES, help="folder for math.jsonl and api.jsonl")
    out: Path = parser.parse_args().out
    for name, rows in (("math", math_rows()), ("api", api_rows())):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (out / f"{name}.jsonl").write_text(text, encoding="utf-8")


def _distinct(draw: Callable[[int], dict[str, Any]], key: str) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    while len(rows) < ROWS:
        row = draw(len(rows))
        rows.setdefault(row[key], row)
    return list(rows.values())


if __name__ == "__main__":
    main()
