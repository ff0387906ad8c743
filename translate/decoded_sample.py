"""A sample of texts in the batches that a run would make of them, some of which are decoded to tell what all cost."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from ..toolkit.languages import ENGLISH, Language
from .decode import batches_for
from .engine import Decoding, Engine, Hypothesis, Prepared
from .engines.ct2 import Ct2Engine

T = TypeVar("T")

# Where in the sample, sorted by length, batches are taken: shares of its tokens, in the order of their worth.
_STRATA = (1 / 2, 1 / 6, 5 / 6)


@dataclass
class DecodedSample:
    """One sample: its batches, longest texts first, and what was decoded of them.

    ``rates``: seconds of one worker for one source token, by batch. ``hypotheses`` of the texts that were decoded.
    """

    engine: Engine
    target: Language
    decoding: Decoding
    prepared: dict[str, Prepared]
    plan: list[list[str]]
    workers: int
    rates: dict[int, float] = field(default_factory=dict)
    hypotheses: dict[str, list[Hypothesis]] = field(default_factory=dict)
    _beams: dict[int, float] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """Source tokens of the whole sample."""
        return sum(unit.size for unit in self.prepared.values())

    @property
    def batch_seconds(self) -> list[float]:
        """What each batch takes a worker, at a rate between those of the decoded batches next to it in length."""
        known = sorted((self._length(self.plan[index]), rate) for index, rate in self.rates.items())
        return [self._size(batch) * _between(known, self._length(batch)) for batch in self.plan]

    @property
    def seconds(self) -> float:
        """What the whole sample takes while no worker waits."""
        return sum(self.batch_seconds) / self.workers

    @property
    def waiting(self) -> float:
        """Seconds at the end in which some workers have nothing left to do: once a shard, however large it is."""
        return makespan(self.batch_seconds, self.workers) - self.seconds

    def target_tokens(self) -> float:
        """Target tokens for one of the source, the model's own marks counted on both sides."""
        texts = [best[0].text for best in self.hypotheses.values() if best]
        out = sum(unit.size for unit in self.engine.prepare(texts, ENGLISH, self.target))
        return out / self._size(self.hypotheses)

    def beam_factor(self, other: Decoding) -> float:
        """How many times as long another beam takes for the same texts; measured once a size."""
        beam = other.beam_size
        if beam == self.decoding.beam_size:
            return 1.0
        if beam not in self._beams:
            batch = self.plan[next(iter(self.rates))]
            part = [self.prepared[text] for text in batch[:: max(1, min(4, len(batch) // 8))]]
            usual, larger = (self._decode([part] * self._copies, how)[0] for how in (self.decoding, other))
            self._beams[beam] = larger / usual
        return self._beams[beam]

    def decode_strata(self, budget: float) -> None:
        """Decode one batch from each stratum, the middle one first; after it only what ``budget`` seconds allow."""
        spent = last = 0.0
        for index in dict.fromkeys(self._at_share(share) for share in _STRATA):
            if spent and spent + last > budget:
                return
            chosen = [index] * self._copies if self._copies > 1 else self._beside(index)
            last, results = self._decode(
                [[self.prepared[text] for text in self.plan[i]] for i in chosen], self.decoding
            )
            spent += last
            self.rates[index] = last * self.workers / sum(self._size(self.plan[i]) for i in chosen)
            for i, hypotheses in zip(chosen, results, strict=True):
                self.hypotheses.update(zip(self.plan[i], hypotheses, strict=True))

    @property
    def _copies(self) -> int:
        """On one machine every worker has the same batch: all end at once, as they do in the midst of a shard. A
        server, which may be paid by the token, is asked once for each."""
        return self.workers if isinstance(self.engine, Ct2Engine) else 1

    def _beside(self, index: int) -> list[int]:
        first = max(0, min(index, len(self.plan) - self.workers))
        return list(range(len(self.plan)))[first : first + self.workers]

    def _at_share(self, share: float) -> int:
        """The batch in which that share of all tokens is reached."""
        reached, wanted = 0, share * self.tokens
        for index, batch in enumerate(self.plan):
            reached += self._size(batch)
            if reached >= wanted:
                return index
        return len(self.plan) - 1

    def _length(self, batch: Sequence[str]) -> float:
        return self._size(batch) / len(batch)

    def _size(self, texts: Iterable[str]) -> int:
        return sum(self.prepared[text].size for text in texts)

    def _decode(
        self, batches: Sequence[Sequence[Prepared]], decoding: Decoding
    ) -> tuple[float, list[list[list[Hypothesis]]]]:
        return timed(lambda: list(self.engine.translate(batches, ENGLISH, self.target, decoding)))


def decode_sample(
    engine: Engine, target: Language, texts: Sequence[str], decoding: Decoding, budget: float
) -> DecodedSample:
    """The sample of these texts (at least one, each once), with some batches decoded in about ``budget`` seconds."""
    prepared = dict(zip(texts, engine.prepare(texts, ENGLISH, target), strict=True))
    plan = batches_for(engine, {text: unit.size for text, unit in prepared.items()})
    sample = DecodedSample(engine, target, decoding, prepared, plan, getattr(engine, "workers", None) or 1)
    sample.decode_strata(budget)
    return sample


def sample_size(engine: Engine) -> int:
    """How many units a sample needs so that about three batches a worker can be made of it."""
    workers, batch_tokens = getattr(engine, "workers", None) or 1, getattr(engine, "batch_tokens", 0)
    return int(max(500, 3 * workers * batch_tokens // 20))


def _between(points: Sequence[tuple[float, float]], x: float) -> float:
    """The value at ``x`` on the line through ``points``, which are sorted; beyond the outermost, theirs."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y0
    return points[0][1] if x <= points[0][0] else points[-1][1]


def makespan(seconds: Iterable[float], workers: int) -> float:
    """When the last worker ends, if each takes the next piece of work as soon as it is free."""
    free = [0.0] * workers
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Seconds of a call, and what it gave."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result
