"""Whether the target is in its language, by a detector that knows it.

The record is judged as a whole, against the target, the source and the target's confusable neighbours; all other
languages count a little, so that noise in rare ones drops nothing and a text that is plainly in one of them is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import regex

from ...toolkit.errors import UsageError
from ...toolkit.languages import ENGLISH, Language
from ..check import BaseCheck, Context, Direction, Model, Score
from ..lid.detector import Detector, Priors, Verdict
from ..lid.route import Route
from ..pairs import Pair
from .script import LETTERS_WORTH

# From here down a second look is taken, at what is left without names and terms kept from the source.
_DOUBTFUL = 0.5
_TOO_SHORT = Score(None, "too short")
_COPIED = Score(None, "the engine copies")
_NOTHING_KNOWN = Score(None, "nothing in it that the detector knows")
_WORD = regex.compile(r"[\p{L}\p{M}]++(?:['’-][\p{L}\p{M}]++)*+")
_LATIN_WORD = regex.compile(r"[\p{Latin}]++(?:['’-]\p{Latin}++)*+")


@dataclass(frozen=True)
class Settings:
    """``detectors``: asked in this order, each for the languages that it knows: a Hub id, a path of a fastText .bin or
    .ftz file, or ``embedded`` (py3langid). ``min_letters``: texts with fewer are not judged; a Chinese or Japanese
    letter counts for three, a Korean one for two. ``neighbour_prior``, ``other_prior``: how much a confusable
    neighbour and any other language count beside target and source (1)."""

    detectors: list[str] = field(default_factory=lambda: ["cis-lmu/glotlid", "embedded"])
    min_letters: int = 10
    neighbour_prior: float = 0.1
    other_prior: float = 0.01


class LanguageCheck(BaseCheck):
    """The share of the target language in the detector's weighted probabilities."""

    name: ClassVar[str] = "language"
    direction: ClassVar[Direction] = "low"
    Settings: ClassVar[type] = Settings
    summary: ClassVar[str] = "probability of the target language against source, neighbours and others (0 to 1)"

    def __init__(self, settings: Any = None, context: Context | None = None) -> None:
        super().__init__(settings, context)
        for name in ("neighbour_prior", "other_prior"):
            if not 0 <= (value := getattr(self.settings, name)) <= 1:
                raise UsageError(f"language.{name}: {value!r} is not between 0 and 1")
        if odd := [name for name in self.settings.detectors if not isinstance(name, str)]:
            raise UsageError(f"language.detectors: {odd[0]!r} is no name of a detector")
        self._priors = Priors(self.settings.neighbour_prior, self.settings.other_prior)
        self._route = Route(self.settings.detectors, self.context.progress)

    def covers(self, language: Language) -> str | None:
        """Why no detector of the list judges this language, if none does."""
        chosen = self._route.choose(language)
        return chosen if isinstance(chosen, str) else None

    def identity(self, language: Language) -> dict[str, Any]:
        """The detector that judges this language, and its revision."""
        chosen = self._route.choose(language)
        return {} if isinstance(chosen, str) else {"detector": chosen.name, "revision": chosen.revision}

    def models(self, language: Language) -> list[Model]:
        """The detector that judges this language."""
        chosen = self._route.choose(language)
        return [] if isinstance(chosen, str) else [Model(chosen.name, chosen.revision, chosen.license)]

    def score(self, pairs: Sequence[Pair], language: Language) -> list[Score]:
        """All texts go to the detector together."""
        detector = self._route.choose(language)
        if isinstance(detector, str):
            return [Score(None, detector)] * len(pairs)
        enough = _enough(self.settings.min_letters, language)
        texts = [pair.target_prose.replace("\n", " ") if pair.translates else "" for pair in pairs]
        places = [place for place, text in enumerate(texts) if len(text) > 8 * enough or has_letters(text, enough)]
        lines = [texts[place] for place in places]
        verdicts = detector.judge(lines, language, self._priors) if lines else []
        self._look_again(detector, language, enough, [pairs[place] for place in places], verdicts)
        found = dict(zip(places, map(_score, verdicts), strict=True))
        return [found.get(place) or (_TOO_SHORT if pair.translates else _COPIED) for place, pair in enumerate(pairs)]

    def _look_again(
        self, detector: Detector, language: Language, enough: int, pairs: Sequence[Pair], verdicts: list[Verdict]
    ) -> None:
        """Raises verdicts that names decided: what stands in the source too, or in Latin letters amid others."""
        places, texts = [], []
        for place in [place for place, (share, _) in enumerate(verdicts) if share is not None and share < _DOUBTFUL]:
            rival = detector.labels.get(verdicts[place].rival, ())
            own = _own_words(pairs[place], language, from_source=ENGLISH.code in rival)
            if own is not None and has_letters(own, enough):
                places.append(place)
                texts.append(own)
        again = detector.judge(texts, language, self._priors) if texts else []
        for place, verdict in zip(places, again, strict=True):
            if (verdict.share or 0.0) > (verdicts[place].share or 0.0):
                verdicts[place] = verdict


def has_letters(text: str, enough: int) -> bool:
    """Whether a text has so many letters; one whose first part has them is not read to its end."""
    head = 3 * enough
    return sum(map(str.isalpha, text[:head])) >= enough or (len(text) > head and sum(map(str.isalpha, text)) >= enough)


def _enough(min_letters: int, language: Language) -> int:
    return -(-min_letters // LETTERS_WORTH.get(language.script, 1))


def _own_words(pair: Pair, language: Language, from_source: bool) -> str | None:
    """The target without what the source has too, or without Latin letters; None where that is not the question."""
    text = pair.target_prose.replace("\n", " ")
    if language.script != "Latn":
        return _LATIN_WORD.sub(" ", text)
    if not from_source:
        return None
    kept = set(_WORD.findall(pair.source_prose))
    return _WORD.sub(lambda word: " " if word[0] in kept else word[0], text)


def _score(verdict: Verdict) -> Score:
    share, rival = verdict
    if share is None:
        return _NOTHING_KNOWN
    if share < _DOUBTFUL:
        return Score(max(0.0, share), f"rather {rival.removeprefix('__label__')}")
    return Score(share if share < 1 else 1.0)
