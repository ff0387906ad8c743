"""The review page: which rows are on it, and that their texts come through unchanged and harmless."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from filtered_run import Row, filtered_run, record
from pages_read import HOSTILE, SAMPLES, assert_self_contained, elements

from mlt.filter.lookup import texts_beside
from mlt.filter.policy import load_policy
from mlt.filter.review import write_review
from mlt.toolkit.edits import slots_of
from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.records import Call, Gold, to_row
from mlt.toolkit.run import Run
from mlt.toolkit.store import RunStore, open_run


def data(page: Path) -> dict[str, Any]:
    (script,) = [e for e in elements(page, "script") if e.attributes.get("type") == "application/json"]
    found: dict[str, Any] = json.loads(script.text)
    return found


def rows(lang: str) -> list[Row]:
    return [
        Row(f"{k:03}", f"He has {k}.", f"{SAMPLES[lang]} {k}", {"numbers": float(k == 3), "repetition": k / 40})
        for k in range(40)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    policy = load_policy({"checks": {"repetition": {"max": 0.5}}})
    folder = tmp_path_factory.mktemp("filtered") / "run"
    return filtered_run(folder, {lang: rows(lang) for lang in ("th", "ar")}, policy, shard_size=15)


def test_page_needs_nothing_but_itself(run: Run) -> None:
    page = write_review(run, 10)
    assert page == run.path / "review.html"
    assert_self_contained(page)


def test_script_and_style_are_those_that_the_policy_allows(run: Run) -> None:
    page = write_review(run, 3).read_text(encoding="utf-8")
    policy = page.split('content="')[1].split('"')[0]
    (style,) = elements(page, "style")
    (script,) = [e for e in elements(page, "script") if not e.attributes]
    for name, element in (("style-src", style), ("script-src", script)):
        assert f"{name} 'sha256-{b64encode(sha256(element.text.encode()).digest()).decode()}'" in policy


@pytest.mark.parametrize("n", [1, 2, 7, 12])
def test_sample_has_as_many_rows_as_asked_for_of_each_group_in_turn(run: Run, n: int) -> None:
    found = data(write_review(run, n))["rows"]
    groups = Counter((row["lang"], row["state"]) for row in found)
    assert sum(groups.values()) == n
    assert max(groups.values()) <= -(-n // 6) + 1
    if n >= 6:
        assert {state for _, state in groups} == {"kept", "numbers", "repetition"}
        assert {lang for lang, _ in groups} == {"th", "ar"}


def test_sample_of_more_rows_than_there_are_has_them_all_once(run: Run) -> None:
    found = [(row["lang"], row["id"]) for row in data(write_review(run, 500))["rows"]]
    assert len(found) == len(set(found)) == 80


def test_sample_is_the_same_each_time_and_another_for_another_seed(run: Run) -> None:
    first = write_review(run, 8).read_bytes()
    assert write_review(run, 8).read_bytes() == first
    assert write_review(run, 8, seed=1).read_bytes() != first


def test_row_has_its_english_its_scores_and_the_slots_that_patch_knows(run: Run) -> None:
    for row in data(write_review(run, 12))["rows"]:
        assert row["texts"][0]["source"] == f"He has {int(row['id'])}."
        assert row["texts"][0]["target"] == f"{SAMPLES[row['lang']]} {int(row['id'])}"
        assert {entry["check"] for entry in row["scores"]} == {"numbers", "repetition"}
        failed = [entry["check"] for entry in row["scores"] if entry["outcome"] == "fail"]
        assert failed[:1] == ([] if row["state"] == "kept" else [row["state"]])
    record = next(run.records("th"))
    slots = [part["slot"] for part in row["texts"] if part["editable"]]
    assert slots == list(slots_of(to_row(record)))


def test_hostile_texts_come_through_unchanged(tmp_path: Path) -> None:
    hostile = [Row(f"{n}", text, text, {"numbers": 1.0}, {"numbers": text}) for n, text in enumerate(HOSTILE)]
    page = write_review(filtered_run(tmp_path / "run", {"sw": hostile}), 50)
    assert_self_contained(page)
    assert len(elements(page, "script")) == 2 and not elements(page, "img")
    found = {row["id"]: row for row in data(page)["rows"]}
    for n, text in enumerate(HOSTILE):
        assert (found[str(n)]["texts"][0]["target"], found[str(n)]["detail"]) == (text, text)
    raw = page.read_text(encoding="utf-8")
    assert not any(char in raw for char in "\u2028\u2029\x00")


def test_row_that_a_person_moved_says_where_it_stands(tmp_path: Path) -> None:
    texts = {"sw": [Row("a", "One.", "Moja.", {"numbers": 0.0}), Row("b", "Two.", "Mbili.", {"numbers": 1.0})]}
    run = filtered_run(tmp_path / "run", texts, by_hand={"a": "marked-bad", "b": None})
    assert {row["id"]: row["state"] for row in data(write_review(run, 5))["rows"]} == {"a": "marked-bad", "b": "kept"}


def test_other_texts_are_another_page_to_a_browser(tmp_path: Path) -> None:
    pages = [
        write_review(filtered_run(tmp_path / text, {"sw": [Row("a", "One.", text, {"numbers": 0.0})]}), 1)
        for text in ("Moja", "Mbili")
    ]
    assert data(pages[0])["key"] != data(pages[1])["key"]


@pytest.mark.parametrize("n", [0, -3])
def test_a_sample_of_no_rows_is_refused(run: Run, n: int) -> None:
    with pytest.raises(UsageError, match=f"--review {n}"):
        write_review(run, n)


def test_run_that_was_not_filtered_is_refused(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "run", {"source": "made-up"}) as store:
        store.save_manifest()
    with pytest.raises(DataError, match="no filtered run"):
        write_review(open_run(tmp_path / "run"), 5)


def test_call_is_shown_but_not_to_be_edited() -> None:
    gold = Gold(calls=(Call("Weather", {"city": "Delhi"}),))
    english = record("a", "en", "The weather in Delhi?", "[Weather(city='Delhi')]").with_(gold=gold)
    target = record("a", "sw", "Hali ya hewa Delhi?", "[Weather(city='Delhi')]").with_(gold=gold)
    shown = [(text["slot"], text["role"], text["editable"]) for text in texts_beside(english, target)]
    assert shown == [("messages.0", "user", True), ("target", "call", False)]
    assert [text["source"] for text in texts_beside(None, target)] == ["", ""]
