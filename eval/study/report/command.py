"""``mlt study report``, as the command line calls it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....toolkit.progress import open_progress
from ....toolkit.tables import print_json, print_table


def run_report(study: str, *, out: Path | None, overrides: Sequence[str], as_json: bool) -> None:
    """Writes the report of what is finished, and prints the findings: as a table, or as JSON."""
    from ...numbers import percent
    from ..analysis.long_table import build_table, read_study
    from ..planning.folder import study_folder
    from ..planning.spec import load_spec
    from .tables import cell_text
    from .write import HTML, write_report

    folder = study_folder(load_spec(study, overrides), out)
    manifest = read_study(folder.manifest)
    with open_progress() as progress:
        progress.message("reading answers")
        table = build_table(folder)
        report = write_report(table, manifest, folder.report, progress=progress)
    if as_json:
        print_json(report.to_json())
        return
    columns = ["claim", "verdict", "effect [95 %]", "power"]
    rows = [
        [
            finding.claim,
            finding.verdict,
            cell_text(finding.effect),
            "" if finding.power is None else f"{percent(finding.power)} %",
        ]
        for finding in report.analyses.findings
    ]
    if rows:
        print_table(columns, rows, right=columns[2:])
    print(f"\n{report.path / HTML}")
