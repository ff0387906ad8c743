"""The report of a study: a page with every finding, figure and table, and the same as Markdown, LaTeX and JSON.

``report/`` holds ``report.html`` (no script, nothing fetched), ``numbers.html`` (each number's method, interval and
cells), ``items/`` (a page a run, each item), ``report.md``, ``findings.json``, ``figures/`` (SVG and PNG), ``tables/``
(Markdown and LaTeX) and the long table, ``items.parquet``. The same answers give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.files import write_atomic, write_json
from ....toolkit.progress import NullProgress, Progress
from ...markdown import escape
from ..analysis.evidence import CellRef, Number
from ..analysis.verdicts import Finding
from .analyses import Analyses, analyse, sections_of
from .evidence_page import PAGE, evidence_page, numbers_in
from .item_pages import write_item_pages
from .overview import tiles
from .pages import study_page
from .sections import Section
from .tables import latex, markdown

if TYPE_CHECKING:
    from ..analysis.long_table import StudyTable

SCHEMA_VERSION = "1"
HTML, MARKDOWN, FINDINGS = "report.html", "report.md", "findings.json"
FIGURES, TABLES = "figures", "tables"


@dataclass(frozen=True, slots=True)
class Report:
    """Where a report lies, and what it found."""

    path: Path
    analyses: Analyses
    pages: int

    def to_json(self) -> dict[str, Any]:
        """JSON values: the folder and the findings."""
        return {
            "path": str(self.path),
            "item_pages": self.pages,
            "findings": [_named(finding) for finding in self.analyses.findings],
        }


def write_report(table: StudyTable, study: Mapping[str, Any], out: Path, *, progress: Progress | None = None) -> Report:
    """Analyses a table and writes the report into ``out``; report.html comes last.

    ``study``: what study.json holds. DataError where the answers behind the table have changed.
    """
    progress = progress or NullProgress()
    analyses = analyse(table, progress)
    progress.message("writing figures and tables")
    sections = sections_of(analyses, table, study)
    name = str(study.get("name", ""))
    _write_files(sections, out)
    write_atomic(out / MARKDOWN, _markdown(name, sections, table).encode("utf-8", "backslashreplace"))
    progress.message("writing the items of every run")
    pages = write_item_pages(table, out)
    numbers = unique_numbers([analyses, [part.rows for section in sections for part in section.all_tables]])
    addresses = {str(run): str(address) for run, address in table.frame[["run", "address"]].drop_duplicates().values}
    write_atomic(out / PAGE, evidence_page(numbers, addresses, name=name, linked=pages > 0))
    write_json(out / FINDINGS, _json(name, analyses, numbers))
    html = study_page(
        "report.html", name=name, tiles=tiles(table), sections=sections, tables=TABLES, figures=FIGURES, page=PAGE
    )
    write_atomic(out / HTML, html)
    progress.message("")
    return Report(out, analyses, pages)


def unique_numbers(value: Any) -> list[Number]:
    """Every number in a value, once a key, in order."""
    found: dict[str, Number] = {}
    for number in numbers_in(value):
        found.setdefault(number.key, number)
    return list(found.values())


def _json(name: str, analyses: Analyses, numbers: Sequence[Number]) -> dict[str, Any]:
    """What findings.json holds: a number's ``cells`` is its place in ``cell_sets``, run -> languages."""
    sets: dict[tuple[CellRef, ...], int] = {}
    entries = [{**number.to_json(), "cells": sets.setdefault(number.cells, len(sets))} for number in numbers]
    listed = []
    for cells in sets:
        runs: dict[str, list[str]] = {}
        for cell in cells:
            runs.setdefault(cell.run, []).append(cell.lang)
        listed.append(runs)
    findings = [_named(finding) for finding in analyses.findings]
    return {
        "schema_version": SCHEMA_VERSION,
        "study": name,
        "findings": findings,
        "numbers": entries,
        "cell_sets": listed,
    }


def _named(finding: Finding) -> dict[str, Any]:
    """A finding whose numbers are given without their cells, which stand under the same key in ``numbers``."""
    entry = finding.to_json()
    for number in (entry["effect"], *entry["beside"]):
        del number["cells"]
    return entry


def _write_files(sections: Sequence[Section], out: Path) -> None:
    for section in sections:
        for picture in section.pictures:
            write_atomic(out / FIGURES / f"{picture.name}.svg", picture.alone)
            write_atomic(out / FIGURES / f"{picture.name}.png", picture.png)
        for part in section.all_tables:
            write_atomic(out / TABLES / f"{part.key}.md", _bytes(f"{markdown(part)}\n"))
            write_atomic(out / TABLES / f"{part.key}.tex", _bytes(latex(part)))


def _markdown(name: str, sections: Sequence[Section], table: StudyTable) -> str:
    counts = [f"- {text}: {number}" for number, text in tiles(table)]
    parts = [f"# {escape(name)}: findings", "\n".join(counts)]
    for section in sections:
        parts += [f"## {section.title}", escape(section.lead)]
        if section.empty:
            parts.append(f"*{escape(section.empty)}*")
        parts += [f"![{escape(picture.title)}]({FIGURES}/{picture.name}.png)" for picture in section.pictures]
        for part in section.all_tables:
            parts += [f"### {escape(part.title)}", markdown(part)]
    return "\n\n".join(parts) + "\n"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
