"""Edits applied to runs: checked one by one, counted, kept, and refused where a veto forbids."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.filter.patch import patch_run, run_patch
from mlt.toolkit.errors import DataError, MltError
from mlt.toolkit.records import Call, Gold, Message, Record, Rejected, Source, UnitTrace
from mlt.toolkit.store import RunStore, open_run

IDENTITY: dict[str, Any] = {"source": "s@1", "output_version": 1}
ENGLISH = [
    "Amina has 12 red apples and buys 7 more at the market. How many apples does she have?",
    "A farmer sells 30 eggs every day of the week. How many eggs does he sell?",
    "There are 45 children in the school bus today. How many children are there?",
    "Juma reads 18 pages of his book each evening. How many pages does he read?",
]
SWAHILI = [
    "Amina ana matufaha 12 mekundu na ananunua 7 zaidi sokoni. Ana matufaha mangapi?",
    "Mkulima anauza mayai 30 kila siku ya wiki. Anauza mayai mangapi?",
    "Kuna watoto 45 kwenye basi la shule leo. Kuna watoto wangapi?",
    "Juma anasoma kurasa 18 za kitabu chake kila jioni. Anasoma kurasa ngapi?",
]


def record(number: int, lang: str) -> Record:
    text = (ENGLISH if lang == "en" else SWAHILI)[number]
    return Record(
        id=f"row-{number}",
        group="g",
        task="text",
        lang=lang,
        messages=(Message("user", text),),
        target="",
        gold=Gold(),
        source=Source("s", "1", "", number + 1, "CC0-1.0"),
    )


def make(folder: Path, facts: dict[str, Any] | None = None, **manifest: Any) -> Path:
    """Two shards; row 2 stands aside for its length."""
    with RunStore.open(folder, IDENTITY) as store:
        for index, numbers in enumerate(([0, 1], [2, 3])):
            store.write_shard("en", index, [record(n, "en") for n in numbers], [], {"in": 2})
            aside = [Rejected("length", "2.5 above 2", record(2, "sw"), score=2.5)] if index else []
            kept = [record(n, "sw") for n in numbers if n != 2]
            extra = (facts or {}) if index else {name: {} for name in facts or {}}
            store.write_shard("sw", index, kept, aside, {"in": 2, "input": "x", **extra})
        store.save_manifest(languages={lang: store.totals(lang) for lang in store.languages}, **manifest)
    return folder


def edits(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({"lang": "sw", **entry}) + "\n" for entry in entries))
    return path


def state(folder: Path) -> dict[str, Any]:
    run = open_run(folder)
    return {
        "kept": [(r.id, r.messages[0].content, r.edit) for r in run.records("sw")],
        "aside": [(e.reason, e.record and e.record.id) for e in run.rejected("sw")],
        "counts": {name: run.manifest["languages"]["sw"][name] for name in ("in", "out", "rejected")},
    }


FIXED = SWAHILI[1].replace("kila siku", "kwa kila siku")


def test_marks_and_texts_are_applied_and_counted(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    before = {path.name: path.stat().st_mtime_ns for path in (run / "en").iterdir()}
    file = edits(
        tmp_path / "e.jsonl",
        {"id": "row-0", "verdict": "bad", "note": "wrong"},
        {"id": "row-1", "texts": {"text": FIXED}, "before": {"text": SWAHILI[1]}, "who": "amina", "when": "today"},
        {"id": "row-2", "verdict": "good"},
    )
    result = patch_run(run, file)
    assert result.applied == [("row-0", "sw"), ("row-1", "sw"), ("row-2", "sw")]
    assert result.refused == [] and result.unknown == []
    now = state(run)
    assert [entry[:2] for entry in now["kept"]] == [("row-1", FIXED), ("row-2", SWAHILI[2]), ("row-3", SWAHILI[3])]
    provenance = [entry[2] and json.loads(entry[2]) for entry in now["kept"]]
    assert provenance[0]["before"] == {"text": SWAHILI[1]} and provenance[0]["who"] == "amina"
    assert provenance[1]["was"] == "length" and provenance[2] is None
    assert now["aside"] == [("marked-bad", "row-0")]
    assert now["counts"] == {"in": 4, "out": 3, "rejected": {"marked-bad": 1}}
    assert before == {path.name: path.stat().st_mtime_ns for path in (run / "en").iterdir()}


def test_applied_again_a_file_changes_nothing(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    file = edits(
        tmp_path / "e.jsonl",
        {"id": "row-1", "texts": {"text": SWAHILI[1] + "!"}, "before": {"text": SWAHILI[1]}},
        {"id": "row-1", "verdict": "good", "texts": {"text": FIXED}, "before": {"text": SWAHILI[1]}},
        {"id": "row-2", "verdict": "good"},
        {"id": "row-3", "verdict": "bad"},
    )
    patch_run(run, file)
    first = {path: path.stat().st_mtime_ns for path in run.rglob("part-*")}, (run / "edits.jsonl").read_bytes()
    assert len(patch_run(run, file).applied) == 3
    assert first == (
        {path: path.stat().st_mtime_ns for path in run.rglob("part-*")},
        (run / "edits.jsonl").read_bytes(),
    )


def test_edits_stay_when_the_run_is_made_again(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    patch_run(
        run,
        edits(
            tmp_path / "e.jsonl",
            {"id": "row-0", "verdict": "bad"},
            {"id": "row-1", "texts": {"text": FIXED}},
            {"id": "row-2", "verdict": "good"},
        ),
    )
    patched = state(run)
    with RunStore.open(run, IDENTITY, force=True):
        pass
    make(run)
    assert state(run) == patched


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"id": "row-0", "texts": {"text": ""}}, "empty"),
    ({"id": "row-0", "texts": {"text": SWAHILI[0].replace("12", "13")}}, "numbers"),
    ({"id": "row-0", "texts": {"text": ENGLISH[0]}}, "copy"),
    ({"id": "row-2", "texts": {"text": SWAHILI[2].replace("45", "54")}, "verdict": "good"}, "numbers"),
    ({"id": "row-0", "texts": {"target": "x"}}, "there is no text 'target'"),
    ({"id": "row-0", "texts": {"messages.0": "x"}, "verdict": "bad"}, "there is no text 'messages.0'"),
    ({"id": "row-0", "texts": {"text": FIXED}, "before": {"text": "other"}}, "reads otherwise now"),
    ({"id": "row-0"}, "neither a verdict nor a text"),
    ({"id": "row-0", "verdict": "bad", "lang": "en"}, "English is the source"),
]


@pytest.mark.parametrize(("edit", "reason"), REFUSED)
def test_a_refused_edit_leaves_the_others_and_its_row(tmp_path: Path, edit: dict[str, Any], reason: str) -> None:
    run = make(tmp_path / "run")
    result = patch_run(run, edits(tmp_path / "e.jsonl", edit, {"id": "row-3", "verdict": "bad"}))
    assert result.applied == [("row-3", "sw")]
    ((id, _, why),) = result.refused
    assert id == edit["id"] and reason in why
    assert state(run)["kept"] == [("row-0", SWAHILI[0], None), ("row-1", SWAHILI[1], None)]
    assert "row-0" not in (run / "edits.jsonl").read_text()


def test_edits_of_rows_that_are_not_there_are_reported(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    before = state(run)
    file = edits(
        tmp_path / "e.jsonl", {"id": "row-9", "verdict": "bad"}, {"id": "row-0", "lang": "../x", "verdict": "bad"}
    )
    assert patch_run(run, file).unknown == [("row-9", "sw"), ("row-0", "../x")]
    assert state(run) == before
    assert not (run / "edits.jsonl").exists()


def test_a_malformed_line_applies_nothing(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    before = state(run)
    file = edits(tmp_path / "e.jsonl", {"id": "row-0", "verdict": "bad"}, {"id": "row-1", "verdict": "fine"})
    with pytest.raises(DataError, match=r"e\.jsonl:2: no edit"):
        patch_run(run, file)
    assert state(run) == before


def test_killed_between_the_list_and_the_rows_the_same_command_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = edits(tmp_path / "e.jsonl", {"id": "row-0", "verdict": "bad"}, {"id": "row-2", "verdict": "good"})
    whole, run = make(tmp_path / "whole"), make(tmp_path / "run")
    patch_run(whole, file)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    for name in ("replace_tables", "save_manifest"):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(RunStore, name, killed)
            patch_run(run, file)
    patch_run(run, file)
    assert state(run) == state(whole)
    assert (run / "edits.jsonl").read_bytes() == (whole / "edits.jsonl").read_bytes()


def test_the_counts_of_a_filtered_run_follow(tmp_path: Path) -> None:
    summary = {"in": 4, "kept": 3, "carried": {}, "dropped": {"length": 1}, "failing": {"length": 1}, "uncovered": {}}
    facts = {"carried": {}, "dropped": {"length": 1}, "failing": {"length": 1}}
    run = make(tmp_path / "run", facts, filter={"policy": {"checks": {}}, "models": [], "languages": {"sw": summary}})
    file = edits(tmp_path / "e.jsonl", {"id": "row-2", "verdict": "good"}, {"id": "row-3", "verdict": "bad"})
    patch_run(run, file)
    patched = open_run(run)
    now = patched.manifest["filter"]["languages"]["sw"]
    assert now == {**summary, "in": 3, "kept": 3, "carried": {"marked-bad": 1}, "dropped": {}}
    assert patched.manifest["languages"]["sw"] == patched.totals("sw")


def test_texts_of_records_with_roles_and_calls(tmp_path: Path) -> None:
    calls = (Call("Find", {"city": "Nairobi"}),)
    api = replace(
        record(0, "en"),
        task="api",
        messages=(
            Message("user", "Find me a good hotel in Nairobi, please."),
            Message("assistant", "Which one do you like?"),
        ),
        target='API-Request: [Find(city="Nairobi")]',
        gold=Gold(calls=calls),
    )
    swahili = replace(
        api,
        lang="sw",
        messages=(Message("user", "Nitafutie hoteli Nairobi."), Message("assistant", "Unapenda ipi?")),
        units=(UnitTrace("Which one do you like?", "Unapenda ipi?", "direct", ("no-end-token",)),),
    )
    with RunStore.open(tmp_path / "run", IDENTITY) as store:
        store.write_shard("en", 0, [api], [], {"in": 1})
        store.write_shard("sw", 0, [], [Rejected("no-end-token", "", swahili)], {"in": 1})
    target = {"id": "row-0", "texts": {"target": "x"}}
    assert "no text 'target'" in patch_run(tmp_path / "run", edits(tmp_path / "e.jsonl", target)).refused[0][2]
    untouched = {"id": "row-0", "verdict": "good"}
    assert "no end token" in patch_run(tmp_path / "run", edits(tmp_path / "e.jsonl", untouched)).refused[0][2]
    fixed = {"id": "row-0", "texts": {"messages.1": "Unapenda hoteli ipi?"}}
    assert patch_run(tmp_path / "run", edits(tmp_path / "e.jsonl", fixed)).refused == []
    (now,) = open_run(tmp_path / "run").records("sw")
    assert [message.content for message in now.messages] == ["Nitafutie hoteli Nairobi.", "Unapenda hoteli ipi?"]
    assert now.units == ()


def test_the_command_tells_what_was_not_applied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make(tmp_path / "run")
    good = edits(tmp_path / "good.jsonl", {"id": "row-0", "verdict": "bad"})
    run_patch(run, good)
    assert "applied" in capsys.readouterr().out
    mixed = edits(tmp_path / "e.jsonl", {"id": "row-9", "verdict": "bad"}, {"id": "row-1", "texts": {"text": ""}})
    with pytest.raises(MltError, match=r"2 of the edits in .* were not applied") as caught:
        run_patch(run, mixed)
    assert caught.value.exit_code == 3
    out = capsys.readouterr().out
    assert "no such row" in out and "row-1" in out
    with pytest.raises(MltError):
        run_patch(run, mixed, as_json=True)
    assert json.loads(capsys.readouterr().out)["unknown"] == [["row-9", "sw"]]


some_edits = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from([f"row-{number}" for number in range(5)]),
            "verdict": st.sampled_from(["good", "bad", None]),
            "texts": st.dictionaries(st.sampled_from(["text", "target", "x"]), st.sampled_from([*SWAHILI, "", "x"])),
        }
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=15)
@given(some_edits)
def test_rows_are_conserved_and_unknown_slots_refused(entries: list[dict[str, Any]]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        run = make(Path(folder, "run"))
        file = edits(Path(folder, "e.jsonl"), *entries)
        result = patch_run(run, file)
        once = state(run)
        ids = [entry[0] for entry in once["kept"]] + [entry[1] for entry in once["aside"]]
        assert sorted(ids) == [f"row-{number}" for number in range(4)]
        odd = {entry["id"] for entry in entries if set(entry["texts"]) - {"text"} and entry["id"] != "row-4"}
        assert odd <= {id for id, _, _ in result.refused}
        assert once["counts"]["in"] == once["counts"]["out"] + sum(once["counts"]["rejected"].values())
        patch_run(run, file)
        assert state(run) == once
