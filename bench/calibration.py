"""Settings found and estimates made, against what follows: are the found settings the fastest, and the time right?

The settings that :mod:`mlt.translate.speed_settings` finds are held against the usual ones and against half and twice
their batch on whole units. The estimate of a dry run is held against the seconds of the very run that it foretold, of
a process of its own, with an empty cache as the dry run had.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from .common import (
    Figure,
    Settings,
    alternate,
    gsm8k,
    ratio_figure,
    rounded,
    say,
    scratch,
    seconds,
    spread,
    write_jsonl,
)
from .nllb_shape import build
from .shortlist import decode, units_of
from .sides import LANGUAGE

WITHIN = 0.2
# Started in a process of its own: the estimate, then the run, each timed from its call.
_DRY_AND_REAL = """
import json, sys, time
from mlt.translate import translate
from mlt.translate.dryrun import estimate
source, folder, request = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
times = []
def timed(call):
    started = time.perf_counter()
    result = call()
    times.append(time.perf_counter() - started)
    return result
kind = sys.argv[4]
if kind == "dry":
    result = timed(lambda: estimate(source, cache_dir=folder + "/cache", **request))
else:
    result = timed(lambda: translate(source, cache_dir=folder + "/cache", out=folder + "/run", **request)).manifest
print(json.dumps({"seconds": times[0], "result": result}))
"""


def run(settings: Settings) -> list[Figure]:
    """The settings on the 600M shape; the estimates there and on the embedded model."""
    ct2 = build(settings)[1]
    large = settings.size(80, 2)
    figures = [_settings_found(settings, ct2, beam) for beam in (1, 4)[: 1 if settings.quick else None]]
    requests = {
        "tiny": ("tiny", settings.size(400, 4), {"beam_size": 4}),
        "600M, full vocabulary": (str(ct2), large, {"beam_size": 1, "shortlist": "off"}),
        "tiny, a list of words": ("tiny", settings.size(400, 4), {"shortlist": "script"}),
        "600M, a list of words": (
            str(ct2),
            settings.size(200, 4),
            {"beam_size": 1, "shortlist": "script", "ladder": False},
        ),
        "600M, beam 4, first attempts": (str(ct2), large, {"shortlist": "off", "ladder": False}),
    }
    chosen = list(requests.items())[: 1 if settings.quick else None]
    return [*figures, *(_estimate(settings, name, *request) for name, request in chosen)]


def _settings_found(settings: Settings, ct2: Path, beam: int) -> Figure:
    from mlt.toolkit.languages import resolve
    from mlt.translate.engine import Decoding
    from mlt.translate.models import load_engine
    from mlt.translate.speed_settings import best_speed, speed_of, use_speed

    units = units_of([row["answer"] for row in gsm8k(settings)[: settings.size(60, 2)]])
    target = resolve(LANGUAGE).language
    engine: Any = load_engine(str(ct2), device="cpu")
    usual = speed_of(engine)
    with scratch() as root:
        decoding = Decoding(beam_size=beam)
        took = seconds(lambda: best_speed(engine, target, decoding, rows=10_000, root=root))
        found = best_speed(engine, target, decoding, rows=10_000, root=root)
    say(f"  beam {beam}: {found} in {took:.1f} s")
    others = {"found": found, "usual": usual}
    others |= {
        f"batches x {factor}": replace(usual, batch_tokens=int(usual.batch_tokens * factor)) for factor in (0.5, 2)
    }

    def side(speed: Any) -> Any:
        def whole() -> None:
            use_speed(engine, speed)
            decode(engine, units, beam)

        return whole

    times = alternate({name: side(speed) for name, speed in others.items()}, settings.repetitions)
    best = min(others, key=lambda name: spread(times[name])[0])
    return ratio_figure(
        f"calibration.settings.beam{beam}",
        f"Settings found, against the fastest of {len(others)}, beam {beam}",
        slow=times[best],
        fast=times["found"],
        at_least=0.95,
        how=f"{len(units)} units of GSM8K's answers on the 600M shape, int8; weights loaded anew where workers differ",
        details={
            "found": asdict(found),
            "usual": asdict(usual),
            "fastest": best,
            "seconds": times,
            "search_seconds": took,
        },
    )


def _estimate(settings: Settings, name: str, model: str, rows: int, options: dict[str, Any]) -> Figure:
    request = {"model": model, "langs": LANGUAGE, **options}
    shares, details = [], []
    for repetition in range(settings.repetitions):
        with scratch() as folder:
            source = write_jsonl(folder / "gsm8k.jsonl", gsm8k(settings)[:rows])
            dry = _started(source, folder, request, "dry")
            real = _started(source, folder, request, "real")
        foretold, took = dry["result"]["estimated_seconds"], real["seconds"]
        shares.append(foretold / took)
        entry = next(iter(dry["result"]["languages"].values()))
        details.append({"foretold": foretold, "took": took, "dry_run": dry["seconds"], **entry["seconds"]})
        say(f"  {name}: {repetition + 1}/{settings.repetitions}: {foretold:.1f} s foretold, {took:.1f} s taken")
    return _share_figure(name, rows, shares, details)


def _share_figure(name: str, rows: int, shares: Sequence[float], details: list[dict[str, Any]]) -> Figure:
    median, low, high = spread(shares)
    slug = "".join(char if char.isalnum() else "_" for char in name.lower())
    return Figure(
        name=f"calibration.estimate.{slug}",
        title=f"Time foretold by --dry-run, of the run's own: {name}",
        asked=f"within {WITHIN:.0%}",
        measured=median,
        unit="x",
        met=abs(median - 1) <= WITHIN,
        how=f"{rows} rows of GSM8K, one language; each in a process of its own, from the call to its end",
        low=low,
        high=high,
        repetitions=len(shares),
        details={"seconds": rounded(details)},
    )


def _started(source: Path, folder: Path, request: dict[str, Any], kind: str) -> dict[str, Any]:
    command = [sys.executable, "-c", _DRY_AND_REAL, str(source), str(folder), json.dumps(request), kind]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
