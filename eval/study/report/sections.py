"""A part of a study's report: a title, words, figures and tables, or the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from .figure_canvas import Picture
from .tables import Table


@dataclass(frozen=True, slots=True)
class Section:
    """``lead`` says what is shown and how to read it; ``empty`` why nothing is, else "". ``folded`` tables are closed
    on the page until they are opened."""

    key: str
    title: str
    lead: str
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[Table, ...] = ()
    empty: str = ""

    @property
    def all_tables(self) -> tuple[Table, ...]:
        """Open and folded ones."""
        return (*self.tables, *self.folded)
