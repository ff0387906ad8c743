"""Two cards side by side: where a generated part of one differs from the other, and in which number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from .handwritten import parts, read_front, split_front

FRONT = "YAML"
_SHOWN = 100
_WORD = re.compile(r"(?:(?!<br>)[^\s|`,;()])+(?:,\d+)*")  # what a number may be a part of; thousands have commas
_DIGITS = re.compile(r"\d+")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True)
class Mismatch:
    """What does not hold. ``line`` of the card, from 1; 0 where a manifest, and no card, says it.

    ``card``: what is said; ``data``: what the data say ("" where one of them says nothing). ``where``: the block,
    "YAML", or the manifest's file and key.
    """

    line: int
    card: str
    data: str
    where: str


def compare_cards(card: str, expected: str) -> list[Mismatch]:
    """Where the generated parts of ``card`` differ from those of ``expected``, line by line, in the card's order.

    What stands outside of blocks is not compared. YAML that only looks otherwise, as after another program wrote it,
    is the same.
    """
    return [*_fronts(card, expected), *_blocks(card, expected)]


def _fronts(card: str, expected: str) -> Iterator[Mismatch]:
    said, right = (split_front(text)[0] or "" for text in (card, expected))
    if said != right and (_numbers(said) != _numbers(right) or read_front(card) != read_front(expected)):
        yield from _lines(said, right, 2, FRONT)


def _blocks(card: str, expected: str) -> Iterator[Mismatch]:
    right = {part.block: part.text for part in parts(expected) if part.block}
    for part in parts(card):
        if part.block:
            yield from _lines(part.text, right.pop(part.block, ""), part.line, part.block)
    for name, text in right.items():
        yield from _lines("", text, card.count("\n") + 1, name)


def _numbers(yaml: str) -> list[str]:
    """All numbers, comments left out: a key that stands twice must not hide one."""
    return sorted(_DIGITS.findall(_COMMENT.sub("", yaml)))


def _lines(said: str, right: str, first: int, where: str) -> Iterator[Mismatch]:
    old, new = ([line.rstrip("\r") for line in text.split("\n")] if text else [] for text in (said, right))
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    for tag, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            for offset, (one, other) in enumerate(zip_longest(old[a:b], new[c:d])):
                line = first + start + min(a + offset, max(b - 1, a))
                yield Mismatch(line, *_difference(one, other), where)


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are the same from the beginning on."""
    return next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _difference(said: str | None, right: str | None) -> tuple[str, str]:
    """What differs between two lines: the words with numbers that do, else all of both lines."""
    if said is None or right is None:
        return _cut(said), _cut(right)
    old, new = _WORD.findall(said), _WORD.findall(right)
    gone: list[str] = []
    come: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            gone += [word for word in old[a:b] if _DIGITS.search(word)]
            come += [word for word in new[c:d] if _DIGITS.search(word)]
    if gone or come:
        return _cut(" ".join(gone)), _cut(" ".join(come))
    return _cut(said), _cut(right)


def _cut(text: str | None) -> str:
    text = (text or "").strip()
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
