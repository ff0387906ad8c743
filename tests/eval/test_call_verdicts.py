"""Calls in a model's output: found, judged, and what is wrong with them named."""

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.eval.call_search import find_calls
from mlt.eval.call_values import same_value
from mlt.eval.calls import CallVerdict, judge
from mlt.toolkit.checks.call_formats import render_api_bank, render_hermes, render_openai, render_xlam, same_calls
from mlt.toolkit.errors import DataError
from mlt.toolkit.records import Call

GOLD = Call("AddAgenda", {"token": "a9s8", "content": "Meeting with John", "time": "2023-10-26 09:00:00"})
TEXT = "AddAgenda(token='a9s8', content='Meeting with John', time='2023-10-26 09:00:00')"
JSON = json.dumps({"name": GOLD.name, "arguments": dict(GOLD.arguments)})
RENDERERS: dict[str, Callable[[list[Call]], str]] = {
    "api-bank": render_api_bank,
    "bare list": lambda calls: render_api_bank(calls).removeprefix("API-Request: "),
    "hermes": render_hermes,
    "xlam": render_xlam,
    "openai": lambda calls: json.dumps({"role": "assistant", "tool_calls": render_openai(calls)}),
    "a call a line": lambda calls: "\n".join(render_api_bank([call])[len("API-Request: [") : -1] for call in calls),
}

FOUND = {
    "the study's format": f"[{TEXT}]",
    "with its prefix": f"API-Request: [{TEXT}]",
    "with a result behind it": f"[{TEXT}]->success",
    "no brackets": TEXT,
    "a closing bracket forgotten": f"[{TEXT}",
    "a sentence before it": f"Sure, I'll add it (right away).\nAPI-Request: [{TEXT}]",
    "a sentence on its line": f"Here you are: [{TEXT}]",
    "a sentence behind it": f"[{TEXT}] I hope that this helps; it's done.",
    "a turn made up behind it": f"[{TEXT}]\nUser: Thanks, and don't forget Mary's.\nAPI-Request: [Delete(token='b')]",
    "a code fence": f"```python\n[{TEXT}]\n```",
    "a fence in prose": f"This call does it:\n\n```\n{TEXT}\n```\nDone.",
    "in code signs": f"I call\n`{TEXT}`",
    "over several lines": "[AddAgenda(\n token='a9s8',\n content='Meeting with John',\n time='2023-10-26 09:00:00'\n)]",
    "double quotes": TEXT.replace("'", '"'),
    "after thoughts": f"<think>[Other(x=1)] may do, or not.</think>\n[{TEXT}]",
    "after thoughts that the prompt began": f"[Other(x=1)] may do, or not.\n</think>\n\n[{TEXT}]",
    "the marker after another list": f"I could use [DeleteAgenda(token='b')].\nAPI-Request: [{TEXT}]",
    "Hermes": f"<tool_call>\n{JSON}\n</tool_call>",
    "Hermes, never closed": f"I will do it.\n<tool_call>\n{JSON}",
    "Hermes around API-Bank's format": f"<tool_call>[{TEXT}]</tool_call>",
    "a JSON object": JSON,
    "a JSON list in a fence": f"```json\n[\n  {JSON}\n]\n```",
    "JSON in prose": f"The call is {JSON} as you wished.",
    "Llama's parameters": JSON.replace("arguments", "parameters"),
    "OpenAI's function": json.dumps({"type": "function", "function": json.loads(JSON)}),
    "arguments as JSON text": json.dumps({"name": GOLD.name, "arguments": json.dumps(dict(GOLD.arguments))}),
    "Python's quotes": str(json.loads(JSON)),
}


@pytest.mark.parametrize("output", FOUND.values(), ids=FOUND)
def test_call_is_found_whatever_stands_around_it(output: str) -> None:
    assert judge(output, [GOLD]) == CallVerdict((GOLD,), True, True, None)


BROKEN_QUOTES = {
    "an apostrophe": ("[A(part='l'après-midi')] voilà", {"part": "l'après-midi"}),
    "a list in quotes": ("[A(who='['John', 'Mary']')]\nDone.", {"who": "['John', 'Mary']"}),
    "no quotes": ("[A(name=John Smith, n=5)]", {"name": "John Smith", "n": 5}),
    "brackets in a string": ("API-Request: [A(x='a)] (b')] and more", {"x": "a)] (b"}),
    "a line break in a string": ("[A(x='one\ntwo')]\nUser: hi", {"x": "one\ntwo"}),
}


@pytest.mark.parametrize(("output", "arguments"), BROKEN_QUOTES.values(), ids=BROKEN_QUOTES)
def test_broken_quotes_do_not_hide_a_call(output: str, arguments: dict[str, object]) -> None:
    found = find_calls(output)
    assert found is not None and found.calls is not None
    assert same_calls(found.calls, [Call("A", arguments)])


NO_CALL = {
    "nothing": "",
    "prose": "I'm sorry, I can't help with that (yet).",
    "an index": "See [1] and [Note] (page 3).",
    "a link": "Look at [the docs](https://example.org/a).",
    "code that is no call": "```\nx = 5\n```",
    "a JSON object": '{"answer": 5, "unit": "km"}',
    "a function named in prose": "You may use get_time() for that.",
    "thoughts alone": "<think>[A(x='1')] would do",
    "an empty list": "[]",
    "an empty list behind the marker": "API-Request: []",
}


@pytest.mark.parametrize("output", NO_CALL.values(), ids=NO_CALL)
def test_no_call_is_right_where_none_is_wanted_and_wrong_where_one_is(output: str) -> None:
    assert judge(output, []).strict and judge(output, []).error is None
    assert judge(output, [GOLD]).error == "no-call"
    assert not judge(output, [GOLD]).normalised


def test_call_where_none_is_wanted_is_one_too_many() -> None:
    assert judge(f"[{TEXT}]", []) == CallVerdict((GOLD,), False, False, "call-count")
    assert judge("[AddAgenda(token='a9", []).error == "unparsable"


ARABIC, ENGLISH = "اجتماع مع جون", "Meeting with John"
SPANISH = GOLD.arguments | {"content": "Reunión con Juan"}


def with_content(text: object) -> str:
    return render_api_bank([Call(GOLD.name, GOLD.arguments | {"content": text})])


MUTATIONS = {
    "no call at all": ("The meeting is in your agenda now.", "no-call"),
    "an empty list": ("[]", "no-call"),
    "cut off inside a string": (f"[{TEXT[:-6]}", "unparsable"),
    "an equals sign for the bracket": ("[AddAgenda token='a9s8']", "unparsable"),
    "the call twice": (f"[{TEXT}, {TEXT}]", "call-count"),
    "another API": (f"[{TEXT.replace('AddAgenda', 'AddMeeting')}]", "wrong-api"),
    "the API in other letters": (f"[{TEXT.replace('AddAgenda', 'addagenda')}]", "wrong-api"),
    "an argument left out": ("[AddAgenda(token='a9s8', time='2023-10-26 09:00:00')]", "argument-missing"),
    "an argument renamed": (f"[{TEXT.replace('content', 'topic')}]", "argument-missing"),
    "an argument translated": (f"[{TEXT.replace('content', 'contenido')}]", "argument-missing"),
    "an argument too many": (f"[{TEXT[:-1]}, location='here')]", "argument-extra"),
    "another value": (with_content("Lunch with Mary"), "wrong-value"),
    "another time": (f"[{TEXT.replace('09:00', '10:00')}]", "wrong-value"),
    "two values exchanged": (
        f"[{TEXT.replace('a9s8', 'x').replace(ENGLISH, 'a9s8').replace('x', ENGLISH)}]",
        "wrong-value",
    ),
    "null for a value": (with_content(None), "wrong-value"),
}


@pytest.mark.parametrize(("output", "error"), MUTATIONS.values(), ids=MUTATIONS)
def test_mutation_lands_in_its_class(output: str, error: str) -> None:
    verdict = judge(output, [GOLD], source_calls=[GOLD])
    assert (verdict.error, verdict.strict, verdict.normalised) == (error, False, False)


LANGUAGES = [
    # gold, English, given
    ("Reunión con Juan", ENGLISH, ENGLISH, "wrong-language"),
    ("Reunión con Juan", ENGLISH, "meeting with john", "wrong-language"),
    ("Reunión con Juan", ENGLISH, "A meeting with John", "wrong-language"),
    ("Reunión con Juan", ENGLISH, "Almuerzo con María", "wrong-value"),
    ("Reunión con Juan", ENGLISH, "Lunch at noon", "wrong-value"),
    ("জনের সাথে মিটিং", ENGLISH, ENGLISH, "wrong-language"),
    ("জনের সাথে মিটিং", ENGLISH, "A talk", "wrong-language"),
    ("জনের সাথে মিটিং", ENGLISH, "জনের সাথে দুপুরের খাবার", "wrong-value"),
    (ENGLISH, ENGLISH, ARABIC, "wrong-language"),
    (ENGLISH, ENGLISH, "Reunión con Juan", "wrong-value"),
    ("ジョンとの会議", ENGLISH, "じょんとの会議", "wrong-value"),
    (["Reunión", "Juan"], ["Meeting", "John"], ["Meeting", "John"], "wrong-language"),
    (5, 5, 6, "wrong-value"),
    ("Reunión con Juan", ENGLISH, 6, "wrong-value"),
]


@pytest.mark.parametrize(("gold", "english", "given", "error"), LANGUAGES)
def test_value_in_the_wrong_language_is_told_from_a_wrong_value(
    gold: object, english: object, given: object, error: str
) -> None:
    wanted = Call(GOLD.name, GOLD.arguments | {"content": gold})
    source = Call(GOLD.name, GOLD.arguments | {"content": english})
    assert judge(with_content(given), [wanted], source_calls=[source]).error == error
    assert judge(with_content(given), [wanted]).error == "wrong-value"


def test_one_wrong_value_beside_an_english_one_is_a_wrong_value() -> None:
    wanted, given = Call(GOLD.name, SPANISH), Call(GOLD.name, GOLD.arguments | {"token": "other"})
    assert judge(render_api_bank([given]), [wanted], source_calls=[GOLD]).error == "wrong-value"


def test_english_call_of_another_api_says_nothing() -> None:
    wanted = Call(GOLD.name, SPANISH)
    assert judge(f"[{TEXT}]", [wanted], source_calls=[Call("Other", GOLD.arguments)]).error == "wrong-value"


SAME = [
    ("Meeting", "meeting"),
    ("Straße", "STRASSE"),
    ("café", "cafe\u0301"),
    ("Ｔｏｋｙｏ", "Tokyo"),
    ("don’t", "don't"),
    ("a  b", "a b "),
    (5, "5"),
    (5, 5.0),
    ("1,234", 1234),
    ("1234.50", 1234.5),
    ("−3", -3),
    ("১৮", 18),
    ("๑๘ นาที", "18 นาที"),
    (True, "true"),
    ("['John', 'Mary']", ["john", "Mary"]),
    ('{"a": 1}', {"a": "1"}),
    ("2023-10-26", "October 26, 2023"),
    ("2023-10-26", "26th of Oct 2023"),
    ("2023-10-26", "26 de octubre de 2023"),
    ("2023-10-26", "2023年10月26日"),
    ("2023-10-26", "26 ตุลาคม 2566"),
    ("2023-10-26", "২৬ অক্টোবর ২০২৩"),
    ("2023-10-26", "26/10/2023"),
    ("2023-10-26", "10/26/2023"),
    ("2023-10-26", "26.10.2023"),
    ("2023-10-26 09:00:00", "2023-10-26T09:00"),
    ("2023-10-26 21:00:00", "October 26, 2023 at 9:00 PM"),
    ("9 AM", "09:00:00"),
    ("12:30 am", "0:30"),
]
DIFFERENT = [
    ("1.5", "15"),
    ("0123", 123),
    ("+5", "5"),
    ("5 km", "5"),
    ("$5", "5"),
    ("5%", "5"),
    (True, 1),
    (None, "null"),
    (None, ""),
    ("03/04/2023", "2023-04-03"),
    ("2023-10-26", "2023-10-27"),
    ("2023-10-26", "2023-10-26 09:00"),
    ("9:00 AM", "9:00 PM"),
    ("25:00", "1:00"),
    ("2023-13-26", "2023-12-26"),
    ("May", "5"),
    ("a b", "ab"),
    ("cafe", "café"),
    ([1, 2], [2, 1]),
    ("[1, 2", [1, 2]),
    (float("nan"), 0),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_other_ways_to_write_a_value_are_normalised_but_not_strict(first: object, second: object) -> None:
    assert same_value(first, second) and same_value(second, first)
    verdict = judge(render_api_bank([Call("A", {"x": second})]), [Call("A", {"x": first})])
    assert (verdict.strict, verdict.normalised, verdict.error) == (False, True, None)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_values_that_differ_stay_different(first: object, second: object) -> None:
    assert not same_value(first, second) and not same_value(second, first)


def test_parallel_calls_may_come_in_any_order() -> None:
    calls = [Call("A", {"x": 1}), Call("A", {"x": 2}), Call("B", {})]
    assert judge(render_api_bank(calls[::-1]), calls).strict
    assert judge("[A(x=1), A(x=1), B()]", calls).error == "wrong-value"
    assert judge("[A(x='2'), B(), A(x=1)]", calls) == CallVerdict(
        (Call("A", {"x": "2"}), Call("B", {}), Call("A", {"x": 1})), False, True, None
    )


def test_gravest_error_of_parallel_calls_is_named() -> None:
    calls = [Call("A", {"x": 1}), Call("B", {"y": 2})]
    assert judge("[B(y=3), C(x=1)]", calls).error == "wrong-api"
    assert judge("[B(), A(x=2)]", calls).error == "argument-missing"


def test_arguments_by_position_take_the_names_of_the_tool() -> None:
    tools = json.dumps([{"name": "A", "parameters": {"type": "object", "properties": {"x": {}, "y": {}}}}])
    verdict = judge("[A(1, 2)]", [Call("A", {"x": 1, "y": 2})], tools)
    assert (verdict.strict, verdict.normalised) == (False, True)
    assert judge("[A(1, 2)]", [Call("A", {"x": 1, "y": 2})]).error == "argument-missing"
    assert judge("[A(1, 2)]", [Call("A", {"$0": 1, "$1": 2})], tools).strict


def test_dot_in_an_api_name_may_be_an_underscore() -> None:
    verdict = judge("[math_add(x=1)]", [Call("math.add", {"x": 1})])
    assert (verdict.strict, verdict.normalised) == (False, True)


def test_accepted_values_that_do_not_go_with_the_gold_are_refused() -> None:
    with pytest.raises(DataError, match="2 lists of accepted values for 1 gold calls"):
        judge(f"[{TEXT}]", [GOLD], accepts=[{}, {}])
    with pytest.raises(DataError, match="no JSON"):
        judge(f"[{TEXT}]", [GOLD], tools="{")


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,12}", fullmatch=True)
SCALARS = st.text(max_size=12) | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2), max_leaves=4
)
CALLS = st.lists(st.builds(Call, NAMES, st.dictionaries(NAMES, VALUES, max_size=3)), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(CALLS, st.sampled_from(sorted(RENDERERS)), st.randoms(use_true_random=False))
def test_every_rendering_of_any_calls_is_right(calls: list[Call], form: str, random: object) -> None:
    shuffled = calls.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    verdict = judge(RENDERERS[form](shuffled), calls)
    assert (verdict.strict, verdict.normalised, verdict.error) == (True, True, None)


@settings(max_examples=150, deadline=None)
@given(st.text("[]{}()'\"=,:;A \n->`<>_callt/o\\1", max_size=60))
def test_any_output_gets_a_verdict_and_strict_is_never_more_than_normalised(output: str) -> None:
    for gold in ([], [Call("A", {})]):
        verdict = judge(output, gold)
        assert verdict.normalised or not verdict.strict
        assert (verdict.error is None) == verdict.normalised


HOSTILE = ["[A(", "A(x=1\n", "[A(x='", "<tool_call>", '{"name":"a",', "'", "```\n", "[", "A(x=b, ", "API-Request: "]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_output_takes_no_long_time(piece: str) -> None:
    started = time.process_time()
    judge(piece * (40_000 // len(piece)), [GOLD])
    assert time.process_time() - started < 3
