"""Untranslated fragments: runs of the source's words that stand in the target as they were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ...toolkit.records import Call, Record
from ..check import ABSTAIN, BaseCheck, Direction, Score
from ..pairs import Pair
from ..requests_in_text import find_requests, without_requests

_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-zÀ-ɏ]+)*+")
_BRACKETS = re.compile(r"\([^()\n]{0,200}\)|（[^（）\n]{0,200}）")
_LEAST_LETTERS = 4
"""Shorter words (of, the, and) make no run by themselves: titles hold them."""


@dataclass(frozen=True)
class FragmentsSettings:
    """``words``: so many words in a row make a fragment."""

    words: int = 3


class FragmentsCheck(BaseCheck):
    """The share of the source's words that were left as they are, in runs.

    Words with a capital are names and titles and do not count, nor do spans, API requests and the values of their
    arguments, or what a target says again in brackets. Most words of a run must be in lower case.
    """

    name: ClassVar[str] = "fragments"
    direction: ClassVar[Direction] = "high"
    Settings: ClassVar[type] = FragmentsSettings
    summary: ClassVar[str] = "share of the source's words, names aside, that were left untranslated"

    def score_pair(self, pair: Pair) -> Score:
        """The share over the whole record; abstains where the source has too few words to have a fragment."""
        if not pair.translates:
            return ABSTAIN
        values = [" ".join(_words(value)).lower() for value in _values(pair)]
        total, left, seen = 0, 0, []
        for segment in pair.segments:
            source = _words(_prose(segment.source_words))
            total += sum(map(str.islower, source))
            target = _words(_BRACKETS.sub(" ", _prose(segment.target_words)))
            for run in common_runs(source, target, max(1, self.settings.words)):
                count = _untranslated(run, values)
                left += count
                seen += [" ".join(run)] if count else []
        if total < self.settings.words:
            return ABSTAIN
        return Score(round(min(1.0, left / total), 4), " | ".join(seen)[:200] or None)


def common_runs(source: Sequence[str], target: Sequence[str], least: int) -> Iterator[list[str]]:
    """Runs of at least so many words of the target that stand so in the source, case aside; none overlaps another."""
    before, after = [word.lower() for word in source], [word.lower() for word in target]
    starts: dict[tuple[str, ...], int] = {}
    for index in range(len(before) - least + 1):
        starts.setdefault(tuple(before[index : index + least]), index)
    position = 0
    while starts and position <= len(after) - least:
        start = starts.get(tuple(after[position : position + least]))
        if start is None:
            position += 1
            continue
        end, start = position + least, start + least
        while end < len(after) and start < len(before) and after[end] == before[start]:
            end, start = end + 1, start + 1
        yield list(target[position:end])
        position = end


def _untranslated(run: Sequence[str], values: Iterable[str]) -> int:
    """How many words of a run count as left; 0 where it is a title or a value of an argument."""
    lower = [word for word in run if word.islower()]
    if len(lower) < 2 or 2 * len(lower) <= len(run) or all(len(word) < _LEAST_LETTERS for word in lower):
        return 0
    text = " ".join(run).lower()
    if any(text in value for value in values):
        return 0
    # What is said around a value ("User: …") may have run into it.
    inside = next((value for value in values if " " in value and value in text), None)
    return len(lower) if inside is None else len(set(lower) & set(text.replace(inside, " ").split()))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _prose(text: str) -> str:
    return without_requests(text, find_requests(text))


def _values(pair: Pair) -> Iterator[str]:
    """The texts among the arguments of all calls: they stand in English in the request where the policy keeps them."""
    for call in _calls(pair.target):
        yield from _texts(call.arguments)
    for segment in pair.segments:
        for request in find_requests(segment.target):
            for call in request.calls or ():
                yield from _texts(call.arguments)


def _calls(record: Record) -> Iterator[Call]:
    yield from record.gold.calls
    for message in record.messages:
        yield from message.calls


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
