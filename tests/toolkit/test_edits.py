"""Edits on the rows of a shard: applied once or often, moving rows, losing none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.edits import Edit, append_edits, apply_edits, read_edits, run_edits, slots_of, texts_hash
from mlt.toolkit.errors import DataError
from mlt.toolkit.records import Call, Gold, Message, Record, Rejected, Source, UnitTrace, from_row, to_row
from mlt.toolkit.shard_files import kept_table, rejected_table

IDS = [f"row-{number}" for number in range(6)]


def record(number: int, **changes: Any) -> Record:
    made = Record(
        id=IDS[number],
        group="g",
        task="math",
        lang="sw",
        messages=(Message("user", f"Swali {number}"),),
        target=f"Jibu {number}",
        gold=Gold(str(number)),
        source=Source("s", "1", "", number + 1, "CC0-1.0"),
        units=(UnitTrace("Q", f"Swali {number}", "direct"), UnitTrace("A", f"Jibu {number}", "direct", ("unk",))),
    )
    return replace(made, **changes)


def ids(table: Any) -> list[str]:
    return [] if table is None else table.column("id").to_pylist()


def kept_and_aside() -> tuple[Any, Any]:
    aside = [Rejected("length", "2.1 above 2", record(n), score=2.1) for n in (1, 4)]
    malformed = Rejected("bad-json", "line 9", None, "{")
    return kept_table([record(n) for n in (0, 2, 3, 5)]), rejected_table([aside[0], malformed, aside[1]])


def test_texts_verdicts_and_places() -> None:
    kept, aside = apply_edits(
        *kept_and_aside(),
        [
            Edit(
                IDS[0],
                "sw",
                texts={"target": "Jibu jipya"},
                before={"target": "Jibu 0"},
                who="amina",
                when="2026-01-01",
            ),
            Edit(IDS[2], "sw", "bad", note="wrong sense"),
            Edit(IDS[4], "sw", "good"),
            Edit("elsewhere", "sw", "bad"),
        ],
        IDS,
    )
    assert ids(kept) == [IDS[n] for n in (0, 3, 4, 5)]
    assert ids(aside) == [IDS[1], None, IDS[2]]
    first = from_row(kept.to_pylist()[0])
    assert first.target == "Jibu jipya"
    assert json.loads(first.edit or "") == {
        "who": "amina",
        "when": "2026-01-01",
        "verdict": None,
        "note": "",
        "was": None,
        "before": {"target": "Jibu 0"},
    }
    assert [unit.target for unit in first.units] == ["Swali 0"], "a unit that was rewritten is no part of the row"
    marked = aside.to_pylist()[2]
    assert (marked["reason"], marked["detail"], marked["score"]) == ("marked-bad", "wrong sense", None)
    assert from_row(kept.to_pylist()[1]) == record(3), "rows without an edit stay as they are"


def test_a_corrected_text_brings_a_row_back() -> None:
    kept, aside = apply_edits(*kept_and_aside(), [Edit(IDS[1], "sw", texts={"messages.0": "Swali jipya"})], IDS)
    assert ids(kept) == [IDS[n] for n in (0, 1, 2, 3, 5)]
    assert kept.to_pylist()[1]["messages"][0]["content"] == "Swali jipya"
    assert ids(aside) == [None, IDS[4]]


def test_the_last_row_aside_that_comes_back_leaves_no_table() -> None:
    aside = rejected_table([Rejected("length", "", record(1))])
    kept, left = apply_edits(kept_table([record(0)]), aside, [Edit(IDS[1], "sw", "good")], IDS)
    assert ids(kept) == [IDS[0], IDS[1]]
    assert left is None


def test_a_shard_without_edited_rows_is_handed_back() -> None:
    kept, aside = kept_and_aside()
    assert apply_edits(kept, aside, [Edit("elsewhere", "sw", "bad")]) == (kept, aside)


def test_a_verdict_counts_for_the_texts_that_were_judged() -> None:
    judged = texts_hash(to_row(record(2)))
    edits = [Edit(IDS[2], "sw", "bad", judged=judged), Edit(IDS[4], "sw", "good", judged=judged)]
    kept, aside = apply_edits(*kept_and_aside(), edits, IDS)
    assert ids(kept) == [IDS[n] for n in (0, 3, 5)]
    assert ids(aside) == [IDS[1], None, IDS[2], IDS[4]]


@pytest.mark.parametrize(
    ("changes", "slots"),
    [
        ({}, {"messages.0": "Swali 0", "target": "Jibu 0"}),
        ({"task": "text"}, {"text": "Swali 0"}),
        (
            {
                "task": "api",
                "messages": (Message("user", "Nipe"), Message("tool", "{}"), Message("assistant", "Sawa")),
                "gold": Gold(calls=(Call("Find", {}),)),
            },
            {"messages.0": "Nipe", "messages.2": "Sawa"},
        ),
    ],
)
def test_slots_are_what_a_person_may_change(changes: dict[str, Any], slots: dict[str, str]) -> None:
    row = to_row(record(0, **changes))
    assert slots_of(row) == slots
    edit = Edit(IDS[0], "sw", texts=dict.fromkeys(slots, "Mpya") | {"messages.9": "?", "nowhere": "?"})
    kept, _ = apply_edits(kept_table([record(0, **changes)]), None, [edit])
    assert slots_of(kept.to_pylist()[0]) == dict.fromkeys(slots, "Mpya")


texts = st.dictionaries(st.sampled_from(["messages.0", "target", "text", "x"]), st.sampled_from(["Moja", "Mbili", ""]))
edit_lists = st.lists(
    st.builds(
        Edit,
        st.sampled_from([*IDS, "elsewhere"]),
        st.just("sw"),
        st.sampled_from(["good", "bad", None]),
        texts,
        judged=st.sampled_from([None, None, "other", texts_hash(to_row(record(1)))]),
    ),
    max_size=6,
    unique_by=lambda edit: edit.id,
)


@settings(deadline=None, max_examples=60)
@given(edit_lists, st.sets(st.sampled_from(range(6))), st.booleans())
def test_twice_is_once_and_no_row_is_lost(edits: list[Edit], out: set[int], ordered: bool) -> None:
    kept = kept_table([record(n) for n in range(6) if n not in out])
    aside = rejected_table([Rejected("length", "", record(n)) for n in sorted(out)])
    order = IDS if ordered else []
    once = apply_edits(kept, aside, edits, order)
    twice = apply_edits(*once, edits, order)
    assert sorted(ids(once[0]) + ids(once[1])) == IDS
    assert [table and table.to_pylist() for table in once] == [table and table.to_pylist() for table in twice]
    if ordered:
        assert all(ids(table) == sorted(ids(table)) for table in once)


def test_later_edits_win_slot_by_slot_and_before_tells_of_the_first_text(tmp_path: Path) -> None:
    first = Edit("a", "sw", "bad", {"target": "Moja"}, {"target": "Asili"}, "amina", was="length")
    second = Edit("a", "sw", "good", {"target": "Mbili", "messages.0": "Tatu"}, {"target": "Moja"}, "juma")
    append_edits(tmp_path, [first])
    append_edits(tmp_path, [second, Edit("a", "yo", "bad")])
    found = run_edits(tmp_path)
    assert found["sw"]["a"] == Edit(
        "a", "sw", "good", {"target": "Mbili", "messages.0": "Tatu"}, {"target": "Asili"}, "juma", was="length"
    )
    assert found["yo"] == {"a": Edit("a", "yo", "bad")}
    assert run_edits(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "Expecting"),
        ("[]", "not an object"),
        ('{"lang": "sw"}', "id is None"),
        ('{"id": 3, "lang": "sw"}', "id is 3"),
        ('{"id": "a"}', "lang is None"),
        ('{"id": "a", "lang": "sw", "verdict": "fine"}', "verdict is 'fine'"),
        ('{"id": "a", "lang": "sw", "texts": []}', "texts must be"),
        ('{"id": "a", "lang": "sw", "texts": ["x"]}', "texts must be"),
        ('{"id": "a", "lang": "sw", "texts": {"target": null}}', "texts must be"),
        ('{"id": "a", "lang": "sw", "note": 3}', "note is 3"),
        ('{"id": "a\\ud800", "lang": "sw"}', "surrogate"),
    ],
)
def test_a_line_that_is_no_edit_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "edits.jsonl"
    path.write_text(f'{{"id": "a", "lang": "sw", "verdict": "good", "who": null, "more": 1}}\n\n{line}\n')
    with pytest.raises(DataError, match=r"edits\.jsonl:3: no edit .*nothing was applied") as caught:
        read_edits(path)
    assert problem in str(caught.value)


def test_blank_lines_nulls_and_more_keys_are_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "edits.jsonl"
    path.write_text('\n{"id": "a", "lang": "sw", "verdict": null, "texts": {"text": "x"}, "who": null, "more": 1}\n')
    assert read_edits(path) == [Edit("a", "sw", texts={"text": "x"})]


def test_a_missing_file_of_edits_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: No such file"):
        read_edits(tmp_path / "none.jsonl")
