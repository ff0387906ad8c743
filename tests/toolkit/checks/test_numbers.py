"""Numbers in every script and locale, and what a translation lost or added."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks.number_words_en import word_values
from mlt.toolkit.checks.numbers import NumberVerdict, compare_numbers, find_numbers
from mlt.toolkit.languages import ENGLISH, all_languages, resolve

languages = st.sampled_from(all_languages())


def values(text, code):
    return [sorted(map(float, number.values)) for number in find_numbers(text, resolve(code).language)]


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        # separators
        ("1,234.5", "en", [[1234.5]]),
        ("1.234,5", "de", [[1234.5]]),
        ("1.234", "de", [[1.234, 1234]]),
        ("1,5", "de", [[1.5]]),
        ("1,5", "sw", [[1], [5]]),
        ("1,5", "fa", [[1.5]]),
        ("1\u202f234,5", "fr", [[1234.5]]),
        ("1 234 567,89", "ru", [[1234567.89]]),
        ("1 234", "en", [[1], [234]]),
        ("1\u00a0234", "en", [[1234]]),
        ("1’234", "tn", [[1234]]),
        ("1,00,000", "hi", [[100000]]),
        ("12,34,567.5", "en", [[1234567.5]]),
        ("1.234", "acm", [[1.234, 1234]]),
        ("1,5", "acm", [[1.5]]),
        (".5 and $.75", "en", [[0.5], [0.75]]),
        ("それは.75個", "ja", [[0.75]]),
        ("Rs.50", "en", [[50]]),
        # scripts
        ("৪৮/২৪ ১,২৩,৪৫৬", "bn", [[48], [24], [123456]]),
        ("๑๘ คน", "th", [[18]]),
        ("౧౮", "te", [[18]]),
        ("١٬٢٣٤٫٥", "ar", [[1234.5]]),
        ("۱۲۳", "fa", [[123]]),
        ("１，２３４．５", "ja", [[1234.5]]),
        # what is no single number
        ("5,6,7,8", "en", [[5], [6], [7], [8]]),
        ("1.5,2.5", "en", [[1.5], [2.5]]),
        ("1.2.3", "en", [[1], [2], [3]]),
        ("2019 200", "ru", [[2019], [200]]),
        ("0,123", "en", [[0], [123]]),
        ("1/2", "en", [[1], [2]]),
        ("10:30", "en", [[10], [30]]),
        ("2023-10-26", "en", [[2023], [10], [26]]),
        ("-5", "en", [[5]]),
        # attached signs and letters
        ("50% 1st 2nd 5km A4 3x $7.", "en", [[50], [1], [2], [5], [4], [3], [7]]),
        ("彼は3時間で5キロ", "ja", [[3], [5]]),
        ("½ 1½ x² ①", "en", [[0.5], [1.5], [2], [1]]),
        ("১½", "bn", [[1.5]]),
        # multipliers
        ("3万", "ja", [[3, 30000]]),
        ("1億2000万円", "ja", [[120000000]]),
        ("1억 2500만", "ko", [[125000000]]),
        ("38 万人", "zh", [[38, 380000]]),
        ("3万と10日", "ja", [[3, 30000], [10]]),
        ("3 million or £2.8bn", "en", [[3, 3000000], [2.8, 2800000000]]),
        ("", "en", []),
        ("none", "en", []),
    ],
)
def test_numbers_are_read(text, code, expected):
    assert values(text, code) == expected


def test_a_number_knows_its_place():
    text = "a ১,২৩৪ b ৫½"
    found = find_numbers(text, resolve("bn").language)
    assert [(n.start, n.end, n.text) for n in found] == [(2, 7, "১,২৩৪"), (10, 12, "৫½")]


@pytest.mark.parametrize(
    ("source", "target", "code", "missing", "extra"),
    [
        ("48/24 is 2", "৪৮/২৪ হল ২", "bn", (), ()),
        ("5, 6, 7, 8", "5, 6, 7, 9", "sw", ("8",), ("9",)),
        ("It is 3 and 3", "Ni 3", "sw", ("3",), ()),
        ("It is 3", "Ni 3 na 3", "sw", (), ("3",)),
        ("It costs $1,234.50", "Es kostet 1.234,50 $", "de", (), ()),
        ("It costs $1,234.50", "Es kostet $1,234.50", "de", (), ()),
        ("1,234 and 1.234", "1.234 und 1.234", "de", (), ()),
        ("1,234 and 5.678", "5,678 und 1.234", "de", (), ()),
        ("30,000 yen", "3万円", "ja", (), ()),
        ("3 million people", "300万人", "ja", (), ()),
        ("the points (3,4)", "Punkte (3,4)", "de", (), ()),
        ("the points (3,5)", "Punkte (3,4)", "de", ("3", "5"), ("3,4",)),
        ("1 1/2 cups", "1½ taza", "es", (), ()),
        ("0.5 cups", "½ taza", "es", (), ()),
        ("from 1:00 to 5:00", "1時から5時まで", "ja", (), ()),
        ("from 1:30 to 5:00", "1時から5時まで", "ja", ("30",), ()),
        # what the source says in words
        ("half of the twenty-five eggs", "1/2 ya mayai 25", "sw", (), ()),
        ("on January 5", "1月5日", "ja", (), ()),
        ("twice a week", "mara 2 kwa wiki", "sw", (), ()),
        ("a dozen eggs at noon", "mayai 12 saa 12", "sw", (), ()),
        ("two hundred and fifty eggs", "mayai 250", "sw", (), ()),
        ("three thousand two hundred", "3200", "sw", (), ()),
        ("one friend", "marafiki 4", "sw", (), ("4",)),
        ("two friends", "marafiki 2 na 2", "sw", (), ("2",)),
    ],
)
def test_what_is_missing_and_what_is_extra(source, target, code, missing, extra):
    assert compare_numbers(source, target, ENGLISH, resolve(code).language) == NumberVerdict(missing, extra)


def test_words_explain_nothing_where_the_source_is_not_english():
    sw, en = resolve("sw").language, ENGLISH
    assert compare_numbers("mayai million", "2 eggs", sw, en).extra == ("2",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Twenty-one guests", {20, 1, 21}),
        ("five hundred and six", {5, 100, 500 + 6, 6}),
        ("one million two hundred thousand", {1, 1_000_000, 2, 100, 1_000, 1_200_000}),
        ("the third of March", {3, 1}),
        ("hundreds of pairs", {100, 2}),
        ("at 5 o'clock", {0}),
        ("the cat sat", set()),
    ],
)
def test_number_words(text, said):
    assert set(word_values(text)) == {Decimal(value) for value in said}


@given(st.text(), languages)
def test_a_text_agrees_with_itself_in_every_language(text, language):
    assert compare_numbers(text, text, language, language) == NumberVerdict((), ())


@given(st.text(alphabet="0123456789.,'’ /:-%½²万億٫٬১২" + "\u00a0\u202f"), languages)
def test_runs_of_digits_and_separators_agree_with_themselves(text, language):
    assert compare_numbers(text, text, language, language) == NumberVerdict((), ())
    assert all(text[n.start : n.end] == n.text and n.values for n in find_numbers(text, language))


@pytest.mark.parametrize(
    "language", [x for x in all_languages() if x.decimal is not None], ids=lambda language: language.code
)
def test_a_number_that_babel_writes_is_recognised(language):
    from babel import Locale
    from babel.numbers import format_decimal

    from mlt.toolkit.build_languages import LOCALES

    locale = Locale.parse(LOCALES.get(language.flores, language.code).replace("-", "_"))
    for english in ("7", "1234", "1234567.89", "0.5", "12345.6", "1000000", "98.125"):
        written = format_decimal(Decimal(english), format=None, locale=locale, numbering_system="default")
        shown = format_decimal(Decimal(english), locale="en")  # rounded as Babel rounds
        for source in (shown, shown.replace(",", "")):
            verdict = compare_numbers(f"It is {source}.", f"({written})", ENGLISH, language)
            assert verdict == NumberVerdict((), ()), (source, written)


@given(
    numbers=st.lists(st.integers(0, 10**7) | st.decimals("0.01", "9999", places=2), min_size=1, max_size=6),
    language=languages,
    data=st.data(),
)
def test_a_changed_digit_is_always_found(numbers, language, data):
    text = "; ".join(f"n {number}" for number in numbers)
    places = [index for index, character in enumerate(text) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    changed = text[:place] + digit + text[place + 1 :]
    assert compare_numbers(text, text, ENGLISH, language) == NumberVerdict((), ())
    verdict = compare_numbers(text, changed, ENGLISH, language)
    assert verdict.missing and verdict.extra


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), languages, st.data())
def test_a_dropped_number_is_always_found(numbers, language, data):
    dropped = data.draw(st.integers(0, len(numbers) - 1))
    source = "; ".join(map(str, numbers))
    target = "; ".join(str(n) for i, n in enumerate(numbers) if i != dropped)
    assert compare_numbers(source, target, ENGLISH, language).missing == (str(numbers[dropped]),)


@pytest.mark.parametrize("text", ["1 " * 2_000, "1.234 " * 1_000, "1," * 5_000 + "1", "9" * 20_000, "3万" * 1_000])
def test_hostile_text_takes_no_time_to_speak_of(text):
    started = time.monotonic()
    compare_numbers(text, text[::-1], resolve("de").language, resolve("ja").language)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("code", "share"), [("es", 0.97), ("sw", 0.96), ("th", 0.95), ("ja", 0.92)])
def test_human_translations_of_problems_agree(data_dir, code, share):
    language = resolve(code).language
    good = total = 0
    for name, file in (("mgsm", "test_001-100"), ("msvamp", "first200")):
        english, translated = (
            {row["id"]: row["question"] for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
            for path in (data_dir / name / f"{x}.{file}.jsonl" for x in ("en", code))
        )
        for key, text in translated.items():
            total += 1
            good += compare_numbers(english[key], text, ENGLISH, language) == NumberVerdict((), ())
    assert good / total >= share


@pytest.mark.parametrize("sign", ["\U0001d2c0", "\U00011f50"])
def test_signs_that_are_newer_than_this_python_are_no_error(sign: str) -> None:
    for number in find_numbers(f"a {sign} b", resolve("en").language):
        assert number.values
