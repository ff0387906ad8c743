"""Results on stdout: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

PIPE_WIDTH = 240


def print_json(value: Any) -> None:
    """One JSON value on stdout, readable and in UTF-8 letters."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_table(
    columns: Sequence[str], rows: Iterable[Iterable[object]], *, right: Sequence[str] = (), title: str = ""
) -> None:
    """A table on stdout; the columns named in ``right`` are numbers. Cells are text, never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD,
        title=title or None,
        title_justify="left",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        table.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    # A pipe has no width of its own: rows must not be folded there.
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def size_text(size: float) -> str:
    """Bytes as people read them: 302 kB, 1.4 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def time_text(seconds: float) -> str:
    """Whole seconds as 0:52 or 1:02:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def show_languages(query: str | None, *, as_json: bool) -> None:
    """The languages whose codes, name or script hold ``query``, else the one that it resolves to."""
    from dataclasses import asdict

    from .languages import all_languages, language_rows, resolve

    wanted = (query or "").casefold()
    found = [language for language in all_languages() if _mentions(asdict(language), wanted)]
    if not found:
        # Any other accepted form, such as "pt-BR", or an error that names the nearest.
        found = [resolve(wanted).language]
    if as_json:
        print_json([asdict(language) for language in found])
        return
    rows = language_rows(found)
    print_table(list(rows[0]), (row.values() for row in rows))


def _mentions(language: dict[str, Any], wanted: str) -> bool:
    texts = [language[key] for key in ("code", "iso639_1", "iso639_3", "flores", "name", "script")]
    return any(wanted in text.casefold() for text in (*texts, *language["aliases"]) if text)
