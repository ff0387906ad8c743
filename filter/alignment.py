"""Sentences of a text and of its translation, aligned: which have no counterpart on the other side.

Dynamic programming over beads of sentences after Gale and Church ("A program for aligning sentences in bilingual
corpora", 1993), with the language's own length factors, and with anchors: numbers and names that stand on both sides
and should fall into the same bead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import regex
import sentencex

from ..toolkit.checks.numbers import find_numbers
from ..toolkit.languages import ENGLISH, Language
from .length_factors import SHORT, Factors, factors_for, source_size, target_size

SKIP = 4.5  # the cost of a sentence alone, as -log of its chance
_ANCHOR = 1.5  # the cost of an anchor that falls into another bead
_LOST = 1.5  # what a number that stands nowhere in the target takes off the cost of its sentence alone
_MAX_LOST = 2
_BEADS = {(1, 1): 0.1, (1, 2): 2.4, (2, 1): 2.4, (2, 2): 4.5, (1, 3): 4.5, (3, 1): 4.5, (1, 4): 6.0, (4, 1): 6.0}
_UNMARKED = {"Thai", "Laoo"}
# With as many sentences here as there, any way but one to one needs 2-2, 1-2 and 2-1, or sentences alone.
_LEAST_OTHERWISE = 4.5
_ETHIOPIC_STOP = regex.compile(r"፡፡|(?<=[\u1200-\u135a])::")
_FULL_BAND = 4_000  # cells that are always looked at; beyond that only those near the diagonal
_BAND = 30
_LATIN = regex.compile(r"[A-Za-z]{3,}+")
_LINES = regex.compile(r"[\n\r\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences ``source[a:b]`` and ``target[c:d]`` that mean the same; one of the ranges may be empty."""

    source: range
    target: range


@dataclass(frozen=True, slots=True)
class _Side:
    """A side's sentences: cumulated sizes, anchors as bits, numbers that the other side lacks."""

    ends: list[float]
    anchors: list[int]
    lost: list[int]


def marks_sentences(language: Language) -> bool:
    """Whether a language's script shows where a sentence ends; Thai and Lao have spaces between phrases only."""
    return language.script not in _UNMARKED


def sentences(text: str, language: Language) -> list[str]:
    """The sentences of a text, without the space around them; its lines in a script that marks no sentence."""
    if not marks_sentences(language):
        return lines(text)
    if language.script == "Ethi":
        text = _ETHIOPIC_STOP.sub("።", text)
    code = language.iso639_1 or language.code
    text = text.encode("utf-8", "replace").decode()  # half of a surrogate pair is no character to the splitter
    found = (part.strip() for line in _LINES.split(text) for part in sentencex.segment(code, line))
    return [part for part in found if any(map(str.isalnum, part))]


def lines(text: str) -> list[str]:
    """The lines of a text that say something, without the space around them."""
    return [part for line in _LINES.split(text) if any(map(str.isalnum, part := line.strip()))]


def align(
    source: Sequence[str], target: Sequence[str], language: Language, factors: Factors | None = None
) -> list[Bead]:
    """The beads of English sentences and those of a translation, in order; every sentence is in one of them."""
    factors = factors or factors_for(language)
    before = _Side(_cumulated(source_size(text, language) for text in source), [0] * len(source), [0] * len(source))
    after = _Side(_cumulated(target_size(text, language) for text in target), [0] * len(target), [])
    costs = _Costs(before, after, factors)
    if len(source) == len(target) and _is_one_to_one(costs):
        return [Bead(range(i, i + 1), range(i, i + 1)) for i in range(len(source))]
    _anchor(before, after, source, target, language)
    return _best(costs, len(source), len(target))


class _Costs:
    """What beads cost."""

    def __init__(self, before: _Side, after: _Side, factors: Factors) -> None:
        self.before, self.after, self.factors = before, after, factors

    def of(self, i: int, a: int, j: int, b: int, prior: float) -> float:
        """The cost of the bead source[i:a], target[j:b]."""
        size = self.before.ends[a] - self.before.ends[i] + 1
        ratio = math.log((self.after.ends[b] - self.after.ends[j] + 1) / size) - self.factors.log_ratio
        scale = self.factors.spread * self.factors.spread * (1 + SHORT / size)
        left = right = 0
        for mask in self.before.anchors[i:a]:
            left |= mask
        for mask in self.after.anchors[j:b]:
            right |= mask
        return prior + ratio * ratio / (2 * scale) + _ANCHOR * (left ^ right).bit_count()

    def source_alone(self, i: int) -> float:
        """The cost of a sentence of the source that has no counterpart."""
        return SKIP - _LOST * self.before.lost[i] + _ANCHOR * self.before.anchors[i].bit_count()

    def target_alone(self, j: int) -> float:
        """The cost of a sentence of the target that has none."""
        return SKIP + _ANCHOR * self.after.anchors[j].bit_count()

    def diagonal(self) -> float:
        """The cost of one to one, throughout."""
        return sum(self.of(i, i + 1, i, i + 1, _BEADS[1, 1]) for i in range(len(self.before.anchors)))


def _is_one_to_one(costs: _Costs) -> bool:
    """Whether equally many sentences fit each other in turn, by the language's usual ratio or by this text's own.

    A text that is terse throughout has lost nothing.
    """
    before, after = costs.before.ends[-1], costs.after.ends[-1]
    own = replace(costs.factors, log_ratio=math.log((after + 1) / (before + 1)))
    return min(costs.diagonal(), _Costs(costs.before, costs.after, own).diagonal()) < _LEAST_OTHERWISE


def _best(costs: _Costs, rows: int, columns: int) -> list[Bead]:
    """The cheapest sequence of beads."""
    table: list[dict[int, tuple[float, int, int]]] = [{} for _ in range(rows + 1)]
    table[0][0] = (0.0, 0, 0)
    for i in range(rows + 1):
        for j in _band(i, rows, columns):
            if i or j:
                entry = min(_entries(costs, table, i, j), default=None)
                if entry is not None:
                    table[i][j] = entry
    beads = []
    i, j = rows, columns
    while i or j:
        _, di, dj = table[i][j]
        beads.append(Bead(range(i - di, i), range(j - dj, j)))
        i, j = i - di, j - dj
    return beads[::-1]


def _entries(
    costs: _Costs, table: Sequence[Mapping[int, tuple[float, int, int]]], i: int, j: int
) -> Iterator[tuple[float, int, int]]:
    """The ways to a cell: (cost, source sentences, target sentences of the last bead)."""
    for (di, dj), prior in _BEADS.items():
        if di <= i and dj <= j and (before := table[i - di].get(j - dj)) is not None:
            yield before[0] + costs.of(i - di, i, j - dj, j, prior), di, dj
    if i and (before := table[i - 1].get(j)) is not None:
        yield before[0] + costs.source_alone(i - 1), 1, 0
    if j and (before := table[i].get(j - 1)) is not None:
        yield before[0] + costs.target_alone(j - 1), 0, 1


def _band(i: int, rows: int, columns: int) -> range:
    """The columns that are looked at in a row: all of a small table, else those about the diagonal."""
    if rows * columns <= _FULL_BAND:
        return range(columns + 1)
    middle = i * columns // rows
    width = max(_BAND, columns // rows + 1)
    return range(
        0 if i == 0 else max(0, middle - width), columns + 1 if i == rows else min(columns, middle + width) + 1
    )


def _anchor(before: _Side, after: _Side, source: Sequence[str], target: Sequence[str], language: Language) -> None:
    """Enters what both sides share, and the numbers that the target lacks."""
    english = [_values(text, ENGLISH) for text in source]
    foreign = [_values(text, language) for text in target]
    there, here = set[object]().union(*foreign), set[object]().union(*english)
    shared = (here & there) | (_names(source) & _names(target))
    bits = {anchor: 1 << index for index, anchor in enumerate(shared)}
    before.anchors[:] = [_mask(bits, values, text) for values, text in zip(english, source, strict=True)]
    after.anchors[:] = [_mask(bits, values, text) for values, text in zip(foreign, target, strict=True)]
    before.lost[:] = [min(_MAX_LOST, len(values - there)) for values in english]


def _names(texts: Sequence[str]) -> set[object]:
    """Words with a capital, in lower case."""
    return {word.lower() for text in texts for word in _LATIN.findall(text) if word[0].isupper()}


def _values(text: str, language: Language) -> set[object]:
    """Every value that a number of the text may have."""
    if not any(map(str.isdigit, text)):
        return set()
    return {value for number in find_numbers(text, language) for value in number.values}


def _mask(bits: Mapping[object, int], values: set[object], text: str) -> int:
    """The anchors of a sentence: its numbers and words that are among them."""
    mask = 0
    for anchor in (*values, *_LATIN.findall(text.lower())) if bits else ():
        mask |= bits.get(anchor, 0)
    return mask


def _cumulated(sizes: Iterable[float]) -> list[float]:
    ends = [0.0]
    for size in sizes:
        ends.append(ends[-1] + size)
    return ends
