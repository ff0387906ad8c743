"""Whether a model's answer is judged as a person would judge it, in every language."""

from __future__ import annotations

import json
import random
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from answers_table import TABLE, Answer

from mlt.eval.answer_numbers import plain, quantities, spelled
from mlt.eval.answers import judge
from mlt.eval.faithful import faithful
from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import resolve

# MGSM's own words for "the answer is", as its exemplars say it.
ANCHORS = {
    "bn": "উত্তর হল {}।",
    "de": "Die Antwort ist {}.",
    "en": "The answer is {}.",
    "es": "La respuesta es {}.",
    "fr": "La réponse est {}.",
    "ja": "答えは{}です。",
    "ru": "Ответ — {}.",
    "sw": "Jibu ni {}.",
    "te": "సమాధానం {}.",
    "th": "คำตอบคือ {}",
    "zh": "答案是 {}。",
}
WORKING = "3 + 4 = 7. 7 * 6 = 42. "
DIGITS = {
    "bn": "০১২৩৪৫৬৭৮৯",
    "te": "౦౧౨౩౪౫౬౭౮౯",
    "th": "๐๑๒๓๔๕๖๗๘๙",
    "ja": "０１２３４５６７８９",
    "zh": "０１２３４５６７８９",
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_answer_of_the_table_is_judged_as_a_person_does(row: Answer) -> None:
    verdict = judge(row.output, row.gold, row.lang)
    assert verdict.robust is row.right, verdict
    assert (verdict.error is None) is row.right


def test_the_table_is_large_half_human_and_of_every_language() -> None:
    assert len(TABLE) >= 120
    assert sum(bool(row.human) for row in TABLE) * 2 >= len(TABLE)
    assert {row.lang.partition("-")[0] for row in TABLE} >= set(ANCHORS)
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("lang", ANCHORS)
def test_a_number_is_right_as_cldr_writes_it_and_no_other_number_is(lang: str) -> None:
    from babel.numbers import format_decimal

    rng = random.Random(lang)
    for value in [
        1,
        7,
        18,
        100,
        999,
        1000,
        1234,
        20_000,
        123_456,
        7_654_321,
        *(rng.randrange(10**6) for _ in range(20)),
    ]:
        output = WORKING + ANCHORS[lang].format(format_decimal(value, locale=lang))
        assert judge(output, str(value), lang).robust, output
        for wrong in (value + 1, value * 10, value * 1000, -value, Decimal(value) / 10):
            assert not judge(output, str(wrong), lang).robust, (output, wrong)


@pytest.mark.parametrize("lang", ANCHORS)
def test_decimals_are_right_as_cldr_writes_them_and_never_without_their_point(lang: str) -> None:
    from babel.numbers import format_decimal

    for value in ("0.5", "1.5", "12.25", "1234.5", "20000.75"):
        output = WORKING + ANCHORS[lang].format(format_decimal(Decimal(value), locale=lang))
        assert judge(output, value, lang).robust, output
        assert not judge(output, value.replace(".", ""), lang).robust, output
        assert not judge(output, value.partition(".")[0], lang).robust, output


@pytest.mark.parametrize("lang", DIGITS)
def test_digits_of_the_script_say_what_ascii_digits_say(lang: str) -> None:
    for value in ("18", "1,234", "0.75", "-5"):
        own = value.translate(str.maketrans("0123456789", DIGITS[lang]))
        verdict = judge(ANCHORS[lang].format(own), value, lang)
        assert verdict.robust, verdict
        assert verdict.extracted == value.replace(",", "")


@pytest.mark.parametrize("lang", ANCHORS)
def test_only_what_a_text_states_last_counts(lang: str) -> None:
    first, last = ANCHORS[lang].format(5), ANCHORS[lang].format(18)
    assert judge(f"{first}\n{last}", "18", lang).robust
    assert not judge(f"{last}\n{first}", "18", lang).robust


@pytest.mark.parametrize(
    ("output", "gold", "extracted", "error"),
    [
        ("The answer is 18.", "18", "18", None),
        ("The answer is 1,234.50.", "1234.5", "1234.5", None),
        ("The answer is 1/3.", "1/3", "1/3", None),
        ("The answer is -½.", "-0.5", "-0.5", None),
        ("The answer is 19.", "18", "19", "wrong-answer"),
        ("The answer is twenty-five.", "5", "twenty-five", "wrong-answer"),
        ("I cannot tell.", "18", None, "no-answer"),
        ("", "18", None, "no-answer"),
        ("It is \\boxed{x^2+1}.", "1+x^2", "x^2+1", None),
        ("It is \\boxed{x^2+1}.", "x^2-1", "x^2+1", "wrong-answer"),
        ("It is \\boxed{18", "180", "18", "wrong-answer"),
    ],
)
def test_verdicts_say_what_was_read_and_what_is_wrong(
    output: str, gold: str, extracted: str | None, error: str | None
) -> None:
    verdict = judge(output, gold, "en")
    assert (verdict.extracted, verdict.error) == (extracted, error)


@pytest.mark.parametrize(
    ("lang", "output", "gold"),
    [
        ("en", "Answer: 16 - 3 - 4 = 9 eggs, 9 * 2 = 18.", "18"),
        ("en", "Answer: 18 dollars at $2 each", "18"),
        ("en", "Answer: $18 (3 steps)", "18"),
        ("en", "Answer:\n18", "18"),
        ("en", "Answer: We need two steps.\n9 * 2 = 18", "18"),
        ("en", "Answer: In two days she makes 18", "18"),
        ("en", "Answer: Eighteen", "18"),
        ("en", "**Final Answer**: \\(18\\)", "18"),
        ("en", "The answer is 18 because 5 + 3 = 8", "18"),
        ("en", "The answer is unclear. He has 18.", "18"),
        ("en", "The answer is 2^3 = 8", "8"),
        ("en", "The total is 15. He gives away 3, so 12 are left.", "12"),
        ("en", "Sure!\nQuestion: Tom has 9 eggs at $2.\nAnswer: 18", "18"),
        ("en", "The answer is 1.234.567.", "1234567"),
        ("en", "The answer is (B).", "B"),
        ("en", "<think>The answer is 5.</think>\nThe answer is 18.", "18"),
        ("es", "La respuesta es menos cinco.", "-5"),
        ("fr", "La réponse est vingt et un.", "21"),
        ("de", "Die Antwort ist einundzwanzig Euro für einen Tag.", "21"),
        ("sw", "Jibu ni ishirini na tano.", "25"),
        ("te", "సమాధానం ఇరవై ఐదు.", "25"),
        ("en", "\\boxed{1\\frac{1}{2}}", "1.5"),
        ("en", "\\boxed{2\\pi}", "2\\pi"),
        ("ko", "정답은 18입니다.", "18"),
        ("ar", "الجواب هو ١٬٢٣٤٫٥", "1234.5"),
        ("hi", "उत्तर १८ है", "18"),
        ("yo", "Ìdáhùn ni 18.", "18"),
        ("ja", "答えは一万二千円", "12000"),
        ("ja", "The answer is 18.", "18"),
    ],
)
def test_the_stated_answer_is_found(lang: str, output: str, gold: str) -> None:
    assert judge(output, gold, lang).robust, judge(output, gold, lang)


@pytest.mark.parametrize(
    ("lang", "output", "gold"),
    [
        ("en", "She had 5 cats. The answer is twenty-five.", "5"),
        ("en", "The answer is 10:30.", "30"),
        ("en", "The answer is 12/3/2020.", "4"),
        ("en", "The answer is 1,50.", "150"),
        ("en", "The answer is 10^2.", "10"),
        ("en", "\\boxed{2\\pi}", "2"),
        ("en", "The answer is 3x.", "3"),
        ("te", "సమాధానం ఇరవై ఐదు.", "5"),
        ("en", "The answer is 50. That is 20% more.", "0.5"),
        ("fr", "La réponse est vingt et un.", "20"),
        ("fr", "La réponse est vingt et un.", "1"),
        ("sw", "Jibu ni ishirini na tano.", "5"),
        ("ja", "答えは35万です。", "35"),
        ("zh", "答案是二十五。", "5"),
        ("de", "Die Antwort ist 1.000.", "1"),
    ],
)
def test_a_part_of_the_stated_answer_is_not_right(lang: str, output: str, gold: str) -> None:
    assert not judge(output, gold, lang).robust, judge(output, gold, lang)


def test_plain_answers_are_judged_without_math_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "math_verify", None)
    assert judge("\\boxed{\\frac{3}{4}}", "0.75", "en").robust
    assert judge("\\boxed{ \\sqrt{3} }", "\\sqrt{3}", "en").robust
    assert not judge("\\boxed{\\sqrt{12}}", "2\\sqrt{3}", "en").robust


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="qqq"):
        judge("18", "18", "qqq")


@pytest.mark.parametrize(
    "piece",
    [
        "9",
        "1,",
        "(",
        "\\boxed{",
        "The answer is ",
        "1 + ",
        "one ",
        "\\text{",
        "1/",
        "答",
        "九",
        "\n",
        "#### ",
        "億",
        "( x ",
    ],
)
@pytest.mark.parametrize("lang", ["en", "ja", "de"])
def test_a_model_that_repeats_itself_is_judged_without_delay(piece: str, lang: str) -> None:
    output = f"The answer is {piece * (6000 // len(piece))}"
    start = time.process_time()
    judge(output, "18", lang)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("output", "gold", "right"),
    [
        ("The answer is 18.", "18", True),
        ("9 * 2 = 18 dollars for 7 days", "18", False),  # the last number counts
        ("The answer is 18.0004", "18", True),  # less than 0.001 away
        ("The answer is 1,080.", "1080", False),  # read as 080
        ("\\boxed{1,080}", "1080", True),
        ("উত্তর হল ১৮।", "18", True),
        ("答えは十八です。", "18", False),
        ("Die Antwort ist 1.234,00.", "1234", False),
        ("\\boxed{\\frac12}", "1/2", True),
        ("\\boxed{0.5}", "1/2", True),
        ("\\boxed{18", "18", False),
        ("\\fbox{18}", "18", True),
        ("\\boxed{\\sqrt3}", "\\sqrt{3}", True),
        ("no number", "18", False),
        ("-18", "18", False),
        ("10-18", "-18", True),
    ],
)
def test_faithful_is_mcots_rule_with_what_it_gets_wrong(output: str, gold: str, right: bool) -> None:
    assert faithful(output, gold) is right
    assert judge(output, gold, "en").faithful is right


@pytest.mark.parametrize(
    ("lang", "text", "values"),
    [
        ("en", "3 1/2 cups and 4 apples", ["3.5", "4"]),
        ("en", "10-8 = 2 and −5, or 23 -15", ["10", "8", "2", "-5", "23", "15"]),
        ("en", "H2O, m², cm^2, CO2, $5 and Rs.7", ["5", "7"]),
        ("en", "5² = 25", ["25", "25"]),
        ("de", "1.234,50 € und 7,5 %", ["1234.5", "7.5"]),
        ("ja", "1億2000万円と3千", ["120000000", "3000"]),
        ("sw", "dola hasi 5", ["-5"]),
    ],
)
def test_quantities_of_a_text(lang: str, text: str, values: list[str]) -> None:
    found = quantities(plain(text), resolve(lang).language)
    assert [spelled(max(quantity.values, key=abs)) for quantity in found] == values


@pytest.mark.parametrize("lang", ["en", "es", "ja", "sw", "th"])
def test_human_solutions_of_mgsm_are_right_and_their_steps_are_not(data_dir: Path, lang: str) -> None:
    lines = (data_dir / "mgsm" / f"{lang}.exemplars.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        gold = row["answer_number"]
        assert judge(row["answer"], str(gold), lang).robust, row["answer"]
        assert judge(row["answer"], f"{gold}.0", lang).robust
        for wrong in (gold + 1, gold * 10, -gold):
            assert not judge(row["answer"], str(wrong), lang).robust, row["answer"]


def test_every_gold_of_the_test_sets_is_right_behind_its_language_s_anchor(data_dir: Path) -> None:
    for path in sorted([*data_dir.glob("mgsm/*.test_*.jsonl"), *data_dir.glob("msvamp/*.jsonl")]):
        lang = path.name.partition(".")[0]
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            assert judge(WORKING + ANCHORS[lang].format(row["answer"]), row["answer"], lang).robust, row
