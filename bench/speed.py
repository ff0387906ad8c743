"""The pipeline end to end against one raw call of CTranslate2, on the model of NLLB-600M's shape.

All sides translate the same rows on the same machine in one run, in turn, at equal beam, weights loaded beforehand.
The ladder is off: random weights fail every check, so that every unit would climb it; see ``ladder.py``.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import shared_engine
from .common import Figure, Settings, alternate, api_bank_files, gsm8k, ratio_figure, read_jsonl, say, scratch, slug
from .common import write_jsonl as write
from .nllb_shape import build
from .sides import LANGUAGE, Raw, Tokens

RAW_OPTIONS = {"max_batch_size": 2048, "batch_type": "tokens"}  # the engine's own, and the fastest


def run(settings: Settings) -> list[Figure]:
    """Both data sets end to end."""
    raw = raw_side(build(settings)[1])
    with scratch() as folder:
        rows = gsm8k(settings)[: settings.size(60, 4)]
        math = write(folder / "gsm8k.jsonl", [{key: row[key] for key in ("question", "answer")} for row in rows])
        dialogues = read_jsonl(api_bank_files(settings)[0])[: settings.size(40, 3)]
        api = write(folder / "api_bank.jsonl", dialogues)
        return [
            *_end_to_end(settings, raw, "GSM8K", math, len(rows), with_length=True),
            *_end_to_end(settings, raw, "API-Bank dialogues", api, len(dialogues)),
        ]


def raw_side(ct2: Path) -> Raw:
    """Load the engine under test, and CTranslate2 itself with the same compute type and workers."""
    engine: Any = shared_engine.use(ct2)
    return Raw(ct2, device="cpu", compute_type=engine.compute_type, inter_threads=engine.workers, intra_threads=1)


def pipeline(source: Path, beam: int) -> None:
    """One whole run of the pipeline into a fresh folder with an empty cache."""
    from mlt.translate import translate

    with scratch() as folder:
        translate(
            source,
            langs=[LANGUAGE],
            out=folder / "run",
            cache_dir=folder / "cache",
            model=shared_engine.SPEC,
            beam_size=beam,
            ladder=False,
        )


def units_of(source: Path) -> tuple[Tokens, list[int]]:
    """The units that the pipeline sends for these rows, as source tokens, and how many it hands over at a time."""
    shared_engine.sent()
    with shared_engine.dry():
        pipeline(source, 1)
    calls = [[unit.pieces for batch in batches for unit in batch] for batches in shared_engine.sent()]
    return [pieces for call in calls for pieces in call], [len(call) for call in calls if call]


def _end_to_end(
    settings: Settings, raw: Raw, what: str, source: Path, rows: int, with_length: bool = False
) -> list[Figure]:
    units, handed = units_of(source)
    say(f"  {what}: {rows} rows, {len(units)} units, beam 1")
    out: list[list[str]] = []

    def one_call() -> None:
        out[:] = raw.translate(units, beam_size=1, **RAW_OPTIONS)

    times = alternate({"raw": one_call, "pipeline": lambda: pipeline(source, 1)}, settings.repetitions)
    figure = ratio_figure(
        f"speed.end_to_end.{slug(what)}",
        f"{what}: pipeline against one raw call over the same units",
        slow=times["raw"],
        fast=times["pipeline"],
        at_least=0.95,
        how=f"{rows} rows, {len(units)} units, int8, beam 1; translate(), writing included, against one "
        "translate_batch with the same workers and batch size",
        details={
            "rows_per_s": {side: [rows / t for t in values] for side, values in times.items()},
            "units_handed_over_at_a_time": handed,
            "target_tokens": sum(map(len, out)),
        },
    )
    return [figure, _length_figure(units, out)] if with_length else [figure]


def _length_figure(units: Tokens, out: Sequence[Sequence[str]]) -> Figure:
    """Source pieces are counted without the language's token and the end token, as target tokens are."""
    shares = sorted(len(target) / (len(source) - 2) for source, target in zip(units, out, strict=True))
    mean = statistics.mean(shares)
    return Figure(
        name="speed.length",
        title="Steering: target tokens per source token",
        asked="about 1 (the source's length)",
        measured=mean,
        unit="tokens/token",
        met=abs(mean - 1) < 0.05,
        how=f"mean over {len(units)} units, int8, beam 1; spread: lowest and highest unit",
        low=shares[0],
        high=shares[-1],
        details={"share_exactly_one": sum(share == 1 for share in shares) / len(shares)},
    )
