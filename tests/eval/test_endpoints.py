"""Servers that speak OpenAI's API, on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asking import CALLED, PROMPTS, TOOLS, item, outputs
from openai_double import OpenAIDouble

from mlt.eval.engine import Output
from mlt.toolkit import openai_endpoint
from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.records import Call, Gold

pytest.importorskip("openai", reason="the engine needs the openai package (mlt[openai])")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(openai_endpoint, "RETRIES", 0)


def endpoint(double: OpenAIDouble, **options: Any) -> Any:
    from mlt.eval.engines.openai import OpenAIGenerator

    return OpenAIGenerator.load(f"openai:{double.url}#llama", **options)


@pytest.fixture
def double(quick: None) -> Iterator[OpenAIDouble]:
    with OpenAIDouble(lambda body: (f"to {body['prompt']}", "stop")) as made:
        yield made


def test_prompts_go_to_completions(double: OpenAIDouble) -> None:
    items = [item(prompt, stop=("\n\n",)) for prompt in PROMPTS]
    found = outputs(endpoint(double), items)
    assert found[0] == Output("to How many?\n", "stop", 7, 3)
    assert {path for path, _ in double.requests} == {"/v1/completions"}
    _, body = double.requests[0]
    assert (body["model"], body["temperature"], body["max_tokens"], body["stop"]) == ("llama", 0, 12, ["\n\n"])


def test_a_stop_that_the_server_ignores_is_cut_here(quick: None) -> None:
    with OpenAIDouble(lambda _: ("18\n\nQuestion: more", "length")) as made:
        assert outputs(endpoint(made), [item("a", stop=("\n\n",))]) == [Output("18", "stop", 7, 3)]


def test_messages_and_tools_go_to_chat_and_calls_come_back_as_text(quick: None) -> None:
    said = {"content": None, "tool_calls": [CALLED]}
    asked = item("", messages=[{"role": "user", "content": "Add", "tool_calls": None}], tools=json.dumps(TOOLS))
    with OpenAIDouble(lambda _: (said, "tool_calls")) as made:
        [output] = outputs(endpoint(made, chat=True), [asked])
        [(path, body)] = made.requests
    assert (path, body["messages"], body["tools"]) == (
        "/v1/chat/completions",
        [{"role": "user", "content": "Add"}],
        TOOLS,
    )
    assert (output.text, output.finish) == ("API-Request: [Add(a='5')]", "stop")
    assert json.loads(output.sent or "") == {"messages": body["messages"], "tools": TOOLS}


def test_arguments_that_are_no_json_come_back_as_they_are(quick: None) -> None:
    broken = {**CALLED, "function": {"name": "Add", "arguments": "{a:"}}
    with OpenAIDouble(lambda _: ({"content": "", "tool_calls": [broken]}, "tool_calls")) as made:
        [output] = outputs(endpoint(made, chat=True), [item("Add", task="api", gold=Gold(calls=(Call("Add", {}),)))])
    assert "{a:" in output.text


def test_requests_are_made_side_by_side(quick: None) -> None:
    items = [item(f"{number}") for number in range(8)]
    with OpenAIDouble(lambda body: (body["prompt"], "stop"), together=4) as made:
        found = outputs(endpoint(made, batch_size=4), items)
    assert [output.text for output in found] == [str(number) for number in range(8)]


def test_an_endpoint_is_not_asked_again(double: OpenAIDouble) -> None:
    items = [item(prompt) for prompt in PROMPTS]
    assert len(outputs(endpoint(double), items, done=[0, 3])) == 3
    assert sorted(body["prompt"] for _, body in double.requests) == sorted([PROMPTS[1], PROMPTS[2], PROMPTS[4]])


def test_a_server_that_fails_once_is_asked_again(double: OpenAIDouble, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(openai_endpoint, "RETRIES", 1)
    double.failures = 1
    assert outputs(endpoint(double), [item("a")])[0].text == "to a"
    assert len(double.requests) == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses the key"),
        (404, "serves no model named llama, or not this way: try --chat on"),
        (400, "answered 400"),
        (500, "answered 500"),
    ],
)
def test_a_refusal_is_one_line(double: OpenAIDouble, status: int, said: str) -> None:
    double.status = status
    with pytest.raises(EnvironmentProblem, match=said) as caught:
        outputs(endpoint(double), [item("a")])
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there(quick: None) -> None:
    with OpenAIDouble(lambda _: ("", "stop")) as made:
        pass
    with pytest.raises(EnvironmentProblem, match="cannot be reached"):
        outputs(endpoint(made), [item("a")])


@pytest.mark.parametrize("spec", ["openai:llama", "openai:http://x/v1", "openai:http://me:key@x/v1#llama"])
def test_specs_of_endpoints(spec: str) -> None:
    from mlt.eval.engines.openai import OpenAIGenerator

    with pytest.raises(UsageError, match="openai:"):
        OpenAIGenerator.load(spec)


def test_the_key_is_read_from_the_environment(double: OpenAIDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    engine = endpoint(double)
    outputs(engine, [item("a")])
    assert double.keys == ["Bearer sk-test"]
    assert "sk-test" not in json.dumps(engine.identity)
