"""The ladder measured apart: on which rung units end, and what climbing costs, with models that really translate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .bergamot_engine import SPEC, translate_raw
from .common import Figure, Settings, alternate, gsm8k, ratio_figure, scratch, write_jsonl


def run(settings: Settings) -> list[Figure]:
    """Bergamot on GSM8K into Portuguese, the embedded model on the embedded sample into Swahili."""
    translate_raw(["One sentence."])
    with scratch() as folder:
        rows = gsm8k(settings)[: settings.size(60, 6)]
        source = write_jsonl(folder / "gsm8k.jsonl", rows)
        limit = settings.size(200, 20)
        return [
            _measured(settings, "Bergamot", SPEC, "pt", source, len(rows)),
            _measured(settings, "the embedded model", "tiny", "sw", None, limit),
        ]


def _measured(settings: Settings, name: str, model: str, language: str, source: Path | None, rows: int) -> Figure:
    """Rows/s with the ladder against rows/s without, and what each publishes."""
    from mlt.translate import translate

    counts: dict[str, Any] = {}

    def once(ladder: bool) -> None:
        with scratch() as folder:
            result = translate(
                source,
                langs=[language],
                model=model,
                limit=rows,
                out=folder / "run",
                cache_dir=folder / "cache",
                ladder=ladder,
            )
            counts["on" if ladder else "off"] = result.manifest["languages"][language]

    times = alternate({"off": lambda: once(False), "on": lambda: once(True)}, settings.repetitions)
    sample = "GSM8K" if source else "the embedded sample"
    return ratio_figure(
        f"ladder.{name.split()[-1].lower()}",
        f"Rate with the ladder / without, {name} into {language}",
        slow=times["off"],
        fast=times["on"],
        at_least=None,
        how=f"{rows} rows of {sample}, calibration and loading included; a row with one refused unit is not published",
        details={
            "rows_per_s": {side: [rows / t for t in values] for side, values in times.items()},
            "published": {side: count["out"] for side, count in counts.items()},
            "rungs": {side: count["rungs"] for side, count in counts.items()},
        },
    )
