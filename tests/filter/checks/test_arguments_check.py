"""Arguments: call and request agree on every value, under either policy."""

import pytest
from filter_calls import api_pair, calling, translated
from filter_stories import text_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.arguments import ArgumentsCheck
from mlt.filter.pairs import Pair

RENDERED = "Niamshe kwa Mbio za asubuhi, mimi ni amina."
ENGLISH = (
    "User: I am user12x, note fresh green tea for 5 on {when}.\n"
    "API-Request: [AddNote(user='user12x', text='fresh green tea', count='5', day='2024-03-05')]"
)
SWAHILI = (
    "User: Mimi ni {user}, andika {said} kwa 5 tarehe {when}.\n"
    "API-Request: [AddNote(user='{user2}', text='{text}', count='{count}', day='{day}')]"
)
SAME = {
    "user": "user12x",
    "user2": "user12x",
    "said": "fresh green tea",
    "text": "fresh green tea",
    "count": "5",
    "day": "2024-03-05",
    "when": "5 Machi",
}


def problems(pair: Pair) -> float | None:
    return ArgumentsCheck().score_pair(pair).value


def judged(**changes: str) -> float | None:
    return problems(text_pair(ENGLISH.format(when="March 5"), SWAHILI.format(**{**SAME, **changes}), "sw"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"arguments": "translate"},
        {"arguments": "translate", "text": RENDERED, **calling(label="Mbio za asubuhi")},
    ],
)
def test_values_that_stand_as_the_policy_says_are_sound(changes: dict) -> None:
    assert problems(api_pair(translated(**changes))) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"text": RENDERED},
        {"text": RENDERED, "arguments": "translate"},
        {**calling(label="Mbio za asubuhi")},
        {"arguments": "translate", **calling(label="Mbio za asubuhi")},
        {"arguments": "translate", **calling(time="2024-03-05 08:30:00")},
        {**calling(repeat="2")},
    ],
)
def test_values_that_do_not_are_problems(changes: dict) -> None:
    assert problems(api_pair(translated(**changes))) >= 1


@pytest.mark.parametrize(
    "changes", [{}, {"said": "chai ya kijani", "text": "chai ya kijani"}, {"said": "Fresh green tea"}]
)
def test_a_text_may_keep_a_value_or_render_it_in_both_places(changes: dict[str, str]) -> None:
    assert judged(**changes) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"said": "chai ya kijani"},
        {"text": "chai ya kijani"},
        {"count": "6"},
        {"day": "2024-03-06"},
        {"user2": "user13x"},
        {"user": "user12"},
        {"text": "fresh green tea 2", "said": "fresh green tea 2"},
    ],
)
def test_a_value_that_call_and_request_differ_on_is_a_problem(changes: dict[str, str]) -> None:
    assert judged(**changes) == 1


def test_a_value_that_the_request_never_said_need_not_be_there() -> None:
    source = "User: Find it.\nAPI-Request: [ToolSearcher(keywords='weather forecast')]"
    assert problems(text_pair(source, source.replace("Find it", "Itafute"), "sw")) == 0


def test_a_text_without_requests_is_not_judged() -> None:
    assert problems(text_pair("How many?", "Ngapi?", "sw")) is None


@given(st.text(), st.text())
def test_any_value_is_judged(value: str, said: str) -> None:
    source = f"User: {value}\nAPI-Request: [A(b={value!r})]"
    assert problems(text_pair(source, f"User: {said}\nAPI-Request: [A(b={said!r})]", "sw")) is not None
