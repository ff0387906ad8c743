"""A small filtered run of which every number is known: two tasks, two languages, two shards, edits, lost rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlt.toolkit import layout
from mlt.toolkit.edits import Edit
from mlt.toolkit.records import Call, Gold, Message, Record, Rejected, Source, Translation, UnitTrace
from mlt.toolkit.store import RunStore

TINY = Translation("tiny", "r1", "mlt:0|engine.ct:int8|decoding.beam:4|out:1", "keep", "keep")
PEOPLE = [{"name": "judge", "revision": "7", "license": "MIT"}, {"name": "comet", "revision": "9", "license": None}]
POLICY = {
    "empty": {"enabled": True},
    "language": {"enabled": True, "min": 0.5, "max": None},
    "length": {"enabled": True, "min": -3.0, "max": 3.0, "languages": {"yo": {"min": -9.0, "max": 9.0}}},
    "names": {"enabled": False, "min": 0.5, "max": None},
    "qe": {"enabled": True, "min": 0.2, "max": None},
}
KEYS: dict[str, Any] = {
    "empty": {"version": 1},
    "language": {"detector": "judge", "revision": "7"},
    "length": {"spread": 0.1},
    "names": {},
    "qe": {"model": "comet", "revision": "9"},
}
UNCOVERED = {"qe": {"uncovered": "uncalibrated: no model covers yo"}}


def record(id: str, lang: str = "en", *, rung: str = "direct", split: str = "train") -> Record:
    """An item: ids that begin with "a" are of the task api."""
    task, row = ("api", 2) if id.startswith("a") else ("math", 1)
    source = Source("made-up", "rev-1", split, row, "CC0-1.0")
    made: dict[str, Any] = {} if lang == "en" else {"translation": TINY, "units": (UnitTrace("a", "b", rung),)}
    gold = Gold(calls=(Call("Go", {"to": id}),)) if task == "api" else Gold("4")
    said = (Message("system", "Help."), Message("user", f"{id} in {lang}?"))
    return Record(id, id, task, lang, said[task == "math" :], f"{id} is 4", gold, source, **made)


def judged_run(folder: Path) -> Path:
    """Writes the run.

    English: m0 to m3, a0 to a2, and a row that could not be read. Swahili: m0 looped in translation, m1 is too long,
    a person has changed m2 and has brought a1 back, which was too long. Yoruba: a0 is in another language.
    """
    with RunStore.open(folder, {"stage": "filter", "input": {"engine": {"model": "tiny"}}}) as store:
        store.add_edits(
            [
                Edit("m2", "sw", texts={"target": "m2 ni 4"}, before={"target": "m2 is 4"}),
                Edit("a1", "sw", verdict="good", was="length"),
            ]
        )
        broken = Rejected("bad-json", "line 3", source=record("m0").source, raw="{")
        english = [["m0", "m1", "a0", "m2"], ["a1", "m3", "a2"]]
        for index, ids in enumerate(english):
            lost = [broken] if index == 0 else []
            store.write_shard("en", index, list(map(record, ids)), lost, {"in": len(ids) + len(lost), "input": "x"})
        length = [[None, 4.5, 0.25], [9.0, -1.0, 2.0]]
        scores = {"empty": [[0, 0, 0]] * 2, "language": [[1, 0.75, None]] * 2, "length": length, "qe": [[0.5] * 3] * 2}
        _write(store, "sw", english, scores, {"m0": "loop", "m1": "length"}, {"m0"}, {"a1"})
        scores = {
            "empty": [[0] * 4, [0] * 3],
            "language": [[1, 1, 0.1, 1], [1, 1, 1]],
            "length": [[5, 1, 1, 1], [1, 1, 1]],
            "qe": [[None] * 4, [None] * 3],
        }
        _write(store, "yo", english, scores, {"a0": "language"}, set(), set())
        totals = {lang: store.totals(lang) for lang in store.languages}
        store.save_manifest(
            complete=True,
            languages=totals,
            licenses={"source": "CC0-1.0", "model": "MIT"},
            model_notice="A toy.",
            filter={
                "policy": {"checks": POLICY},
                "models": PEOPLE,
                "languages": {
                    lang: {
                        **{name: totals[lang][name] for name in ("carried", "dropped", "failing", "abstained")},
                        "in": totals[lang]["in"] - sum(totals[lang]["carried"].values()),
                        "kept": totals[lang]["out"],
                    }
                    for lang in ("sw", "yo")
                },
            },
        )
    return folder


def _write(
    store: RunStore,
    lang: str,
    shards: Sequence[Sequence[str]],
    scores: Mapping[str, Sequence[Sequence[float | None]]],
    aside: Mapping[str, str],
    carried: set[str],
    back: set[str],
) -> None:
    """``aside``: id -> reason; ``carried``: those of them that nobody judged; ``back``: what an edit brings back."""
    for index, ids in enumerate(shards):
        kept = [record(id, lang, rung="split" if id == "m3" else "direct") for id in ids if id not in {*aside, *back}]
        lost = [Rejected(aside[id], "seen", record(id, lang), score=4.5) for id in ids if id in aside]
        lost += [Rejected("length", "seen", record(id, lang), score=9.0) for id in ids if id in back]
        columns = {name: values[index] for name, values in scores.items()}
        _scores(store.path, lang, index, [id for id in ids if id not in carried], columns)
        dropped = [aside[id] for id in ids if id in aside and id not in carried]
        facts = {
            "in": len(ids),
            "input": "x",
            "carried": {aside[id]: 1 for id in ids if id in carried},
            "dropped": {reason: dropped.count(reason) for reason in dropped},
            "failing": {name: _failing(name, lang, values) for name, values in columns.items()},
            "abstained": {name: list(values).count(None) for name, values in columns.items()},
        }
        tables = _tables(kept, lost)
        store.write_tables(lang, index, *tables, facts)


def _tables(kept: list[Record], lost: list[Rejected]) -> tuple[pa.Table, pa.Table | None]:
    from mlt.toolkit.shard_files import kept_table, rejected_table

    return kept_table(kept), rejected_table(lost) if lost else None


def _failing(name: str, lang: str, values: Sequence[float | None]) -> int:
    rule: Any = POLICY[name]
    bounds = rule.get("languages", {}).get(lang, rule) if "min" in rule else {"min": None, "max": 0}
    low = float("-inf") if bounds["min"] is None else bounds["min"]
    high = float("inf") if bounds["max"] is None else bounds["max"]
    return sum(value is not None and not low <= value <= high for value in values)


def _scores(
    folder: Path, lang: str, index: int, ids: Sequence[str], columns: Mapping[str, Sequence[float | None]]
) -> None:
    arrays = {name: pa.array(list(map(_float, values)), pa.float64()) for name, values in columns.items()}
    keys = {name: (UNCOVERED if lang == "yo" else {}).get(name, KEYS[name]) for name in columns}
    table = pa.table({"id": pa.array(ids), **arrays, "details": pa.nulls(len(ids), pa.string())})
    path = folder / layout.scores_file(lang, index)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({b"mlt_columns": json.dumps(keys).encode()}), path)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
