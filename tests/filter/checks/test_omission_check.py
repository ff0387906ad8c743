"""Omission: a sentence without a counterpart is found, sentences merged or split are not."""

import pytest
from filter_stories import ENGLISH, STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.omission import OmissionCheck
from mlt.toolkit.languages import resolve

MAX = 0.1
MARKED = [lang for lang in STORIES if lang != "th"]


def score(source: str, target: str, lang: str) -> float | None:
    return OmissionCheck().score_pair(text_pair(source, target, lang)).value


@pytest.mark.parametrize("lang", MARKED)
def test_a_whole_translation_lacks_nothing(lang: str) -> None:
    assert score(told("en"), told(lang), lang) == 0


@pytest.mark.parametrize("dropped", [1, 2])
@pytest.mark.parametrize("lang", MARKED)
def test_a_sentence_dropped_in_the_middle_is_found(lang: str, dropped: int) -> None:
    kept = [index for index in range(4) if index != dropped]
    found = OmissionCheck().score_pair(text_pair(told("en"), told(lang, *kept), lang))
    assert found.value is not None and MAX < found.value < 0.5
    assert found.detail == f"no counterpart of: {ENGLISH[dropped]}"


@pytest.mark.parametrize("dropped", [0, 1, 2, 3])
def test_a_dropped_line_is_found_in_thai(dropped: int) -> None:
    source, target = list(ENGLISH), list(STORIES["th"])
    assert score("\n".join(source), "\n".join(target), "th") == 0
    del target[dropped]
    assert (score("\n".join(source), "\n".join(target), "th") or 0) > MAX


@pytest.mark.parametrize(
    ("target", "lang"),
    [
        (told("sw").replace("mto. Kila", "mto, na kila"), "sw"),
        (told("sw").replace("hadithi na", "hadithi. Na"), "sw"),
        (told("es").replace("río. Cada", "río, y cada"), "es"),
        (told("ja").replace("来て、", "来る。"), "ja"),
        (told("bn").replace("।", "."), "bn"),
        (told("am").replace("።", "፡፡"), "am"),
        (told("am").replace("።", "::"), "am"),
    ],
)
def test_merged_and_split_sentences_are_right(target: str, lang: str) -> None:
    assert score(told("en"), target, lang) == 0


def test_what_is_added_is_told_and_costs_nothing() -> None:
    more = told("sw", 0, 1) + " Hakuna mtu anayejua historia ya jengo hilo kwa undani. " + told("sw", 2, 3)
    found = OmissionCheck().score_pair(text_pair(told("en"), more, "sw"))
    assert found.value == 0
    assert found.detail == "added: Hakuna mtu anayejua historia ya jengo hilo kwa undani."


def test_all_segments_count_together() -> None:
    whole = turns_pair([told("en"), "Thanks."], [told("sw"), "Asante."], "sw")
    lacking = turns_pair([told("en"), told("en")], [told("sw"), told("sw", 0, 1, 3)], "sw")
    assert OmissionCheck().score_pair(whole).value == 0
    assert OmissionCheck().score_pair(lacking).value == pytest.approx(0.15, abs=0.05)


def test_requests_are_no_sentences() -> None:
    request = "\nAPI-Request: [Find(keyword='One thing. Another thing.')]\n"
    assert score(told("en") + request + "Fine.", told("ja") + "\nいいです。", "ja") == 0


@pytest.mark.parametrize(
    ("source", "target", "lang", "model"),
    [
        ("One sentence only.", "Sentensi moja tu.", "sw", None),
        ("", "", "sw", None),
        (told("en"), "", "sw", None),
        (told("en"), told("th"), "th", None),
        (told("en"), told("en"), "sw", "identity"),
    ],
)
def test_it_abstains_where_there_is_nothing_to_judge(source: str, target: str, lang: str, model: str | None) -> None:
    assert OmissionCheck().score_pair(text_pair(source, target, lang, model)).value is None


def test_its_factors_are_part_of_its_identity() -> None:
    assert OmissionCheck().identity(resolve("sw").language)["factors"] == "NTREX-128"


@given(st.text(), st.text(), st.sampled_from(["sw", "th", "ja", "am"]))
def test_it_survives_any_text(source: str, target: str, lang: str) -> None:
    value = score(source, target, lang)
    assert value is None or 0 <= value <= 1


@given(st.lists(st.sampled_from(["Go home. ", "He has 3 cats! ", "Why? ", "Anna came.\n"]), max_size=12), st.data())
def test_it_survives_any_sentences(source: list[str], data: st.DataObject) -> None:
    target = data.draw(st.permutations(source))
    value = score("".join(source), "".join(target[1:]), "sw")
    assert value is None or 0 <= value <= 1
