"""A real model end to end: what the pipeline publishes with Bergamot's en-pt model, judged by independent code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import independent_check as independent
from .bergamot_engine import SPEC, translate_raw
from .common import Figure, Settings, api_bank_files, gsm8k, say, scratch, slug, write_jsonl

LANGUAGE = "pt"
SHOWN = 20  # violations kept in the results
MASK = "¤"


@dataclass
class Judged:
    """One data set's runs, added up. ``units``: distinct (rung, unit, masked translation, its row's values)."""

    rows: int = 0
    published: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    pairs: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)

    def add(self, run: Path, manifest: dict[str, Any]) -> None:
        """Count one run and check its rows."""
        english, counts = manifest["languages"]["en"], manifest["languages"][LANGUAGE]
        self.rows += english["in"]
        self.published += counts["out"]
        self.rejected.update(english["rejected"])
        self.rejected.update(counts["rejected"])
        self.rungs.update(counts["rungs"])
        self.violations += independent.check_run(run, LANGUAGE)
        for row in independent.read_rows(run / LANGUAGE):
            values = frozenset(independent.argument_values(row))
            for unit in row["units"]:
                self.pairs[unit["rung"], unit["source"], unit["target"]] = values


def run(settings: Settings) -> list[Figure]:
    """All figures of the real model."""
    with scratch() as folder:
        math = write_jsonl(folder / "gsm8k.jsonl", gsm8k(settings)[: settings.size(300, 20)])
        sets = {
            "GSM8K": _translated([math], folder, None),
            "API-Bank": _translated(api_bank_files(settings), folder, settings.size(0, 8) or None),
        }
    figures = [_violations(sets), _sent_raw(gsm8k(settings)[: settings.size(100, 10)])]
    for name, judged in sets.items():
        figures += [_published(name, judged), _split(name, judged)]
    return [*figures, *(_fluency(name, rung, judged) for name, judged in sets.items() for rung in _rungs(judged))]


def _translated(files: Sequence[Path], folder: Path, limit: int | None) -> Judged:
    from mlt.translate import translate

    judged = Judged()
    for file in files:
        say(f"  Bergamot: {file.name}")
        result = translate(
            file, langs=[LANGUAGE], model=SPEC, out=folder / file.stem, cache_dir=folder / "cache", limit=limit
        )
        judged.add(result.path, result.manifest)
    return judged


def _violations(sets: dict[str, Judged]) -> Figure:
    found = [f"{name} {line}" for name, judged in sets.items() for line in judged.violations]
    rows = sum(judged.published for judged in sets.values())
    return Figure(
        name="bergamot.violations",
        title="Real model: lost spans, values or numbers in published rows",
        asked="0",
        measured=len(found),
        unit="violations",
        met=not found,
        how=f"{rows} published rows, checked by code that shares nothing with the pipeline",
        details={"first": found[:SHOWN]},
    )


def _sent_raw(rows: Sequence[dict[str, Any]]) -> Figure:
    """What the same checks say of the same model without the pipeline, line by line: that they see what they should."""
    broken = 0
    for row in rows:
        lines = [*row["question"].split("\n"), *row["answer"].split("\n")]
        pairs = zip(lines, translate_raw(lines), strict=True)
        broken += any(list(independent.check_text(before, after)) for before, after in pairs)
    return Figure(
        name="bergamot.sent_raw",
        title="Real model without the pipeline: GSM8K rows with a violation",
        asked="reported",
        measured=100 * broken / len(rows),
        unit="%",
        met=None,
        how=f"{len(rows)} rows, every line sent as it is, the same checks",
    )


def _published(name: str, judged: Judged) -> Figure:
    share = judged.published / judged.rows
    return Figure(
        name=f"bergamot.published.{slug(name)}",
        title=f"Real model: rows published, {name}",
        asked=">= 97 %",
        measured=100 * share,
        unit="%",
        met=share >= 0.97,
        how=f"{judged.published} of {judged.rows} rows",
        details={"rejected": dict(judged.rejected.most_common())},
    )


def _split(name: str, judged: Judged) -> Figure:
    units = sum(judged.rungs.values())
    share = judged.rungs["split"] / units
    return Figure(
        name=f"bergamot.split.{slug(name)}",
        title=f"Real model: units split around a span, {name}",
        asked="<= 5 %",
        measured=100 * share,
        unit="%",
        met=share <= 0.05,
        how=f"of {units} units",
        details={"share_by_rung": {rung: count / units for rung, count in judged.rungs.most_common()}},
    )


def _rungs(judged: Judged) -> list[str]:
    return [rung for rung, _ in judged.rungs.most_common() if any(pair[0] == rung for pair in judged.pairs)]


def _fluency(name: str, rung: str, judged: Judged) -> Figure:
    """chrF of what a rung accepted against what the model says of the same units sent raw, spans masked in both."""
    from sacrebleu.metrics import CHRF

    pairs = {pair: values for pair, values in judged.pairs.items() if pair[0] == rung}
    raw = translate_raw([source for _, source, _ in pairs])
    accepted = [masked(target, values) for (_, _, target), values in pairs.items()]
    references = [masked(text, values) for text, values in zip(raw, pairs.values(), strict=True)]
    metric = CHRF()
    score = metric.corpus_score(accepted, [references]).score
    return Figure(
        name=f"bergamot.chrf.{slug(name)}.{rung}",
        title=f"Real model: chrF against the raw translation, {name}, rung {rung}",
        asked="reported",
        measured=score,
        unit="chrF",
        met=None,
        how=f"{len(pairs)} distinct units, spans masked; {metric.get_signature()}",
    )


def masked(text: str, values: frozenset[str]) -> str:
    """The text with annotations, arithmetic, links, argument values and numbers as one sign each."""
    for pattern in (independent.ANNOTATION, independent.ARITHMETIC, independent.VERBATIM):
        text = pattern.sub(MASK, text)
    for value in sorted(values, key=len, reverse=True):
        text = independent.value_pattern(value).sub(MASK, text)
    return independent.NUMBER.sub(MASK, text)
