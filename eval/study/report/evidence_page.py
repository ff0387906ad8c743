"""``numbers.html``: every number of a report with its method, its interval and the cells behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ..analysis.evidence import CellRef, Number
from .item_pages import item_page
from .pages import study_page

PAGE = "numbers.html"
_INLINE = 8
"""Up to so many runs are named beside a number; more of them once, for all numbers that are made of the same."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The cells of a number by run: (name, its page, its languages with their places)."""

    number: int
    cells: int
    runs: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]

    @property
    def inline(self) -> bool:
        """Whether they stand beside each number."""
        return len(self.runs) <= _INLINE


def numbers_in(value: Any) -> Iterator[Number]:
    """Every number in dataclasses, mappings and sequences, in order."""
    if isinstance(value, Number):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for entry in fields(value):
            yield from numbers_in(getattr(value, entry.name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from numbers_in(part)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for part in value:
            yield from numbers_in(part)


def evidence_page(numbers: Sequence[Number], addresses: Mapping[str, str], *, name: str, linked: bool) -> bytes:
    """The page. ``addresses``: run -> address; ``linked``: whether there are item pages to lead to."""
    sets: dict[tuple[CellRef, ...], Runs] = {}
    rows = []
    for number in numbers:
        if number.cells not in sets:
            sets[number.cells] = _runs(len(sets) + 1, number.cells, addresses if linked else {})
        rows.append((number, sets[number.cells]))
    return study_page("numbers.html", name=name, rows=rows, sets=[found for found in sets.values() if not found.inline])


def _runs(number: int, cells: Sequence[CellRef], addresses: Mapping[str, str]) -> Runs:
    languages: dict[str, list[str]] = {}
    for cell in cells:
        languages.setdefault(cell.run, []).append(cell.lang)
    runs = []
    for run, langs in languages.items():
        address = addresses.get(run)
        page = item_page(address) if address else ""
        runs.append((run, page, tuple((lang, item_page(address, lang) if address else "") for lang in langs)))
    return Runs(number, len(cells), tuple(runs))
