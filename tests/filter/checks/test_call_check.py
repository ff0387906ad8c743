"""Calls: of a record by its gold, of a text by the requests in it."""

import pytest
from filter_calls import GOLD, TOKEN, api_pair, calling, record, translated
from filter_stories import text_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.arguments import ArgumentsCheck
from mlt.filter.checks.call import CallCheck
from mlt.filter.pairs import Pair
from mlt.toolkit.checks.call_formats import render_hermes
from mlt.toolkit.records import Call, Gold, Message

TEXT = 'User: Note it.\nAPI-Request: [AddNote(title=\'Tea\', count=2)]->{"id": 17, "text": "done"}\nAI: Done.'


def problems(pair: Pair) -> float | None:
    return CallCheck().score_pair(pair).value


def judged(source: str, target: str) -> float | None:
    return problems(text_pair(source, target, "sw"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"arguments": "translate"},
        {"arguments": "translate", "text": "Niamshe kwa Mbio za asubuhi", **calling(label="Mbio za asubuhi")},
        {"target": "API-Request: [AddAlarm(label='Morning run', time='2024-03-05 07:30:00', repeat=2)]"},
    ],
)
def test_a_record_whose_calls_are_gold_is_sound(changes: dict) -> None:
    assert problems(api_pair(translated(**changes))) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "Samahani, sijui."},
        {"target": "API-Request: [AddAlarm(label='Morning run')]"},
        {"target": "API-Request: [RemoveAlarm(time='2024-03-05 07:30:00', label='Morning run', repeat=2)]"},
        {"gold": Gold(calls=(*GOLD, *GOLD))},
        {
            "messages": (
                record().messages[0],
                Message("assistant", "", (Call("Login", TOKEN.arguments),)),
                record().messages[2],
            )
        },
        {"messages": (*record().messages[:2], Message("tool", '{"token":"a1b2c4"}', (), "call_0"))},
    ],
)
def test_another_call_or_result_is_a_problem(changes: dict) -> None:
    assert problems(api_pair(translated(**changes))) >= 1


@pytest.mark.parametrize("policy", ["keep", "translate"])
def test_another_value_is_the_check_of_arguments_concern(policy: str) -> None:
    pair = api_pair(translated(policy, **calling(repeat=3)))
    assert (problems(pair), ArgumentsCheck().score_pair(pair).value) == (0, 1)


@pytest.mark.parametrize(
    "target",
    [
        'User: Iandike.\nAPI-Request: [AddNote(title=\'Tea\', count=2)]->{"id": 17, "text": "done"}\nAI: Tayari.',
        'User: Iandike.\nAPI-Request: [AddNote(count=2, title=\'Tea\')]->{"id": 17, "text": "tayari"}\nAI: Tayari.',
    ],
)
def test_a_text_with_the_same_requests_is_sound(target: str) -> None:
    assert judged(TEXT, target) == 0


@pytest.mark.parametrize(
    "target",
    [
        "User: Iandike.\nAI: Tayari.",
        'User: Iandike.\nAPI-Request: [AddNote(count=2)]->{"id": 17, "text": "done"}\nAI: Tayari.',
        'User: Iandike.\nAPI-Request: [A.d.d.N.o.t.e(title=\'Tea\', count=2)]->{"id": 17, "text": "done"}',
        "User: Iandike.\nAPI-Request: [AddNote(title='Tea', \nAI: Tayari.",
        'User: Iandike.\nAPI-Request: [AddNote(title=\'Tea\', count=2)]->{"id": 18, "text": "done"}\nAI: Tayari.',
        "User: Iandike.\nAPI-Request: [AddNote(title='Tea', count=2)]->{\"id\": 1.\nAI: Tayari.",
        "User: Iandike.\nAPI-Request: [AddNote(title='Tea', count=2)]\nAI: Tayari.",
        TEXT + "\nAPI-Request: [AddNote(title='Tea', count=2)]",
    ],
)
def test_a_text_with_other_requests_is_a_problem(target: str) -> None:
    assert judged(TEXT, target) == 1


@pytest.mark.parametrize(
    ("target", "count"),
    [
        (render_hermes(GOLD), 0),
        (render_hermes(GOLD).replace("AddAlarm", "Kengele"), 1),
        (render_hermes(GOLD)[:-20], 1),
        ("", 1),
    ],
)
def test_hermes_blocks_are_requests(target: str, count: int) -> None:
    assert judged(f"Wake me.\n{render_hermes(GOLD)}", f"Niamshe.\n{target}") == count


def test_a_list_of_calls_is_a_request() -> None:
    assert judged("[add(a=1), sub(b=2)]", "[add(a=1), sub(b=2)]") == 0
    assert judged("[add(a=1), sub(b=2)]", "[sub(b=2), add(a=1)]") == 1


def test_a_request_that_cannot_be_read_in_english_asks_for_nothing() -> None:
    assert judged("API-Request: please do it", "API-Request: fanya tafadhali") == 0


@pytest.mark.parametrize("source", ["", "How many [cats] (and dogs) are there?", "Generate API Request:"])
def test_a_text_without_requests_is_not_judged(source: str) -> None:
    assert judged(source, "Wangapi?") is None


@given(st.text("API-Request: [A(b='c',1=)]->{}<tool_call>/\n\"\\"), st.text("API-Request: [A(b='c',1=)]->{}\n"))
def test_any_text_is_judged(source: str, target: str) -> None:
    assert judged(f"API-Request: [A(b=1)]\n{source}", f"API-Request: {target}") is not None
