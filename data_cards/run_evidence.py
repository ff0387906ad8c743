"""What the files of a run say: how each language fared, where its rows come from and how they were made."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..toolkit import layout
from ..toolkit.own_models import OwnModel, own_models
from ..toolkit.signature import parse_signature
from .columns import counted, kept_files, pieces, whole
from .evidence import LanguageEvidence, RunEvidence, RungShare, SourceUse, TaskCounts, TranslationUse
from .examples import choose_examples
from .score_evidence import read_scores

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.progress import Progress
    from .bundle import Bundle

Key = TypeVar("Key", bound=Hashable)

_SOURCE = ("dataset", "revision", "license", "split")
_TRANSLATION = ("model", "revision", "signature", "arguments_policy", "tools_policy")


@dataclass
class _Tally:
    """What is counted of a language's rows while they stream by."""

    kept: Counter[str | None] = field(default_factory=Counter)
    aside: Counter[str | None] = field(default_factory=Counter)
    by_filter: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    sources: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    translations: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    edited: int = 0
    brought_back: int = 0


def read_run(bundle: Bundle, progress: Progress) -> RunEvidence:
    """Counts the rows of a run, language by language; DataError where a file is damaged."""
    tallies, languages = {}, []
    for lang in bundle.languages:
        progress.message(f"counting the rows of {lang}")
        tallies[lang] = _count(bundle, lang)
        languages.append(_language(bundle, lang, tallies[lang]))
    progress.message("choosing examples")
    examples = choose_examples(bundle)
    progress.message("")
    manifest = bundle.manifest
    return RunEvidence(
        signature=manifest["signature"],
        languages=tuple(languages),
        sources=_sources(tallies["en"].sources) if "en" in tallies else (),
        translations=_translations({lang: tally.translations for lang, tally in tallies.items()}, own_models(manifest)),
        examples=examples,
        licenses=dict(manifest.get("licenses") or {}),
        model_notice=manifest.get("model_notice"),
        models=tuple(dict.fromkeys((*_translators(manifest), *_judges(manifest)))),
        judges=tuple(judge for judge in _judges(manifest) if judge not in _translators(manifest)),
        filtered=any(name.startswith("scores/") for name in bundle.files),
    )


def _count(bundle: Bundle, lang: str) -> _Tally:
    tally = _Tally()
    for table in pieces(kept_files(bundle, lang), ["task", "source", "translation", "units.rung", "edit"]):
        _add_kept(tally, table)
    for index in bundle.shards[lang]:
        if (path := bundle.files.get(layout.rejected_file(lang, index))) is not None:
            _add_rejected(tally, path, bundle.files.get(layout.scores_file(lang, index)))
    return tally


def _add_kept(tally: _Tally, table: pa.Table) -> None:
    import pyarrow.compute as pc

    tally.kept.update({task: rows for (task,), rows in counted(table, ["task"])})
    tally.sources.update(dict(counted(table, [f"source.{name}" for name in _SOURCE])))
    tally.translations.update(dict(counted(table, [f"translation.{name}" for name in _TRANSLATION])))
    rungs = pc.struct_field(pc.list_flatten(table.column("units")), "rung").value_counts()
    tally.rungs.update({entry["values"]: entry["counts"] for entry in rungs.to_pylist()})
    edits = table.column("edit").drop_null().to_pylist()
    tally.edited += len(edits)
    tally.brought_back += sum(map(_stood_aside, edits))


def _add_rejected(tally: _Tally, path: Path, scores: Path | None) -> None:
    """Rows that have scores were set aside among those that the filter judged; it never saw the others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    judged = whole([scores], "id") if scores else pa.array([], pa.string())
    for table in pieces([path], ["id", "task", "reason"]):
        tally.aside.update({task: rows for (task,), rows in counted(table, ["task"])})
        seen = pc.is_in(table.column("id"), value_set=judged, skip_nulls=True)
        for mask, reasons in ((seen, tally.by_filter), (pc.invert(seen), tally.before)):
            reasons.update({reason: rows for (reason,), rows in counted(table.filter(mask), ["reason"])})


def _stood_aside(edit: str) -> bool:
    try:
        return bool(json.loads(edit).get("was"))
    except (ValueError, AttributeError):
        return False


def _language(bundle: Bundle, lang: str, tally: _Tally) -> LanguageEvidence:
    kept, rejected = tally.kept.total(), tally.aside.total()
    tasks = sorted(task for task in tally.kept.keys() | tally.aside.keys() if task is not None)
    scores = read_scores(bundle, lang)
    return LanguageEvidence(
        lang=lang,
        total=kept + rejected,
        kept=kept,
        rejected=rejected,
        reasons=_most_first(tally.by_filter + tally.before),
        by_filter=_most_first(tally.by_filter),
        before=_most_first(tally.before),
        tasks={
            task: TaskCounts(tally.kept[task] + tally.aside[task], tally.kept[task], tally.aside[task])
            for task in tasks
        },
        unread=tally.aside[None],
        edited=tally.edited,
        brought_back=tally.brought_back,
        judged=scores.rows,
        checks=scores.checks,
        language_id=scores.language_id,
        qe=scores.qe,
        calibration=scores.calibration,
        units=tally.rungs.total(),
        rungs=rung_shares(tally.rungs),
        shortlist=_shortlist(bundle.manifest, lang),
    )


def _shortlist(manifest: Mapping[str, Any], lang: str) -> Mapping[str, Any] | None:
    """The manifest's entry, where it is one; a published manifest may hold anything."""
    found = (manifest.get("languages") or {}).get(lang, {}).get("shortlist")
    numbers = ("words", "vocabulary", "audited", "identical", "chrf")
    if not isinstance(found, dict) or not isinstance(found.get("kind"), str):
        return None
    return found if all(isinstance(found.get(name), int | float | None) for name in numbers) else None


def rung_shares(rungs: Mapping[str, int]) -> tuple[RungShare, ...]:
    """The share of units on each rung, the most used first."""
    total = sum(rungs.values())
    return tuple(RungShare(rung, units, _percent(units, total)) for rung, units in _most_first(rungs).items())


def _percent(part: int, total: int) -> float:
    """A share that is neither nothing nor everything never looks so."""
    return 100.0 if part == total else min(max(round(100 * part / total, 1), 0.1), 99.9)


def _sources(counts: Counter[tuple[Any, ...]]) -> tuple[SourceUse, ...]:
    rows: Counter[tuple[str, str, str]] = Counter()
    splits = defaultdict(set)
    for (dataset, revision, license, split), count in counts.items():
        rows[dataset, revision, license] += count
        splits[dataset, revision, license].add(split)
    return tuple(
        SourceUse(*key, splits=tuple(sorted(splits[key])), rows=count) for key, count in _most_first(rows).items()
    )


def _translations(
    counts: Mapping[str, Counter[tuple[Any, ...]]], own: Mapping[str, OwnModel]
) -> tuple[TranslationUse, ...]:
    rows: Counter[tuple[str, str, str, str, str]] = Counter()
    languages = defaultdict(list)
    for lang, found in counts.items():
        for (model, *rest), count in found.items():
            if model is not None:  # English, and what people have translated
                revision, signature, arguments, tools = rest
                key = model, revision, signature, arguments, tools
                rows[key] += count
                languages[key].append(lang)
    return tuple(
        TranslationUse(
            *key, settings=_settings(key[2]), languages=tuple(languages[key]), rows=count, own=own.get(key[0])
        )
        for key, count in _most_first(rows).items()
    )


def _settings(signature: str) -> dict[str, Any]:
    try:
        return parse_signature(signature)
    except ValueError:  # rows of a file of pairs may hold any text
        return {}


def _translators(manifest: Mapping[str, Any]) -> tuple[tuple[str, str | None], ...]:
    """Names and licences of the models that translated."""
    if own := own_models(manifest):
        return tuple((model.name, model.license) for model in own.values())
    identity = manifest.get("identity") or {}
    while isinstance(identity.get("input"), Mapping):  # a filtered run names the run that it was made of
        identity = identity["input"]
    engine = identity.get("engine") or {}
    return ((engine["model"], (manifest.get("licenses") or {}).get("model")),) if engine.get("model") else ()


def _judges(manifest: Mapping[str, Any]) -> tuple[tuple[str, str | None], ...]:
    """Names and licences of the models that judged."""
    judges = (manifest.get("filter") or {}).get("models") or []
    return tuple(dict.fromkeys((entry["name"], entry.get("license")) for entry in judges))


def _most_first(counts: Mapping[Key, int]) -> dict[Key, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], str(entry[0]))))
