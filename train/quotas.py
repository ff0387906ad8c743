"""Whole numbers that add up: how much of a budget each language and task gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..toolkit.errors import UsageError
from .request import Request


def largest_remainder(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    """``total`` divided by shares into whole numbers whose sum it is.

    Each gets the whole part of what is due to it, and those with the largest remainders one more; of equal
    remainders the first wins. Computed in fractions, so that no rounding decides.
    """
    exact = {name: Fraction(str(share)) for name, share in shares.items()}
    due = {name: total * share / sum(exact.values()) for name, share in exact.items()}
    parts = {name: int(amount) for name, amount in due.items()}
    by_remainder = sorted(due, key=lambda name: parts[name] - due[name])
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def language_shares(request: Request, languages: Sequence[str], available: Mapping[str, int]) -> dict[str, float]:
    """The languages' shares of a budget. ``available``: items by language, for the temperature alone."""
    if request.temperature is not None:
        # Rounded, so that the last bit of a machine's power function decides nothing.
        return {lang: round(available[lang] ** (1 / request.temperature), 6) or 1e-6 for lang in languages}
    weights = request.weights or {}
    return {lang: weights.get(lang, 1.0) for lang in languages}


def quotas(request: Request, shares: Mapping[str, float], tasks: Mapping[str, float]) -> dict[tuple[str, str], int]:
    """(language, task) -> rows or tokens of the training split.

    UsageError where a language would get none.
    """
    volume = request.budget.volume
    each = request.budget.kind == "per_language"
    by_language = dict.fromkeys(shares, volume) if each else largest_remainder(volume, shares)
    if none := [lang for lang, amount in by_language.items() if not amount]:
        raise UsageError(f"{volume:,} {request.budget.unit} leave nothing for {', '.join(none)}: ask for more")
    return {
        (lang, task): amount
        for lang, whole in by_language.items()
        for task, amount in largest_remainder(whole, tasks).items()
    }
