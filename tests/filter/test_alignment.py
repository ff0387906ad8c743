"""Sentences are aligned by length, numbers and names."""

import pytest
from filter_stories import ENGLISH, STORIES, told
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.alignment import Bead, align, lines, sentences
from mlt.toolkit.languages import ENGLISH as ENGLISH_LANGUAGE
from mlt.toolkit.languages import resolve


def beads(source: list[str], target: list[str], lang: str) -> list[tuple[list[int], list[int]]]:
    return [(list(bead.source), list(bead.target)) for bead in align(source, target, resolve(lang).language)]


@pytest.mark.parametrize("lang", [lang for lang in STORIES if lang != "th"])
def test_sentences_of_every_script(lang: str) -> None:
    assert sentences(told(lang), resolve(lang).language) == list(STORIES[lang])


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("It costs $1.50 today. Mr. Smith pays.", "en", ["It costs $1.50 today.", "Mr. Smith pays."]),
        ("One line\nanother line\n\n...\n", "en", ["One line", "another line"]),
        ("ሀ ለ፡፡ መ ሠ::", "am", ["ሀ ለ።", "መ ሠ።"]),
        ("เขามา เขาไป\nเขานอน", "th", ["เขามา เขาไป", "เขานอน"]),
        ("A lone \ud83d half. Another.", "en", ["A lone ? half.", "Another."]),
        ("", "en", []),
    ],
)
def test_what_a_sentence_is(text: str, lang: str, found: list[str]) -> None:
    language = ENGLISH_LANGUAGE if lang == "en" else resolve(lang).language
    assert sentences(text, language) == found


def test_lines_that_say_something() -> None:
    assert lines(" a \r\n\n--\n b") == ["a", "b"]


@pytest.mark.parametrize("lang", STORIES)
def test_one_to_one(lang: str) -> None:
    assert beads(list(ENGLISH), list(STORIES[lang]), lang) == [([i], [i]) for i in range(4)]


def test_a_dropped_and_an_added_sentence() -> None:
    target = list(STORIES["sw"])
    assert beads(list(ENGLISH), [*target[:1], *target[2:]], "sw") == [([0], [0]), ([1], []), ([2], [1]), ([3], [2])]
    more = "Hakuna mtu anayejua historia ya jengo hilo kwa undani."
    assert beads(list(ENGLISH), [*target[:2], more, *target[2:]], "sw")[2] == ([], [2])


def test_merged_and_split_sentences() -> None:
    target = list(STORIES["es"])
    assert beads(list(ENGLISH), [f"{target[0]} {target[1]}", *target[2:]], "es")[0] == ([0, 1], [0])
    assert beads([f"{ENGLISH[0]} {ENGLISH[1]}", *ENGLISH[2:]], target, "es")[0] == ([0], [0, 1])


def test_numbers_and_names_hold_sentences_together() -> None:
    source = ["Anna has 31 red boats.", "Brian has 47 red boats.", "Chloe has 59 red boats."]
    target = ["Brian ana mashua nyekundu 47.", "Chloe ana mashua nyekundu 59."]
    assert beads(source, target, "sw") == [([0], []), ([1], [0]), ([2], [1])]


def test_digits_of_another_script_are_the_same_numbers() -> None:
    source = ["He paid 314 dollars then.", "She paid 271 dollars then.", "They paid 577 dollars then."]
    target = ["তিনি তখন ২৭১ ডলার দিয়েছিলেন।", "তারা তখন ৫৭৭ ডলার দিয়েছিল।"]
    assert beads(source, target, "bn")[0] == ([0], [])


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ([], [], []),
        (["One."], [], [Bead(range(1), range(0))]),
        ([], ["Moja."], [Bead(range(0), range(1))]),
    ],
)
def test_nothing_on_a_side(source: list[str], target: list[str], expected: list[Bead]) -> None:
    assert align(source, target, resolve("sw").language) == expected


def test_a_long_text_is_aligned_near_its_diagonal() -> None:
    source = [f"{ENGLISH[i % 4][:-1]} in year {1000 + 7 * i}." for i in range(160)]
    target = [f"{STORIES['sw'][i % 4][:-1]} mwaka wa {1000 + 7 * i}." for i in range(160)]
    del target[81]
    found = beads(source, target, "sw")
    assert ([81], []) in found and len(found) == 160


@given(
    st.lists(st.text("abc 123.", min_size=1, max_size=40), max_size=8),
    st.lists(st.text("abc 123.", min_size=1, max_size=40), max_size=8),
    st.sampled_from(["sw", "ja", "th"]),
)
def test_every_sentence_is_in_one_bead_and_in_order(source: list[str], target: list[str], lang: str) -> None:
    found = beads(source, target, lang)
    assert [i for before, _ in found for i in before] == list(range(len(source)))
    assert [j for _, after in found for j in after] == list(range(len(target)))
