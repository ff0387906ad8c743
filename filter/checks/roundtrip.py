"""The round trip: a translation put back into English by an engine, and compared with the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from ...toolkit.errors import EnvironmentProblem
from ...toolkit.languages import ENGLISH, Language
from ..check import ABSTAIN, BaseCheck, Direction, Model, Score
from ..pairs import Pair

if TYPE_CHECKING:
    from ...translate.engine import Engine, Prepared
    from ...translate.units import Plan

_BATCH = 64  # units in one batch of an engine that names no size of its own


@dataclass(frozen=True)
class RoundTripSettings:
    """``model``: as `mlt translate --model` takes it; empty: the check covers nothing. ``beam_size``: of the search."""

    model: str = ""
    beam_size: int = 2


class RoundTripCheck(BaseCheck):
    """chrF (0 to 100, Popović 2015, by sacrebleu) of the English that an engine makes of the target, to the source.

    Sentences are the engine's units; spans come along as they are. All texts of a row count together. Engines do not
    hear themselves: a model that translates both ways forgives its own mistakes.
    """

    name = "roundtrip"
    large = True
    direction: ClassVar[Direction] = "low"
    summary = "chrF of the translation, put back into English, to the English (0 to 100)"
    Settings = RoundTripSettings

    def covers(self, language: Language) -> str | None:
        """Languages that the engine knows."""
        if not self.settings.model:
            return "no model is named"
        if not (self._engine.supports(language) and self._engine.supports(ENGLISH)):
            return f"{self._engine.name} does not know {language.code} or English"
        return None

    def identity(self, language: Language) -> dict[str, Any]:
        """What the engine says of itself."""
        return {"engine": dict(self._engine.identity)}

    def models(self, language: Language) -> list[Model]:
        """The engine."""
        identity = self._engine.identity
        return [Model(self._engine.name, str(identity.get("revision", "")), self._engine.license)]

    def close(self) -> None:
        """The engine's memory."""
        if "_engine" in vars(self):
            self._engine.close()

    def score(self, pairs: Sequence[Pair], language: Language) -> list[Score]:
        """All texts of the pairs are translated together, each sentence once."""
        plans = [[_plan(segment.target) for segment in pair.segments] for pair in pairs]
        units = dict.fromkeys(unit.text for texts in plans for plan in texts for unit in plan.units)
        english = self._back(list(units), language)
        return [
            self._compared(pair, [_joined(plan, english) for plan in texts])
            for pair, texts in zip(pairs, plans, strict=True)
        ]

    def _compared(self, pair: Pair, english: Sequence[str]) -> Score:
        source = "\n".join(_surface(segment.source) for segment in pair.segments)
        if not source.strip():
            return ABSTAIN
        back = "\n".join(english)
        value = self._chrf.sentence_score(back, [source]).score
        return Score(round(value, 2), f"back in English: {' '.join(back.split())[:200]}")

    def _back(self, texts: list[str], language: Language) -> dict[str, str]:
        """The English of each text, in batches sorted by length."""
        from ...translate.engine import Decoding

        engine = self._engine
        units = dict(zip(texts, engine.prepare(texts, language, ENGLISH), strict=True))
        order = sorted(units, key=lambda text: (-units[text].size, text))
        batches = _batches([units[text] for text in order], getattr(engine, "batch_tokens", None))
        results = engine.translate(iter(batches), language, ENGLISH, Decoding(beam_size=self.settings.beam_size))
        best = [hypotheses[0].text if hypotheses else "" for batch in results for hypotheses in batch]
        return dict(zip(order, best, strict=True))

    @cached_property
    def _engine(self) -> Engine:
        from ...translate.models import load_engine

        return load_engine(self.settings.model, workers=self.context.cores, cache_dir=self.context.cache_dir)

    @cached_property
    def _chrf(self) -> Any:
        try:
            from sacrebleu.metrics.chrf import CHRF
        except ImportError:
            raise EnvironmentProblem("the check roundtrip needs sacrebleu: pip install sacrebleu") from None
        return CHRF()


def _plan(text: str) -> Plan:
    from ...translate.units import plan_text

    return plan_text(text)


def _surface(text: str) -> str:
    """A text as an engine reads it: without calculator annotations."""
    plan = _plan(text)
    return plan.join({unit: unit.text for unit in plan.units})


def _joined(plan: Plan, english: dict[str, str]) -> str:
    return plan.join({unit: english[unit.text] for unit in plan.units})


def _batches(units: Sequence[Prepared], batch_tokens: int | None) -> list[list[Prepared]]:
    """Units, longest first, in batches that hold ``batch_tokens`` with their padding, or a fixed number."""
    batches = []
    rest = iter(units)
    for first in rest:
        count = max(1, batch_tokens // max(first.size, 1)) if batch_tokens else _BATCH
        batches.append([first, *islice(rest, count - 1)])
    return batches
