"""The veto on numbers: what the translation lacks, what it adds, and what explains either."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.numbers import NumbersCheck
from mlt.filter.pairs import pair_of
from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import ENGLISH, all_languages, resolve
from mlt.toolkit.records import Gold, Message, Record, Source

SOURCE = Source("made-up", "1", "train", 1, "CC0-1.0")


def pair(source, target, language, task="text"):
    def record(text, lang):
        return Record("a", "a", task, lang, (Message("user", text),), "", Gold("1"), SOURCE)

    language = resolve(language).language if isinstance(language, str) else language
    return pair_of(record(source, "en"), record(target, language.code), language)


def score(source, target, language, task="text", **settings):
    return NumbersCheck(NumbersCheck.Settings(**settings)).score_pair(pair(source, target, language, task))


@pytest.mark.parametrize(
    ("code", "source", "target"),
    [
        ("sw", "Amina has 24 mangoes at 3 p.m.", "Amina ana maembe 24 saa 9 mchana."),
        ("yo", "He was 48 in 1999.", "Ó jẹ́ ẹni ọdún méjìdínláàdọ́ta ní ọdún 1999."),
        ("th", "They sail from 1 to 4 PM.", "พวกเขาแล่นเรือตั้งแต่ 13.00 น. ถึง 16.00 น."),
        ("ja", "In June, six people bought 12 eggs.", "6月に6人が卵を12個買った。"),
        ("bn", "More than 500 people came.", "৫ শতাধিক মানুষ এসেছিল।"),
        ("es", "Rain of 2 to 4 inches fell in the 1980s.", "En los años 80 cayeron entre 5 y 10 centímetros."),
        ("zh", "A 19th century house, 100 percent full", "十九世纪的房子，百分之百满"),
        ("te", "She has 15 books.", "ఆమె దగ్గర ౧౫ పుస్తకాలు ఉన్నాయి."),
        ("ru", "The town has 380,000 people.", "В городе живёт 380 тысяч человек."),
        ("fr", "Nobody came.", "Personne n’est venu."),
    ],
)
def test_sound_pairs_pass(code, source, target):
    assert score(source, target, code) == (0.0, None)


@pytest.mark.parametrize(
    ("code", "source", "target", "detail"),
    [
        ("sw", "Amina has 24 mangoes.", "Amina ana maembe 25.", "missing 24; added 25"),
        ("yo", "He was 48 in 1999.", "Ó jẹ́ ẹni ọdún méjìdínláàdọ́ta ní ọdún 1998.", "missing 1999; added 1998"),
        ("yo", "He was 48.", "Ó ti dàgbà.", "missing 48"),
        ("th", "She has 12 dogs.", "เธอมีสุนัข", "missing 12"),
        ("ja", "In June six people came.", "6人が1月に来た。", "added 1"),
        ("ja", "In June he bought a book.", "彼は1月に本を買った。", "missing 6 (in words)"),
        ("ja", "They met a decade later, in 1999.", "彼らは1999年、年後に会った。", "missing number before 年後"),
        ("bn", "She has 15 books.", "তার ৫১টি বই আছে।", "missing 15; added ৫১"),
        ("es", "Rain of 2 to 4 inches fell.", "Cayeron entre 5 y 30 centímetros.", "missing 4; added 30"),
        ("zh", "He ate 3 of 7.", "他吃了7个。", "missing 3"),
        ("te", "She has 15 books.", "ఆమె దగ్గర 16 పుస్తకాలు ఉన్నాయి.", "missing 15; added 16"),
    ],
)
def test_broken_pairs_are_named(code, source, target, detail):
    found = score(source, target, code)
    assert found.value == detail.count(";") + 1
    assert found.detail.startswith(detail)


def test_a_converted_number_is_an_error_where_it_is_computed_with():
    source, target = "It is 30 yards long.", "Mide 27 metros."
    assert score(source, target, "es").value == 0
    assert score(source, target, "es", task="math").value == 2
    assert score(f"{source} <<30*2=60>>", f"{target} <<30*2=60>>", "es").value == 2
    assert score(f"{source}\n#### 60", f"{target}\n#### 60", "es").value == 2
    assert score(source, target, "es", task="math", equivalent_tasks=["math"]).value == 0


def test_words_explain_in_every_task():
    source, target = "He eats 3 eggs <<3*1=3>>", "Come tres huevos <<3*1=3>>"
    assert score(source, target, "es", task="math").value == 0
    assert score(source, target, "es", words=False, equivalents=[]).value == 1


def test_a_word_that_translates_a_word_hides_no_lost_number():
    assert score("two dogs and 2 cats", "dos perros y gatos", "es", equivalents=[]).value == 1


def test_each_explanation_can_be_switched_off():
    assert score("He was 812.", "Ó jẹ́ ẹgbẹ̀jọ̀.", "yo", unread=False).value == 1
    assert score("In June it rained.", "雨が降った。", "ja").value == 1
    assert score("In June it rained.", "雨が降った。", "ja", owed=False).value == 0
    assert score("later", "、年後に", "ja", gaps=False).value == 0


def test_an_unknown_rule_is_refused():
    with pytest.raises(UsageError, match="unknown rule 'moon'; known: clock"):
        NumbersCheck(NumbersCheck.Settings(equivalents=["moon"]))


def test_hundreds_of_lost_numbers_are_counted_and_not_explained():
    source = " ".join(str(number) for number in range(100, 400))
    assert score(source, "ẹgbẹ̀rún " * 1000, "yo").value == 300


@pytest.mark.parametrize("digits", [40, 5000])
def test_numbers_of_any_length_are_compared(digits):
    long = "1" * digits
    assert score(f"5 miles at 3 p.m.; code {long}", f"8 kilómetros a las 15:00; código {long}", "es").value == 0
    assert score(f"{long} miles", "5 kilómetros", "es").value == 2


@given(st.text(), st.text(), st.sampled_from(all_languages()), st.sampled_from(["text", "math", "api"]))
def test_any_pair_has_a_score(source, target, language, task):
    found = NumbersCheck().score_pair(pair(source, target, language, task))
    assert found.value >= 0
    assert (found.value == 0) == (found.detail is None)


@given(st.text())
def test_a_text_agrees_with_itself(text):
    assert score(text, text, ENGLISH).value == 0


@pytest.mark.parametrize(
    ("source", "target", "turned"),
    [
        ("They won 2-1.", "Ganaron 2-1.", False),
        ("They won 2-1.", "Ganaron 1-2.", True),
        ("They won 2–1.", "তারা ২-১ ব্যবধানে জিতেছে।", False),
        ("They won 2–1.", "তারা ১-২ ব্যবধানে জিতেছে।", True),
        ("From 2-1 to 1-2.", "De 1-2 a 2-1.", False),
        ("A 1-1 draw.", "Empate 1-1.", False),
        ("Pages 10-12.", "Páginas 10 a 12.", False),
    ],
)
def test_pairs_of_numbers_keep_their_order(source, target, turned):
    assert bool(score(source, target, "bn" if "১" in target else "es").value) == turned


@pytest.mark.parametrize(
    ("source", "target", "sound"),
    [
        ("She runs 1 mile.", "Ela corre um quilômetro.", True),
        ("She runs 1 mile in a park.", "Ela corre um quilômetro em um parque.", True),
        ("She runs 1 mile in a park.", "Ela corre quilômetros em um parque.", False),
        ("She runs 1 mile in another park.", "Ela corre quilômetros em um parque.", False),
    ],
)
def test_an_article_says_no_number(source, target, sound):
    assert (score(source, target, "pt", task="math").value == 0) == sound
