"""What a detector of languages is: it says how much of a text's probability belongs to the target language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ...toolkit.languages import ENGLISH, Language
from .confusables import neighbours


@dataclass(frozen=True, slots=True)
class Priors:
    """How much a language counts beside the target and the source, which count 1."""

    neighbour: float
    other: float


class Verdict(NamedTuple):
    """``share`` (0 to 1) of the target, None where the text says nothing; ``rival``: the heaviest other label."""

    share: float | None
    rival: str


class Detector(Protocol):
    """A model that knows some languages. Making one is cheap: weights are loaded by the first ``judge``."""

    name: str
    revision: str
    license: str | None

    @property
    def labels(self) -> Mapping[str, frozenset[str]]:
        """Each label of the model with the codes of our languages that it stands for (none: a language we lack)."""
        ...

    def judge(self, texts: Sequence[str], language: Language, priors: Priors) -> list[Verdict]:
        """A verdict for each text, which is one line, NFC."""
        ...

    def knows(self, language: Language) -> bool:
        """Whether the model can judge this language."""
        ...


def weights(labels: Mapping[str, frozenset[str]], language: Language, priors: Priors) -> dict[str, float]:
    """The weight of each label when the question is whether a text is in ``language``."""
    near = neighbours(language)
    return {label: _weight(codes, language, near, priors) for label, codes in labels.items()}


def _weight(codes: frozenset[str], language: Language, near: frozenset[str], priors: Priors) -> float:
    if language.code in codes or ENGLISH.code in codes:
        return 1.0
    return priors.neighbour if codes & near else priors.other
