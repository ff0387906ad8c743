"""What an engine is: the protocol that the pipeline speaks, and the values that pass through it.

An engine turns prepared units into hypotheses. It normalises and tokenises what its own model needs; it knows
nothing of records, spans or rungs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..toolkit.languages import Language


@dataclass(frozen=True, slots=True)
class Decoding:
    """How hypotheses are searched for. Penalties of 1 (length, repetition) change nothing."""

    beam_size: int = 4
    n_best: int = 1
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A unit ready to be sent: ``pieces`` is the engine's own form (tokens), ``size`` its length in tokens.

    ``unknown`` counts the tokens that the vocabulary lacks.
    """

    text: str
    pieces: Any
    size: int
    unknown: int = 0

    @classmethod
    def in_words(cls, text: str) -> Prepared:
        """A unit for an engine that takes text as it is, sized in words (at least 1)."""
        return cls(text, text, len(text.split()) or 1)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One candidate translation. ``ended`` is False when decoding was cut off before the end token."""

    text: str
    score: float = 0.0
    ended: bool = True
    unknown: bool = False


class Engine(Protocol):
    """One loaded (or loadable) model.

    ``identity`` holds everything about the engine that decides a hypothesis: model and revision (a content hash
    when local), engine and version, compute type, prompt. It must be cheap: no weights are loaded for it.
    ``languages`` is None where the engine cannot know (an LLM).
    """

    name: str
    identity: Mapping[str, Any]
    license: str | None
    max_n_best: int
    translates: bool  # False: identity and the like, for which language checks abstain

    def supports(self, language: Language) -> bool:
        """Whether the model's vocabulary holds this language."""
        ...

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """Normalise and tokenise; order kept."""
        ...

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """For each batch, in order, one list of hypotheses a unit, best first.

        ``batches`` is drawn ahead of the results, so that the device never waits for the caller.
        """
        ...

    def close(self) -> None:
        """Give back memory and devices."""
        ...
