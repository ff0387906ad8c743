"""Decontamination: planted copies are found, neighbours stay, and real sets are as clean as they are said to be."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import api_record, math_record, records_of

from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.records import Call, Message, Record
from mlt.toolkit.sources import SourceReader
from mlt.train import named_sets
from mlt.train.decontaminate import Decontaminator, Removal, words_of
from mlt.train.named_sets import find_set, known_sets

WALRUS = (
    "A walrus eats 1,200 clams — every day but Sunday. How many clams does the walrus eat in two weeks, if on each "
    "Monday it also eats 3.5 pounds of crabs?"
)
SHORT = "How many ducks?"
CALC = [
    {
        "instruction": "API descriptions:",
        "input": f"User: {text}\n{rest}Generate API Request:\n",
        "expected_output": out,
    }
    for text, rest, out in [
        ("Add two and two.", "", "API-Request: [Calculator(formula='2+2')]"),
        ("Wake me.", "API-Request: [GetUserToken(username='a')]->{'token': 1}\n", "API-Request: [Alarm(time='8')]"),
        ("Look it up.", "", "API-Request: [ToolSearcher(keywords='it')]"),
    ]
]


def jsonl(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def made_of(*records: Record) -> Decontaminator:
    """Records as a test set of their own."""

    class Rows(named_sets.Rows):
        def __iter__(self):
            return iter(enumerate(records, start=1))

    made = Decontaminator()
    made.add(named_sets.NamedSet("made", ()), Rows((SourceReader("made", "r", "test", "CC0-1.0", "math"),)))
    return made


WALRUS_SET = made_of(math_record(WALRUS))


@pytest.fixture
def math_set(tmp_path: Path) -> Path:
    return jsonl(
        tmp_path / "questions.jsonl",
        {"question": SHORT, "answer": "3"},
        {"question": "Ngapi?", "answer": "3", "lang": "sw"},
        {"question": WALRUS, "answer": "14,400"},
    )


def found(removal: Removal | None) -> tuple[str, int] | None:
    return None if removal is None else (removal.rule, removal.test_row)


WORDS = words_of(WALRUS)


@pytest.mark.parametrize(
    ("question", "target", "expected"),
    [
        pytest.param(WALRUS, "#### 1", ("exact", 3), id="a copy"),
        pytest.param(WALRUS.upper().replace(" ", "\n").replace("—", ""), "#### 1", ("exact", 3), id="case and breaks"),
        pytest.param("ＨＯＷ many  Ducks", "#### 1", ("exact", 1), id="width and punctuation"),
        pytest.param(WALRUS.replace("1,200", "1200"), "#### 1", ("exact", 3), id="a number without its comma"),
        pytest.param(f"Hello! {WALRUS}", "#### 1", ("13-gram", 3), id="a question inside another"),
        pytest.param("Why?", f"We know: {WALRUS[:90]} #### 1", ("13-gram", 3), id="a part of it in the target"),
        pytest.param(" ".join(WORDS[4:17]), "#### 1", ("13-gram", 3), id="thirteen words"),
        pytest.param(" ".join(WORDS[4:16]), "#### 1", None, id="twelve words"),
        pytest.param(" ".join(WORDS[4:10]), " ".join(WORDS[10:17]), None, id="thirteen words in two texts"),
        pytest.param(f"{SHORT} I ask.", "#### 1", None, id="a short question inside another"),
        pytest.param("Ngapi?", "#### 1", None, id="a row in another language"),
        pytest.param(WALRUS.replace("clams", "fish").replace("Monday", "Friday"), "#### 1", None, id="other words"),
        pytest.param("?!", "?!", None, id="no words at all"),
    ],
)
def test_what_counts_as_an_overlap(
    math_set: Path, question: str, target: str, expected: tuple[str, int] | None
) -> None:
    removal = Decontaminator.open([f"mine={math_set}"]).check(math_record(question, target))
    assert found(removal) == expected


def test_removal_says_which_row_and_what_is_shared(math_set: Path) -> None:
    decontaminator = Decontaminator.open([f"mgsm={math_set}"])
    copy = math_record(WALRUS, id="copy")
    begins = " ".join(WALRUS.split())[:200]
    assert decontaminator.check(copy) == Removal("copy", "math", "mgsm", "exact", 3, begins)
    removal = decontaminator.check(math_record(f"Oh! {WALRUS}"))
    assert removal is not None
    assert removal.overlap == "a walrus eats 1 200 clams every day but sunday how many clams"
    assert removal.to_json() == {
        "id": "m1",
        "task": "math",
        "test_set": "mgsm",
        "rule": "13-gram",
        "test_row": 3,
        "overlap": removal.overlap,
    }


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("mine", api_record(Message("user", "x"), calls=(Call("Calculator", {}),)), ("api", 1, "Calculator")),
        ("mine", api_record(Message("user", "x"), calls=(Call("calculator", {}),)), None),
        ("mine", api_record(Message("user", "x"), calls=(Call("New", {}), Call("Alarm", {}))), ("api", 2, "Alarm")),
        (
            "mine",
            api_record(Message("user", "x"), Message("assistant", "", (Call("GetUserToken", {}),)), target="Done."),
            ("api", 2, "GetUserToken"),
        ),
        ("mine", api_record(Message("user", "x"), calls=(Call("ToolSearcher", {}),)), ("api", 3, "ToolSearcher")),
        ("api-bank", api_record(Message("user", "x"), calls=(Call("ToolSearcher", {}),)), None),
        ("api-bank", api_record(Message("user", "x"), calls=(Call("Alarm", {}),)), ("api", 2, "Alarm")),
        ("api-bank", api_record(Message("user", "Wake me!"), calls=(Call("Alarm", {}),)), ("exact", 2, "Wake me!")),
        ("mgsm", api_record(Message("user", "x"), calls=(Call("Alarm", {}),)), None),
        ("mine", api_record(Message("user", "Wake me."), Message("user", "Now."), target="x"), None),
    ],
)
def test_apis_of_a_test_set_are_kept_out(
    tmp_path: Path, name: str, record: Record, expected: tuple[str, int, str] | None
) -> None:
    decontaminator = Decontaminator.open([f"{name}={jsonl(tmp_path / 'calls.jsonl', *CALC)}"])
    removal = decontaminator.check(record)
    assert (removal and (removal.rule, removal.test_row, removal.overlap)) == expected


def test_tools_that_are_only_offered_do_not_count(tmp_path: Path) -> None:
    record = api_record(Message("user", "x"), calls=(Call("New", {}),), tools=[{"name": "Calculator"}])
    assert Decontaminator.open([f"mine={jsonl(tmp_path / 'calls.jsonl', *CALC)}"]).check(record) is None


def test_sets_say_what_was_compared_with(math_set: Path, tmp_path: Path) -> None:
    class Notes(NullProgress):
        def note(self, text: str) -> None:
            notes.append(text)

    notes: list[str] = []

    calls = jsonl(tmp_path / "calls.jsonl", *CALC)
    made = Decontaminator.open([f"a={math_set}", f"api-bank={calls}"], progress=Notes())
    assert [{**entry, "revision": entry["revision"][:8]} for entry in made.sets] == [
        {
            "name": "a",
            "dataset": "questions.jsonl",
            "revision": "blake2b:",
            "rows": 2,
            "apis": 0,
            "skipped": {"not-english": 1},
        },
        {"name": "api-bank", "dataset": "calls.jsonl", "revision": "blake2b:", "rows": 3, "apis": 3, "skipped": {}},
    ]
    assert notes == ["a: rows that nothing is compared with: 1 not-english"]


def test_of_two_sets_the_first_is_named(math_set: Path, tmp_path: Path) -> None:
    other = jsonl(tmp_path / "other.jsonl", {"question": "Other?", "answer": "1"}, {"question": SHORT, "answer": "3"})
    for specs, expected in [
        ([f"a={math_set}", f"b={other}"], ("a", 1)),
        ([f"b={other}", f"a={math_set}"], ("b", 2)),
    ]:
        removal = Decontaminator.open(specs).check(math_record(SHORT))
        assert removal is not None
        assert (removal.test_set, removal.test_row) == expected


def test_no_text_of_a_test_set_is_kept_in_memory(math_set: Path) -> None:
    kept = pickle.dumps(Decontaminator.open([f"mine={math_set}"]))
    assert b"walrus" not in kept.lower()
    assert b"duck" not in kept.lower()


ANY_WORDS = st.lists(st.text("abcdefg", min_size=1, max_size=4), max_size=30)


@given(ANY_WORDS, ANY_WORDS, st.integers(0, len(WORDS) - 13), st.sampled_from(["question", "target"]))
def test_thirteen_words_are_found_wherever_they_stand(before: list[str], after: list[str], at: int, side: str) -> None:
    text = " ".join([*before, *WORDS[at : at + 13], *after])
    record = math_record("Why?", text) if side == "target" else math_record(text)
    removal = WALRUS_SET.check(record)
    assert removal is not None
    assert removal.test_row == 1


@given(st.permutations(WORDS))
def test_the_same_words_in_another_order_are_no_overlap(words: list[str]) -> None:
    shared = any(
        words[at : at + 13] == WORDS[on : on + 13] for at in range(len(words) - 12) for on in range(len(WORDS) - 12)
    )
    assert (WALRUS_SET.check(math_record(" ".join(words))) is not None) == shared


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("mgsn", "known are mgsm, gsm8k, api-bank"),
        ("=x.jsonl", "write NAME=FILE"),
        ("mine=", "write NAME=FILE"),
    ],
)
def test_an_unknown_set_is_refused(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Decontaminator.open([spec])


def test_a_set_that_cannot_be_read_is_refused_by_name(tmp_path: Path, math_set: Path) -> None:
    swahili = jsonl(tmp_path / "sw.jsonl", {"question": "Ngapi?", "answer": "3", "lang": "sw"})
    for specs, kind, said in [
        ([f"mine={tmp_path / 'none.jsonl'}"], DataError, "--decontaminate mine: no file"),
        ([f"mine={swahili}"], DataError, "mine: no English row to compare with .1 not-english"),
        ([f"a={math_set}", f"a={swahili}"], UsageError, "a is named twice"),
    ]:
        with pytest.raises(kind, match=said):
            Decontaminator.open(specs)


def test_hub_sets_are_read_from_their_test_split(monkeypatch: pytest.MonkeyPatch, math_set: Path) -> None:
    asked = []
    read = named_sets.open_source

    def open_source(source: str, *, split: str | None, cache_dir: object) -> SourceReader:
        asked.append((source, split, cache_dir))
        return replace(read(math_set), dataset="on/hub", revision=f"r{len(asked)}")

    monkeypatch.setattr(named_sets, "open_source", open_source)
    made = Decontaminator.open(["mgsm", "gsm8k", "api-bank", "mine=hf://who/set@r2", f"own={math_set}"], "cache")
    assert asked == [
        ("hf://juletxara/mgsm:en", "test", "cache"),
        ("gsm8k", "test", "cache"),
        ("api-bank:level-1-api", "test", "cache"),
        ("api-bank:level-1-response", "test", "cache"),
        ("hf://who/set@r2", "test", "cache"),
        (str(math_set), None, "cache"),
    ]
    assert [(entry["dataset"], entry["revision"], entry["rows"]) for entry in made.sets][2] == ("on/hub", "r3, r4", 4)


def test_named_sets_are_held_to_rules_that_exist() -> None:
    assert set(known_sets()) >= {"mgsm", "gsm8k", "api-bank"}
    for known in known_sets().values():
        assert known.sources
        assert set(known.rules) <= set(named_sets.RULES)
    assert find_set("api-bank=x.jsonl").rules == known_sets()["api-bank"].rules
    assert find_set("mine=x.jsonl").rules == named_sets.RULES


def removals(specs: list[str], path: Path) -> Counter[str]:
    decontaminator = Decontaminator.open(specs)
    found = (decontaminator.check(record) for record in records_of(path))
    return Counter("kept" if removal is None else removal.rule for removal in found)


def test_gsm8ks_training_rows_are_apart_from_mgsm(data_dir: Path) -> None:
    test = f"mgsm={data_dir / 'mgsm' / 'en.test_001-100.jsonl'}"
    assert removals([test], data_dir / "gsm8k" / "train_first1000.jsonl") == {"kept": 1000}
    assert removals([test], data_dir / "mgsm" / "en.test_001-100.jsonl") == {"exact": 100}


def test_svamp_is_not_apart_from_msvamp_which_was_made_of_it(data_dir: Path) -> None:
    found = removals([f"msvamp={data_dir / 'msvamp' / 'en.first200.jsonl'}"], data_dir / "svamp")
    assert found["exact"] > 190


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("level-1-api", {"kept": 565}),
        ("level-2-api", {"kept": 565}),
        ("level-3-batch-inf", {"kept": 545, "api": 20}),
    ],
)
def test_api_banks_training_rows_call_few_of_its_test_apis(
    data_dir: Path, level: str, expected: dict[str, int]
) -> None:
    folder = data_dir / "api_bank"
    assert removals([f"api-bank={folder / f'test_{level}.jsonl'}"], folder / "train_lv3.jsonl") == expected
