"""``--explain``: one item in every language, found by its id or the beginning of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from filtered_run import Row, filtered_run
from pages_read import HOSTILE, SAMPLES

from mlt.filter.explain import explain, show_explanation
from mlt.filter.policy import load_policy
from mlt.toolkit.errors import DataError
from mlt.toolkit.run import Run

IDS = ("3f2a90", "3f2b11", "c0ffee", "c0ffee-2")


def rows(lang: str) -> list[Row]:
    return [
        Row(
            id,
            f"Item {id}.",
            f"{SAMPLES[lang]} {id}",
            {"numbers": float(lang == "th" and k == 0), "repetition": 0.1 * k, "language": None, "qe": 0.4},
            {"numbers": "5 is lost"},
        )
        for k, id in enumerate(IDS)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    texts = {"th": rows("th"), "yo": rows("yo"), "ja": rows("ja")[:1]}
    return filtered_run(
        tmp_path_factory.mktemp("filtered") / "run",
        texts,
        shard_size=3,
        uncovered={"yo": {"language": "no detector knows it"}},
        carried={"ja": [Row("c0ffee", "x", "途中", {})]},
    )


def test_item_is_told_in_every_language(run: Run) -> None:
    states = {entry["lang"]: (entry["id"], entry["state"], entry["detail"]) for entry in explain(run, "3f2a90")}
    assert states == {
        "th": ("3f2a90", "numbers", "5 is lost"),
        "yo": ("3f2a90", "kept", ""),
        "ja": ("3f2a90", "kept", ""),
    }


def test_every_score_stands_beside_its_bound(run: Run) -> None:
    thai = {entry["check"]: entry for entry in explain(run, "3f2a90")[1]["scores"]}
    bound = load_policy()["repetition"].threshold_for("th").max
    assert (thai["repetition"]["score"], thai["repetition"]["max"], thai["repetition"]["outcome"]) == (0, bound, "pass")
    assert (thai["numbers"]["outcome"], thai["numbers"]["detail"]) == ("fail", "5 is lost")
    assert (thai["language"]["outcome"], thai["qe"]["outcome"]) == ("abstained", "off")


def test_texts_stand_beside_the_english(run: Run) -> None:
    (first, second) = explain(run, "c0ffee-2")[1]["texts"]
    assert (first["slot"], first["source"], first["target"]) == (
        "messages.0",
        "Item c0ffee-2.",
        f"{SAMPLES['th']} c0ffee-2",
    )
    assert second["slot"] == "target"


def test_row_set_aside_before_and_missing_row(run: Run) -> None:
    states = {entry["lang"]: entry["state"] for entry in explain(run, "c0ffee")}
    assert states == {"th": "kept", "yo": "kept", "ja": "loop"}
    assert {entry["lang"]: entry["state"] for entry in explain(run, "3f2b11")}["ja"] == "absent"


@pytest.mark.parametrize(
    ("wanted", "item"), [("3f2a", "3f2a90"), ("3f2b11", "3f2b11"), ("c0ffee", "c0ffee"), ("c0ffee-", "c0ffee-2")]
)
def test_beginning_of_one_id_alone_is_enough(run: Run, wanted: str, item: str) -> None:
    assert {entry["id"] for entry in explain(run, wanted)} == {item}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("3f2", r"several items begin so \(3f2a90, 3f2b11\)"),
        ("3f2c", "no such item; near are 3f2b11, 3f2a90|no such item; near are 3f2a90, 3f2b11"),
        ("c0ffee-3", "no such item; near are c0ffee-2"),
        ("", "no such item"),
    ],
)
def test_other_id_is_answered_with_near_ones(run: Run, wanted: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        explain(run, wanted)


def test_table_is_for_people(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    show_explanation(explain(run, "3f2a90"))
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()]
    assert ["numbers", "1", "0", "fail", "5", "is", "lost"] in lines
    (uncovered,) = [line for line in lines if "covered" in line]
    assert uncovered[0] == "language" and uncovered[-6:] == ["not", "covered", "no", "detector", "knows", "it"]
    assert SAMPLES["yo"] in printed and "Item 3f2a90." in printed


def test_texts_do_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\x1b[2J\x9b1m\u202e" + "".join(HOSTILE)
    show_explanation(explain(filtered_run(tmp_path / "run", {"sw": [Row("a", text, text, {"numbers": 0.0})]}), "a"))
    printed = capsys.readouterr().out
    assert "<U+001B>[2J<U+009B>1m<U+202E>" in printed.replace("\n", "")
    assert not any(char in printed for char in "\x1b\x9b\u202e\x07\x00\u2066")
