"""Rows of every API layout become records, and malformed ones are refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.errors import RowError
from mlt.toolkit.records import Call, Record, Source, from_row, to_row
from mlt.toolkit.tasks.api import ApiTask
from mlt.toolkit.tasks.base import Policies

TASK = ApiTask()
SOURCE = Source("d", "r", "train", 1, "CC0-1.0")

CALCULATOR = {
    "name": "Calculator",
    "description": "Computes.",
    "input_parameters": {"formula": {"type": "str", "description": "The formula."}},
    "output_parameters": {"result": {"type": "float", "description": "The result."}},
}
SEARCHER = {
    "apiCode": "ToolSearcher",
    "description": "Searches.",
    "parameters": {"keywords": {"type": "str", "description": "The keyword."}},
    "response": {"best": {"type": "Union[List[dict], dict]", "description": "The tools."}},
}
PROMPT = "\nGenerate an API request in the format of [ApiName(key1='value1')].\n{context}Input: \nUser: U\n\n"
LEVEL1 = {
    "file": "Calculator-1.jsonl",
    "id": 0,
    "instruction": PROMPT.format(context="The current year is 2023.\n")
    + f"API descriptions:\n{json.dumps(CALCULATOR)}",
    "input": "User: Can you add 2\nand 3?\nAI: Sure.\n"
    "API-Request: [Calculator(formula='2+3')]->5.0\nAI: It is 5.\nUser: And 7?\nGenerate API Request:\n",
    "expected_output": "API-Request: [Calculator(formula='5+7')]",
}
TRAINING = {
    "target_kind": "response",
    "instruction": PROMPT.format(context="The current time is {{time}}.\n") + "API descriptions:\n",
    "input": json.dumps(SEARCHER) + "\nUser: Find a retreat in Bali.TIME: 2034-01-01 08:00:00\n"
    "API-Request: [ToolSearcher(keywords='retreat')]->{'name': 'Find', 'input_parameters': {}}\n"
    "API-Request: [Find(location=Bali)]->{'retreats': [{'name': 'Nature's Haven'}]}\nGenerate AI Response: ",
    "output": "AI: Nature's Haven.\n",
}
API_TURN = {
    "role": "API",
    "api_name": "Calculator",
    "param_dict": {"formula": "2+3"},
    "result": {"api_name": "Calculator", "input": {}, "output": 5.0, "exception": None},
}
DIALOGUE = {
    "id": "Calculator-1.jsonl",
    "turns": [
        {"role": "User", "text": "Add 2 and 3."},
        {"role": "AI", "text": "Sure."},
        API_TURN,
        {"role": "AI", "text": "5."},
        {"role": "User", "text": "And 7?"},
        {**API_TURN, "param_dict": {"formula": "5+7"}},
        {"role": "AI", "text": "12."},
    ],
}
LEVEL3 = {
    "sample_id": 7,
    "requirement": " Add 2 and 3. ",
    "response": "It is 5.",
    "apis": [{"api_name": "Calculator", "input": {"formula": "2+3"}, "output": {"output": 5.0}}],
}
BFCL = {
    "id": "live_simple_3-2-0",
    "question": [[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Boston?"}]],
    "function": [
        {
            "name": "weather.get",
            "parameters": {
                "type": "dict",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["c", "f"]},
                    "at": {"type": "dict", "properties": {"day": {"type": "integer"}}},
                },
                "required": ["city"],
            },
        }
    ],
    "ground_truth": [{"weather.get": {"city": ["Boston", "Boston, MA"], "unit": ["", "f"], "at": [{"day": [1, 2]}]}}],
}
XLAM = {
    "id": 5,
    "query": "Weather in Boston?",
    "tools": json.dumps(
        [
            {
                "name": "weather",
                "description": "Gives it.",
                "parameters": {
                    "city": {"type": "str", "description": "The city."},
                    "days": {"type": "int, optional", "description": "How many.", "default": 1},
                },
            }
        ]
    ),
    "answers": json.dumps([{"name": "weather", "arguments": {"city": "Boston", "days": 2}}]),
}
TOOL = {
    "type": "function",
    "function": {"name": "w", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
REQUEST = {"id": "abc", "type": "function", "function": {"name": "w", "arguments": '{"city": "Boston"}'}}
OPENAI = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather in Boston?"}]},
        {"role": "assistant", "content": None, "tool_calls": [REQUEST]},
        {"role": "tool", "tool_call_id": "abc", "content": '{"sky": "clear"}'},
        {"role": "assistant", "content": "It is clear."},
        {"role": "user", "content": "And in Lima?"},
        {"role": "assistant", "content": "One moment.", "tool_calls": [REQUEST]},
    ],
    "tools": [TOOL],
}
HERMES = {
    "id": "h1",
    "conversations": [
        {
            "from": "system",
            "value": "You are Bo. You are a function calling AI model. You are provided with function signatures "
            f"within <tools> </tools> XML tags:\n<tools>\n{json.dumps([TOOL])}\n</tools>\nFor each call return JSON "
            "within <tool_call></tool_call>.",
        },
        {"from": "human", "value": "Weather in Boston?"},
        {"from": "gpt", "value": "<tool_call>\n{'name': 'w', 'arguments': {'city': 'Boston'}}\n</tool_call>"},
        {"from": "tool", "value": '<tool_response>\n{"name": "w", "content": "clear"}\n</tool_response>'},
        {"from": "gpt", "value": "It is clear."},
    ],
}
ROWS = {
    "level1": LEVEL1,
    "training": TRAINING,
    "dialogue": DIALOGUE,
    "level3": LEVEL3,
    "bfcl": BFCL,
    "xlam": XLAM,
    "openai": OPENAI,
    "hermes": HERMES,
}


def record_of(row: Mapping[str, Any]) -> Record:
    return TASK.record(row, SOURCE)


def told(record: Record) -> list[tuple[str, str, int]]:
    return [(message.role, message.content, len(message.calls)) for message in record.messages]


DIALOGUE_TOLD = [
    ("user", "Add 2 and 3.", 0),
    ("assistant", "Sure.", 1),
    ("tool", "5.0", 0),
    ("assistant", "5.", 0),
    ("user", "And 7?", 0),
]
EXPECTED = {
    "level1": [
        ("system", "The current year is 2023.", 0),
        ("user", "Can you add 2\nand 3?", 0),
        ("assistant", "Sure.", 1),
        ("tool", "5.0", 0),
        ("assistant", "It is 5.", 0),
        ("user", "And 7?", 0),
    ],
    "training": [
        ("system", "The current time is 2034-01-01 08:00:00.", 0),
        ("user", "Find a retreat in Bali.", 0),
        ("assistant", "", 1),
        ("tool", '{"name":"Find","input_parameters":{}}', 0),
        ("assistant", "", 1),
        ("tool", '{"retreats":[{"name":"Nature\'s Haven"}]}', 0),
    ],
    "dialogue": DIALOGUE_TOLD,
    "level3": [("user", "Add 2 and 3.", 0), ("assistant", "", 1), ("tool", '{"output":5.0}', 0)],
    "bfcl": [("system", "Be brief.", 0), ("user", "Weather in Boston?", 0)],
    "xlam": [("user", "Weather in Boston?", 0)],
    "openai": [
        ("system", "Be brief.", 0),
        ("user", "Weather in Boston?", 0),
        ("assistant", "", 1),
        ("tool", '{"sky":"clear"}', 0),
        ("assistant", "It is clear.", 0),
        ("user", "And in Lima?", 0),
        ("assistant", "One moment.", 0),
    ],
    "hermes": [
        ("system", "You are Bo.", 0),
        ("user", "Weather in Boston?", 0),
        ("assistant", "", 1),
        ("tool", '{"name":"w","content":"clear"}', 0),
    ],
}
TARGETS = {
    "level1": "API-Request: [Calculator(formula='5+7')]",
    "training": "Nature's Haven.",
    "dialogue": "API-Request: [Calculator(formula='5+7')]",
    "level3": "It is 5.",
    "bfcl": "API-Request: [weather.get(city='Boston', at={'day': 1})]",
    "xlam": "API-Request: [weather(city='Boston', days=2)]",
    "openai": "API-Request: [w(city='Boston')]",
    "hermes": "It is clear.",
}
GROUPS = {
    "level1": "Calculator-1.jsonl",
    "dialogue": "Calculator-1.jsonl",
    "level3": "l3-7",
    "bfcl": "live_simple-2",
    "xlam": "xlam-5",
    "hermes": "h1",
}


@pytest.mark.parametrize("layout", ROWS)
def test_layout_becomes_messages_and_target(layout: str) -> None:
    record = record_of(ROWS[layout])
    assert told(record) == EXPECTED[layout]
    assert record.target == TARGETS[layout]
    assert bool(record.gold.calls) is record.target.startswith("API-Request:")
    assert record.group == GROUPS.get(layout, record.group)
    assert (record.task, record.lang, record.source) == ("api", "en", SOURCE)
    assert from_row(to_row(record)) == record


@pytest.mark.parametrize("layout", ["level1", "openai", "hermes", "level3"])
def test_results_name_their_call(layout: str) -> None:
    ids = [message.call_id for message in record_of(ROWS[layout]).messages if message.role == "tool"]
    assert ids == [f"call_{index}" for index in range(len(ids))]


def test_bfcl_gold_takes_first_values_and_accepts_all() -> None:
    gold = record_of(BFCL).gold
    assert gold.calls == (Call("weather.get", {"city": "Boston", "at": {"day": 1}}),)
    assert gold.accepts == (BFCL["ground_truth"][0]["weather.get"],)  # type: ignore[index]


def test_bfcl_irrelevance_has_no_gold_calls() -> None:
    row = {**BFCL, "id": "irrelevance_3"}
    del row["ground_truth"]
    record = record_of(row)
    assert (record.gold.calls, record.target) == ((), "")


def test_rows_of_one_training_request_share_a_group() -> None:
    other = {**TRAINING, "output": "AI: Another answer."}
    assert record_of(TRAINING).group == record_of(other).group
    assert record_of(TRAINING).id != record_of(other).id


def test_dialogue_without_calls_is_a_response_row() -> None:
    row = {"id": "d", "turns": [{"role": "User", "text": "Hi"}, {"role": "AI", "text": "Hello."}]}
    record = record_of(row)
    assert (told(record), record.target, record.gold.calls) == ([("user", "Hi", 0)], "Hello.", ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "bad-row"),
        ({}, "unknown-format"),
        ({**LEVEL1, "input": 3}, "missing-field"),
        ({**LEVEL1, "expected_output": "API-Request: [A(x='1"}, "unparsable-call"),
        ({**LEVEL1, "expected_output": "API-Request: []"}, "unparsable-call"),
        ({**LEVEL1, "expected_output": " "}, "no-target"),
        ({**LEVEL1, "input": "User: a\nAPI-Request: [A\nGenerate API Request:"}, "unparsable-call"),
        ({**LEVEL1, "input": "AI: hello\nGenerate API Request:"}, "no-user-text"),
        ({**LEVEL1, "input": "User: a\nGenerate API Request:\nUser: b"}, "bad-dialogue"),
        ({**LEVEL1, "instruction": "API descriptions:\n{broken"}, "bad-json"),
        ({**LEVEL1, "instruction": "API descriptions:\n[1]"}, "bad-tools"),
        ({**TRAINING, "target_kind": "api"}, "unparsable-call"),
        ({**DIALOGUE, "turns": [{"role": "Robot"}, API_TURN]}, "bad-dialogue"),
        ({**DIALOGUE, "turns": [{"role": "User", "text": "a"}]}, "no-target"),
        ({**DIALOGUE, "turns": [{"role": "User", "text": "a"}, {**API_TURN, "param_dict": []}]}, "missing-field"),
        ({**LEVEL3, "apis": "[1]"}, "missing-field"),
        ({**BFCL, "question": [[], []]}, "unsupported-format"),
        ({**BFCL, "ground_truth": None}, "no-gold"),
        ({**BFCL, "ground_truth": [{"f": {"x": 1}}]}, "missing-field"),
        ({**BFCL, "question": [[{"role": "system", "content": "a"}]]}, "no-user-text"),
        ({**XLAM, "answers": "{"}, "unparsable-call"),
        ({**XLAM, "tools": "{"}, "bad-json"),
        ({**XLAM, "tools": [{"parameters": {}}]}, "bad-tools"),
        ({**XLAM, "query": "\ud800"}, "bad-text"),
        ({**XLAM, "answers": [{"name": "a", "arguments": "[" * 9999}]}, "unparsable-call"),
        ({**XLAM, "tools": "[" * 150 + "]" * 150}, "too-deep"),
        ({**OPENAI, "messages": [{"role": "user", "content": "a"}]}, "no-target"),
        ({**OPENAI, "messages": [{"role": "pilot", "content": "a"}]}, "unsupported-format"),
        ({**OPENAI, "messages": [{"role": "user", "content": [{"image": 1}]}]}, "unsupported-format"),
        ({**HERMES, "conversations": [{"from": "cat", "value": ""}]}, "unsupported-format"),
    ],
)
def test_malformed_row_is_refused_with_a_reason(row: Any, reason: str) -> None:
    with pytest.raises(RowError) as caught:
        TASK.record(row, SOURCE)
    assert caught.value.reason == reason


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in paths(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], junk)
    return copy


@settings(deadline=None)
@given(st.data())
def test_whatever_a_row_holds_gives_a_record_or_a_reason(data: st.DataObject) -> None:
    row = ROWS[data.draw(st.sampled_from(sorted(ROWS)))]
    for _ in range(data.draw(st.integers(1, 3))):
        row = replaced(row, data.draw(st.sampled_from(paths(row))), data.draw(JUNK))
        if not isinstance(row, dict):
            break
    try:
        record = TASK.record(row, SOURCE)
    except RowError as error:
        assert error.reason
        return
    assert from_row(to_row(record)).id == record.id
    for policies in (Policies(), Policies("translate", "translate")):
        texts = TASK.texts(record, policies, {})
        again = TASK.rebuild(record, {text.slot: text.text for text in texts}, policies, {})
        assert to_row(again) == to_row(record)


def test_a_schema_with_an_odd_required_is_no_crash() -> None:
    row = {
        "id": "simple_0",
        "question": [[{"role": "user", "content": "Weather in Lagos?"}]],
        "function": [{"name": "weather", "parameters": {"type": "dict", "properties": {}, "required": True}}],
        "ground_truth": [{"weather": {"city": ["Lagos"]}}],
    }
    assert TASK.record(row, SOURCE).gold.calls[0].name == "weather"
