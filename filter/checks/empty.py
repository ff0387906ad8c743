"""Nothing where the source says something."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from ..check import HardCheck
from ..pairs import Pair, all_texts

_SAYS = regex.compile(r"[\p{L}\p{N}]")
# Signs speak for themselves ("→ ✓"), punctuation and what cannot be seen do not.
_SHOWS = regex.compile(r"[\p{L}\p{N}\p{So}\p{Sm}\p{Sc}]")


class EmptyCheck(HardCheck):
    """A text with letters or digits became blank, or no more than punctuation and invisible characters."""

    name = "empty"
    summary = "texts that are empty where the English is not"

    def problems(self, pair: Pair) -> Iterator[str]:
        """The slots that are empty."""
        for slot, source, target in all_texts(pair):
            if not _SHOWS.search(target) and _SAYS.search(source):
                yield f"{slot} is empty"
