"""Tables of a study's report: one content, as Markdown, LaTeX (booktabs) and, by the page's template, HTML.

A cell is a text or a :class:`Number`; a number is printed with its interval and leads to its evidence in HTML.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import quote

from ....toolkit.html_templates import visible
from ... import markdown as markdown_text
from ...numbers import percent, points, probability
from ..analysis.evidence import Number


@dataclass(frozen=True, slots=True)
class Chip:
    """A verdict, set apart by its colour."""

    text: str

    @property
    def kind(self) -> str:
        """Its class in the pages' style."""
        return self.text.replace(" ", "-")


Value = str | Number | Chip | None

_LATEX_SIGNS = {
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "√": r"$\surd$",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "’": "'",
    "“": "``",
    "”": "''",
}
_NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Table:
    """``key``: name of its files and anchor; the first ``words`` columns hold text. ``shaded``: a heatmap, its numbers
    on a ground that says how far from 0 they are."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    words: int = 1
    note: str = ""
    shaded: bool = False

    @property
    def reach(self) -> float:
        """The largest number, without its sign; 1 where there is none."""
        sizes = [abs(known(cell) or 0.0) for row in self.rows for cell in row if isinstance(cell, Number)]
        return max(sizes, default=0.0) or 1.0


def known(number: Number) -> float | None:
    """A number's value, where it has one that is finite."""
    return number.value if number.value is not None and math.isfinite(number.value) else None


def bounds(number: Number) -> tuple[float, float] | None:
    """A number's interval, where it has one with finite ends."""
    if number.low is None or number.high is None or not math.isfinite(number.low + number.high):
        return None
    return number.low, number.high


def value_text(value: float | None, unit: str) -> str:
    """A value in its unit as pages print it: shares in percent, differences in points with their sign."""
    if value is None or not math.isfinite(value):
        return _NOTHING
    if unit == "share":
        return percent(value)
    if unit == "difference":
        return points(value)
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "p":
        return probability(value)
    text = f"{value:.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", "−")


def interval_text(number: Number) -> str:
    """``[73.9, 94.5]``, or nothing where a number has no interval."""
    if (ends := bounds(number)) is None:
        return ""
    return f"[{value_text(ends[0], number.unit)}, {value_text(ends[1], number.unit)}]"


def cell_text(value: Value) -> str:
    """A cell as plain text: ``87.5 [73.9, 94.5]``."""
    if isinstance(value, Number):
        return f"{value_text(value.value, value.unit)} {interval_text(value)}".strip()
    return value.text if isinstance(value, Chip) else value or ""


def anchor(key: str) -> str:
    """The id of a number on its page: no spaces in it."""
    return "_".join(key.split())


def evidence_link(number: Number, up: str = "") -> str:
    """Where a number's evidence stands, from the report's folder (``up``: the way there)."""
    return f"{up}numbers.html#{quote(anchor(number.key))}"


def markdown(table: Table) -> str:
    """The table as Markdown, every cell escaped, its note below."""
    rows = [[cell_text(cell) for cell in row] for row in table.rows]
    text = markdown_text.table(table.columns, rows, left=table.words)
    return f"{text}\n\n{markdown_text.escape(table.note)}" if table.note else text


def latex(table: Table) -> str:
    """The table as a LaTeX tabular (pandas) with the rules of the package booktabs, every cell escaped."""
    import pandas

    names = [str(number) for number in range(len(table.columns))]  # a Styler refuses columns of one name
    frame = pandas.DataFrame([[_line(cell_text(cell)) for cell in row] for row in table.rows], columns=names)
    alignment = "".join("l" if number < table.words else "r" for number in range(len(names)))
    styled = frame.style.hide(axis="index").format(escape="latex")
    styled = styled.format_index(lambda name: _escaped(table.columns[int(name)]), axis=1)
    text: str = styled.to_latex(hrules=True, column_format=alignment)
    return f"% {_line(table.title)}\n{text.translate(_latex_signs())}"


def shade(number: Number, reach: float) -> str:
    """The ground of a heatmap's cell as a CSS colour: orange below 0, blue above, the stronger the farther."""
    value = known(number) or 0.0
    part = min(abs(value) / reach, 1.0)
    colour = "0, 114, 178" if value > 0 else "213, 94, 0"
    return f"rgba({colour}, {0.55 * part:.3f})"


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _escaped(text: str) -> str:
    """A header as LaTeX: what pandas' own escape gives for a cell."""
    import pandas

    styled = pandas.DataFrame([[_line(text)]]).style.hide(axis="index").hide(axis="columns").format(escape="latex")
    body: str = styled.to_latex()
    return body.splitlines()[1].removesuffix(r" \\")


def _latex_signs() -> dict[int, str]:
    return {ord(sign): text for sign, text in _LATEX_SIGNS.items()}
