"""An engine that gives every text back as it is: it proves that the pipeline itself changes no byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...toolkit.languages import Language
from ..engine import Decoding, Hypothesis, Prepared


class IdentityEngine:
    """Text in, the same text out, for every language. A unit's size is its number of words."""

    name = "identity"
    identity: Mapping[str, Any] = {"engine": "identity", "model": "identity", "revision": "1"}
    license: str | None = None
    max_n_best = 1
    translates = False
    workers = 1
    batch_tokens = 2048

    def supports(self, language: Language) -> bool:
        """Every language."""
        return True

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """The texts themselves, sized in words (at least 1)."""
        return [Prepared.in_words(text) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """One hypothesis a unit: its own text."""
        for batch in batches:
            yield [[Hypothesis(unit.text)] for unit in batch]

    def close(self) -> None:
        """Nothing is held."""
