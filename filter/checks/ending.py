"""Translations that stop before their end."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import HardCheck
from ..pairs import Pair, all_texts

_FLAG = "no-end-token"
# What opens a piece, and what closes it. A fence closes itself.
_PIECES = (("```", "```"), ("<<", ">>"), ("\\boxed{", "}"))


class EndingCheck(HardCheck):
    """The decoder gave no end token (a unit's flag ``no-end-token``), or the target stops inside a piece.

    Pieces are what the source opens and closes: code fences, ``<<sums>>``, calls, ``\\boxed{}``. Abstains where there
    are neither units nor such pieces.
    """

    name = "ending"
    summary = "texts that were cut off before their end"

    def applies(self, pair: Pair) -> bool:
        """Whether there are units, or pieces that could be cut."""
        return bool(pair.target.units) or any(
            opening in source for _, source, _ in all_texts(pair) for opening, _ in _PIECES
        )

    def problems(self, pair: Pair) -> Iterator[str]:
        """Flagged units, and texts that end inside a piece."""
        for unit in pair.target.units:
            if _FLAG in unit.flags:
                yield f"no end token: {unit.target[-80:]!r}"
        for slot, source, target in all_texts(pair):
            for opening, closing in _PIECES:
                if opening in target and _is_open(target, opening, closing) and not _is_open(source, opening, closing):
                    yield f"{slot} ends inside {opening!r}"


def _is_open(text: str, opening: str, closing: str) -> bool:
    """Whether the last such piece of a text has no end."""
    if opening == closing:
        return text.count(opening) % 2 == 1
    last = text.rfind(opening)
    return last >= 0 and closing not in text[last + len(opening) :]
