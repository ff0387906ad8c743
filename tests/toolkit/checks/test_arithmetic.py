"""Arithmetic of worked solutions: exact values, refusals, annotations."""

import json
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks.arithmetic import Annotation, annotations, evaluate, holds


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("48/2", 24),
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("2-3-4", -5),
        ("24/4/2", 3),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2^-1", Fraction(1, 2)),
        ("2**3", 8),
        ("560//10", 56),
        ("7//2", 3),
        ("-7//2", -4),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("1,200+1,000,000.5", Fraction(2002401, 2)),
        ("5%", Fraction(1, 20)),
        ("200*5%", 10),
        ("100%*3", 3),
        ("1/2", Fraction(1, 2)),
        ("-.25", Fraction(-1, 4)),
        ("+30+46+38+11+18", 143),
        ("--3", 3),
        ("3*-2", -6),
        ("4 x 6", 24),
        ("4 × 6 ÷ 3 − 1", 7),
        ("2·3⋅4", 24),
        ("2(3)(4)", 24),
        ("(1/2)1956", None),
        ("$3.50*2", 7),
        ("  6 ", 6),
        ("0.1+0.2", Fraction(3, 10)),
    ],
)
def test_the_value_is_exact(expression, value):
    if value is None:
        with pytest.raises(ValueError, match="unexpected"):
            evaluate(expression)
    else:
        assert evaluate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        *("", " ", "1+", "*2", "(1", "1)", "()", "1 2", "1..2", "1=1"),
        *("1,2", "1,2345", "1,200,00"),
        *("a+1", "10y", "__import__('os')"),
        *("1/0", "1//0", "0^-1", "2^0.5"),
        *("2^65", "9^64^64", "(((9^64)^64)^64)^64", "9" * 1001, "(" * 60 + "1" + ")" * 60, "-" * 60 + "1"),
    ],
)
def test_anything_else_is_refused(expression):
    with pytest.raises(ValueError):
        evaluate(expression)


@st.composite
def trees(draw, depth=4):
    """An expression and its value, built side by side; None where it divides by zero."""
    if depth == 0 or draw(st.booleans()):
        units, decimals = draw(st.integers(0, 99_999)), draw(st.integers(0, 3))
        value = Fraction(units, 10**decimals)
        text = f"{units // 10**decimals}.{units % 10**decimals:0{decimals}d}" if decimals else f"{units}"
        return text, value
    (left, a), (right, b) = draw(trees(depth=depth - 1)), draw(trees(depth=depth - 1))
    sign = draw(st.sampled_from("+-*/"))
    space = draw(st.sampled_from(["", " "]))
    text = f"({left}){space}{sign}{space}({right})"
    if a is None or b is None or (sign == "/" and b == 0):
        return text, None
    return text, {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}[sign]


@given(trees())
def test_a_random_expression_has_the_value_of_its_tree(tree):
    text, value = tree
    if value is None:
        with pytest.raises(ValueError, match="division by zero"):
            evaluate(text)
    else:
        assert evaluate(text) == value


@given(st.lists(st.lists(st.tuples(st.sampled_from("*/"), st.integers(1, 99)), min_size=1), min_size=1, max_size=4))
def test_products_bind_closer_than_sums_and_both_go_left_to_right(products):
    total = Fraction(0)
    for number, product in enumerate(products):
        value = Fraction(1)
        for sign, factor in product:
            value = value * factor if sign == "*" else value / factor
        total = total - value if number % 2 else total + value
    texts = ["1" + "".join(f"{sign}{factor}" for sign, factor in product) for product in products]
    text = texts[0] + "".join(f"{'-' if i % 2 else '+'}{t}" for i, t in enumerate(texts[1:], start=1))
    assert evaluate(text) == total


@given(st.text(alphabet="0123456789+-*/^()%,.x$ ", max_size=60))
def test_no_text_hangs_or_raises_anything_but_a_value_error(text):
    started = time.monotonic()
    try:
        assert isinstance(evaluate(text), Fraction)
    except ValueError as error:
        assert "\n" not in str(error)
    assert time.monotonic() - started < 1


def test_annotations_are_found_with_their_places():
    text = "She sold 48/2 = <<48/2=24>>24 clips, $<<1.20*4=4.80>>4.80, << 3 = 3 >> and << not one >>."
    found = annotations(text)
    assert [(a.expression, a.value_text) for a in found] == [("48/2", "24"), ("1.20*4", "4.80"), (" 3 ", " 3 ")]
    assert text[found[0].start : found[0].end] == "<<48/2=24>>"


@pytest.mark.parametrize(
    ("expression", "value_text", "right"),
    [
        ("48/2", "24", True),
        ("48/2", "25", False),
        ("10/3", "3.33", True),
        ("10/3", "3.34", False),
        ("2/3", "0.66", True),
        ("2/3", "0.67", True),
        ("2/3", ".667", True),
        ("2/3", "0.68", False),
        ("7/2", "3", True),
        ("7/2", "4", True),
        ("7/2", "5", False),
        ("-7/2", "-3", True),
        ("-1/4", "0", True),
        ("1.20*4", "4.80", True),
        ("1000*3", "3,000", True),
        ("1/4*100", "25%", False),
        ("1/4", "25%", True),
        ("1/8", "12%", True),
        ("2/4", "1/2", True),
        ("2/4", "1/3", False),
        ("3*4", "twelve", False),
        ("3*y", "12", False),
        ("1/0", "0", False),
    ],
)
def test_a_value_holds_when_it_is_exact_rounded_or_cut_off(expression, value_text, right):
    assert holds(Annotation(0, 0, expression, value_text)) is right


def test_every_annotation_of_gsm8k_is_read_and_holds(data_dir):
    count = 0
    for line in (data_dir / "gsm8k" / "train_first1000.jsonl").read_text(encoding="utf-8").splitlines():
        answer = json.loads(line)["answer"]
        found = annotations(answer)
        assert len(found) == answer.count("<<")
        assert [a for a in found if not holds(a)] == []
        count += len(found)
    assert count == 3160


def test_any_changed_digit_of_a_value_is_found_in_gsm8k(data_dir):
    lines = (data_dir / "gsm8k" / "train_first1000.jsonl").read_text(encoding="utf-8").splitlines()[:200]
    for line in lines:
        for a in annotations(json.loads(line)["answer"]):
            for index, digit in enumerate(a.value_text):
                if digit.isdigit():
                    other = str((int(digit) + 1) % 10)
                    value = a.value_text[:index] + other + a.value_text[index + 1 :]
                    assert not holds(Annotation(a.start, a.end, a.expression, value))
