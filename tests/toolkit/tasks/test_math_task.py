"""Math rows as records: what is read, what is translated, what is put back, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.errors import RowError
from mlt.toolkit.records import Record, Source
from mlt.toolkit.tasks import get_task
from mlt.toolkit.tasks.base import Policies

TASK = get_task("math")
SOURCE = Source("set", "rev", "train", 1, "MIT")
POLICIES = Policies()
GSM8K = {
    "question": "Natalia sold clips to 48 of her friends. How many?",
    "answer": "She sold 48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = <<48+24=72>>72.\n#### 72",
}


def record_of(row: dict[str, Any]) -> Record:
    return TASK.record(row, SOURCE)


def texts_of(record: Record) -> dict[str, str]:
    return {text.slot: text.text for text in TASK.texts(record, POLICIES, {})}


def rebuilt(record: Record, translated: dict[str, str]) -> Record:
    return TASK.rebuild(record, translated, POLICIES, {})


def problems(source: Record, target: Record) -> list[str]:
    return [problem.reason for problem in TASK.check(source, target, POLICIES, {})]


@pytest.mark.parametrize(
    ("row", "answer", "target"),
    [
        (GSM8K, "72", GSM8K["answer"]),
        ({"query": "q", "response": "5 + 6\n#### 11\nThe answer is: 11"}, "11", None),
        ({"problem": "q", "solution": r"so $\boxed{\frac{1}{2}}$", "answer": r"\frac{1}{2}"}, r"\frac{1}{2}", None),
        ({"question": "q", "answer": 51.0}, "51", "51"),
        ({"question": "q", "answer": "8.0"}, "8", "8"),
        ({"question": "q", "answer": 1e16}, "10000000000000000", "10000000000000000"),
        ({"question": "q", "answer": "Jibu ni 11.", "answer_number": 11}, "11", "Jibu ni 11."),
        ({"question": "q", "answer": None, "answer_number": 11}, "11", "11"),
        ({"question": "q", "answer": "#### 1,080 dollars"}, "1080", "#### 1,080 dollars"),
    ],
)
def test_answer_and_target_of_each_layout(row: dict[str, Any], answer: str, target: str | None) -> None:
    record = record_of(row)
    solution = next(row[key] for key in ("solution", "response", "answer") if key in row)
    assert (record.gold.answer, record.target) == (answer, solution if target is None else target)
    assert record.lang == "en" and record.task == "math" and record.messages[0].role == "user"


def test_svamp_body_and_question_are_joined() -> None:
    row = {"Body": "Dan had $ 3 left", "Question": "How much?", "Answer": 4.0}
    assert record_of(row).messages[0].content == "Dan had $ 3 left. How much?"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "missing-field"),
        ({"question": "q"}, "missing-field"),
        ({"answer": "#### 1"}, "missing-field"),
        ({"question": " \n", "answer": "#### 1"}, "empty-question"),
        ({"question": 5, "answer": "#### 1"}, "wrong-type"),
        ({"question": "q", "answer": ["#### 1"]}, "wrong-type"),
        ({"question": "q", "answer": True}, "wrong-type"),
        ({"question": "q", "answer": "She has some apples."}, "no-final-answer"),
        ({"question": "q", "answer": ""}, "no-final-answer"),
        ({"question": "q", "answer": float("nan")}, "no-final-answer"),
        ({"question": "q", "answer": "The answer is 12.", "answer_number": 11}, "answer-mismatch"),
        ({"question": "q", "answer": "Jibu ni 11.", "answer_number": 11, "lang": "sw"}, "not-english"),
    ],
)
def test_row_is_refused_with_its_reason(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError) as caught:
        record_of(row)
    assert caught.value.reason == reason


def test_id_comes_from_the_content_alone() -> None:
    other = {"id": "x-1", "query": GSM8K["question"], "response": GSM8K["answer"]}
    assert record_of(GSM8K).id == record_of(other).id
    assert record_of(GSM8K).id != record_of({**GSM8K, "question": "Other?"}).id


def test_group_is_the_rows_or_the_original_problems_or_the_id() -> None:
    rephrased = [{**GSM8K, "question": q, "original_question": "o"} for q in ("a", "b")]
    assert len({record_of(row).group for row in rephrased}) == 1
    assert record_of({**GSM8K, "group": "g"}).group == "g"
    assert record_of(GSM8K).group == record_of(GSM8K).id


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ("Five plus six.\n#### 11", {"target": "Five plus six."}),
        ("#### 11", {}),
        ("Add.\n#### 11\nThe answer is: 11", {"target": "Add.", "target.1": "The answer is"}),
        ("Add. The answer is 11.", {"target": "Add.", "target.1": "The answer is"}),
        (
            "Add. So, the answer is 11 apples.",
            {"target": "Add.", "target.1": "So, the answer is", "target.2": "apples"},
        ),
        ("The answer is 11. Well done!", {"target": "The answer is", "target.1": "Well done!"}),
        (r"Half is $\boxed{11}$ here.", {"target": r"Half is $\boxed{11}$ here."}),
        ("We add, and the answer is 11.", {"target": "We add, and the answer is 11."}),
    ],
)
def test_answers_stay_out_of_the_texts(answer: str, texts: dict[str, str]) -> None:
    record = record_of({"question": "q", "answer": answer})
    assert texts_of(record) == {"messages.0": "q", **texts}


def test_answer_is_put_back_behind_translated_words() -> None:
    record = record_of({"question": "q", "answer": "Add.\n#### 11\nThe answer is: 11"})
    swahili = {"messages.0": "swali", "target": "Jumlisha.", "target.1": "Jibu ni"}
    target = rebuilt(record, swahili)
    assert (target.messages[0].content, target.target) == ("swali", "Jumlisha.\n#### 11\nJibu ni: 11")
    assert problems(record, target) == []


@pytest.mark.parametrize(
    ("answer", "target", "reasons"),
    [
        (GSM8K["answer"], GSM8K["answer"], []),
        (GSM8K["answer"], GSM8K["answer"].replace("#### 72", "#### 73"), ["answer-changed"]),
        (GSM8K["answer"], GSM8K["answer"].replace("#### 72", ""), ["answer-changed"]),
        (GSM8K["answer"], GSM8K["answer"].replace("<<48/2=24>>", ""), ["annotation-lost"]),
        (GSM8K["answer"], GSM8K["answer"].replace("48/2=24", "48/2=25"), ["annotation-lost", "annotation-wrong"]),
        (GSM8K["answer"], "<<1+1=2>>" + GSM8K["answer"], ["annotation-wrong"]),
        ("<<1+1=3>>\n#### 3", "<<1+1=3>>\n#### 3", []),
        ("The answer is 11.", "Jibu ni 11.", []),
        ("The answer is 11.", "答えは１１です。", []),
        ("The answer is 11.", "Jibu ni 12.", ["answer-changed"]),
        ("The answer is 11.", "Jibu.", ["answer-changed"]),
        (r"The answer is \frac{1}{2}.", r"Jibu ni \frac{1}{2}.", []),
        (r"The answer is \frac{1}{2}.", r"Jibu ni \frac{1}{3}.", ["answer-changed"]),
        (r"Half: \boxed{11}.", r"Nusu: \boxed{11}.", []),
        (r"Half: \boxed{11}.", "Nusu: 11.", ["answer-changed"]),
        ("51.0", "51", []),
        ("51.0", "52", ["answer-changed"]),
    ],
)
def test_check_names_what_was_lost(answer: str, target: str, reasons: list[str]) -> None:
    source = record_of({"question": "q", "answer": answer})
    assert problems(source, source.with_(target=target, lang="sw")) == reasons


LINES = st.sampled_from(
    [
        "Five plus six is 11.",
        "<<5+6=11>>11",
        "#### 11",
        " #### 3 ",
        "####",
        "#### Step 1",
        "The answer is: 11",
        "So the answer is 5 apples. Good.",
        "The answer is $x$. ",
        "the answer is",
        r"\boxed{11}",
        "答えは 11",
        "\t",
        "",
    ]
)


@given(st.lists(LINES), st.sampled_from(["\n", "\r\n", " "]))
def test_identical_texts_give_back_every_byte(lines: list[str], separator: str) -> None:
    record = record_of(GSM8K).with_(target=separator.join(lines))
    assert rebuilt(record, texts_of(record)) == record
    assert problems(record, record) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["question", "answer", "query", "response", "Body", "Question", "answer_number", "lang", "group"]
)


@given(st.dictionaries(KEYS | st.text(max_size=5), JSON | LINES, max_size=6))
def test_any_row_gives_a_record_or_a_reason(row: dict[str, Any]) -> None:
    try:
        record = record_of(row)
    except RowError as error:
        assert error.reason in {
            "missing-field",
            "wrong-type",
            "empty-question",
            "no-final-answer",
            "answer-mismatch",
            "not-english",
        }
        return
    assert rebuilt(record, texts_of(record)) == record
    assert problems(record, record) == []


def real_rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


@pytest.mark.parametrize(("name", "count"), [("gsm8k", 1000), ("svamp", 436), ("mgsm", 540), ("msvamp", 1000)])
def test_every_real_row_comes_back_whole(data_dir: Path, name: str, count: int) -> None:
    rows = list(real_rows(data_dir / name))
    assert len(rows) == count
    for row in rows:
        # Other languages' rows are refused by their lang column; without it they show that any script comes back.
        record = record_of({key: value for key, value in row.items() if key != "lang"})
        assert rebuilt(record, texts_of(record)) == record
        assert problems(record, record) == []
        assert not any("####" in text for text in texts_of(record).values())
