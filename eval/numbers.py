"""Shares, differences and p-values as tables show them."""

from __future__ import annotations


def percent(share: float | None) -> str:
    """A share in percent, one decimal: ``75.0``. What is not all is never 100, what is not none never 0."""
    if share is None:
        return ""
    if share in (0, 1):
        return "100" if share else "0"
    return f"{min(max(100 * share, 0.1), 99.9):.1f}"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: ``+9.3``, ``−0.4``, ``0.0``."""
    text = f"{100 * difference:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def probability(p: float) -> str:
    """A p-value: three decimals, ``< 0.001`` below them."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
