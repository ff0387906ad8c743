"""Loops of a decoder, told from repetition that the source has."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks import repetition
from mlt.toolkit.checks.repetition import has_loop

SENTENCE = "Janet sells the eggs at the market."


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (SENTENCE, "Janet anauza mayai sokoni sokoni sokoni sokoni sokoni"),
        (SENTENCE, "mayai, mayai, mayai, mayai."),
        (SENTENCE, "Janet anauza mayai kila siku, anauza mayai kila siku, anauza mayai kila siku"),
        (SENTENCE, "ジャネットは市場で卵を売ります市場で卵を売ります市場で卵を売ります市場で卵を売ります"),
        (SENTENCE, "เจเน็ตขายไข่มากมากมากมากมากมากมาก"),
        (SENTENCE, "সে ডিম বিক্রি করে বিক্রি করে বিক্রি করে বিক্রি করে"),
        (SENTENCE, "Janet anauzananananananananananana"),
        (SENTENCE, "aaaaaaaaaaaaaaaaaaaaaaaa"),
        ("He said ha ha.", "Alisema ha ha ha ha ha ha ha ha"),
        ("It is very very big.", "ni kubwa sana sana sana sana"),
    ],
)
def test_a_loop_is_found(source, target):
    assert has_loop(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (SENTENCE, "Janet anauza mayai sokoni."),
        (SENTENCE, ""),
        ("", ""),
        ("10 + 10 + 10 + 10 = 40", "10 + 10 + 10 + 10 = 40"),
        ("ha ha ha ha", "ha ha ha ha ha"),
        ("It takes 2 + 2 + 2 + 2 hours", "Inachukua saa 2 + 2 + 2 + 2"),
        ("He has 1,000,000,000,000,000,000 coins", "Ana sarafu 1000000000000000000"),
        ("5 apples, 6 apples, 7 apples, 8 apples", "りんご5個、りんご6個、りんご7個、りんご8個"),
        ("They were very, very, very happy", "Walifurahi sana, sana, sana"),
        ("1/3 is 0.333333333333333", "1/3 ni 0.333333333333333"),
        ("Hmm......................", "Hmm......................"),
        ("He walked slowly.", "Alitembea polepole."),
    ],
)
def test_right_repetition_is_none(source, target):
    assert not has_loop(source, target)


@given(st.text())
def test_a_text_is_never_a_loop_of_itself(text):
    assert not has_loop(text, text)


@given(
    st.lists(st.sampled_from(["kila", "siku", "anauza", "ไข่", "卵", "mayai"]), min_size=1, max_size=8, unique=True),
    st.integers(min_value=4, max_value=9),
)
def test_words_in_a_row_are_always_found(words, times):
    assert has_loop(SENTENCE, " ".join(words * times))


def test_no_human_translation_is_taken_for_a_loop(data_dir):
    english = (data_dir / "ntrex" / "eng.001-500.txt").read_text(encoding="utf-8").splitlines()
    for code in ("swa", "yor", "tha", "jpn", "ben"):
        lines = (data_dir / "ntrex" / f"{code}.001-500.txt").read_text(encoding="utf-8").splitlines()
        assert not [line for source, line in zip(english, lines, strict=True) if has_loop(source, line)]


def test_no_question_is_taken_for_a_loop(data_dir):
    lines = (data_dir / "gsm8k" / "train_first1000.jsonl").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if has_loop("", json.loads(line)["question"])]


@given(st.text(alphabet="abc d", min_size=1, max_size=90))
def test_the_quick_look_misses_no_loop(text: str) -> None:
    slow = [count for period, count in repetition._words(text) if count >= (3 if period >= 4 else 4)]
    slow += [count for period, count in repetition._letters(text, 12) if count >= (3 if period >= 20 else 4)]
    assert repetition._may_repeat(text) or not slow
