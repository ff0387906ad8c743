from __future__ import annotations

import re

from mlt.data_cards.sample_card import CARD, sample_card


def without_sizes(card: str) -> str:
    """A card without the sizes of its files, which another release of Arrow may change."""
    return re.sub(r"(?m)(?:_bytes|_size): \d+$|\| \d[\d.]* k?B \|$", "", card)


def test_the_card_of_the_sample_is_what_the_sample_gives() -> None:
    assert without_sizes(CARD.read_text(encoding="utf-8")) == without_sizes(sample_card())
