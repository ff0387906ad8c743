"""GSM8K's answers on the model of NLLB-600M's shape: the pipeline against how others call CTranslate2 and transformers.

All sides translate the same rows in one run, in turn, at equal beam, weights loaded beforehand, the ladder off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .common import Figure, Settings, alternate, gsm8k, ratio_figure, say, scratch
from .common import write_jsonl as write
from .nllb_shape import ANNOTATION, build
from .sides import Raw, Transformers, tokenise, tokenizer
from .speed import RAW_OPTIONS, pipeline, raw_side, units_of

CHUNK_ROWS = 30
SEVERAL_HUNDRED = 200


def run(settings: Settings) -> list[Figure]:
    """What small chunks cost, and the pipeline against other ways of calling the same model."""
    hf, ct2 = build(settings)
    raw = raw_side(ct2)
    with scratch() as folder:
        return [_starvation(settings, raw, folder), *_answers(settings, hf, ct2, folder)]


def _starvation(settings: Settings, raw: Raw, folder: Path) -> Figure:
    """All units in one call against the same units in calls of 30 rows each, one after another."""
    rows = gsm8k(settings)[: settings.size(90, 6)]
    size = settings.size(CHUNK_ROWS, 2)
    chunks = []
    for start in range(0, len(rows), size):
        source = write(folder / "chunk.jsonl", _answers_only(rows[start : start + size]))
        chunks.append(units_of(source)[0])
    whole, handed = units_of(write(folder / "whole.jsonl", _answers_only(rows)))
    say(f"  starvation: {len(chunks)} chunks against {len(whole)} units at once")
    times = alternate(
        {
            "chunks": lambda: [raw.translate(chunk, beam_size=1, **RAW_OPTIONS) for chunk in chunks],
            "whole": lambda: raw.translate(whole, beam_size=1, **RAW_OPTIONS),
        },
        settings.repetitions,
    )
    figure = ratio_figure(
        "speed.starvation",
        f"All units at once against chunks of {size} rows",
        slow=times["chunks"],
        fast=times["whole"],
        at_least=None,
        how=f"{len(rows)} GSM8K answers, raw calls, int8, beam 1: what small chunks would cost",
        details={"units_per_chunk": [len(chunk) for chunk in chunks], "pipeline_hands_over": handed},
    )
    if settings.quick:
        return figure
    met = min(handed) >= SEVERAL_HUNDRED
    return replace(figure, asked=f"the pipeline hands over >= {SEVERAL_HUNDRED} units at a time", met=met)


def _answers(settings: Settings, hf: Path, ct2: Path, folder: Path) -> list[Figure]:
    """The pipeline on GSM8K's answers against CTranslate2's defaults and transformers on the whole answers."""
    rows = gsm8k(settings)[: settings.size(32, 3)]
    source = write(folder / "answers.jsonl", _answers_only(rows))
    answers = [row["answer"] for row in rows]
    defaults, loaded, reference = Raw(ct2), tokenizer(hf), Transformers(hf)
    texts = {"defaults": answers, "bare": [ANNOTATION.sub("", text) for text in answers], "transformers": answers}
    tokens = {side: sum(len(source) - 2 for source in tokenise(loaded, given)) for side, given in texts.items()}
    tokens["pipeline"] = sum(len(pieces) - 2 for pieces in units_of(source)[0])
    figures = []

    def with_defaults(texts: Sequence[str], beam: int) -> None:
        out = defaults.translate(tokenise(loaded, texts), beam_size=beam)
        loaded.batch_decode([loaded.convert_tokens_to_ids(tokens) for tokens in out])

    for beam, asked in ((2, 2.0), (1, 3.0), (4, None)):
        say(f"  {len(rows)} whole answers, beam {beam}")
        sides: dict[str, Any] = {
            "defaults": lambda beam=beam: with_defaults(texts["defaults"], beam),
            "pipeline": lambda beam=beam: pipeline(source, beam),
        }
        if beam == 2:
            sides["bare"] = lambda: with_defaults(texts["bare"], 2)
        if beam == 1:
            sides["transformers"] = lambda: reference.translate(texts["transformers"], 1)
        times = alternate(sides, settings.repetitions)
        for other in [side for side in times if side != "pipeline"]:
            wanted = None if other == "bare" else asked
            figures.append(_answers_figure(other, beam, wanted, times, tokens, len(rows)))
    return figures


def _answers_figure(
    other: str, beam: int, asked: float | None, times: dict[str, list[float]], tokens: dict[str, int], rows: int
) -> Figure:
    names = {
        "defaults": "CTranslate2's defaults",
        "bare": "CTranslate2's defaults without annotations",
        "transformers": "transformers at its best",
    }
    hows = {
        "defaults": "int8, translate_batch with nothing but the beam set",
        "bare": "the same, calculator annotations taken out of the answers first",
        "transformers": "generate in bfloat16, sorted, 32 a batch",
    }
    return ratio_figure(
        f"speed.answers.{other}.beam{beam}",
        f"GSM8K answers: pipeline against {names[other]}, beam {beam}",
        slow=times[other],
        fast=times["pipeline"],
        at_least=asked,
        how=f"{rows} answers; {hows[other]}, on whole answers, tokenising included",
        details={
            "rows_per_s": {side: [rows / t for t in times[side]] for side in (other, "pipeline")},
            "source_tokens": {side: tokens[side] for side in (other, "pipeline")},
        },
    )


def _answers_only(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """GSM8K rows that share one short question: of the whole run it is one unit."""
    return [{"question": "Solve this.", "answer": row["answer"]} for row in rows]
