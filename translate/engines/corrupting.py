"""An engine that breaks texts on purpose, each in a way that depends on the seed and the text alone.

It stands in for a bad model: what a pipeline publishes of its output must still be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from ...toolkit.languages import Language
from ..engine import Decoding, Hypothesis, Prepared

_WORD_WITH_DIGIT = re.compile(r"\S*\d\S*")
_DIGIT = re.compile(r"\d")
_OTHER_SCRIPTS = {
    False: "Это предложение написано не на том языке, который был запрошен.",
    True: "ประโยคนี้ไม่ได้เขียนด้วยภาษาที่ขอไว้เลยแม้แต่คำเดียว",
}


class CorruptingEngine:
    """Each hypothesis is the text itself or one corruption of it: see :data:`CORRUPTIONS`.

    ``seed``: another seed corrupts other texts. Lower-ranked hypotheses are corrupted on their own, so a
    larger n-best list can hold a sound one. ``translates`` is True: checks judge it as they judge a model.
    """

    license: str | None = None
    max_n_best = 8
    translates = True
    workers = 1
    batch_tokens = 2048

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.name = f"corrupting:{seed}" if seed else "corrupting"
        self.identity: Mapping[str, Any] = {"engine": "corrupting", "model": self.name, "revision": "1"}

    def supports(self, language: Language) -> bool:
        """Every language."""
        return True

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """The texts themselves, sized in words (at least 1)."""
        return [Prepared.in_words(text) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """``decoding.n_best`` hypotheses a unit (8 at most), the same for the same seed, text and rank."""
        ranks = range(min(max(decoding.n_best, 1), self.max_n_best))
        for batch in batches:
            yield [[self._hypothesis(unit.text, rank, target) for rank in ranks] for unit in batch]

    def close(self) -> None:
        """Nothing is held."""

    def _hypothesis(self, text: str, rank: int, target: Language) -> Hypothesis:
        key = f"{self.seed}\0{rank}\0{text}".encode("utf-8", "surrogatepass")
        draw = int.from_bytes(blake2b(key, digest_size=8).digest(), "big")
        names = list(CORRUPTIONS)
        name, place = names[draw % len(names)], draw // len(names)
        if name == "wrong-language":
            return Hypothesis(_OTHER_SCRIPTS[target.script == "Cyrl"], -float(rank))
        return Hypothesis(CORRUPTIONS[name](text, place), -float(rank), ended=name != "truncate")


def _pick(pattern: re.Pattern[str], text: str, place: int) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return found[place % len(found)] if found else None


def _drop(text: str, place: int) -> str:
    """The text without one of its words that hold a digit, or without its last word."""
    match = _pick(_WORD_WITH_DIGIT, text, place)
    if match is None:
        return text.rsplit(" ", 1)[0]
    return text[: match.start()] + text[match.end() :]


def _change_number(text: str, place: int) -> str:
    """One digit raised by one, 9 to 0."""
    match = _pick(_DIGIT, text, place)
    if match is None:
        return text
    return text[: match.start()] + str((int(match.group()) + 1) % 10) + text[match.end() :]


def _loop(text: str, place: int) -> str:
    """The last words over and over."""
    return text + (" " + " ".join(text.split()[-3:])) * 12


def _truncate(text: str, place: int) -> str:
    """The first half."""
    return text[: len(text) // 2]


def _mangle(text: str, place: int) -> str:
    """One word with a digit taken apart by dots, as models do with placeholders they do not know."""
    match = _pick(_WORD_WITH_DIGIT, text, place)
    if match is None:
        return text
    return text[: match.start()] + ".".join(match.group()) + text[match.end() :]


def _keep(text: str, place: int) -> str:
    return text


def _empty(text: str, place: int) -> str:
    return ""


CORRUPTIONS: Mapping[str, Callable[[str, int], str]] = {
    "keep": _keep,
    "drop": _drop,
    "change-number": _change_number,
    "loop": _loop,
    "wrong-language": _keep,  # depends on the target: see _hypothesis
    "truncate": _truncate,
    "mangle": _mangle,
    "empty": _empty,
}
