from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.translate.engines.nllb_text import normalise, restore

PLAIN = st.text(st.sampled_from("abc XYZ 0123456789 .,?!+-*/=$&"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann’s “red” pens", 'Ann\'s "red" pens'),
        ("‘a’ «b»", "'a' \"b\""),
        ("5–7", "5-7"),
        ("so—he said", "so - he said"),
        ("wait…", "wait..."),
        ("a\tb\u200bc\x00d", "a b c d"),
        ("f(x) has 5 %", "f (x) has 5%"),
        ("24 * 2 = 48", "24 * 2 = 48"),
        ("", ""),
    ],
)
def test_text_is_read_as_in_training(text, expected):
    assert normalise(text) == expected


def test_a_number_with_a_no_break_space_keeps_its_value():
    assert unicodedata.normalize("NFKC", normalise("costs 1\u00a0000 dollars")) == "costs 1 000 dollars"


@given(PLAIN)
def test_digits_survive(text):
    assert [c for c in normalise(text) if c.isdigit()] == [c for c in text if c.isdigit()]


@pytest.mark.parametrize("word", ["น้ำ", "จำนวน", "ຄຳ"])
def test_vowels_that_tokenisation_took_apart_are_whole_again(word):
    taken_apart = unicodedata.normalize("NFKC", word)
    assert taken_apart != word
    assert restore(f" {taken_apart} ") == word
