"""The estimate of a dry run against the run that follows, on an engine whose time is simulated; and what it counts."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from mlt.toolkit.languages import Language, resolve
from mlt.translate import decoded_sample, translate
from mlt.translate.cache import UnitCache
from mlt.translate.calibrate import Calibration
from mlt.translate.decode import Decoder, NoPlans
from mlt.translate.decoded_sample import makespan, sample_size
from mlt.translate.dryrun import estimate
from mlt.translate.engine import Decoding, Hypothesis, Prepared
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.ladder import Ladder
from mlt.translate.run_time import Work, run_time
from mlt.translate.shard import Settings
from mlt.translate.units import Unit

SW = resolve("sw").language
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROTATED = str.maketrans(LETTERS, LETTERS[7:] + LETTERS[:7])


class Simulated(Ct2Engine):
    """Spends no time, but tells what it would have: each worker takes a batch, which costs so much a step and a token.

    ``refused``: the share of texts whose numbers get lost, but in a beam of 8.
    """

    identity: Mapping[str, Any] = {"model": "simulated", "revision": "1"}
    _ids: Mapping[str, int] = {}  # type: ignore[assignment]

    def __init__(self, *, workers: int = 2, batch_tokens: int = 2048, refused: float = 0.1) -> None:
        self.name, self.license, self.notice = "simulated", None, None
        self.device, self.workers, self.batch_tokens, self.refused = "cpu", workers, batch_tokens, refused
        self.now = 0.0
        self.units = 0

    def supports(self, language: Language) -> bool:
        return True

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        return [Prepared(text, None, len(text.split()) + 2) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        free = [self.now] * self.workers
        for batch in batches:
            self.units += len(batch)
            beams = len(batch) * decoding.beam_size
            longest = max(unit.size for unit in batch)
            heapq.heapreplace(free, free[0] + longest * (0.02 + 0.001 * beams) + 2e-5 * len(batch) * longest**2)
            yield [[self._said(unit.text, decoding)] for unit in batch]
        self.now = max(free)

    def close(self) -> None:
        pass

    def _said(self, text: str, decoding: Decoding) -> Hypothesis:
        said = text.translate(ROTATED)
        unlucky = blake2b(text.encode(), digest_size=2).digest() < int(self.refused * 65536).to_bytes(2, "big")
        if unlucky and decoding.beam_size < 8:
            said = "".join(char for char in said if not char.isdigit())
        return Hypothesis(said)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    names = ["Ann", "Bob", "Juma", "Mei", "Ravi"]
    rows = []
    for n in range(80):
        name, more = names[n % 5], " and some blue ones from the shop at the end of the road" * (n % 4)
        question = f"{name} has {n + 2} red pens{more}. She buys {n % 7 + 3} more{more}.\nHow many has {name} now?"
        rows.append({"question": question, "answer": f"{name} has {n + 2} + {n % 7 + 3} pens now.\n#### {n + 9}"})
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def dry_and_real(engine: Simulated, source: Path, tmp_path: Path, **options: Any) -> tuple[Any, float]:
    """The estimate, and the simulated seconds of the run that follows it."""
    request = {"langs": "sw", "cache_dir": tmp_path / "cache", "load": lambda *_, **__: engine, **options}
    facts = estimate(source, **request)
    before = engine.now
    translate(source, out=tmp_path / "run", **request)
    return facts, engine.now - before


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[Simulated], Simulated]:
    """Makes a simulated engine the clock that estimates look at."""

    def use(engine: Simulated) -> Simulated:
        monkeypatch.setattr(decoded_sample, "time", SimpleNamespace(perf_counter=lambda: engine.now))
        return engine

    return use


def pens(count: int, seed: int = 0) -> list[Unit]:
    """Units of 5 to 80 words, most of them short, each with a number."""
    draw = Random(seed)
    lengths = [min(80, 5 + int(draw.lognormvariate(2.3, 0.8))) for _ in range(count)]
    return [Unit(f"Pen {n} is{' very' * (length - 4)} red.") for n, length in enumerate(lengths)]


@pytest.mark.parametrize(
    ("engine", "beam", "shards", "climb"),
    [
        ({}, 4, 3, True),
        ({}, 1, 3, True),
        ({"refused": 0.2}, 4, 3, True),
        ({}, 4, 3, False),
        ({"workers": 1}, 2, 1, True),
        ({"workers": 8}, 4, 2, True),
        ({"batch_tokens": 512}, 4, 12, True),
        ({"batch_tokens": 8192}, 4, 2, True),
    ],
)
def test_the_estimate_is_within_a_fifth_of_what_shards_take(
    engine: dict[str, Any], beam: int, shards: int, climb: bool, clock: Any, tmp_path: Path
) -> None:
    decoding, units, calibration = Decoding(beam_size=beam), pens(1000), Calibration(1.0, {"X0": 1.0})
    estimating = clock(Simulated(**engine))
    work = Work(len(units), sum(len(unit.text.split()) + 2 for unit in units), 0, shards)
    sample = Random(1).sample(units, min(sample_size(estimating), len(units) // shards))
    found = run_time(estimating, SW, sample, Settings(decoding=decoding, climb=climb), work, budget=60)

    running = Simulated(**engine)
    with UnitCache("simulated", SW.code, root=tmp_path) as cache:
        ladder = Ladder(Decoder(running, SW, cache), SW, decoding, lambda: calibration, NoPlans(), climb)
        for first in range(shards):
            ladder.run(units[first::shards])
    assert found.seconds == pytest.approx(running.now, rel=0.2)
    if climb:
        assert found.retried == pytest.approx(running.refused, abs=0.08)


@pytest.mark.parametrize("options", [{"shard_size": 40}, {"limit": 3}])
def test_a_dry_run_tells_the_time_of_the_run_that_follows(
    options: dict[str, Any], source: Path, tmp_path: Path, clock: Any
) -> None:
    facts, took = dry_and_real(clock(Simulated()), source, tmp_path, **options)
    parts = facts["languages"]["sw"]["seconds"]
    assert parts["decoding"] + parts["retries"] == pytest.approx(took, rel=0.35)  # small shards: few units to go by


def test_what_the_cache_holds_costs_nothing(source: Path, tmp_path: Path, clock: Any) -> None:
    engine = clock(Simulated())
    facts, _ = dry_and_real(engine, source, tmp_path, limit=40)
    assert facts["languages"]["sw"]["cached_units"] == 0
    half, _ = dry_and_real(engine, source, tmp_path, limit=40)
    entry = half["languages"]["sw"]
    assert entry["cached_units"] == half["unique_units"] == facts["unique_units"]
    assert (entry["seconds"]["decoding"], entry["seconds"]["retries"]) == (0, 0)
    whole, took = dry_and_real(engine, source, tmp_path)
    entry = whole["languages"]["sw"]
    assert 0 < entry["cached_units"] < whole["unique_units"]
    assert entry["seconds"]["decoding"] + entry["seconds"]["retries"] == pytest.approx(took, rel=0.35)


def test_a_small_budget_decodes_less_of_the_sample(clock: Any) -> None:
    engine, units = clock(Simulated(batch_tokens=200)), pens(500)
    work = Work(units=10_000, tokens=200_000, records=0, shards=10)
    found = run_time(engine, SW, units, Settings(), work, budget=0.0)
    few = engine.units
    assert found.decoding > 0 and few < 200
    run_time(engine, SW, units, Settings(), work, budget=1e9)
    assert engine.units - few > 1.5 * few


def test_the_sum_is_that_of_its_parts_and_is_shown(source: Path, tmp_path: Path, capsys: Any) -> None:
    from mlt.translate.report import show_estimate

    facts = estimate(source, langs="sw,th", load=lambda *_, **__: Simulated(), cache_dir=tmp_path, limit=10)
    languages = facts["languages"].values()
    for entry in languages:
        assert entry["estimated_seconds"] == pytest.approx(sum(entry["seconds"].values()))
        assert entry["seconds"]["handling"] > 0
    total = facts["start_seconds"] + sum(entry["estimated_seconds"] for entry in languages)
    assert facts["estimated_seconds"] == pytest.approx(total)
    show_estimate(facts)
    assert "The whole run: about" in capsys.readouterr().out


def test_nothing_to_send_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"question": "12 + 3", "answer": "#### 15"}\n')
    facts = estimate(tmp_path / "rows.jsonl", langs="sw", task="math", model="identity", cache_dir=tmp_path)
    assert facts["languages"]["sw"]["estimated_seconds"] is None
    assert facts["estimated_seconds"] == facts["start_seconds"]


@pytest.mark.parametrize(
    ("seconds", "workers", "expected"), [([3, 3, 2], 2, 5), ([4, 1, 1, 1], 2, 4), ([1], 3, 1), ([], 2, 0)]
)
def test_makespan_gives_the_next_batch_to_whoever_is_free(seconds: list[float], workers: int, expected: float) -> None:
    assert makespan(seconds, workers) == expected
