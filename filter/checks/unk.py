"""Characters that say that a model or a decoder did not know a character."""

from __future__ import annotations

from collections.abc import Iterator

from ..check import HardCheck
from ..pairs import Pair, all_texts

# ⁇ is how sentencepiece writes <unk>; U+FFFD stands for bytes that are no text.
_SIGNS = ("<unk>", "\u2047", "\ufffd")
_FLAG = "unk"


class UnkCheck(HardCheck):
    """``<unk>``, U+2047 or U+FFFD in the target and not in the source, or a unit that was flagged for it."""

    name = "unk"
    summary = "signs of unknown characters that the English does not have"

    def problems(self, pair: Pair) -> Iterator[str]:
        """The signs found, and flagged units."""
        for slot, source, target in all_texts(pair):
            for sign in _SIGNS:
                if sign in target and sign not in source:
                    yield f"{slot} holds {sign if sign.isascii() else f'U+{ord(sign):04X}'}"
        for unit in pair.target.units:
            if _FLAG in unit.flags:
                yield f"flagged as unknown: {unit.target[:80]!r}"
