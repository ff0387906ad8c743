"""The model of NLLB-600M's shape with its words cut to a list, against the same model whole.

All sides decode the same units of GSM8K in the same batches, in turn, weights loaded beforehand. The list of the
target's script is filled up to a round size; how long the output is does not depend on that.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .common import Figure, Settings, alternate, gsm8k, ratio_figure, say, scratch
from .nllb_shape import ANNOTATION, build
from .sides import LANGUAGE, Raw, tokenise, tokenizer

SIZES = {"16k": 16_000, "32k": 32_000, "64k": 64_000}
BEAMS = (1, 2, 4)
AT_LEAST = {"16k": 2.0}


def run(settings: Settings) -> list[Figure]:
    """Speed by size of the list and beam, against CTranslate2's defaults, and what is loaded."""
    hf, ct2 = build(settings)
    rows = gsm8k(settings)[: settings.size(32, 1)]
    answers = [row["answer"] for row in rows]
    units = units_of(answers)[: 3 if settings.quick else None]
    with scratch() as cache:
        full, cut, seconds_to_cut = _engines(ct2, units, cache, list(SIZES)[: 1 if settings.quick else None])
        return [
            _loading(settings, full.folder, cut["16k"].folder, seconds_to_cut),
            *_against_full(settings, full, cut, units),
            _against_defaults(settings, Raw(ct2), tokenizer(hf), cut["16k"], answers, units),
        ]


def units_of(answers: Sequence[str]) -> list[str]:
    """The distinct units of answers without their annotations, as the pipeline sends them."""
    from mlt.translate.units import plan_text

    plans = (plan_text(ANNOTATION.sub("", text)) for text in answers)
    return list(dict.fromkeys(unit.text for plan in plans for unit in plan.units))


def decode(engine: Any, units: Sequence[str], beam: int) -> None:
    """Everything from texts to texts, in the batches that a run would make."""
    from mlt.toolkit.languages import ENGLISH, resolve
    from mlt.translate.decode import batches_for
    from mlt.translate.engine import Decoding

    target = resolve(LANGUAGE).language
    prepared = {str(key): unit for key, unit in enumerate(engine.prepare(units, ENGLISH, target))}
    plan = batches_for(engine, {key: unit.size for key, unit in prepared.items()})
    batches = [[prepared[key] for key in batch] for batch in plan]
    list(engine.translate(batches, ENGLISH, target, Decoding(beam_size=beam)))


def _engines(ct2: Path, units: Sequence[str], cache: Path, names: Sequence[str]) -> tuple[Any, dict[str, Any], float]:
    """The full engine, the cut ones, and the seconds that cutting the first of them took."""
    from mlt.toolkit.languages import resolve
    from mlt.translate.models import load_engine
    from mlt.translate.shortlist.engine import shortlisted
    from mlt.translate.shortlist.pieces import Shortlist, script_list, source_pieces

    full: Any = load_engine(str(ct2), device="cpu")
    decode(full, units[:1], 1)
    target = resolve(LANGUAGE).language
    needed = script_list(full, target, source_pieces(full, units, target))
    cut, seconds = {}, []
    for name in names:
        others = sorted(set(range(len(full._ids))).difference(needed.target))
        filled = sorted([*needed.target, *others[: max(0, SIZES[name] - len(needed.target))]])
        started = time.perf_counter()
        cut[name] = shortlisted(full, Shortlist("script", tuple(filled), needed.source), root=cache)
        seconds.append(time.perf_counter() - started)
        decode(cut[name], units[:1], 1)
        say(f"  {name}: {len(filled):,} words out, {len(needed.source):,} in, cut in {seconds[-1]:.1f} s")
    return full, cut, seconds[0]


def _loading(settings: Settings, full: Path, cut: Path, seconds_to_cut: float) -> Figure:
    sides = {"full": lambda: Raw(full), "cut": lambda: Raw(cut)}
    times = alternate(sides, settings.repetitions)
    sizes = {name: (folder / "model.bin").stat().st_size / 1e6 for name, folder in (("full", full), ("cut", cut))}
    return ratio_figure(
        "shortlist.load",
        "Loading a model cut to 16,000 words, against the whole one",
        slow=times["full"],
        fast=times["cut"],
        at_least=None,
        how="int8; from the disk's cache",
        details={"megabytes": sizes, "seconds_to_load": times, "seconds_to_cut": seconds_to_cut},
    )


def _against_full(settings: Settings, full: Any, cut: dict[str, Any], units: Sequence[str]) -> list[Figure]:
    figures = []
    for beam in BEAMS[: 1 if settings.quick else None]:
        say(f"  {len(units)} units, beam {beam}")
        engines = {"full": full, **cut}
        sides = {name: lambda engine=engine, beam=beam: decode(engine, units, beam) for name, engine in engines.items()}
        times = alternate(sides, settings.repetitions)
        figures += [
            ratio_figure(
                f"shortlist.{name}.beam{beam}",
                f"{SIZES[name]:,} words against the full vocabulary, beam {beam}",
                slow=times["full"],
                fast=times[name],
                at_least=AT_LEAST.get(name),
                how=f"{len(units)} units of GSM8K's answers, int8, {full.workers} single-threaded workers, "
                f"{full.batch_tokens:,} tokens a batch",
                details={"units_per_s": {side: [len(units) / t for t in times[side]] for side in ("full", name)}},
            )
            for name in cut
        ]
    return figures


def _against_defaults(
    settings: Settings, defaults: Raw, loaded: Any, cut: Any, answers: Sequence[str], units: Sequence[str]
) -> Figure:
    def with_defaults() -> None:
        out = defaults.translate(tokenise(loaded, answers), beam_size=2)
        loaded.batch_decode([loaded.convert_tokens_to_ids(tokens) for tokens in out])

    times = alternate({"defaults": with_defaults, "cut": lambda: decode(cut, units, 4)}, settings.repetitions)
    return ratio_figure(
        "shortlist.beam4_against_defaults",
        "GSM8K answers: 16,000 words at beam 4 against CTranslate2's defaults at beam 2",
        slow=times["defaults"],
        fast=times["cut"],
        at_least=1.0,
        how=f"{len(answers)} answers; translate_batch with nothing but the beam set, on whole answers, against their "
        "units; int8, tokenising included",
        details={"rows_per_s": {side: [len(answers) / t for t in times[side]] for side in times}},
    )
