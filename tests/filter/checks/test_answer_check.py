"""Final answers: the same as in English, in any digits."""

import pytest
from filter_stories import text_pair
from filter_texts import record
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.answer import AnswerCheck
from mlt.filter.pairs import pair_of
from mlt.toolkit.languages import resolve


def problems(source: str, target: str, lang: str = "sw") -> float | None:
    return AnswerCheck().score_pair(text_pair(source, target, lang)).value


@pytest.mark.parametrize(
    ("source", "target", "lang"),
    [
        ("She has 72.\n#### 72", "Ana 72.\n#### 72", "sw"),
        ("She has 72.\n#### 72", "তার ৭২টি আছে।\n#### ৭২", "bn"),
        ("She has 72.\n#### 72", "เธอมี 72\n#### ๗๒", "th"),
        ("It costs 1,080.\n#### 1,080", "Inagharimu 1,080.\n#### 1080", "sw"),
        ("So it is \\boxed{12}.", "Hivyo ni \\boxed{12}.", "sw"),
        ("5 and 6 are 11. The answer is 11.", "5 na 6 ni 11. Jibu ni 11.", "sw"),
        ("It sums up. The answer is 1,080.", "Se suma. La respuesta es 1.080.", "es"),
        ("The answer is -3.", "答えは-3です。", "ja"),
        ("72", "72", "sw"),
    ],
)
def test_the_same_answer_is_sound(source: str, target: str, lang: str) -> None:
    assert problems(source, target, lang) == 0


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("She has 72.\n#### 72", "Ana 72.\n#### 73"),
        ("She has 72.\n#### 72", "Ana 72.\n#### 7.2"),
        ("She has 72.\n#### 72", "Ana 72.\n#### "),
        ("She has 72.\n#### 72", "Ana 72."),
        ("So it is \\boxed{12}.", "Hivyo ni 12."),
        ("So it is \\boxed{12}.", "Hivyo ni \\boxed{21}."),
        ("5 and 6 are 11. The answer is 11.", "5 na 6 ni 11. Jibu ni 12."),
        ("72", "27"),
    ],
)
def test_another_answer_or_none_is_a_problem(source: str, target: str) -> None:
    assert problems(source, target) == 1


@pytest.mark.parametrize("source", ["How many are 5 and 6?", "", "# 72"])
def test_a_text_without_a_final_answer_is_not_judged(source: str) -> None:
    assert problems(source, "Jumla ni ngapi?") is None


@pytest.mark.parametrize(("answer", "count"), [("36", 0), ("37", 1)])
def test_a_record_is_judged_by_its_target(answer: str, count: int) -> None:
    pair = pair_of(record("a", "en", "How many?", "36"), record("a", "sw", "Ngapi?", answer), resolve("sw").language)
    assert AnswerCheck().score_pair(pair).value == count


@given(st.text("#0123456789. \n\\boxed{}The answer is"), st.text("#0123456789. \n\\boxed{}"))
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(source, target) in (None, 0, 1)


@given(st.text(), st.text())
def test_any_character_is_judged(source: str, target: str) -> None:
    assert problems(f"{source}\n#### 5", target) in (0, 1)
