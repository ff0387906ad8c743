"""``python -m bench.gpu``: the shape of NLLB-600M on one CUDA device: compute types, batch sizes, several processes.

Writes ``bench/results-gpu.json``. Where there is no device it says so in one line and ends with 3. Measured are target
tokens a second of mlt's engine over the same sentences of GSM8K, with the whole vocabulary, weights loaded beforehand;
several processes share the sentences among them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .common import ROOT, Settings, gsm8k, rounded, say, scratch, write_jsonl

RESULTS = ROOT / "bench" / "results-gpu.json"
COMPUTE_TYPES = ("int8_float16", "bfloat16", "float16")
BATCH_TOKENS = (4096, 8192, 16_384, 32_768)
PROCESSES = (1, 2, 4)
BEAMS = (1, 4)
ROWS = 1000


def main(arguments: list[str] | None = None) -> int:
    """Measures and writes; 0 when done, 3 where there is no device or no data."""
    parser = argparse.ArgumentParser(prog="bench.gpu", description="Measure on a CUDA device; writes results-gpu.json.")
    parser.add_argument("--quick", action="store_true", help="few rows, one of each; writes nothing")
    options = parser.parse_args(arguments)
    import ctranslate2

    from .run import cache_folder, data_folder

    if not ctranslate2.get_cuda_device_count():
        print("no CUDA device that CTranslate2 can use: nothing measured", file=sys.stderr)
        return 3
    data = data_folder()
    if not (data / "gsm8k").is_dir():
        print("no data: set MLT_BENCH_DATA to the folder that holds gsm8k/", file=sys.stderr)
        return 3
    results = measure(Settings(data, cache_folder(), options.quick, repetitions=1 if options.quick else 3))
    if not options.quick:
        RESULTS.write_text(json.dumps(rounded(results), indent=1) + "\n", encoding="utf-8")
    print(f"{len(results['measured'])} settings measured; fastest: {fastest(results['measured'])}")
    return 0


def measure(settings: Settings) -> dict[str, Any]:
    """All settings, one after the other; what does not fit into the device's memory is noted with its error."""
    from .nllb_shape import build
    from .results import machine, versions

    _, ct2 = build(settings)
    measured = []
    with scratch() as folder:
        rows = gsm8k(settings)[: settings.size(ROWS, 20)]
        source = write_jsonl(folder / "gsm8k.jsonl", rows)
        for setting in plan(settings.quick):
            one = {**setting, **_measured(ct2, source, setting, settings.repetitions)}
            measured.append(one)
            say(f"  {json.dumps(rounded(one))}")
    about = {"date": datetime.now(UTC).date().isoformat(), "device": _device(), "machine": machine()}
    return {**about, "versions": versions(), "rows": len(rows), "measured": measured}


def plan(quick: bool = False) -> list[dict[str, Any]]:
    """Every compute type by every batch size; several processes with the first type by every batch size."""
    alone = [(kind, size, 1) for kind in COMPUTE_TYPES for size in BATCH_TOKENS]
    several = [(COMPUTE_TYPES[0], size, count) for count in PROCESSES[1:] for size in BATCH_TOKENS[:2]]
    chosen = [(kind, size, count, beam) for beam in BEAMS for kind, size, count in (*alone, *several)]
    names = ("compute_type", "batch_tokens", "processes", "beam")
    return [dict(zip(names, setting, strict=True)) for setting in (chosen[:1] if quick else chosen)]


def fastest(measured: Sequence[dict[str, Any]]) -> str:
    """The setting with the most tokens a second at each beam, in words."""
    best: dict[int, dict[str, Any]] = {}
    for one in measured:
        rate = max(one.get("tokens_per_s", [0.0]))
        if rate > max(best.get(one["beam"], {}).get("tokens_per_s", [0.0])):
            best[one["beam"]] = one
    return "; ".join(
        f"beam {beam}: {one['compute_type']}, {one['batch_tokens']} tokens a batch, {one['processes']} processes, "
        f"{max(one['tokens_per_s']):,.0f} tokens/s"
        for beam, one in best.items()
    )


def _device() -> str:
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else "unknown"


def _measured(ct2: Path, source: Path, setting: dict[str, Any], repetitions: int) -> dict[str, Any]:
    """All processes load; then each repetition begins in all of them at once and ends with the last one."""
    count = setting["processes"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.gpu", "child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        for index, child in enumerate(started):
            _tell(child, {"ct2": str(ct2), "source": str(source), "index": index, **setting})
        loaded = [_told(child) for child in started]
        if failed := [answer["error"] for answer in loaded if "error" in answer]:
            return {"error": failed[0]}
        rates = []
        for _ in range(repetitions):
            before = time.perf_counter()
            for child in started:
                _tell(child, {})
            answers = [_told(child) for child in started]
            if failed := [answer["error"] for answer in answers if "error" in answer]:
                return {"error": failed[0]}
            rates.append(sum(answer["tokens"] for answer in answers) / (time.perf_counter() - before))
        return {"tokens_per_s": rates, "device_memory_mb": max(answer["memory_mb"] for answer in answers)}
    finally:
        for child in started:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.close()
            child.wait()
            child.stdout.close()


def _tell(child: Any, what: dict[str, Any]) -> None:
    child.stdin.write(json.dumps(what) + "\n")
    child.stdin.flush()


def _told(child: Any) -> dict[str, Any]:
    line = child.stdout.readline()
    return json.loads(line) if line else {"error": "its process has ended"}


def _child() -> None:
    what = json.loads(sys.stdin.readline())
    try:
        work = _loaded(what)
    except (RuntimeError, ValueError) as error:
        print(json.dumps({"error": str(error).splitlines()[0]}), flush=True)
        return
    print("{}", flush=True)
    for _ in sys.stdin:
        try:
            answer = work()
        except RuntimeError as error:
            answer = {"error": str(error).splitlines()[0]}
        print(json.dumps(answer), flush=True)


def _loaded(what: dict[str, Any]) -> Any:
    """The units of this process, and the call that translates them."""
    from mlt.toolkit.languages import ENGLISH, resolve
    from mlt.translate.decode import batches_for
    from mlt.translate.engine import Decoding
    from mlt.translate.models import load_engine

    from .peer_texts import texts_of, unique_sentences
    from .sides import LANGUAGE

    engine: Any = load_engine(what["ct2"], device="cuda", compute_type=what["compute_type"], workers=1)
    engine.batch_tokens = what["batch_tokens"]
    target = resolve(LANGUAGE).language
    texts = unique_sentences(texts_of(Path(what["source"])))[what["index"] :: what["processes"]]
    prepared = dict(zip(texts, engine.prepare(texts, ENGLISH, target), strict=True))
    plan_of = batches_for(engine, {text: unit.size for text, unit in prepared.items()})
    batches = [[prepared[text] for text in batch] for batch in plan_of]
    decoding = Decoding(beam_size=what["beam"])
    list(engine.translate(batches[-1:], ENGLISH, target, decoding))

    def work() -> dict[str, Any]:
        list(engine.translate(batches, ENGLISH, target, decoding))
        # The steered model says a token for each of the source's.
        return {"tokens": sum(unit.size - 2 for unit in prepared.values()), "memory_mb": _memory_mb()}

    return work


def _memory_mb() -> float:
    done = subprocess.run(
        ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
        check=False,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.splitlines()[0]) if done.returncode == 0 and done.stdout else 0.0


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        _child()
    else:
        raise SystemExit(main())
