"""A scripted engine: what it answers is decided by the test, what it was asked is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.languages import Language
from mlt.translate.cache import UnitCache
from mlt.translate.decode import Decoder
from mlt.translate.engine import Decoding, Hypothesis, Prepared

Answer = Callable[[str, Decoding], Sequence[str | Hypothesis]]


class ScriptedEngine:
    """Answers with ``answer(text, decoding)``, best first; ``asked`` holds every batch with its decoding."""

    name = "scripted"
    license = None
    max_n_best = 4
    translates = True
    workers = 2
    batch_tokens = 64

    def __init__(self, answer: Answer, identity: Mapping[str, Any] | None = None) -> None:
        self.answer = answer
        self.identity = identity or {"model": "scripted", "revision": "1"}
        self.asked: list[tuple[tuple[str, ...], Decoding]] = []

    def supports(self, language: Language) -> bool:
        return language.code != "ace"

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        return [Prepared(text, None, len(text.split())) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        for batch in batches:
            self.asked.append((tuple(unit.text for unit in batch), decoding))
            answers = [self.answer(unit.text, decoding)[: decoding.n_best] for unit in batch]
            yield [[a if isinstance(a, Hypothesis) else Hypothesis(a) for a in group] for group in answers]

    def close(self) -> None:
        pass

    @property
    def texts(self) -> list[str]:
        return [text for batch, _ in self.asked for text in batch]


@pytest.fixture
def make_decoder(tmp_path: Path) -> Iterator[Callable[..., Decoder]]:
    """Makes decoders for an answer or an engine, over caches of one temporary folder."""
    caches: list[UnitCache] = []

    def make(answer: Answer | ScriptedEngine, target: Language) -> Decoder:
        engine = answer if isinstance(answer, ScriptedEngine) else ScriptedEngine(answer)
        caches.append(UnitCache("scripted", target.code, root=tmp_path / "cache"))
        return Decoder(engine, target, caches[-1])

    yield make
    for cache in caches:
        cache.close()


@pytest.fixture
def scripted() -> type[ScriptedEngine]:
    return ScriptedEngine
