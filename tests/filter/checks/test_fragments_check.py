"""Fragments: words left in English are found, names, titles, spans and argument values are not."""

import pytest
from filter_stories import STORIES, text_pair, told
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.fragments import FragmentsCheck, FragmentsSettings, common_runs
from mlt.toolkit.records import Call, Gold

MAX = 0.15


def score(source: str, target: str, lang: str = "sw", words: int = 3) -> float | None:
    return FragmentsCheck(FragmentsSettings(words)).score_pair(text_pair(source, target, lang)).value


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_holds_no_fragment(lang: str) -> None:
    assert score(told("en"), told(lang), lang) == 0


@pytest.mark.parametrize("lang", STORIES)
def test_an_untranslated_text_is_one_fragment(lang: str) -> None:
    assert score(told("en"), told("en"), lang) == 1


@pytest.mark.parametrize("lang", STORIES)
def test_an_untranslated_sentence_is_found(lang: str) -> None:
    value = score(told("en"), f"{told(lang, 0)} {told('en', 2)} {told(lang, 3)}", lang)
    assert value is not None and MAX < value < 0.6


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("They met at the Museum of the History of Science today.", "Walikutana Museum of the History of Science leo."),
        ("She read Gone with the Wind in one night.", "Alisoma Gone with the Wind kwa usiku mmoja."),
        (
            "It is at https://example.org/one/two/three for you.",
            "Iko https://example.org/one/two/three kwako.",
        ),
        ("Use `print the whole line` to see what you get.", "Tumia `print the whole line` ili kuona unachopata."),
        (
            "A task force of the police came to the old town.",
            "Kikosi kazi (a task force of the police) kilikuja.",
        ),
        ("Speeds of 20 mph or 30 kph in the whole town", "Kasi ya 20 mph au 30 kph katika mji wote"),
        ("Hip hop is what he likes most of all", "Hip hop ndiyo anayoipenda zaidi"),
    ],
)
def test_names_spans_and_glosses_are_right(source: str, target: str) -> None:
    assert score(source, target) == 0


def test_the_values_of_arguments_are_no_fragments() -> None:
    call = "API-Request: [Find(keywords='healthcare provider appointment')]"
    source = f"I need a healthcare provider appointment for tomorrow.\n{call}"
    target = f"Ninahitaji healthcare provider appointment kwa kesho.\n{call}"
    assert score(source, target) == 0
    assert (score(source.split("\n")[0], target.split("\n")[0]) or 0) > MAX


def test_the_values_of_a_records_calls_are_no_fragments() -> None:
    pair = text_pair("I need a healthcare provider appointment.", "Ninahitaji healthcare provider appointment.", "sw")
    check = FragmentsCheck()
    assert (check.score_pair(pair).value or 0) > MAX
    call = Call("Find", {"where": [{"keywords": "the healthcare provider appointment"}], "limit": 3})
    object.__setattr__(pair.target, "gold", Gold(calls=(call,)))
    assert check.score_pair(pair).value == 0


def test_fewer_words_can_make_a_fragment() -> None:
    source, target = "We walked along the quiet river bank.", "Tulitembea quiet river ukingoni."
    assert score(source, target) == 0
    assert (score(source, target, words=2) or 0) > 0.2


def test_the_detail_names_the_fragments() -> None:
    target = "Maktaba opens its heavy doors na watoto draw pictures."
    found = FragmentsCheck(FragmentsSettings(2)).score_pair(text_pair(told("en"), target, "sw"))
    assert found.detail == "opens its heavy doors | draw pictures"


@pytest.mark.parametrize(
    ("source", "target", "model"),
    [("Hi there", "Habari", None), ("48/2", "48/2", None), ("a b c d", "a b c d", "identity")],
)
def test_it_abstains_where_there_is_nothing_to_judge(source: str, target: str, model: str | None) -> None:
    assert FragmentsCheck().score_pair(text_pair(source, target, "sw", model)).value is None


@pytest.mark.parametrize(
    ("source", "target", "runs"),
    [
        ("a b c d", "x a b c y", ["a b c"]),
        ("a b c d", "A B c D", ["A B c D"]),
        ("a b c d e f", "d e f a b c", ["d e f", "a b c"]),
        ("a b", "a b", []),
        ("a b c", "c b a", []),
    ],
)
def test_common_runs(source: str, target: str, runs: list[str]) -> None:
    assert [" ".join(run) for run in common_runs(source.split(), target.split(), 3)] == runs


@given(st.text(), st.text())
def test_it_survives_any_text(source: str, target: str) -> None:
    value = score(source, target)
    assert value is None or 0 <= value <= 1


@given(st.lists(st.sampled_from(["green", "house", "near", "the", "John"]), min_size=1), st.integers(1, 4))
def test_a_share_is_never_above_one(words: list[str], times: int) -> None:
    value = score(" ".join(words), " ".join(words * times))
    assert value is None or 0 <= value <= 1
