"""Call text: what API-Bank, BFCL and models write, its breakage, and the way back."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.checks.call_formats import (
    parse_hermes,
    parse_openai,
    parse_xlam,
    render_api_bank,
    render_hermes,
    render_openai,
    render_xlam,
    same_calls,
    without_hermes_calls,
)
from mlt.toolkit.checks.calls import CallSyntaxError, parse_calls, parse_request
from mlt.toolkit.records import Call

HEALTH = "[{'name': 'blood_pressure', 'value': '120/80'}, {'name': 'heart_rate', 'value': '80'}]"

SOUND = [
    ("API-Request: [Calculator(formula='(5+6)*3')]", "Calculator", {"formula": "(5+6)*3"}),
    ("[Name(k='v', k2=[1, 'b'], k3={'a': None})]", "Name", {"k": "v", "k2": [1, "b"], "k3": {"a": None}}),
    ("W(lat=-3.5, on=True, off=false, no=null)", "W", {"lat": -3.5, "on": True, "off": False, "no": None}),
    ("cd(folder='x')", "cd", {"folder": "x"}),
    ("sort('final_report.pdf')", "sort", {"$0": "final_report.pdf"}),
    ("add(1, 2, unit='m')", "add", {"$0": 1, "$1": 2, "unit": "m"}),
    ('spotify.play(artist="It\'s", minutes=20)', "spotify.play", {"artist": "It's", "minutes": 20}),
    ("get-user('Content-Type'='a', from='b')", "get-user", {"Content-Type": "a", "from": "b"}),
    ("A(text='a, b=c) ] -> [x')", "A", {"text": "a, b=c) ] -> [x"}),
    ("Ping()", "Ping", {}),
]

BROKEN = [
    ("[Translate(src='l'après-midi', tgt_lang='en')]", {"src": "l'après-midi", "tgt_lang": "en"}),
    ("[Translate(src='l'après-midi')]", {"src": "l'après-midi"}),
    (f"[RecordHealthData(user_id='123', health_data='{HEALTH}')]", {"user_id": "123", "health_data": HEALTH}),
    ("[AddMeeting(attendees='['John']')]", {"attendees": "['John']"}),
    ("[AddMeeting(attendees='['John', 'Jane']', room='5')]", {"attendees": "['John', 'Jane']", "room": "5"}),
    ("[M(patient_name=John Smith, medication=flu)]", {"patient_name": "John Smith", "medication": "flu"}),
    ("[F(location=New York, NY, date=2034-01-02)]", {"location": "New York, NY", "date": "2034-01-02"}),
    ("[F(time=2034-01-01 10:00:00, n=3)]", {"time": "2034-01-01 10:00:00", "n": 3}),
    ("[F(trial_id=<trial_id of Trial A>)]", {"trial_id": "<trial_id of Trial A>"}),
    ("[F(x=5+6, y=(a) b)]", {"x": "5+6", "y": "(a) b"}),
    ("[F(x=, y=1)]", {"x": "", "y": 1}),
    ("[F(a='it's (really) on', b='x')]", {"a": "it's (really) on", "b": "x"}),
    ("[F(id=007)]", {"id": "007"}),
    ("[F(k='v')", {"k": "v"}),
    ("[F(k='v'", {"k": "v"}),
    ("[F(k='v']", {"k": "v"}),
    ("F(k='v'", {"k": "v"}),
]


@pytest.mark.parametrize(("text", "name", "arguments"), SOUND)
def test_sound_call_is_read(text: str, name: str, arguments: dict[str, Any]) -> None:
    assert parse_calls(text) == [Call(name, arguments)]


@pytest.mark.parametrize(("text", "arguments"), BROKEN)
def test_broken_quoting_is_survived(text: str, arguments: dict[str, Any]) -> None:
    [call] = parse_calls(text)
    assert dict(call.arguments) == arguments


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("API-Request: [A(x='1'), B(y='2'), C()]", ["A", "B", "C"]),
        ("A(x=1); B(y=2)", ["A", "B"]),
        ("[A(x='l'été'), B(y=New York)]", ["A", "B"]),
        ("API-Request: []", []),
    ],
)
def test_several_calls_are_read_in_order(text: str, names: list[str]) -> None:
    assert [call.name for call in parse_calls(text)] == names


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("API-Request: [A(x='1')]->33.0", "33.0"),
        ("[A(x='1')] -> {'a': ')]->'}\nmore", "{'a': ')]->'}\nmore"),
        ("[A(x='l'été')]->success", "success"),
        ("[A(city=New York)]->['x']", "['x']"),
        ("[A(x='1')]->", ""),
        ("[A(x='1')]", None),
    ],
)
def test_result_stands_apart_from_the_call(text: str, result: str | None) -> None:
    request = parse_request(text)
    assert request.result == result
    assert [call.name for call in request.calls] == ["A"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "API-Request:",
        "The result is 33.",
        "'",
        "[A]",
        "[A(x='1') and more]",
        "[A(x=New York) and more]",
        "[A(x='1', x='2')]",
        "A(x='open",
        "[(x=1)]",
        "[A(x={'a': 1)]",
        "A(x=" + "[" * 500 + "]" * 500 + ") tail",
    ],
)
def test_what_is_no_call_is_refused(text: str) -> None:
    with pytest.raises(CallSyntaxError):
        parse_calls(text)


STRINGS = st.text(max_size=12) | st.text(alphabet="'\"\\,()[]{}=-> \nAé'\t‍</tool_call>", max_size=16)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.from_regex(r"[A-Za-z_][\w.]{0,10}", fullmatch=True) | STRINGS | st.sampled_from(["$0", "$1"])
CALLS = st.lists(st.builds(Call, NAMES, st.dictionaries(NAMES, VALUES, max_size=4)), max_size=3)


@settings(deadline=None)
@given(CALLS)
def test_every_rendering_reads_back_as_the_same_calls(calls: list[Call]) -> None:
    assert same_calls(parse_calls(render_api_bank(calls)), calls)
    assert same_calls(parse_openai(render_openai(calls)), calls)
    assert same_calls(parse_openai(json.dumps(render_openai(calls))), calls)
    assert same_calls(parse_xlam(render_xlam(calls)), calls)
    assert same_calls(parse_hermes(f"So:\n{render_hermes(calls)}"), calls)
    assert [list(c.arguments) for c in parse_calls(render_api_bank(calls))] == [list(c.arguments) for c in calls]


@settings(deadline=None)
@given(st.text(alphabet="AB=(),'\"[]{} ->\\;x1:\n", max_size=60))
def test_any_text_gives_calls_that_read_back_or_an_error(text: str) -> None:
    try:
        calls = parse_calls(text)
    except CallSyntaxError:
        return
    assert same_calls(parse_calls(render_api_bank(calls)), calls)


def test_rendering_looks_like_api_bank() -> None:
    calls = [Call("Book", {"name": "John", "note": 'it\'s "on"', "n": 2, "on": True, "at": None, "l": ["a"]})]
    assert render_api_bank(calls) == (
        "API-Request: [Book(name='John', note='it\\'s \"on\"', n=2, on=True, at=None, l=['a'])]"
    )


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": "1"}, {"a": 1}, False),
    ],
)
def test_calls_are_compared_as_json(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    assert same_calls([Call("A", first)], [Call("A", second)]) is same


def test_hermes_blocks_with_python_quotes_are_read() -> None:
    text = "Let me see.\n<tool_call>\n{'name': 'A', 'arguments': {'x': True}}\n</tool_call>"
    assert parse_hermes(text) == [Call("A", {"x": True})]
    assert without_hermes_calls(text) == "Let me see."


@pytest.mark.parametrize("value", [[1], {"a": 1}, "nonsense", [{"name": 1}], [{"name": "A", "arguments": [1]}]])
def test_malformed_call_objects_are_refused(value: Any) -> None:
    with pytest.raises(CallSyntaxError):
        parse_xlam(value)
    with pytest.raises(CallSyntaxError):
        parse_openai(value)


def test_every_call_of_api_bank_is_read_and_reads_back(data_dir: Path) -> None:
    texts = []
    for path in sorted((data_dir / "api_bank").glob("t*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            lines = [row.get("expected_output", row.get("output", "")), *row.get("input", "").split("\n")]
            texts += [text for text in lines if text.startswith("API-Request:")]
    assert len(texts) > 2000
    for text in texts:
        calls = parse_calls(text)
        assert calls and same_calls(parse_calls(render_api_bank(calls)), calls)


def test_every_call_string_of_bfcl_reads_as_python_reads_it(data_dir: Path) -> None:
    count = 0
    for path in sorted((data_dir / "bfcl").glob("multi_turn_*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            for text in [call for turn in json.loads(line).get("ground_truth", []) for call in turn]:
                node = ast.parse(text, mode="eval").body
                assert isinstance(node, ast.Call)
                expected = {f"${i}": ast.literal_eval(arg) for i, arg in enumerate(node.args)}
                expected |= {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}
                name = ast.unparse(node.func)
                assert same_calls(parse_calls(text), [Call(name, json.loads(json.dumps(expected)))])
                count += 1
    assert count > 1000
