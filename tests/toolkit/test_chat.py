"""Chat messages: roles, calls and ids as templates want them."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

from made_records import api_record, gave, math_record, real_records, records_of

from mlt.toolkit.chat import chat_messages, tools_of
from mlt.toolkit.checks.call_formats import parse_openai, same_calls
from mlt.toolkit.records import Call, Message, Record

KEYS = ["role", "content", "tool_calls", "tool_call_id"]
USER = Message("user", "Add.")


def said(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content, "tool_calls": None, "tool_call_id": None}


def called(content: str, *calls: tuple[str, str, str]) -> dict[str, Any]:
    tool_calls = [
        {"id": number, "type": "function", "function": {"name": name, "arguments": text}}
        for number, name, text in calls
    ]
    return {"role": "assistant", "content": content, "tool_calls": tool_calls, "tool_call_id": None}


def test_math_is_a_question_with_the_steps_line_and_a_solution() -> None:
    record = math_record("Ngapi?", lang="sw")
    question = said("user", "Ngapi?\nHebu fikiria hatua kwa hatua.")
    assert chat_messages(record) == [question, said("assistant", "2+2 = <<2+2=4>>4\n#### 4")]
    assert chat_messages(record, annotations="strip") == [question, said("assistant", "2+2 = 4\n#### 4")]
    assert tools_of(record) is None


def test_calls_are_numbered_through_the_dialogue_and_results_name_them() -> None:
    record = api_record(
        Message("system", "It is 2023."),
        USER,
        Message("assistant", "Sure.", (Call("A", {"é": 1}), Call("B", {}))),
        gave("call_0", "one"),
        gave("call_1", {"b": 2}),
        Message("assistant", "And now:"),
        calls=(Call("C", {"text": "a\nb"}),),
    )
    assert chat_messages(record) == [
        said("system", "It is 2023."),
        said("user", "Add."),
        called("Sure.", ("call_0", "A", '{"é":1}'), ("call_1", "B", "{}")),
        said("tool", '"one"') | {"tool_call_id": "call_0"},
        said("tool", '{"b": 2}') | {"tool_call_id": "call_1"},
        called("And now:", ("call_2", "C", '{"text":"a\\nb"}')),
    ]


def test_neighbouring_texts_of_one_role_are_one_message() -> None:
    record = api_record(USER, Message("user", "Please."), Message("assistant", "Well,"), target=" 3.\n")
    assert chat_messages(record) == [said("user", "Add.\nPlease."), said("assistant", "Well,\n3.")]


def test_a_text_after_a_request_is_a_message_of_its_own() -> None:
    record = api_record(USER, Message("assistant", "", (Call("A", {}),)), target="Done.")
    assert chat_messages(record)[1:] == [called("", ("call_0", "A", "{}")), said("assistant", "Done.")]


def test_where_no_call_is_right_the_answer_is_empty() -> None:
    assert chat_messages(api_record(USER)) == [said("user", "Add."), said("assistant", "")]


def test_tools_are_openai_functions() -> None:
    tools = [{"type": "function", "function": {"name": "A", "parameters": {"type": "dict"}, "response": {}}}]
    assert json.loads(tools_of(api_record(USER, tools=tools)) or "") == [
        {
            "type": "function",
            "function": {"name": "A", "description": "", "parameters": {"type": "object", "properties": {}}},
        }
    ]


def check_chat(record: Record) -> None:
    """What holds for every record's messages."""
    messages = chat_messages(record)
    assert all(list(message) == KEYS for message in messages)
    ids = Counter(call["id"] for message in messages for call in message["tool_calls"] or ())
    assert all(count == 1 for count in ids.values())
    assert {message["tool_call_id"] for message in messages if message["role"] == "tool"} <= {*ids, None}
    for before, after in pairwise(messages):
        assert before["role"] != after["role"] or before["role"] == "tool" or before["tool_calls"]
    last = messages[-1]
    assert last["role"] == "assistant"
    assert same_calls(parse_openai(last["tool_calls"] or []), record.gold.calls)
    if not record.gold.calls:
        assert last["content"].endswith(record.target.strip())


def test_every_record_of_the_sample_makes_a_sound_chat() -> None:
    records = list(records_of(None))
    assert len(records) > 100
    for record in records:
        check_chat(record)


def test_every_record_of_real_data_makes_a_sound_chat(data_dir) -> None:
    count = 0
    for count, record in enumerate(real_records(data_dir), start=1):  # noqa: B007
        check_chat(record)
    assert count > 3_000
