"""The settings with which a model decodes fastest on this machine: measured in seconds, once, and then kept.

Workers, threads a worker and tokens a batch are found. The compute type is not: it decides what is said, so that a
machine which chose its own would make other rows of the same command and could not go on with another's run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import MltError
from ..toolkit.files import disk_errors, read_json, write_json
from ..toolkit.languages import ENGLISH, Language
from .calibrate import probes
from .engine import Decoding, Engine
from .engines.ct2 import Ct2Engine
from .machine import machine_facts
from .unit_file import file_name

if TYPE_CHECKING:
    from ..toolkit.store import RunStore

FOLDER = "settings"  # in the cache folder
BUDGET = 20.0  # seconds after which no further setting is tried
MARGIN = 1.08  # a setting must be so much faster than the usual one, twice, to take its place
MIN_ROWS = 500  # a smaller run takes what was found earlier, and measures nothing itself
MIN_BYTES = 50_000_000  # a smaller model decodes a batch in the time it takes to look at the clock
STEPS = 8  # tokens of output that a trial decodes
PIECES = 3  # of each source in a trial: the encoder is as fast in any batch, and would only hide what a step costs

_BATCH_FACTORS = {"cpu": (0.5, 2), "cuda": (0.5, 2, 4)}  # on a CPU, more than 4,096 tokens gain nothing


@dataclass(frozen=True, slots=True)
class Speed:
    """Decoders side by side, threads that each of them has, and tokens a batch with its padding."""

    workers: int
    threads: int
    batch_tokens: int


def settle_speed(
    store: RunStore,
    engine: Engine,
    target: Language,
    decoding: Decoding,
    *,
    find: bool,
    root: Path,
    notify: Callable[[str], None] = lambda text: None,
) -> None:
    """Give ``engine`` the settings of a run's language.

    They are found once a run, language and kind of engine (its whole vocabulary, or a list of words), and are then
    among the run's facts: batches are planned by them, and a run that goes on plans as it began. With ``find`` False,
    where a user said how many workers there shall be, or on another machine, the size of a batch is taken from the
    facts, workers are the engine's own, and nothing is measured.
    """
    if not isinstance(engine, Ct2Engine):
        return
    name = f"speed-{target.code}" + ("-list" if "shortlist" in engine.identity else "")
    machine = _hash(machine_facts(engine.device))
    if (kept := store.facts(name)) is None and find:
        rows = store.totals(ENGLISH.code)["out"]
        found = best_speed(engine, target, decoding, rows=rows, root=root, notify=notify)
        with suppress(MltError):  # another process of the same run was first
            store.save_facts(name, {"machine": machine, **asdict(found)})
        kept = store.facts(name)
    if kept is None:
        return
    known = Speed(**{field.name: kept[field.name] for field in fields(Speed)})
    here = find and kept["machine"] == machine
    use_speed(engine, known if here else replace(speed_of(engine), batch_tokens=known.batch_tokens))


def best_speed(
    engine: Ct2Engine,
    target: Language,
    decoding: Decoding,
    *,
    rows: int,
    root: Path,
    notify: Callable[[str], None] = lambda text: None,
) -> Speed:
    """The fastest settings known for this model, size of vocabulary, beam and machine, measured if it is worth it.

    What was measured is kept in ``root``, the cache folder; of several processes one measures. The engine is left
    with the settings it had, and perhaps with its weights loaded.
    """
    from filelock import FileLock

    facts = {"machine": machine_facts(engine.device), "model": _kind(engine), "beam": decoding.beam_size}
    path = root / FOLDER / f"{file_name(engine.name)}-{_hash(facts)}.json"
    if found := _load(path):
        return found
    if rows < MIN_ROWS or (engine.folder / "model.bin").stat().st_size < MIN_BYTES:
        return speed_of(engine)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            if found := _load(path):
                return found
            notify(f"finding the fastest settings for {engine.name} on this machine, once")
            best, rates = _measure(engine, target, decoding)
            notify("")
            tried = [{**asdict(speed), "tokens_per_s": round(rate, 1)} for speed, rate in rates.items()]
            write_json(path, {"speed": asdict(best), **facts, "tried": tried})
    return best


@dataclass(frozen=True, slots=True)
class KeptSpeed:
    """Settings that were found before; ``size`` in bytes, ``model`` as the engine names it."""

    model: str
    speed: Speed
    size: int
    found: str
    path: str


def speeds_in_cache(root: Path) -> list[KeptSpeed]:
    """The settings found for this machine and others, by model; a file that cannot be read is left out."""
    kept = []
    for path in (root / FOLDER).glob("[!.]*.json"):
        with suppress(MltError, KeyError, TypeError, OSError):
            stored, stat = read_json(path), path.stat()
            day = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="seconds")
            speed = Speed(**stored["speed"])
            kept.append(KeptSpeed(str(stored["model"]["model"]), speed, stat.st_size, day, str(path)))
    return sorted(kept, key=lambda one: (one.model, one.found))


def search(
    trial: Callable[[Speed], float],
    usual: Speed,
    *,
    factors: Sequence[float],
    threads: bool = False,
    budget: float = BUDGET,
    margin: float = MARGIN,
) -> tuple[Speed, dict[Speed, float]]:
    """The fastest setting, and the padded tokens a second of all that were tried.

    ``trial`` gives the seconds that a batch on every worker takes (infinite: it failed). Batches of the usual size by
    ``factors`` are tried first, then half the workers, then (``threads``) those with two threads each. A setting takes
    the place of a better known one only by ``margin`` in two trials, and none is begun that would pass ``budget``
    seconds, as far as the usual one's time tells.
    """
    started = time.perf_counter()
    seconds = {usual: trial(usual)}

    def rate(speed: Speed) -> float:
        return speed.workers * speed.batch_tokens / seconds[speed]

    def affordable(*speeds: Speed) -> bool:
        expected = sum(seconds[usual] * speed.batch_tokens / usual.batch_tokens for speed in speeds)
        return time.perf_counter() - started + expected <= budget

    best = usual
    for variants in (_batches(usual, factors), _workers(usual, threads)):
        for speed in (replace(variant, batch_tokens=variant.batch_tokens or best.batch_tokens) for variant in variants):
            if affordable(speed):
                seconds[speed] = trial(speed)
        rival = max(seconds, key=rate)
        if rival != best and rate(rival) >= margin * rate(best) and affordable(best, rival):
            again = {speed: trial(speed) for speed in (best, rival)}
            seconds.update(again)
            if rate(rival) >= margin * rate(best):
                best = rival
    return best, {speed: rate(speed) for speed in seconds}


def speed_of(engine: Ct2Engine) -> Speed:
    """The settings that an engine has."""
    return Speed(engine.workers, getattr(engine, "threads", 1), engine.batch_tokens)


def use_speed(engine: Ct2Engine, speed: Speed) -> None:
    """Give an engine its settings; weights that were loaded for others are unloaded."""
    before = speed_of(engine)
    if (before.workers, before.threads) != (speed.workers, speed.threads):
        engine.close()
    engine.workers, engine.batch_tokens = speed.workers, speed.batch_tokens
    if hasattr(engine, "threads"):
        engine.threads = speed.threads


def _measure(engine: Ct2Engine, target: Language, decoding: Decoding) -> tuple[Speed, dict[Speed, float]]:
    usual = speed_of(engine)
    prefix = engine.family.prefix(target, engine._ids)
    shown = [unit.text for unit in probes()]
    pairs = [f"{a} {b}" for a, b in zip(shown[::2], shown[1::2], strict=True)]  # about as long as the usual sentence
    prepared = [unit.pieces for unit in engine.prepare(pairs, ENGLISH, target)]
    longest = max(map(len, prepared))
    sources = [[*pieces[: PIECES + 1], pieces[-1]] for pieces in prepared]

    def decode(batch: list[list[str]], workers: int) -> None:
        options = {
            "target_prefix": [prefix] * len(batch) if prefix else None,
            "beam_size": max(decoding.beam_size, decoding.n_best),
            "min_decoding_length": STEPS,
            "max_decoding_length": STEPS,
            "max_input_length": 0,
        }
        futures = [engine._translator.translate_batch(batch, asynchronous=True, **options) for _ in range(workers)]
        for future in (future for group in futures for future in group):
            future.result()

    def trial(speed: Speed) -> float:
        use_speed(engine, speed)
        try:
            decode(sources[:1], speed.workers)  # the weights are loaded, every worker has begun
            batch = list(islice(cycle(sources), max(1, speed.batch_tokens // longest)))
            started = time.perf_counter()
            decode(batch, speed.workers)
            return time.perf_counter() - started
        except RuntimeError:  # most likely too large for the device's memory
            return float("inf")

    try:
        return search(trial, usual, factors=_BATCH_FACTORS[engine.device], threads=hasattr(engine, "threads"))
    finally:
        use_speed(engine, usual)


def _batches(usual: Speed, factors: Sequence[float]) -> list[Speed]:
    return [replace(usual, batch_tokens=int(usual.batch_tokens * factor)) for factor in factors]


def _workers(usual: Speed, threads: bool) -> list[Speed]:
    """Half as many workers, with one thread and with two; batches of 0 tokens stand for the best size."""
    if usual.workers < 2:
        return []
    halved = Speed(usual.workers // 2, usual.threads, 0)
    return [halved, replace(halved, threads=2 * usual.threads)] if threads else [halved]


def _kind(engine: Ct2Engine) -> dict[str, Any]:
    """What of a model decides its speed: of a list of words only its size, to the next power of two."""
    identity = {name: value for name, value in engine.identity.items() if name != "shortlist"}
    return {**identity, "words": 1 << (engine.vocabulary - 1).bit_length()}


def _load(path: Path) -> Speed | None:
    """What was found earlier; None where nothing was, or the file cannot be read."""
    with suppress(MltError, KeyError, TypeError):
        return Speed(**read_json(path)["speed"])
    return None


def _hash(facts: Mapping[str, Any]) -> str:
    return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()
