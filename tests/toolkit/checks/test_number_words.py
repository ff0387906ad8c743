"""Numbers that a text says in the words of its language."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks.number_gaps import number_gaps
from mlt.toolkit.checks.number_words import SaidNumbers, owed, scaled
from mlt.toolkit.checks.number_words_en import cardinals, months, outspoken
from mlt.toolkit.checks.numbers import find_numbers
from mlt.toolkit.languages import all_languages, resolve

languages = st.sampled_from(all_languages())
values = st.integers(0, 10**13).map(Decimal) | st.decimals(0, 10**7, places=1)


def said(text, code, value):
    return SaidNumbers(text, resolve(code).language).take(Decimal(str(value)))


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        # Yoruba: twenties, with what is added and taken away
        ("yo", "àwọn ọmọ méje", 7),
        ("yo", "ọdún mẹ́tàlá", 13),
        ("yo", "ọdún mẹtala kan", 13),
        ("yo", "àwọn ilé mẹ́ẹ̀ẹ́dógún", 15),
        ("yo", "ẹyin mẹ́rìndínlógún", 16),
        ("yo", "kọkàndínlógún", 19),
        ("yo", "ogún ọ̀bọ", 20),
        ("yo", "méjìlélọ́gbọ̀n", 32),
        ("yo", "wákàtí méjìdínláàdọ́ta", 48),
        ("yo", "máàrúnlélọ́gọ́rin", 85),
        ("yo", "igba ènìyàn", 200),
        ("yo", "ọ̀rìnlénígba lé kan", 281),
        ("yo", "irinwó dín mẹ́ẹ̀ẹ́dógún", 385),
        ("yo", "ẹ̀ẹ́dẹ́gbẹ̀ta", 500),
        ("yo", "ẹgbẹ̀tadínláàádọ́ta", 550),
        ("yo", "ẹgbẹ̀rún mẹ́wàá", 10_000),
        ("yo", "ẹgbẹ̀rún lọ́nà mẹ́rìndínlọ́gbọ̀n", 26_000),
        ("yo", "mílíọ̀nù mẹ́ta", 3_000_000),
        ("yo", "mílíọ̀nù kan àti ààbọ̀", 1.5),
        # Swahili, Hausa, Hindi, Zulu: tables
        ("sw", "saa saba mchana", 7),
        ("sw", "watoto wawili", 2),
        ("sw", "mayai ishirini na tano", 25),
        ("sw", "mia mbili hamsini na tano", 255),
        ("sw", "elfu kumi na mbili", 12_000),
        ("ha", "yara goma sha biyu", 12),
        ("hi", "दो लाख पचास हज़ार", 250_000),
        ("zu", "amaqanda ayishumi", 10),
        # signs
        ("zh", "下午三点", 3),
        ("zh", "百分之百", 100),
        ("zh", "九月三十日", 30),
        ("zh", "三万八千人", 38_000),
        ("zh", "二〇〇八年", 2008),
        ("ja", "百二十五人", 125),
        ("ja", "十二個", 12),
        # the library
        ("es", "treinta y cuatro manzanas", 34),
        ("es", "olas de seis metros", 6),
        ("fr", "quatre-vingt-dix-huit", 98),
        ("de", "in elf Läden", 11),
        ("th", "สามสิบสี่คน", 34),
        ("bn", "সকাল সাতটার আগে", 7),
        ("te", "ముప్పై నాలుగు", 34),
        ("ru", "тридцать четыре", 34),
        ("tr", "onüç elma", 13),
    ],
)
def test_a_number_is_found_in_words(code, text, value):
    assert said(text, code, value)


@pytest.mark.parametrize("form", ["NFC", "NFD", "bare"])
def test_yoruba_is_read_however_its_marks_are_written(form):
    text = "ẹyin méjìdínláàdọ́ta ni"
    if form == "bare":
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    else:
        text = unicodedata.normalize(form, text)
    assert said(text, "yo", 48)


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("yo", "mẹ́rìndínlógún", 20),  # 16 ends in 20
        ("yo", "mẹ́tàlá", 3),
        ("zh", "三十四", 3),
        ("zh", "周四早晨", 4),  # Thursday
        ("zh", "一些人", 1),
        ("th", "สามสิบสี่", 4),
        ("es", "una dosis", 2),
        ("sw", "samaki", 6),
        ("am", "ሁለት", 1_450_685),  # the library never ends
        ("ee", "nane", 8),  # a language that nothing covers
        ("en", "seven", 7),
        ("sw", "milioni", 10**13),
        ("es", "tres", -3),
        ("es", "tres", 3.25),
    ],
)
def test_no_number_is_found_where_none_is_said(code, text, value):
    assert not said(text, code, value)


def test_a_word_counts_once():
    found = SaidNumbers("dos perros y dos gatos", resolve("es").language)
    assert found.count(Decimal(2)) == 2
    assert [found.take(Decimal(2)) for _ in range(3)] == [True, True, False]


def test_halves_and_quarters():
    found = SaidNumbers("সকাল সাড়ে ৯টায়", resolve("bn").language)
    assert found.take_part("half")
    assert not found.take_part("half")
    assert not found.take_part("quarter")


def test_a_yoruba_number_that_is_not_recognised_still_is_one():
    yoruba = SaidNumbers("ẹgbẹ̀jọ̀ ilé", resolve("yo").language)
    assert [yoruba.take_unread(), yoruba.take_unread()] == [True, False]
    assert not SaidNumbers("elfu kumi", resolve("sw").language).take_unread()


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("ru", "380 тысяч", 380_000),
        ("ru", "25-тысячная толпа", 25_000),
        ("es", "2000 millones", 2_000_000_000),
        ("bn", "৫ শতাধিক", 500),
        ("sw", "elfu 10", 10_000),
        ("am", "10 ሺህ", 10_000),
        ("de", "3 Millionen", 3_000_000),
        ("de", "2 Mrd. Euro", 2_000_000_000),
    ],
)
def test_words_beside_digits_multiply_them(code, text, value):
    language = resolve(code).language
    assert Decimal(value) in scaled(find_numbers(text, language)[0], text, language)


def test_nothing_is_multiplied_without_such_a_word():
    language = resolve("es").language
    assert scaled(find_numbers("20 casas", language)[0], "20 casas", language) == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("six of the twenty-five, two-thirds", [6, 25, 2, 3]),
        ("one of them, the second half, Four Corners", []),
        ("a seven-year-old", []),
    ],
)
def test_amounts_said_outright(text, expected):
    assert outspoken(text) == expected


def test_months_are_told_from_names_and_verbs():
    assert months("In May and on March 3, Theresa May may march in January") == [5, 3, 1]


def test_cardinals_and_ordinals_are_counted():
    assert cardinals("two of two, the third") == {2: 2, 3: 1}


def test_what_a_language_must_say_of_english_words():
    text = "In June six people left"
    assert owed(text, resolve("ja").language) == [6, 6]
    assert owed(text, resolve("ko").language) == [6]
    assert owed(text, resolve("sw").language) == []


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        ("それから、10年後に家を建てた。", "それから、年後に家を建てた。"),
        ("リンゴは1つあたり5ドルです。", "リンゴはつあたり5ドルです。"),
        ("彼は1日に3回走る。", "彼は日に3回走る。"),
        ("会議は3か月後に開かれる。", "会議はか月後に開かれる。"),
        ("会議は6月に開かれる。", "会議は月に開かれる。"),
        ("その3分の1を食べた。", "その分の1を食べた。"),
    ],
)
def test_a_japanese_counter_without_its_number_is_noticed(whole, broken):
    japanese = resolve("ja").language
    assert not number_gaps(whole, japanese)
    assert number_gaps(broken, japanese)
    assert not number_gaps(broken, resolve("zh").language)


def test_human_japanese_has_no_gaps(data_dir):
    lines = (data_dir / "ntrex" / "jpn.001-500.txt").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if number_gaps(line, resolve("ja").language)]


@given(st.text(), languages, values)
def test_any_text_can_be_asked_for_any_number(text, language, value):
    found = SaidNumbers(text, language)
    before = found.count(value)
    assert found.take(value) == (before > 0)
    assert found.count(value) <= before
