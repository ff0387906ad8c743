"""Texts through the cache and the engine: unique texts, in token batches sorted by length, each batch kept at once.

A batch is planned before it is decoded and the plan is kept until its shard is done, so that a run that was killed
decodes the same batches again: batching decides the last digit of a score, and that, rarely, a tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from ..toolkit.languages import ENGLISH, Language
from .cache import UnitCache, key_maker
from .engine import Decoding, Engine, Hypothesis, Prepared

DEFAULT_BATCH_TOKENS = 2048


class Plans(Protocol):
    """Where batch plans are kept: lists of batches of unit keys, one list a step of a shard."""

    def load(self, step: str) -> list[list[str]] | None:
        """The plan of a step, or None where none was made."""
        ...

    def save(self, step: str, batches: list[list[str]]) -> None:
        """Keep a plan before its first batch is decoded."""
        ...


class NoPlans:
    """Keeps nothing: for decoding outside of a run."""

    def load(self, step: str) -> None:
        """Never a plan."""

    def save(self, step: str, batches: list[list[str]]) -> None:
        """Forgets it."""


@dataclass
class Decoder:
    """One engine and one target language behind a cache.

    ``decoded`` counts the texts that the engine was given, ``cached`` those that the cache had.
    """

    engine: Engine
    target: Language
    cache: UnitCache
    decoded: int = field(default=0, init=False)
    cached: int = field(default=0, init=False)

    def decode(
        self, texts: Iterable[str], decoding: Decoding, *, plans: Plans | None = None, step: str = "direct"
    ) -> Iterator[tuple[str, list[Hypothesis]]]:
        """Each distinct text with its hypotheses, best first; what the cache has comes first.

        The engine works ahead while the caller looks at what it was given.
        """
        make_key = key_maker(self.engine.identity, decoding, ENGLISH.flores, self.target.flores)
        by_key = {make_key(text): text for text in dict.fromkeys(texts)}
        known = self.cache.get_many(list(by_key))
        self.cached += len(known)
        for key, hypotheses in known.items():
            yield by_key[key], hypotheses
        missing = {key: text for key, text in by_key.items() if key not in known}
        if missing:
            yield from self._decode_missing(missing, by_key, decoding, plans or NoPlans(), step)

    def _decode_missing(
        self, missing: dict[str, str], by_key: dict[str, str], decoding: Decoding, plans: Plans, step: str
    ) -> Iterator[tuple[str, list[Hypothesis]]]:
        planned = plans.load(step) or []
        # A batch that was planned is decoded whole, as it would have been; what no plan holds is planned now.
        due = [b for b in planned if any(key in missing for key in b) and all(key in by_key for key in b)]
        held = {key for batch in due for key in batch}
        rest = {key: text for key, text in missing.items() if key not in held}
        prepared = self._prepare({key: by_key[key] for key in held} | rest)
        if rest:
            fresh = batches_for(self.engine, {key: prepared[key].size for key in rest})
            plans.save(step, planned + fresh)
            due += fresh
        results = self.engine.translate(
            ([prepared[key] for key in batch] for batch in due), ENGLISH, self.target, decoding
        )
        for batch, hypotheses in zip(due, results, strict=True):
            self.cache.put_many(dict(zip(batch, hypotheses, strict=True)))
            for key, found in zip(batch, hypotheses, strict=True):
                if key in missing:
                    self.decoded += 1
                    yield missing[key], found

    def _prepare(self, texts: dict[str, str]) -> dict[str, Prepared]:
        prepared = self.engine.prepare(list(texts.values()), ENGLISH, self.target)
        return dict(zip(texts, prepared, strict=True))


def batches_for(engine: Engine, sizes: dict[str, int]) -> list[list[str]]:
    """The batches of :func:`batch_plan` for an engine's own batch size and workers, where it names them."""
    batch_tokens = getattr(engine, "batch_tokens", DEFAULT_BATCH_TOKENS)
    return batch_plan(sizes, batch_tokens, getattr(engine, "workers", 1) or 1)


def batch_plan(sizes: dict[str, int], batch_tokens: int, workers: int) -> list[list[str]]:
    """Keys in batches of about equal cost, longest first, each at most ``batch_tokens`` with its padding.

    There are as few batches as that allows, rounded up to a multiple of ``workers``, and the work is shared out
    among them as evenly as may be, so that no worker waits at the end.
    """
    order = sorted(sizes, key=lambda key: -sizes[key])
    if not order:
        return []
    wanted = ceil(len(_packed(order, sizes, batch_tokens)) / workers) * workers
    low, high = min(sizes[order[0]], batch_tokens), batch_tokens
    while low < high:
        middle = (low + high) // 2
        if len(_packed(order, sizes, middle)) <= wanted:
            high = middle
        else:
            low = middle + 1
    return _packed(order, sizes, high)


def _packed(order: Sequence[str], sizes: dict[str, int], limit: int) -> list[list[str]]:
    """Keys, longest first, in batches of at most ``limit`` tokens with their padding, or of one key."""
    batches: list[list[str]] = []
    for key in order:
        if batches and sizes[batches[-1][0]] * (len(batches[-1]) + 1) <= limit:
            batches[-1].append(key)
        else:
            batches.append([key])
    return batches
