"""Texts are taken apart into units and come back byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.tasks.base import Protected
from mlt.translate.units import Unit, plan_text


def rejoined(text: str, **options: object) -> str:
    plan = plan_text(text, **options)  # type: ignore[arg-type]
    return plan.join({unit: unit.restored for unit in plan.units})


CASES = [
    # text, the units that are sent
    ("One. Two!  Three?\n\nFour", ["One.", "Two!", "Three?", "Four"]),
    ("  - first\n2) second\n", ["first", "second"]),
    ("#### 72", []),
    ("3 + 4 = 7", []),
    ("x = 5;\nHe has 5.", ["He has 5."]),
    ('{"a": [1, 2]}\nText', ["Text"]),
    ("```\nsome code here\n```\nText", ["Text"]),
    (r"\[ a + b \]", []),
    ("Sold 48/2 = <<48/2=24>>24 clips.", ["Sold 48/2 = 24 clips."]),
    ("Dr. Lee paid 3.5 dollars. He left.", ["Dr. Lee paid 3.5 dollars.", "He left."]),
    ("Open `a. B` now. Then go.", ["Open `a. B` now.", "Then go."]),
    ("", []),
]


@pytest.mark.parametrize(("text", "units"), CASES, ids=[repr(case[0][:25]) for case in CASES])
def test_what_is_sent(text: str, units: list[str]) -> None:
    assert [unit.text for unit in plan_text(text).units] == units
    assert rejoined(text) == text


def test_a_line_stays_whole_when_lines_are_the_units() -> None:
    assert [u.text for u in plan_text("One. Two.\nThree.", segment="line").units] == ["One. Two.", "Three."]


def test_nothing_is_split_inside_a_protected_value() -> None:
    value = Protected("Buy milk. And eggs\nnow", "Buy milk. And eggs\nnow")
    (unit,) = plan_text("Note: Buy milk. And eggs\nnow please.", [value]).units
    assert [span.restore for span in unit.spans] == [value.surface]


def test_a_rendered_value_stands_rendered_in_copied_text_too() -> None:
    assert plan_text("12 milk 13", [Protected("milk", "maziwa")]).pieces == ("12 maziwa 13",)


def test_a_unit_can_show_other_faces() -> None:
    (unit,) = plan_text("He has 1 + 1 = 2 or 2 + 2 = 4 now").units
    assert unit.fill(["X0", "X1"]) == "He has X0 or X1 now"
    assert unit.gaps == ("He has ", " or ", " now")


TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("abcXYZ .!?\n\r\t0123456789+-*/=<>$,(){}[]_@`\\'\"#:;’…。"),
        st.characters(codec="utf-8"),
    ),
    max_size=120,
)


@given(TEXTS, st.sampled_from(["sentence", "line"]))
def test_any_text_comes_back_byte_for_byte(text: str, segment: str) -> None:
    assert rejoined(text, segment=segment) == text


@given(TEXTS, st.text(min_size=1, max_size=8))
def test_any_text_comes_back_with_protected_values_in_it(text: str, value: str) -> None:
    assert rejoined(f"{text} {value} {text}", protected=[Protected(value, value)]) == f"{text} {value} {text}"


@given(TEXTS)
def test_every_unit_has_letters_and_no_edges_of_space(text: str) -> None:
    for unit in plan_text(text).units:
        assert isinstance(unit, Unit)
        assert any(regex.search(r"\p{L}", gap) for gap in unit.gaps)
        assert "\n" not in "".join(unit.gaps)


@pytest.mark.parametrize(
    "name", ["gsm8k/train_first1000.jsonl", "api_bank/train_lv3.jsonl", "svamp/svamp_shared.jsonl"]
)
def test_every_string_of_real_data_comes_back(data_dir: Path, name: str) -> None:
    for line in (data_dir / name).read_text().splitlines():
        for text in json.loads(line).values():
            if isinstance(text, str):
                assert rejoined(text) == text
