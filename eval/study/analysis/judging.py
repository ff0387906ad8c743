"""From an estimate and a claim to a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from .contrasts import Estimate
from .evidence import Number, Unit
from .power import power
from .verdicts import Finding, Verdict

MIN_REPLICATES = 3
MIN_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """What the paper says, as a bound: the effect lies above it (``above``), or below.

    ``assumed`` is the true effect that the power is for: the paper's, or of an equivalence nothing; None without one.
    """

    key: str
    family: str
    text: str
    bound: float = 0.0
    above: bool = True
    paper: float | None = None
    paper_says: str = ""
    assumed: float | None = None


def judge(claim: Claim, effect: Number, *, error: float, freedom: float, problem: str = "") -> Finding:
    """The claim against an effect with its 95 % interval: beyond the bound, short of it, or neither.

    So a claim that is false is supported in 2.5 % of studies at most, where the interval is right. ``problem``: why the
    data cannot decide it whatever the interval is.
    """
    verdict: Verdict = "undecided"
    if effect.value is None or effect.low is None or effect.high is None:
        reason = problem or "its error cannot be told from these data"
    elif problem:
        reason = problem
    else:
        verdict, reason = _against(claim, effect.low, effect.high, effect.unit == "difference")
    assumed = claim.paper if claim.assumed is None else claim.assumed
    chance = None if assumed is None else power(assumed, error, freedom, bound=claim.bound, above=claim.above)
    return Finding(
        key=claim.key,
        family=claim.family,
        claim=claim.text,
        verdict=verdict,
        reason=reason,
        effect=effect,
        bound=claim.bound,
        above=claim.above,
        paper=claim.paper,
        paper_says=claim.paper_says,
        power=None if problem else chance,
    )


def judge_contrast(claim: Claim, found: Estimate | None, missing: str, problem: str = "") -> Finding:
    """The claim against a contrast; ``missing`` says what is not there where it is None."""
    if found is None:
        return unknown(claim, missing)
    number = found.number(f"finding.{claim.key}", claim.text)
    if found.replicates < MIN_REPLICATES:
        runs = "one replicate tells" if found.replicates == 1 else f"{found.replicates} replicates tell"
        problem = f"{runs} too little of how runs differ; it takes {MIN_REPLICATES} (models x tasks x seeds)"
    elif found.groups < MIN_GROUPS:
        problem = f"{found.groups} groups of items tell too little; it takes {MIN_GROUPS}"
    elif not found.error:
        problem = "these runs do not differ at all: nothing tells what chance does"
    return judge(claim, number, error=found.error, freedom=found.freedom, problem=problem)


def unknown(claim: Claim, why: str) -> Finding:
    """A claim that the data say nothing of."""
    unit: Unit = "coefficient" if claim.family == "regression" else "difference"
    nothing = Number(f"finding.{claim.key}", claim.text, None, None, None, 0, unit, "no data")
    return judge(claim, nothing, error=float("nan"), freedom=float("nan"), problem=why)


def _against(claim: Claim, low: float, high: float, points: bool) -> tuple[Verdict, str]:
    def text(value: float) -> str:
        return f"{100 * value:+.1f}" if points else f"{value:+.3f}"

    interval = f"the 95 % interval, {text(low)} to {text(high)}{' points' if points else ''},"
    bound = "0" if claim.bound == 0 else text(claim.bound)
    # What is beside the interval's near end counts for, what is beside its far end against the claim.
    near, far = (low, high) if claim.above else (-high, -low)
    mark = claim.bound if claim.above else -claim.bound
    sides = ("above", "below") if claim.above else ("below", "above")
    if near > mark:
        return "supported", f"{interval} lies {sides[0]} {bound}"
    if far < mark:
        return "not supported", f"{interval} lies {sides[1]} {bound}"
    outside = claim.paper is not None and not low <= claim.paper <= high
    beyond = f"; the paper's {text(claim.paper)} lies outside of it" if outside and claim.paper is not None else ""
    return "undecided", f"{interval} holds {bound}{beyond}"
