"""How a word that is outside a list is spelled with words inside it."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence


def spell(word: str, kept: Container[str]) -> list[str] | None:
    """``word`` as the fewest pieces that ``kept`` has, of such spellings the one with the longest first pieces.

    None where there is no spelling.
    """
    best: list[list[str] | None] = [None] * len(word) + [[]]
    for start in reversed(range(len(word))):
        for end in range(len(word), start, -1):
            rest, piece = best[end], word[start:end]
            found = best[start]
            if rest is not None and (found is None or len(rest) + 1 < len(found)) and piece in kept:
                best[start] = [piece, *rest]
    return best[0]


class Speller:
    """Turns the pieces of a full vocabulary into those that a list has; remembers what it found.

    ``special`` are tokens that are no text: nothing is spelled with them.
    """

    def __init__(self, words: Sequence[str], kept: Iterable[int], special: Collection[str] = ()) -> None:
        inside = {words[i] for i in kept}
        self._left_out = set(words) - inside
        self._kept = inside.difference(special)
        self._found: dict[str, list[str]] = {}

    def __call__(self, pieces: Sequence[str]) -> list[str]:
        """``pieces``, each one that was left out in its spelling. What the full vocabulary lacks stays as it is."""
        if self._left_out.isdisjoint(pieces):
            return list(pieces)
        return [part for piece in pieces for part in (self._spelled(piece) if piece in self._left_out else (piece,))]

    def _spelled(self, piece: str) -> list[str]:
        if piece not in self._found:
            spelling = spell(piece, self._kept)
            assert spelling is not None, f"{piece!r} cannot be spelled, and such pieces are in every list"
            self._found[piece] = spelling
        return self._found[piece]
