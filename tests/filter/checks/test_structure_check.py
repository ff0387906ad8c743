"""Structure: what is no prose comes through as it is."""

import json

import pytest
from filter_calls import TOOLS, api_pair, record, translated
from filter_stories import STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.structure import StructureCheck
from mlt.toolkit.records import dump_json


def problems(source: str, target: str, lang: str = "sw") -> float | None:
    return StructureCheck().score_pair(text_pair(source, target, lang)).value


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_of_prose_is_sound(lang: str) -> None:
    assert problems(told("en"), told(lang), lang) == 0


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Run `ls -l` now.", "Sasa endesha `ls -l`."),
        ("See https://example.org/a?b=1.", "Ona https://example.org/a?b=1."),
        ("Solve $x^2 + 1 = 0$ for x.", "Tatua $x^2+1=0$ kwa x."),
        ("So \\boxed{5 \\text{ apples}}.", "Hivyo \\boxed{5 \\text{ matofaa}}."),
        ("<b>Hi</b> {name}", "<b>Habari</b> {name}"),
        ("McCartney saw PawPaw at weather.com in the 1990s.", "แมคคาร์ตนีย์เห็นพอว์พอว์ที่เว็บไซต์อากาศในทศวรรษ 1990"),
        ("The 6-foot-6 man came at 4:00.", "Mtu wa mita 1.98 alikuja saa 10:00."),
        ("| a | b |\n| 1 | 2 |", "| moja | mbili |\n| 1 | 2 |"),
        ("He said it. (E.g. twice.)", "Alisema. (K.m. mara 2.)"),
    ],
)
def test_spans_that_stand_and_names_that_change_are_sound(source: str, target: str) -> None:
    assert problems(source, target) == 0


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Run `ls -l` now.", "Sasa endesha `ls`."),
        ("See https://example.org/a.", "Ona https://example.org/b."),
        ("Write to a.b@example.org.", "Andika kwa a.b@mfano.org."),
        ("Solve $x^2 + 1 = 0$ for x.", "Tatua $x^2 + 1 = 2$ kwa x."),
        ("So \\frac{1}{2}.", "Hivyo \\frac{1}{2."),
        ("<b>Hi</b> {name}", "<b>Habari {name}"),
        ("Hi {name}", "Habari {jina}"),
        ("Hi there", "Habari <br> www.example.org"),
        ("Use max_value and /usr/local/bin.", "Tumia max_thamani na /usr/local/bin."),
        ("Your token is x9y8z7w6.", "Tokeni yako ni x9y8z7w5."),
        ("From 2024-03-05 10:00:00 on.", "Kuanzia 2024-03-05 10:01:00."),
        ("| a | b |\n| 1 | 2 |", "| moja | mbili |"),
        ("| a | b |\n| 1 | 2 |", "| moja | mbili |\n| 1 2 |"),
        ("On the 3rd floor.", "Kwenye ghorofa ya 3.r.d kabisa."),
        ("It has 5, or 6.", "Ina 5., au 6."),
    ],
)
def test_what_is_lost_new_or_broken_is_a_problem(source: str, target: str) -> None:
    assert problems(source, target) >= 1


def test_turns_must_be_as_many() -> None:
    assert StructureCheck().score_pair(turns_pair(["One.", "Two."], ["Moja.", "Mbili."], "sw")).value == 0
    score = StructureCheck().score_pair(turns_pair(["One.", "Two."], ["Moja."], "sw"))
    assert (score.value, score.detail) == (1, "2 turns became 1")


def _tools(change: str, to: str) -> str:
    return dump_json(json.loads(json.dumps(TOOLS).replace(change, to)))


@pytest.mark.parametrize(
    ("policy", "tools", "count"),
    [
        ("keep", record().tools, 0),
        ("translate", _tools("Sets an alarm.", "Huweka kengele."), 0),
        ("keep", _tools("Sets an alarm.", "Huweka kengele."), 1),
        ("translate", _tools("string", "integer"), 1),
        ("translate", _tools('"label"', '"lebo"'), 1),
        ("translate", None, 1),
        ("translate", '[{"type":', 1),
    ],
)
def test_schemas_differ_in_descriptions_only_and_only_if_they_may(policy: str, tools: str | None, count: int) -> None:
    assert StructureCheck().score_pair(api_pair(translated(tools=policy).with_(tools=tools))).value == count


@given(st.text("`$\\{}<>/|.5a_ \n@"), st.text("`$\\{}<>/|.5a_ \n@"))
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(source, target) is not None


def test_a_very_long_text_is_judged() -> None:
    assert problems("a1" * 50_000, "|." * 50_000) is not None
