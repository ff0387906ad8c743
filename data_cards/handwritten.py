"""The parts of a card: blocks that are made anew each time, and what people have written around them, kept as it is.

A block stands between ``<!-- mlt:begin NAME -->`` and ``<!-- mlt:end NAME -->``, each on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..toolkit.errors import DataError

BLOCKS = (
    "summary",
    "use",
    "languages",
    "quality",
    "making",
    "examples",
    "mixtures",
    "licence",
    "limits",
    "rebuild",
    "citation",
)
"""The blocks of a card, in the order of a new one."""

_MARKER = re.compile(r"^<!-- mlt:(begin|end) (\S+) -->[ \t]*(?=\r?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a card's body. ``block`` is its name, None for text between blocks; ``line`` counts from 1."""

    text: str
    block: str | None
    line: int


def split_front(card: str) -> tuple[str | None, str]:
    """The YAML at the head of a card, by the Hub's own rule (None where there is none), and the body behind it."""
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    found = REGEX_YAML_BLOCK.search(card)
    return (found[2], card[found.end() :]) if found else (None, card)


def read_front(card: str) -> dict[str, Any]:
    """The YAML at the head of a card, as an object; empty where there is none. DataError where it cannot be read."""
    import yaml

    front, _ = split_front(card)
    try:
        # The same reader in C, where there is one: a card of many mixtures has thousands of lines.
        loaded = yaml.load(front or "", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 2}" if where else ""
        raise DataError(f"README.md: the YAML at its head cannot be read{line}; mend it, or remove the file") from None
    if loaded is not None and not isinstance(loaded, dict):
        raise DataError("README.md: the YAML at its head holds no keys; mend it, or remove the file")
    return loaded or {}


def parts(card: str) -> list[Part]:
    """A card's body in parts whose texts, joined, are the body. DataError where a block has no end, or no beginning,
    stands twice or is none of ours."""
    _, body = split_front(card)
    offset = card.count("\n", 0, len(card) - len(body)) + 1
    found: list[Part] = []
    begun, start = None, 0
    for marker in _MARKER.finditer(body):
        line = offset + body.count("\n", 0, marker.start())
        kind, name = marker.groups()
        _check_marker(kind, name, line, begun, found)
        if kind == "begin":
            found.append(Part(body[start : marker.start()], None, offset + body.count("\n", 0, start)))
            begun, start = (name, line), marker.start()
        else:
            found.append(Part(body[start : marker.end()], name, line if begun is None else begun[1]))
            begun, start = None, marker.end()
    if begun:
        raise DataError(f"README.md, line {begun[1]}: the block {begun[0]} has no <!-- mlt:end {begun[0]} -->")
    return [*found, Part(body[start:], None, offset + body.count("\n", 0, start))]


def blocks(card: str) -> dict[str, str]:
    """The blocks of a card by name, markers included."""
    return {part.block: part.text for part in parts(card) if part.block}


def own_text(card: str) -> str:
    """What people have written in a card's body: all that stands outside of blocks."""
    return "".join(part.text for part in parts(card) if part.block is None)


def block(name: str, text: str) -> str:
    """A block with its markers."""
    return f"<!-- mlt:begin {name} -->\n{text.strip()}\n<!-- mlt:end {name} -->"


def merge(fresh: Mapping[str, str], previous: str | None) -> str:
    """A card's body: ``fresh`` blocks (in order, without markers), and the text of ``previous`` around them.

    A block that ``previous`` lacks comes behind the one before it; one that is not made any more goes.
    """
    made = {name: block(name, text) for name, text in fresh.items()}
    old = [] if previous is None else parts(previous)
    held = {part.block for part in old}
    if held.isdisjoint(made):
        text = "".join(part.text for part in old if part.block is None)
        return "\n".join([f"{text}{_blank_line(text)}" + "\n\n".join(made.values()), ""])
    body = [
        (part.block, made.get(part.block, "") if part.block else part.text)
        for part in old
        if part.block is None or part.block in made
    ]
    before: str | None = None
    for name, text in made.items():
        if name not in held:
            _insert(body, name, text, before)
        before = name
    return "".join(text for _, text in body)


def _insert(body: list[tuple[str | None, str]], name: str, text: str, before: str | None) -> None:
    """Puts a block behind the block ``before``, or in front of the first one."""
    names = [held for held, _ in body]
    if before is None:
        first = next(index for index, held in enumerate(names) if held)
        body[first:first] = [(name, text), (None, "\n\n")]
    else:
        place = names.index(before) + 1
        body[place:place] = [(None, "\n\n"), (name, text)]


def _blank_line(text: str) -> str:
    """What is missing at the end of a text for a blank line to follow it."""
    return "" if text.endswith("\n\n") else "\n" if text.endswith("\n") or not text else "\n\n"


def _check_marker(kind: str, name: str, line: int, begun: tuple[str, int] | None, found: list[Part]) -> None:
    where = f"README.md, line {line}"
    if name not in BLOCKS:
        raise DataError(f"{where}: there is no block {name}; remove its markers, or correct the name")
    if kind == "begin" and begun:
        raise DataError(f"README.md, line {begun[1]}: the block {begun[0]} has no <!-- mlt:end {begun[0]} -->")
    if kind == "begin" and any(part.block == name for part in found):
        raise DataError(f"{where}: the block {name} stands twice; remove one")
    if kind == "end" and (begun is None or begun[0] != name):
        raise DataError(f"{where}: the block {name} has no <!-- mlt:begin {name} -->")
