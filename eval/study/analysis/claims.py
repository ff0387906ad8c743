"""Which cells each of the paper's claims compares, as weights for :func:`.contrasts.contrast`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .contrasts import Replicate
from .grid import Grid

Weights = dict[Replicate, dict[int, float]]
_Pair = tuple[float, list[int], list[int]]  # its share, the cells that are added, the cells that are taken off


@dataclass(frozen=True, slots=True)
class _Cell:
    number: int
    languages: frozenset[str]
    lang: str
    tier: str


class Claims:
    """The cells of the runs of one budget, by replicate; their numbers are the grid's.

    ``pivot`` is the language that stands alone in a mixture, and in every pair.
    """

    def __init__(self, grid: Grid, pivot: str, budget: str) -> None:
        self.pivot = pivot
        self._cells: dict[Replicate, list[_Cell]] = defaultdict(list)
        columns = ("task", "model", "seed", "languages", "lang", "tier", "budget")
        for number, row in enumerate(zip(*(grid.cells[name] for name in columns), strict=True)):
            task, model, seed, languages, lang, tier, of = row
            if of == budget:
                cell = _Cell(number, frozenset(languages), str(lang), str(tier))
                self._cells[str(task), str(model), int(seed)].append(cell)
        self.sizes = sorted({len(cell.languages) for cells in self._cells.values() for cell in cells})

    @property
    def replicates(self) -> tuple[Replicate, ...]:
        """All replicates, whatever they can say."""
        return tuple(self._cells)

    def bilingual(self, kind: str, task: str | None = None) -> Weights:
        """Mixtures of the pivot and another language less the pivot alone.

        ``kind``: ``direct``, in the language added; ``transfer``, in the others; ``pivot``, in the pivot.
        """
        return self._means(task, lambda cells: self._bilingual_pairs(cells, kind))

    def left_out(self, tier: str, size: int) -> Weights:
        """Mixtures of a size less the pivot and the language, in the languages that they leave out, each the same."""
        return self._means(None, lambda cells: self._left_out_pairs(cells, tier, size))

    def sizes_apart(self, replicates: Iterable[Replicate], size: int, other: int, tier: str | None = None) -> Weights:
        """All mixtures of a size less all of another, in a tier's languages, or in all."""
        found: Weights = {}
        for replicate in replicates:
            ours, theirs = (
                [
                    cell.number
                    for cell in self._cells[replicate]
                    if tier in (None, cell.tier) and len(cell.languages) == count
                ]
                for count in (size, other)
            )
            if ours and theirs:
                weights: dict[int, float] = defaultdict(float)
                _add(weights, ours, 1.0)
                _add(weights, theirs, -1.0)
                found[replicate] = dict(weights)
        return found

    def _means(self, task: str | None, pairs_of: Callable[[Sequence[_Cell]], Iterator[_Pair]]) -> Weights:
        found: Weights = {}
        for replicate, cells in self._cells.items():
            pairs = list(pairs_of(cells)) if task in (None, replicate[0]) else []
            weights: dict[int, float] = defaultdict(float)
            for share, ours, theirs in pairs:
                _add(weights, ours, share)
                _add(weights, theirs, -share)
            if pairs:
                found[replicate] = dict(weights)
        return found

    def _bilingual_pairs(self, cells: Sequence[_Cell], kind: str) -> Iterator[_Pair]:
        alone = {cell.lang: cell.number for cell in cells if cell.languages == {self.pivot}}
        found = [
            (cell.number, alone[cell.lang])
            for cell in cells
            if len(cell.languages) == 2 and self.pivot in cell.languages and cell.lang in alone
            if kind == ("pivot" if cell.lang == self.pivot else "direct" if cell.lang in cell.languages else "transfer")
        ]
        for ours, theirs in found:
            yield 1 / len(found), [ours], [theirs]

    def _left_out_pairs(self, cells: Sequence[_Cell], tier: str, size: int) -> Iterator[_Pair]:
        of_langs: dict[str, tuple[list[int], list[int]]] = {}
        for lang in dict.fromkeys(cell.lang for cell in cells if cell.tier == tier and cell.lang != self.pivot):
            own = [cell for cell in cells if cell.lang == lang]
            ours = [cell.number for cell in own if len(cell.languages) == size and lang not in cell.languages]
            theirs = [cell.number for cell in own if cell.languages == {self.pivot, lang}]
            if ours and theirs:
                of_langs[lang] = ours, theirs
        for ours, theirs in of_langs.values():
            yield 1 / len(of_langs), ours, theirs


def less(one: Weights, other: Mapping[Replicate, Mapping[int, float]]) -> Weights:
    """One contrast less another, in the replicates that have both."""
    found: Weights = {}
    for replicate in one.keys() & other.keys():
        weights: dict[int, float] = defaultdict(float, one[replicate])
        for number, weight in other[replicate].items():
            weights[number] -= weight
        found[replicate] = dict(weights)
    return {replicate: found[replicate] for replicate in one if replicate in found}


def _add(weights: dict[int, float], numbers: Sequence[int], share: float) -> None:
    for number in numbers:
        weights[number] += share / len(numbers)
