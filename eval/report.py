"""``report.md`` and ``report.html``: the results of an evaluation for people, made of results.json and some samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..toolkit.files import write_atomic
from .markdown import escape, table
from .numbers import percent
from .pages import page
from .plots import Bar, accuracy_svg
from .results import name_of

MARKDOWN, HTML = "report.md", "report.html"
TITLES = {"math": "Math", "api": "API calling"}
VERDICTS = {
    "robust": "the final answer, read by the rules of its language",
    "faithful": "the final answer, read by mCoT's rule",
    "strict": "name, argument names and values of the call are exactly the gold's",
    "normalised": "the same after Unicode, case, number and date forms are made one",
}
_ANY_SET = ""

Examples = Sequence[Mapping[str, Sequence[Mapping[str, Any]]]]


def write_reports(folder: Path, results: Mapping[str, Any], examples: Examples) -> None:
    """Writes both reports. ``examples``: a cell's wrong samples by class of error, in the order of the cells."""
    write_atomic(folder / MARKDOWN, markdown(results).encode("utf-8", "backslashreplace"))
    write_atomic(folder / HTML, html(results, examples))


def markdown(results: Mapping[str, Any]) -> str:
    """The results as Markdown: a table of accuracies and one of errors a task."""
    parts = [f"# Evaluation of {escape(name_of(results['model']))}"]
    for task in results["primary"]:
        columns, rows = accuracy_table(results, task)
        parts += [f"## {TITLES[task]}", table(columns, rows, left=2), _legend(results, task)]
        columns, rows = error_table(results, task)
        parts += [table(columns, rows, left=2)] if rows else ["No wrong answers."]
    facts = [f"- {escape(name)}: {escape(value)}" for name, value in _facts(results)]
    return "\n\n".join([*parts, "\n".join(facts)]) + "\n"


def html(results: Mapping[str, Any], examples: Examples) -> bytes:
    """The results as one page that needs no other and no network."""
    cells = results["cells"]
    tasks = [
        {
            "title": TITLES[task],
            "plot": accuracy_svg(_bars(results, task), f"{TITLES[task]}: accuracy by language"),
            "accuracy": accuracy_table(results, task),
            "errors": error_table(results, task),
            "verdicts": [(name, VERDICTS.get(name, "")) for name in results["mean"][task]],
            "examples": [
                (cell, [(error, [_example(sample) for sample in found[error]]) for error in sorted(found)])
                for cell, found in zip(cells, examples, strict=True)
                if cell["task"] == task and found
            ],
        }
        for task in results["primary"]
    ]
    return page("report.html", model=name_of(results["model"]), facts=_facts(results), tasks=tasks)


def accuracy_table(results: Mapping[str, Any], task: str) -> tuple[list[str], list[list[str]]]:
    """(columns, rows): a task's cells, the primary verdict first, and their mean where there are several."""
    cells = cells_of(results, task)
    verdicts = list(results["mean"][task])
    columns = ["language", "test set", "items", *(part for name in verdicts for part in (f"{name}, %", "95 %"))]
    rows = [
        [
            cell["lang"],
            cell["test_set"],
            f"{cell['items']:,}",
            *(text for name in verdicts for text in _accuracy(cell["verdicts"].get(name))),
            _share(cell["fidelity"]["match"], cell["fidelity"]["judged"]),
            f"{cell['truncated']:,}",
        ]
        for cell in cells
    ]
    if len(cells) > 1:
        means = [text for name in verdicts for text in (percent(results["mean"][task][name]), "")]
        rows.append(["mean", _ANY_SET, f"{sum(cell['items'] for cell in cells):,}", *means, "", ""])
    return [*columns, "language right, %", "cut off"], rows


def error_table(results: Mapping[str, Any], task: str) -> tuple[list[str], list[list[str]]]:
    """(columns, rows): how often each class of error was seen in a task's cells; no rows where none was."""
    cells = cells_of(results, task)
    classes = sorted({error for cell in cells for error in cell["errors"]})
    rows = [
        [cell["lang"], cell["test_set"], *(f"{cell['errors'].get(name, 0):,}" for name in classes)] for cell in cells
    ]
    return ["language", "test set", *classes], rows if classes else []


def cells_of(results: Mapping[str, Any], task: str) -> list[dict[str, Any]]:
    """The cells of a task, in the order of results.json."""
    return [cell for cell in results["cells"] if cell["task"] == task]


def line_label(lang: str, test_set: str, several: bool) -> str:
    """What a line of a plot is called: the language, and the test set where there are several."""
    return f"{lang}, {test_set}" if several else lang


def _bars(results: Mapping[str, Any], task: str) -> dict[str, list[Bar]]:
    cells = cells_of(results, task)
    several = len({cell["test_set"] for cell in cells}) > 1
    return {
        name: [
            Bar(line_label(cell["lang"], cell["test_set"], several), found["accuracy"], found["low"], found["high"])
            for cell in cells
            if (found := cell["verdicts"].get(name))
        ]
        for name in results["mean"][task]
    }


def _accuracy(verdict: Mapping[str, Any] | None) -> tuple[str, str]:
    if verdict is None:
        return "", ""
    return percent(verdict["accuracy"]), f"{percent(verdict['low'])} to {percent(verdict['high'])}"


def _share(part: int, whole: int) -> str:
    return f"{percent(part / whole)} of {whole:,}" if whole else ""


def _legend(results: Mapping[str, Any], task: str) -> str:
    primary = results["primary"][task]
    named = [f"**{name}**{' (counts)' if name == primary else ''}: {VERDICTS[name]}" for name in results["mean"][task]]
    return ". ".join(named) + ". Intervals are Wilson's."


def _facts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    model = [(f"model {name}", value) for name, value in results["model"].items() if value is not None]
    return [(name, _text(value)) for name, value in [*model, ("signature", results["signature"])]]


def _example(sample: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(sample.get(name)) for name in ("id", "lang", "prompt", "output", "extracted", "gold")}


def _text(value: Any) -> str:
    """A value of a sample as text: strings as they are, nothing as nothing, all else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
