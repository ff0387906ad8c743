"""What a finding is: a claim, the interval that it is held against, and the verdict that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .evidence import Number

Verdict = Literal["supported", "not supported", "undecided"]

POINT = 0.01


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim and what this study says of it.

    ``key`` names it: ``bilingual.direct.api``; ``family`` is the part of it that a report groups by (``bilingual``,
    ``zero_shot``, ``curve``, ``regression``, ``budgets``). ``effect`` is the estimate with the interval that the
    verdict rests on; ``bound`` is what that interval has to lie beyond, ``above`` on which side (both in the effect's
    unit): a gain claims ``> 0``, "as good as" claims ``> -margin``. ``paper`` is the paper's value of the effect, where
    it gives one, ``paper_says`` its words. ``power`` is the chance that a study with this one's standard error had to
    find the paper's effect supported (of an equivalence: a true difference of nothing); None where neither is known.
    ``beside`` are numbers that stand next to it and decide nothing, such as medians and win rates.
    """

    key: str
    family: str
    claim: str
    verdict: Verdict
    reason: str
    effect: Number
    bound: float = 0.0
    above: bool = True
    paper: float | None = None
    paper_says: str = ""
    power: float | None = None
    beside: tuple[Number, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON values; what is infinite or no number is null."""
        return {
            "key": self.key,
            "family": self.family,
            "claim": self.claim,
            "verdict": self.verdict,
            "reason": self.reason,
            "effect": self.effect.to_json(),
            "bound": self.bound,
            "above": self.above,
            "paper": self.paper,
            "paper_says": self.paper_says,
            "power": self.power,
            "beside": [number.to_json() for number in self.beside],
        }
