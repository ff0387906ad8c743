"""A filtered run with made-up scores, as ``mlt filter`` leaves it: decided by the policy, written shard by shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mlt.filter.check import Score
from mlt.filter.columns import Columns, write_scores
from mlt.filter.decide import KEPT, decide
from mlt.filter.policy import Policy, load_policy
from mlt.toolkit import layout
from mlt.toolkit.records import Gold, Message, Record, Rejected, Source, Translation
from mlt.toolkit.run import Run, open_run
from mlt.toolkit.store import RunStore

SOURCE = Source("made-up", "1", "train", 1, "cc0-1.0")
MODEL = Translation("tiny", "1", "mlt:0", "keep", "keep")


class Row(NamedTuple):
    """An item in a language; ``scores``: check -> score, None where it abstains."""

    id: str
    english: str
    target: str
    scores: Mapping[str, float | None]
    details: Mapping[str, str] = {}


def record(id: str, lang: str, question: str, answer: str) -> Record:
    """A word problem."""
    messages = (Message("user", question),)
    translation = None if lang == "en" else MODEL
    return Record(id, id, "math", lang, messages, answer, Gold("4"), SOURCE, translation=translation)


def filtered_run(
    folder: Path,
    languages: Mapping[str, Sequence[Row]],
    policy: Policy | None = None,
    *,
    shard_size: int = 1000,
    carried: Mapping[str, Sequence[Row]] | None = None,
    uncovered: Mapping[str, Mapping[str, str]] | None = None,
    models: Sequence[Mapping[str, Any]] = (),
    without_scores: Sequence[str] = (),
    by_hand: Mapping[str, str | None] | None = None,
) -> Run:
    """Writes the run. ``carried``: rows that an earlier stage had set aside, in the first shard.

    ``by_hand``: id -> where a person has put a row afterwards (None: kept), whatever its scores say.
    """
    rules = policy or load_policy()
    english = {row.id: row.english for rows in languages.values() for row in rows}
    summaries = {}
    with RunStore.open(folder, {"stage": "filter", "input": "made-up"}) as store:
        ids = list(english)
        for index, part in enumerate(_parts(ids, shard_size)):
            kept = [record(id, "en", english[id], "It is 4.") for id in part]
            store.write_shard("en", index, kept, [], {"in": len(kept)})
        for lang, rows in languages.items():
            aside = (carried or {}).get(lang, ())
            summary: dict[str, Any] = {"in": len(rows), "kept": 0, "carried": {}, "models": list(models)}
            summary |= {"dropped": {}, "failing": {}, "abstained": {}, "uncovered": (uncovered or {}).get(lang, {})}
            for index, shard in enumerate(_parts(rows, shard_size)):
                earlier = aside if index == 0 else ()
                _write(store, lang, index, shard, earlier, rules, summary, by_hand or {})
                if lang in without_scores:
                    (store.path / layout.scores_file(lang, index)).unlink()
            summaries[lang] = summary
        store.save_manifest(
            complete=True,
            languages={lang: store.totals(lang) for lang in store.languages},
            licenses={"source": "cc0-1.0", "model": None},
            model_notice=None,
            signature="mlt:0|source:made-up",
            input="runs/<first>",
            filter={"policy": rules.to_json(), "models": list(models), "languages": summaries},
        )
    return open_run(folder)


def _write(
    store: RunStore,
    lang: str,
    index: int,
    rows: Sequence[Row],
    aside: Sequence[Row],
    policy: Policy,
    summary: dict[str, Any],
    by_hand: Mapping[str, str | None],
) -> None:
    columns = Columns([row.id for row in rows])
    order = [rule.name for rule in policy.rules]
    for name in order:
        if any(name in row.scores for row in rows):
            scores = [Score(row.scores.get(name), row.details.get(name)) for row in rows]
            columns.put(name, scores, "made-up")
    decisions = decide(columns.table(order), policy, lang)
    reasons = [None if number == KEPT else decisions.checks[number] for number in decisions.reasons]
    reasons = [by_hand.get(row.id, reason) for row, reason in zip(rows, reasons, strict=True)]
    records = [record(row.id, lang, row.target, f"{row.target} 4.") for row in rows]
    rejected = [Rejected("loop", "around", record(row.id, lang, row.target, row.target)) for row in aside]
    for row, entry, reason in zip(rows, records, reasons, strict=True):
        if reason is not None:
            score = row.scores.get(reason)
            rejected.append(Rejected(reason, row.details.get(reason, ""), entry, score=score))
    kept = [entry for entry, reason in zip(records, reasons, strict=True) if reason is None]
    facts = {"in": len(rows) + len(aside)}
    store.write_shard(lang, index, kept, rejected, facts)
    write_scores(store.path, lang, index, columns, order)
    summary["kept"] += len(kept)
    _count(summary["carried"], {"loop": len(aside)} if aside else {})
    for key, counts in (
        ("dropped", decisions.dropped()),
        ("failing", decisions.failing),
        ("abstained", decisions.abstained),
    ):
        _count(summary[key], counts)


def _count(totals: dict[str, int], counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        totals[name] = totals.get(name, 0) + count


def _parts(rows: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
