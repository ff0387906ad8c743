"""What an evaluation found: ``results.json``, counted anew from the samples, and the reports made of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError
from ..toolkit.files import read_json, write_json
from .folder import MANIFEST
from .samples import FOLDER as SAMPLES
from .samples import SampleKey
from .score import PRIMARY
from .stats import wilson

SCHEMA_VERSION = "1"
RESULTS = "results.json"
EXAMPLES = 2
"""Wrong samples kept a cell and class of error, for the report."""


@dataclass(slots=True)
class Cell:
    """The samples of one task, language and test set, counted."""

    items: int = 0
    correct: Counter[str] = field(default_factory=Counter)
    verdicts: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    fidelity: Counter[str] = field(default_factory=Counter)
    truncated: int = 0
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, sample: dict[str, Any]) -> None:
        """Counts one sample line."""
        self.items += 1
        self.truncated += sample.get("finish") == "length"
        for name, right in sample["verdicts"].items():
            self.verdicts.add(name)
            self.correct[name] += bool(right)
        if (error := sample.get("error")) is not None:
            self.errors[error] += 1
            kept = self.examples.setdefault(error, [])
            if len(kept) < EXAMPLES:
                kept.append(sample)
        if fidelity := sample.get("fidelity"):
            self.fidelity["judged"] += bool(fidelity["judged"])
            self.fidelity["match"] += bool(fidelity["judged"] and fidelity["match"])

    def to_json(self, primary: str) -> dict[str, Any]:
        """The cell as results.json holds it, the primary verdict first; shares from 0 to 1."""
        return {
            "items": self.items,
            "verdicts": {name: self._verdict(name) for name in in_order(self.verdicts, primary)},
            "errors": dict(sorted(self.errors.items())),
            "fidelity": {name: self.fidelity[name] for name in ("judged", "match")},
            "truncated": self.truncated,
        }

    def _verdict(self, name: str) -> dict[str, Any]:
        correct = self.correct[name]
        interval = wilson(correct, self.items)
        return {
            "correct": correct,
            "accuracy": correct / self.items,
            "low": interval.low,
            "high": interval.high,
        }


def summarize(folder: str | PathLike[str]) -> dict[str, Any]:
    """Counts a folder's samples and writes results.json, report.md and report.html; returns what results.json holds.

    The same samples give the same bytes. DataError where the folder holds no evaluation, or no sample yet.
    """
    from .report import write_reports

    base = Path(folder)
    manifest = read_evaluation(base)
    cells: dict[tuple[str, str, str], Cell] = {}
    for sample in iter_samples(base):
        cells.setdefault((sample["task"], sample["test_set"], sample["lang"]), Cell()).add(sample)
    if not cells:
        raise DataError(f"{base} holds no samples yet: run the same mlt eval again")
    cells = {key: cells[key] for key in sorted(cells, key=cell_rank)}
    results = _results(manifest, cells)
    write_json(base / RESULTS, results)
    write_reports(base, results, [cell.examples for cell in cells.values()])
    return results


def read_evaluation(folder: Path) -> dict[str, Any]:
    """What a folder's eval.json holds; DataError where it is no evaluation or a damaged one."""
    if not (folder / MANIFEST).is_file():
        raise DataError(f"{folder} is no evaluation: it holds no {MANIFEST}; make one with mlt eval --out")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("identity"), dict):
        raise DataError(f"{folder / MANIFEST} is damaged: it holds no identity; evaluate again with --force")
    return manifest


def iter_samples(folder: Path) -> Iterator[dict[str, Any]]:
    """Every sample of an evaluation, file by file in the order of their names; what two tasks answered, once.

    A last line that was torn by a kill is passed over; DataError for any other that holds no sample.
    """
    about, seen = "", set[SampleKey]()
    for path in sorted((folder / SAMPLES).glob("*.jsonl")):
        if (name := path.name.partition(".")[0]) != about:  # files of one task and language follow one another
            about, seen = name, set()
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    continue
                sample = _sample(path, number, line)
                if (key := (sample["test_set"], sample["key"])) not in seen:
                    seen.add(key)
                    yield sample


def model_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The evaluated model as the identity has it: its name, revision and, with one, its adapter."""
    model = manifest["identity"].get("model")
    return {"name": "unknown", **model} if isinstance(model, Mapping) else {"name": str(model)}


def name_of(model: Mapping[str, Any]) -> str:
    """What a model of :func:`model_of` is called."""
    return f"{model['adapter']} on {model['name']}" if model.get("adapter") else str(model["name"])


def cell_rank(key: tuple[str, str, str]) -> tuple[str, str, bool, str]:
    """The order of cells (task, test set, language): English first, then by code."""
    task, test_set, lang = key
    return task, test_set, lang != "en", lang


def in_order(verdicts: set[str], primary: str) -> list[str]:
    """Names of verdicts, the primary one first."""
    return sorted(verdicts, key=lambda name: (name != primary, name))


def _results(manifest: Mapping[str, Any], cells: Mapping[tuple[str, str, str], Cell]) -> dict[str, Any]:
    entries = [
        {"task": task, "lang": lang, "test_set": test_set, **cell.to_json(PRIMARY[task])}
        for (task, test_set, lang), cell in cells.items()
    ]
    tasks = dict.fromkeys(entry["task"] for entry in entries)
    return {
        "schema_version": SCHEMA_VERSION,
        "signature": manifest.get("signature"),
        "model": model_of(manifest),
        "primary": {task: PRIMARY[task] for task in tasks},
        "cells": entries,
        "mean": {task: _means([entry for entry in entries if entry["task"] == task]) for task in tasks},
    }


def _means(cells: list[dict[str, Any]]) -> dict[str, float]:
    """The mean accuracy of a task's cells, each counting the same whatever its items are, by verdict."""
    found: dict[str, list[float]] = {}
    for cell in cells:
        for name, verdict in cell["verdicts"].items():
            found.setdefault(name, []).append(verdict["accuracy"])
    return {name: sum(values) / len(values) for name, values in found.items()}


def _sample(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        sample = json.loads(line)
        sample["key"], sample["verdicts"].items(), sample["test_set"], sample["lang"], PRIMARY[sample["task"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{path}:{number} holds no sample: remove the line, or evaluate again with --force") from None
    found: dict[str, Any] = sample
    return found
