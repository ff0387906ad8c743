"""Prompts and completions: their exact text, the way back to the gold calls, and the seam between the two."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_records import api_record, gave, math_record, real_records, records_of

from mlt.toolkit.checks.call_formats import same_calls
from mlt.toolkit.checks.calls import parse_calls, parse_request
from mlt.toolkit.checks.literals import parse_literal
from mlt.toolkit.prompts import completion_of, has_steps_line, prompt_of, steps_line
from mlt.toolkit.records import Call, Message, Record
from mlt.toolkit.tool_pool import functions_of

# As they stand in mCoT's repository.
STEPS = {
    "bn": "আসুন ধাপে ধাপে চিন্তা করি।",
    "de": "Denken wir Schritt für Schritt.",
    "en": "Let's think step by step.",
    "es": "Pensemos paso a paso.",
    "fr": "Réfléchissons étape par étape.",
    "ja": "段階的に考えてみましょう。",
    "ru": "Давайте думать поэтапно.",
    "sw": "Hebu fikiria hatua kwa hatua.",
    "te": "అంచెలంచెలుగా ఆలోచిద్దాం.",
    "th": "ลองคิดทีละขั้นตอน",
    "zh-Hans": "让我们一步步思考。",
}
SUM = {
    "name": "Sum",
    "description": "Adds.",
    "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
}
USER = Message("user", "Add 1\nand 2.")
CALL = "Generate an API request in the format of [ApiName(key1='value1', key2='value2', ...)] based on the previous "
CALL += "dialogue context.\n"
RESPONSE = "Generate a response as an AI assistant based on the previous dialogue context and API request.\n"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text(min_size=1)
CALLS = st.builds(Call, NAMES, st.dictionaries(NAMES, JSON, max_size=3))


@pytest.mark.parametrize("lang", sorted(STEPS))
def test_math_prompt_is_the_question_and_the_languages_own_steps_line(lang: str) -> None:
    assert prompt_of(math_record("Q?  ", lang=lang)) == f"Q?\n{STEPS[lang]}\n"
    assert has_steps_line(lang)


@pytest.mark.parametrize("lang", ["yo", "zh-Hant", "ary"])
def test_language_without_a_steps_line_takes_the_english_one(lang: str) -> None:
    assert not has_steps_line(lang)
    assert steps_line(lang) == STEPS["en"]


@pytest.mark.parametrize(
    ("target", "kept", "stripped"),
    [
        ("48/2 = <<48/2=24>>24 clips\n#### 24", "48/2 = <<48/2=24>>24 clips\n#### 24", "48/2 = 24 clips\n#### 24"),
        ("<<1+1=2>>2<<2+2=4>>4", "<<1+1=2>>2<<2+2=4>>4", "24"),
        (" It is 2. \n", "It is 2.", "It is 2."),
        ("a << b and c >> d", "a << b and c >> d", "a << b and c >> d"),
    ],
)
def test_math_completion_is_the_target_with_or_without_annotations(target: str, kept: str, stripped: str) -> None:
    record = math_record(target=target)
    assert completion_of(record) == kept
    assert completion_of(record, annotations="strip") == stripped


API_PROMPTS = [
    (
        "calls after a dialogue with a request",
        api_record(
            Message("system", "The current year is 2023."),
            USER,
            Message("assistant", "Sure.", (Call("Sum", {"a": 1}),)),
            gave("call_0", {"result": 3.0, "note": "it's\ndone"}),
            Message("assistant", "It is 3."),
            Message("user", "Again."),
            Message("assistant", "Right away."),
            calls=(Call("Sum", {"a": 2}), Call("Sum", {"a": 3})),
            tools=[{"type": "function", "function": SUM | {"response": {"type": "object"}}}],
        ),
        f"{CALL}The current year is 2023.\n\nAPI descriptions:\n{json.dumps(SUM, separators=(',', ':'))}\n\n"
        "User: Add 1\nand 2.\nAI: Sure.\n"
        "API-Request: [Sum(a=1)]->{'result': 3.0, 'note': \"it's\\ndone\"}\n"
        "AI: It is 3.\nUser: Again.\nAI: Right away.\nAPI-Request:\n",
        "[Sum(a=2), Sum(a=3)]",
    ),
    (
        "an answer, without tools",
        api_record(USER, Message("assistant", "", (Call("Sum", {}),)), gave("call_0", "three"), target=" It is 3.\n"),
        f"{RESPONSE}\nUser: Add 1\nand 2.\nAPI-Request: [Sum()]->'three'\nAI:\n",
        "It is 3.",
    ),
    (
        "several results, and one that belongs to no call",
        api_record(
            USER,
            Message("assistant", "", (Call("A", {}), Call("B", {}))),
            gave("call_0", 1),
            gave("call_1", [2]),
            gave(None, "late"),
            target="Done.",
        ),
        f"{RESPONSE}\nUser: Add 1\nand 2.\nAPI-Request: [A(), B()]->[1, [2]]\n->'late'\nAI:\n",
        "Done.",
    ),
    ("no call is right", api_record(USER), f"{CALL}\nUser: Add 1\nand 2.\nAPI-Request:\n", "[]"),
]


@pytest.mark.parametrize(
    ("record", "prompt", "completion"), [row[1:] for row in API_PROMPTS], ids=[row[0] for row in API_PROMPTS]
)
def test_api_prompt_and_completion(record: Record, prompt: str, completion: str) -> None:
    assert prompt_of(record) == prompt
    assert completion_of(record) == completion


def test_frame_of_an_api_prompt_is_english_in_every_language() -> None:
    made = api_record(Message("user", "Ongeza 1 na 2."), lang="sw", calls=(Call("Sum", {}),))
    assert prompt_of(made) == f"{CALL}\nUser: Ongeza 1 na 2.\nAPI-Request:\n"


@settings(max_examples=150, deadline=None)
@given(st.lists(CALLS, max_size=3))
def test_completion_reads_back_as_the_gold_calls(calls: list[Call]) -> None:
    assert same_calls(parse_calls(completion_of(api_record(USER, calls=tuple(calls)))), calls)


@settings(max_examples=150, deadline=None)
@given(CALLS, JSON)
def test_request_line_of_a_dialogue_reads_back_as_call_and_result(call: Call, value: Any) -> None:
    record = api_record(USER, Message("assistant", "", (call,)), gave("call_0", value), target="Done.")
    [line] = [line for line in prompt_of(record).split("\n") if line.startswith("API-Request:")]
    request = parse_request(line)
    assert same_calls(request.calls, [call])
    assert request.result is not None
    assert same_calls([Call("result", {"value": parse_literal(request.result)})], [Call("result", {"value": value})])


def check_pair(record: Record) -> None:
    """What holds for every record's prompt and completion."""
    prompt, completion = prompt_of(record), completion_of(record)
    assert prompt.endswith("\n")
    assert not prompt.endswith("\n\n")
    assert completion == completion.strip() != ""
    if record.task == "api" and (record.gold.calls or not record.target.strip()):
        assert same_calls(parse_calls(completion), record.gold.calls)


def test_every_record_of_the_sample_makes_a_sound_pair() -> None:
    records = list(records_of(None))
    assert {record.task for record in records} == {"math", "api"}
    for record in records:
        check_pair(record)


def test_every_record_of_real_data_makes_a_sound_pair(data_dir) -> None:
    count = 0
    for count, record in enumerate(real_records(data_dir), start=1):  # noqa: B007
        check_pair(record)
    assert count > 3_000


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"'s|'t| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", id="as GPT-2 cuts"),
        pytest.param(
            r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", id="as Qwen cuts"
        ),
    ],
)
def test_prompt_and_completion_share_no_token(pattern: str) -> None:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    records = [row[1] for row in API_PROMPTS] + list(records_of(None))[::10]
    pairs = [(prompt_of(record), completion_of(record)) for record in records]
    tokenizer = Tokenizer(models.BPE())
    cut = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(False, use_regex=False)])
    trainer = trainers.BpeTrainer(vocab_size=1_000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator([prompt + completion for prompt, completion in pairs], trainer)
    for prompt, completion in pairs:
        apart = tokenizer.encode(prompt).ids + tokenizer.encode(completion).ids
        assert tokenizer.encode(prompt + completion).ids == apart


def test_only_what_the_standard_knows_is_left_of_tools() -> None:
    tool = {
        "name": "odd",
        "parameters": {
            "type": "dict",
            "required": ["x-type"],
            "properties": {
                "x-type": {"type": "array", "x-type": "tuple", "items": {"type": "float"}, "default": {"type": "dict"}},
                "any": {"type": "any", "anyOf": [{"type": "dict", "x-type": "y"}]},
            },
        },
        "response": {"type": "string"},
        "strict": True,
    }
    assert functions_of(api_record(USER, tools=[tool, {"name": "bare"}])) == [
        {
            "name": "odd",
            "description": "",
            "parameters": {
                "type": "object",
                "properties": {
                    "x-type": {"type": "array", "items": {"type": "number"}, "default": {"type": "dict"}},
                    "any": {"anyOf": [{"type": "object"}]},
                },
                "required": ["x-type"],
            },
        },
        {"name": "bare", "description": "", "parameters": {"type": "object", "properties": {}}},
    ]
    assert functions_of(api_record(USER)) == []
