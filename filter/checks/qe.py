"""Quality estimation: a COMET model reads source and translation and says how good the translation is.

COMET (Rei et al. 2020, 2022) sees meaning, not digits: a changed number hardly moves its score, which is why numbers
have a veto of their own. Scores of different models lie on different scales; a threshold goes with a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ...toolkit.errors import UsageError
from ...toolkit.languages import Language
from ..check import BaseCheck, Context, Direction, Model, Score
from ..pairs import Pair, Segment
from ..qe.estimator import Estimator
from ..qe.routing import DEFAULT_MODELS, parse_spec, route

Texts = tuple[str, str]


@dataclass(frozen=True)
class QeSettings:
    """``models``: in order of preference, as :func:`parse_spec` reads them; the first that covers a language scores it.
    ``aggregate``: what a record's score is of its texts' scores: their mean, weighted by the source's length, or
    their min. ``batch_size``: texts that are scored at a time."""

    models: list[str] = field(default_factory=lambda: list(DEFAULT_MODELS))
    aggregate: str = "mean"
    batch_size: int = 16


class QeCheck(BaseCheck):
    """COMET's score of a record: of each unit as it was sent, else of each line, else of the whole text."""

    name: ClassVar[str] = "qe"
    large: ClassVar[bool] = True
    direction: ClassVar[Direction] = "low"
    Settings: ClassVar[type] = QeSettings
    summary: ClassVar[str] = "COMET's estimate of the translation's quality, on the scale of the model (1: perfect)"

    def __init__(self, settings: QeSettings | None = None, context: Context | None = None) -> None:
        super().__init__(settings, context)
        _check_settings(self.settings)
        self._specs = [parse_spec(text) for text in self.settings.models]
        self._estimator = Estimator(self.context.cache_dir, self.context.progress, self.context.scores_dir)

    def covers(self, language: Language) -> str | None:
        """Not a language that none of the models has read."""
        if route(self._specs, language.code) is not None:
            return None
        return f"uncalibrated: no model of {', '.join(spec.name for spec in self._specs)} covers {language.code}"

    def identity(self, language: Language) -> dict[str, Any]:
        """The language's model, its revision and COMET's version.

        A model that was never used on this machine is fetched. Raises EnvironmentProblem where it cannot be had, or
        there is no COMET.
        """
        spec = route(self._specs, language.code)
        if spec is None:
            return {}
        checkpoint = self._estimator.checkpoint(spec)
        return {"model": checkpoint.name, "revision": checkpoint.revision, "comet": self._estimator.version()}

    def score(self, pairs: Sequence[Pair], language: Language) -> list[Score]:
        """Texts that recur are scored once, and never again by the same model."""
        spec = route(self._specs, language.code)
        if spec is None or not pairs:
            return [Score(None, self.covers(language)) for _ in pairs]
        texts = [texts_of(pair) for pair in pairs]
        wanted = [some for found in texts for some in found]
        scores = self._estimator.score(spec, wanted, self.settings.batch_size, language.code)
        return [self._score_of(found, scores) for found in texts]

    def models(self, language: Language) -> list[Model]:
        """The model that scores this language; one that was never used on this machine is fetched."""
        spec = route(self._specs, language.code)
        if spec is None:
            return []
        checkpoint = self._estimator.checkpoint(spec)
        return [Model(checkpoint.name, checkpoint.revision, checkpoint.license)]

    def close(self) -> None:
        """Ends the worker, if one runs; it would end with this process."""
        self._estimator.close()

    def _score_of(self, texts: Sequence[Texts], scores: dict[Texts, float | None]) -> Score:
        known = [(value, some) for some in texts if (value := scores.get(some)) is not None]
        if not known:
            return Score(None, "the model gave no number" if texts else "no words to judge")
        lowest, (source, _) = min(known)
        if self.settings.aggregate == "min" or len(known) == 1:
            value = lowest
        else:
            weights = [len(some[0]) for _, some in known]
            value = sum(score * weight for (score, _), weight in zip(known, weights, strict=True)) / sum(weights)
        return Score(value, f"lowest {lowest:.3f}: {source[:100]}" if len(known) > 1 else None)


def texts_of(pair: Pair) -> list[Texts]:
    """What is scored of a pair: sources and targets that hold words, in order.

    The units as they were sent, where the record has them and was not edited since; else the segments, line by line
    where both sides have as many. A source without letters says nothing about a translation; a text that recurs counts
    once.
    """
    if pair.target.units and pair.target.edit is None:
        found = [(unit.source, unit.target) for unit in pair.target.units]
    else:
        found = [texts for segment in pair.segments for texts in _lines(segment)]
    return list(dict.fromkeys(texts for texts in found if any(map(str.isalpha, texts[0]))))


def _lines(segment: Segment) -> Iterator[Texts]:
    source, target = (
        [line.strip() for line in text.splitlines() if line.strip()] for text in (segment.source, segment.target)
    )
    if len(source) == len(target):
        yield from zip(source, target, strict=True)
    else:
        yield segment.source.strip(), segment.target.strip()


def _check_settings(settings: QeSettings) -> None:
    if settings.aggregate not in ("mean", "min"):
        raise UsageError(f"qe.aggregate: {settings.aggregate!r}; expected mean or min")
    if settings.batch_size < 1:
        raise UsageError(f"qe.batch_size: {settings.batch_size}; expected 1 or more")
    if not settings.models or not all(isinstance(text, str) and text for text in settings.models):
        raise UsageError(f"qe.models: {settings.models!r}; expected a list of models, as in ['{DEFAULT_MODELS[0]}']")
