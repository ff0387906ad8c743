"""Final answers: how each corpus writes them, and one spelling per value."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks.final_answer import (
    answer_markers,
    canonical_answer,
    final_answer,
    numbers,
    split_unit,
)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("48+24 = <<48+24=72>>72 clips.\n#### 72", "72"),
        ("...\n#### 109,200,000", "109200000"),
        ("...\r\n#### -5\r\n", "-5"),
        ("...\n####72", "72"),
        ("...\n#### Tuesday", "Tuesday"),
        ("...\n#### 72\nThe answer is: 72", "72"),
        ("5 + 6 = 11. The answer is 11.", "11"),
        ("The answer is: 18.50", "18.5"),
        ("So the final answer is $18.", "18"),
        ("The answer is 72 apples. I hope this helps!", "72"),
        (r"The answer is: \frac{3}{4}", r"\frac{3}{4}"),
        (r"The answer is $\boxed{18}$.", "18"),
        ("The answer is (B).", "(B)"),
        (r"Hence \boxed{\frac{1}{2}} is left, or rather \boxed{1,000}.", "1000"),
        (r"We get $x = \boxed{\text{Monday}}$.", "Monday"),
        (" 51.0 ", "51"),
        ("৭২", "72"),
    ],
)
def test_final_answer_is_found(text: str, answer: str) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "She has 5 apples and eats 3.",
        "So the answer is the number of apples, which is found below.",
        "#### Step 1: add\n5 + 6 = 11",
        r"an unclosed \boxed{72",
        r"an empty \boxed{ } box",
        "####",
    ],
)
def test_text_without_a_marker_has_no_final_answer(text: str) -> None:
    assert final_answer(text) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1,080", "1080"),
        ("51.0", "51"),
        ("0.50", "0.5"),
        (".5", "0.5"),
        ("007", "7"),
        ("-0.0", "0"),
        ("−3", "-3"),
        ("$-5", "-5"),
        ("-$5", "-5"),
        ("$18", "18"),
        ("$18$", "18"),
        (r"\$18", "18"),
        ("20%", "20"),
        (r"20\%", "20"),
        ("18 dollars per day", "18"),
        ("5km", "5"),
        (r"18\text{ dollars}", "18"),
        (r"1{,}000", r"1{,}000"),
        (r"10,\!000", "10000"),
        ("2 million", "2 million"),
        ("3/4", "3/4"),
        ("5x", "5x"),
        ("x = 5", "x = 5"),
        ("5 and 7", "5 and 7"),
        ("1,5", "1,5"),
        ("1,0800", "1,0800"),
        ("๑๘", "18"),
        ("72.", "72"),
        ("**72**", "72"),
    ],
)
def test_answer_has_one_spelling(text: str, answer: str) -> None:
    assert canonical_answer(text) == answer


@pytest.mark.parametrize(
    ("answer", "begin"),
    [("18 dollars", 2), ("18", 2), ("20% of it", 3), ("B", 1), ("5 and 7", 7), ("5km", 3)],
)
def test_words_behind_the_number_are_its_unit(answer: str, begin: int) -> None:
    assert split_unit(answer) == begin


def test_numbers_are_listed_in_one_spelling() -> None:
    assert numbers("1,080 and ৭২, -3.50; item x5 has no number") == ["1080", "72", "-3.5"]


@given(st.text(alphabet=st.sampled_from("#\\boxed{}$ 12,.5%-the answer is:\n৭Ａb")))
def test_any_text_gives_markers_within_it_and_a_stable_answer(text: str) -> None:
    for marker in answer_markers(text):
        assert 0 <= marker.start <= marker.answer_start < marker.answer_end <= marker.end <= len(text)
    answer = final_answer(text)
    assert answer is None or canonical_answer(answer) == answer


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_thousands_commas_and_currency_change_nothing(value: object) -> None:
    assert canonical_answer(f"${value:,}") == canonical_answer(str(value))


def test_every_gsm8k_row_has_an_answer(data_dir: Path) -> None:
    with (data_dir / "gsm8k" / "train_first1000.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            assert final_answer(row["answer"]) == row["answer"].split("####")[1].strip().replace(",", "")


@pytest.mark.parametrize(
    ("piece", "markers"),
    [
        ("the answer is ", 0),
        ("#### 1\n", 2000),
        (r"\boxed{", 0),
        ("answer is" + " " * 50, 0),
        ("the answer is 5. ", 2000),
    ],
)
def test_hostile_text_of_any_length_is_read(piece: str, markers: int) -> None:
    assert len(answer_markers(piece * 2000)) == markers
