"""``items/<address>.html``: every item of a run, what came and whether it is right, a page a run or base."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.errors import DataError
from ....toolkit.files import write_atomic
from ....toolkit.html_templates import visible
from ...report import TITLES
from .pages import study_page

if TYPE_CHECKING:
    import pandas as pd

    from ..analysis.long_table import StudyTable

FOLDER = "items"
_OUTPUT, _SHORT = 240, 160
"""Characters of an output's end, where its answer stands, and of gold and extracted answers."""


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    id: str
    right: bool
    gold: str
    extracted: str
    output: str


@dataclass(frozen=True, slots=True)
class _Section:
    lang: str
    tier: str
    exposure: str
    file: str
    rows: tuple[_Row, ...]

    @property
    def right(self) -> int:
        return sum(row.right for row in self.rows)


def item_page(address: str, lang: str = "") -> str:
    """The address of a run's page, or of a language on it, from the report's folder."""
    return f"{FOLDER}/{address}.html{f'#lang-{lang}' if lang else ''}"


def write_item_pages(table: StudyTable, report: Path) -> int:
    """Writes the page of every run and base in the table into ``report``; returns how many.

    Outputs are cut: the whole ones stand in the sample files, which the page names and links with the line. Nothing is
    written where the table has no folder. DataError where a sample file no longer holds what the table was made of.
    """
    if table.folder is None:
        return 0
    pages = 0
    for address, rows in table.frame.groupby("address", sort=False, observed=True):
        write_atomic(report / item_page(str(address)), _page(table.folder, report, rows))
        pages += 1
    return pages


def _page(study: Path, report: Path, rows: pd.DataFrame) -> bytes:
    names = list(dict.fromkeys(rows["run"]))
    own = rows[rows["run"] == names[0]]
    first = own.iloc[0]
    sections = [_section(study, part) for _, part in own.groupby("lang", sort=False, observed=True)]
    up = Path(os.path.relpath(study, report / FOLDER)).as_posix()
    facts = [("run", ", ".join(names)), ("model", first["model"]), ("task", TITLES.get(first["task"], first["task"]))]
    if first["L"]:
        facts += [("trained on", ", ".join(first["languages"])), ("steps", f"{first['steps']:,}")]
        facts += [("tokens", f"{first['tokens']:,}"), ("seed", str(first["seed"]))]
    else:
        facts.append(("trained on", "nothing: the checkpoint before training"))
    return study_page("items.html", name=names[0], facts=facts, sections=sections, up=up)


def _section(study: Path, part: pd.DataFrame) -> _Section:
    first = part.iloc[0]
    wanted = dict(zip(part["line"].tolist(), part["correct"].tolist(), strict=True))
    rows = tuple(_rows(study / first["file"], wanted)) if first["file"] else ()
    return _Section(first["lang"], first["tier"], first["exposure"], first["file"], rows)


def _rows(path: Path, wanted: dict[int, bool]) -> Iterator[_Row]:
    """The samples on the wanted lines, in order."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if number in wanted:
                    sample = json.loads(line)
                    yield _Row(
                        number,
                        _cut(sample["id"], _SHORT),
                        wanted[number],
                        _cut(sample.get("gold"), _SHORT),
                        _cut(sample.get("extracted"), _SHORT),
                        _cut(sample.get("output"), _OUTPUT),
                    )
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} has changed or is damaged: make the report again once the run is whole") from None


def _cut(value: Any, length: int) -> str:
    """A value of a sample as text that can be read; of a long one the end."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    text = visible(text).strip()
    return text if len(text) <= length else f"… {text[-length:]}"
