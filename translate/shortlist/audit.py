"""Whether a list changes what a model says: some of the units are decoded with the full vocabulary as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from math import ceil, sqrt
from typing import Any

from ..decode import Decoder, Plans
from ..engine import Decoding

SHARE = 0.01
AT_LEAST = 100  # units of a shard: one in a hundred of a small one would show nothing
MOST_DIFFERENT = 0.005
_SEED = b"audit\0"


@dataclass(frozen=True, slots=True)
class Audit:
    """Units decoded both ways, how many of them came out the same, and chrF (0 to 100) summed over the others.

    ``chrf_units``: how many chrF was measured on: none where sacrebleu is not installed. ``within``: of the others, how
    many do not count against the list. A search with a beam weighs hypotheses against each other by probabilities that
    any list changes a little, so that it ends elsewhere now and then though the list holds every word it needs.
    """

    units: int = 0
    identical: int = 0
    chrf_sum: float = 0.0
    chrf_units: int = 0
    within: int = 0

    def __add__(self, other: Audit) -> Audit:
        return Audit(*(one + more for one, more in zip(asdict(self).values(), asdict(other).values(), strict=True)))

    @property
    def differing(self) -> int:
        """Units that came out otherwise."""
        return self.units - self.identical

    @property
    def against(self) -> int:
        """Units that the list has changed: all that differ of a greedy search; with a beam, those it cannot say."""
        return self.differing - self.within

    @property
    def chrf(self) -> float | None:
        """The mean chrF of those that differ, the full vocabulary's as the reference."""
        return round(self.chrf_sum / self.chrf_units, 1) if self.chrf_units else None

    def fails(self, *, margin: bool = False) -> bool:
        """Whether more than 0.5 % count against it; ``margin``: more than by accident (two deviations)."""
        expected = MOST_DIFFERENT * self.units
        return self.against > expected + (2 * sqrt(expected) if margin else 0)

    def to_json(self) -> dict[str, Any]:
        """A plain object, from which :meth:`from_json` makes an equal one."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Audit:
        """What :meth:`to_json` wrote."""
        return cls(**{name: value[name] for name in cls.__slots__ if name in value})


def audit_size(units: int) -> int:
    """How many of a shard's distinct units are audited, where it has as many."""
    return max(AT_LEAST, ceil(SHARE * units))


def audited(texts: Iterable[str]) -> list[str]:
    """1 % of distinct texts, and at least some: those whose seeded hashes are lowest, the same ones every time."""
    distinct = list(dict.fromkeys(texts))
    wanted = audit_size(len(distinct))
    return sorted(distinct, key=lambda text: blake2b(_SEED + text.encode("utf-8", "surrogatepass")).digest())[:wanted]


def compare(
    full: Decoder,
    cut: Decoder,
    texts: Sequence[str],
    decoding: Decoding,
    plans: Plans,
    can_say: Callable[[str], bool],
) -> Audit:
    """Decode texts with the full vocabulary and with a list; each decoder's cache keeps what it said.

    ``can_say``: whether the list has all words of an output.
    """
    said = [
        {text: hypotheses[0].text for text, hypotheses in decoder.decode(texts, decoding, plans=plans, step=step)}
        for decoder, step in ((cut, "audit"), (full, "audit-full"))
    ]
    pairs = [(said[0][text], said[1][text]) for text in dict.fromkeys(texts)]
    others = [(one, other) for one, other in pairs if one != other]
    within = sum(can_say(other) for _, other in others) if decoding.beam_size > 1 else 0
    scores = _chrf(others)
    return Audit(len(pairs), len(pairs) - len(others), round(sum(scores), 3), len(scores), within)


def _chrf(pairs: Sequence[tuple[str, str]]) -> list[float]:
    """chrF (Popović, 2015) of each pair, by sacrebleu; nothing where that is not installed."""
    if not pairs:
        return []
    try:
        from sacrebleu.metrics import CHRF
    except ImportError:
        return []
    metric = CHRF()
    return [float(metric.sentence_score(one, [other]).score) for one, other in pairs]
