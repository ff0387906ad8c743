"""Where a text states its answer: ``#### 18``, ``\\boxed{18}``, "the answer is" in two dozen languages."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import regex

_BOXED = regex.compile(r"\\(?:boxed|fbox)\s{0,3}\{")
_LINE = regex.compile(r"^[ \t]*####[ \t]*(?=\S)", regex.M)
_SEPARATOR = r"\s*(?:[:=≈]|—|[–-](?=\s))?\s*"
_SENTENCE_END = regex.compile(r"[.!?](?=[\s\"'”»)]|$)|[。।!?]|\n")
_THOUGHTS = "</think>"
_MOST = 20  # places, from the end: a model that repeats itself states no more answers
_LONGEST = 400  # characters of a line that are read


Kind = Literal["boxed", "line", "is", "label"]


@dataclass(frozen=True, slots=True)
class Place:
    """What stands behind an anchor: ``text[start:end]`` is the rest of its line, the first sentence of it ends at
    ``sentence``. A ``label`` promises less than an ``is``: working may follow it."""

    kind: Kind
    start: int
    sentence: int
    end: int


def places(text: str) -> list[Place]:
    """The places of answers in a text, in reading order; ``text`` is plain (:func:`.answer_numbers.plain`)."""
    folded = _without_steps(text)
    starts: dict[int, Kind] = {}  # where several anchors end, the first kind counts
    for kind, pattern in (("boxed", _BOXED), ("line", _LINE), ("is", _compiled("is")), ("label", _compiled("label"))):
        for match in pattern.finditer(folded):
            starts.setdefault(match.end(), cast(Kind, kind))
    last = sorted(starts.items())[-_MOST:]
    found = [_boxed(text, start) if kind == "boxed" else _place(kind, text, start) for start, kind in last]
    return [place for place in found if place]


def own_answer(text: str) -> str:
    """The text up to the next question that a model asks itself, behind the thoughts that it marks as such."""
    head, mark, tail = text.rpartition(_THOUGHTS)
    text = tail if mark and tail.strip() else head + tail
    for match in _question().finditer(text):
        own = text[: match.start()]
        if any(map(str.isnumeric, own)) or places(own):
            return own
    return text


@cache
def patterns() -> dict[str, Any]:
    """The content of anchors.yaml, in NFKC."""
    import yaml

    text = Path(__file__).with_name("anchors.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(unicodedata.normalize("NFKC", text))
    return loaded


def _boxed(text: str, start: int) -> Place | None:
    """What the braces that are open at ``start`` hold; None where they are not closed, as in a cut text."""
    depth = 1
    for index in range(start, min(len(text), start + _LONGEST)):
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return Place("boxed", start, index, index)
    return None


def _place(kind: Kind, text: str, start: int) -> Place:
    line = text.find("\n", start)
    if line == start and kind != "line":  # "Answer:" on a line of its own
        start += len(text[start:]) - len(text[start:].lstrip())
        line = text.find("\n", start)
    end = min(len(text) if line < 0 else line, start + _LONGEST)
    found = _SENTENCE_END.search(text, start, end)
    return Place(kind, start, found.start() if found else end, end)


def _without_steps(text: str) -> str:
    """The text with labels of steps blanked, character for character."""
    return _steps().sub(lambda match: " " * len(match[0]), text)


@cache
def _steps() -> regex.Pattern[str]:
    return regex.compile("|".join(f"(?:{words})" for words in patterns()["steps"]), regex.I)


@cache
def _question() -> regex.Pattern[str]:
    words = "|".join(patterns()["question"])
    return regex.compile(rf"^[ \t*#]*(?:{words})\s?\d{{0,3}}[ *]*[:：]", regex.I | regex.M)


@cache
def _compiled(kind: str) -> regex.Pattern[str]:
    """The anchors of all languages with the separator behind them; no part of a longer word of an alphabet."""
    words = "|".join(f"(?:{anchor})" for anchor in patterns()[kind].values())
    letter = r"[\p{Latin}\p{Cyrillic}\p{Arabic}]"
    return regex.compile(rf"(?<!{letter})(?:{words})(?!{letter}){_SEPARATOR}", regex.I)
