"""The tables of a card about mixtures: how many rows of which language, under which budget, and what was removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..toolkit.records import dump_json
from .markdown import code, escape, joined, number, table
from .run_tables import source_link
from .terms import translated_by

if TYPE_CHECKING:
    from markupsafe import Markup

    from .evidence import MixtureEvidence

_FACTS = ("budget", "mode", "weights", "temperature", "format", "seed", "tokenizer", "ladder")


def mixtures_table(mixtures: Sequence[MixtureEvidence]) -> Markup:
    """A row a mixture, split and task: rows of each language, and their sums in rows, tokens and bytes."""
    has_tokens = any(mixture.tokens for mixture in mixtures)
    columns = ["mixture", "split", "task", "rows", *(("tokens",) if has_tokens else ()), "bytes", "rows by language"]
    rows = []
    for mixture in mixtures:
        for split, tasks in mixture.counts.items():
            for task, counts in tasks.items():
                tokens = None if mixture.tokens is None else _sum(mixture.tokens, split, task)
                volume = (*((tokens,) if has_tokens else ()), _sum(mixture.bytes, split, task))
                rows.append([code(mixture.name), split, task, sum(counts.values()), *volume, _by_language(counts)])
    return table(columns, rows, right=range(3, len(columns) - 1))


def facts_table(mixtures: Sequence[MixtureEvidence]) -> Markup:
    """What the mixtures were made by. What is the same in all of them stands there once."""
    rows = []
    for name in _FACTS:
        values: dict[str, list[str]] = {}
        for mixture in mixtures:
            values.setdefault(fact(mixture.manifest.get(name)), []).append(mixture.name)
        for value, names in values.items():
            if value:
                rows.append([name, value, _which(names, mixtures)])
    return table(["", "", "mixtures"], rows)


def fact(value: Any) -> str:
    """A value of a manifest as text: objects as ``name: value`` between commas, nothing for null."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')}: {fact(entry)}" for key, entry in value.items() if entry is not None)
    if isinstance(value, str) or value is None:
        return value or ""
    return number(value) if isinstance(value, int | float) else dump_json(value)


def decontamination_table(mixtures: Sequence[MixtureEvidence]) -> Markup:
    """A row a test set: its revision, and how many items were removed for it by which rule, in which mixtures."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for mixture in mixtures:
        for test_set in (mixture.manifest.get("decontamination") or {}).get("sets", ()):
            removed = mixture.removed.get(test_set["name"], {})
            shown = ", ".join(f"{rule}: {number(count)}" for rule, count in sorted(removed.items())) or "0"
            key = (*(str(test_set.get(name) or "") for name in ("name", "dataset", "revision")), shown)
            rows.setdefault(key, []).append(mixture.name)
    columns = ["test set", "data set", "revision", "items removed", "mixtures"]
    named = (
        [code(name), dataset, code(revision) if revision else "", shown, _which(names, mixtures)]
        for (name, dataset, revision, shown), names in rows.items()
    )
    return table(columns, named)


def runs_of(mixtures: Sequence[MixtureEvidence]) -> list[Mapping[str, Any]]:
    """The runs that mixtures were made of, as their manifests have them, each once."""
    runs = (run for mixture in mixtures for run in mixture.manifest.get("runs", ()))
    return list({str(run.get("signature", "")): run for run in runs}.values())


def runs_table(mixtures: Sequence[MixtureEvidence]) -> Markup:
    """A row a run: its source, the model that translated it, and both licences."""
    rows = []
    for run in runs_of(mixtures):
        source, licenses = run.get("source") or {}, run.get("licenses") or {}
        found = translated_by(run)
        rows.append(
            [
                source_link(str(source.get("dataset") or "not known")),
                code(str(source["revision"])) if source.get("revision") else "",
                licenses.get("source") or "not known",
                joined(map(code, found), ", "),
                ", ".join(dict.fromkeys(model.license or "not known" for model in found.values())),
                "yes" if run.get("filtered") else "no",
            ]
        )
    return table(["data set", "revision", "licence", "model", "its licence", "filtered"], rows)


def is_decontaminated(mixtures: Sequence[MixtureEvidence]) -> bool:
    """Whether any mixture was held against test sets."""
    return any((mixture.manifest.get("decontamination") or {}).get("sets") for mixture in mixtures)


def _which(names: Sequence[str], mixtures: Sequence[MixtureEvidence]) -> Markup:
    return escape("all") if len(names) == len(mixtures) else joined(map(code, names), ", ")


def _sum(volume: Mapping[str, Mapping[str, Mapping[str, int]]], split: str, task: str) -> int:
    return sum(volume.get(split, {}).get(task, {}).values())


def _by_language(counts: Mapping[str, int]) -> Markup:
    """Rows by language; languages of one number stand together."""
    together: dict[int, list[str]] = {}
    for lang, rows in counts.items():
        together.setdefault(rows, []).append(lang)
    shown = [joined([joined(map(code, langs), " "), escape(f" {number(rows)}")]) for rows, langs in together.items()]
    each = len(together) == 1 and len(counts) > 1
    return joined([joined(shown, ", "), escape(" each" if each else "")])
