"""A comparison for people: Markdown, a page that needs no other, and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..toolkit.files import write_atomic, write_json
from .compare import Comparison, Row, Unpaired
from .markdown import escape, table
from .numbers import percent, points, probability
from .pages import page
from .plots import Bar, difference_png, difference_svg
from .report import TITLES, VERDICTS, line_label
from .score import PRIMARY

NAME = "comparison"
COLUMNS = ["language", "test set", "items", "A, %", "B, %", "B − A, points", "95 %", "only A", "only B", "p"]
WORDS = 2
"""How many columns at the left hold words."""


def write_comparison(folder: Path, found: Comparison) -> None:
    """Writes comparison.md, .html, .png (the primary verdict) and, last, .json into ``folder``."""
    write_atomic(folder / f"{NAME}.md", markdown(found).encode("utf-8", "backslashreplace"))
    write_atomic(folder / f"{NAME}.html", html(found))
    primary = [row for row in found.rows if row.verdict == PRIMARY[row.task]]
    write_atomic(folder / f"{NAME}.png", difference_png(_bars(primary), found.margin))
    write_json(folder / f"{NAME}.json", found.to_json())


def markdown(found: Comparison) -> str:
    """The comparison as Markdown, a table a task and verdict."""
    columns = columns_of(found)
    parts = [f"# {escape(found.name_a)} (A) and {escape(found.name_b)} (B)"]
    for task, verdict in sections(found):
        rows = [cells(row) for row in rows_of(found, task, verdict)]
        parts += [f"## {TITLES[task]}: {verdict}", VERDICTS.get(verdict, "") + ".", table(columns, rows, left=WORDS)]
    parts.append(notes(found))
    if found.unpaired:
        parts += ["## Items that only one side holds", table(*_unpaired(found), left=WORDS)]
    if found.differences:
        parts += ["## Settings that differ", table(*_settings(found), left=3)]
    return "\n\n".join(parts) + "\n"


def html(found: Comparison) -> bytes:
    """The comparison as one page."""
    parts = [
        {
            "title": f"{TITLES[task]}: {verdict}",
            "meaning": VERDICTS.get(verdict, ""),
            "plot": difference_svg(
                _bars(rows_of(found, task, verdict)), found.margin, f"{TITLES[task]}, {verdict}: B less A by language"
            ),
            "table": (columns_of(found), [cells(row) for row in rows_of(found, task, verdict)], 1),
        }
        for task, verdict in sections(found)
    ]
    return page(
        "compare.html",
        names=(found.name_a, found.name_b),
        parts=parts,
        notes=notes(found),
        unpaired=_unpaired(found) if found.unpaired else None,
        settings=_settings(found) if found.differences else None,
    )


def sections(found: Comparison) -> list[tuple[str, str]]:
    """(task, verdict) of every table, in order."""
    return list(dict.fromkeys((row.task, row.verdict) for row in found.rows))


def rows_of(found: Comparison, task: str, verdict: str) -> list[Row]:
    """The rows of one table."""
    return [row for row in found.rows if (row.task, row.verdict) == (task, verdict)]


def columns_of(found: Comparison) -> list[str]:
    """The columns of :func:`cells`."""
    return [*COLUMNS, f"within ±{100 * found.margin:g}: 90 %", "conclusion"]


def cells(row: Row) -> list[str]:
    """A row as its table shows it."""
    inner, outer = row.equivalence, row.difference
    return [
        row.lang,
        row.test_set,
        f"{row.items:,}",
        percent(row.a),
        percent(row.b),
        points(outer.value),
        f"{points(outer.low)} to {points(outer.high)}",
        f"{row.mcnemar.only_a:,}",
        f"{row.mcnemar.only_b:,}",
        probability(row.p),
        f"{points(inner.low)} to {points(inner.high)}",
        row.conclusion,
    ]


def notes(found: Comparison) -> str:
    """How the numbers came about, in a paragraph."""
    exact = any(row.test == "mcnemar" for row in found.rows)
    clustered = any(row.test == "clustered" for row in found.rows)
    p = [
        *(["McNemar's exact test"] if exact else []),
        *(["a test robust to clusters where items share a problem or dialogue"] if clustered else []),
    ]
    return (
        "Both models answered the same items. 95 %: paired bootstrap over problems or dialogues. "
        f"p: {', or '.join(p)}, adjusted by Holm's method over the languages of a test set. "
        f"90 %: the interval of two one-sided tests; where it lies within ±{100 * found.margin:g} points, "
        "the two are equivalent. A p that is not small shows nothing by itself: “not settled”."
    )


def _bars(rows: Sequence[Row]) -> list[Bar]:
    several = len({(row.task, row.test_set) for row in rows}) > 1
    return [
        Bar(
            line_label(row.lang, row.test_set, several),
            row.difference.value,
            row.difference.low,
            row.difference.high,
        )
        for row in rows
    ]


def _unpaired(found: Comparison) -> tuple[list[str], list[list[str]]]:
    rows = [
        [entry.lang, entry.test_set, f"{entry.only_a:,}", f"{entry.only_b:,}", _named(entry)]
        for entry in found.unpaired
    ]
    return ["language", "test set", "only in A", "only in B", "ids"], rows


def _named(entry: Unpaired) -> str:
    more = entry.only_a + entry.only_b > len(entry.ids)
    return ", ".join([*entry.ids, *(["…"] if more else [])])


def _settings(found: Comparison) -> tuple[list[str], list[list[Any]]]:
    return ["setting", "A", "B"], [[name, a, b] for name, a, b in found.differences]
