"""The LLM engine against an OpenAI-compatible server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mlt.toolkit import openai_endpoint
from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.languages import ENGLISH, resolve
from mlt.translate.engine import Decoding, Hypothesis
from mlt.translate.engines import openai_engine
from mlt.translate.engines.openai_engine import OpenAIEngine

pytest.importorskip("openai", reason="the engine needs the openai package (mlt[openai])")
SW = resolve("sw").language


class Server:
    """Answers a request for text T with "SW: T"; a test may set its status, finish reason and first failures."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.status, self.finish, self.failures = 200, "stop", 0
        self.together = threading.Barrier(4)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(body)
                server.keys.append(self.headers["Authorization"])
                text = body["messages"][-1]["content"]
                if text.startswith("meet"):
                    server.together.wait(10)
                answer = {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 0,
                    "model": body["model"],
                    "choices": [
                        {
                            "index": i,
                            "finish_reason": server.finish,
                            "message": {"role": "assistant", "content": f" SW: {text}\n"},
                        }
                        for i in range(body["n"])
                    ],
                }
                status = 500 if len(server.requests) <= server.failures else server.status
                data = json.dumps(answer if status == 200 else {"error": {"message": "no"}}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Silent."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.spec = f"openai:http://127.0.0.1:{self.http.server_address[1]}/v1#llama"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(openai_endpoint, "RETRIES", 0)
    made = Server()
    threading.Thread(target=made.http.serve_forever, daemon=True).start()
    yield made
    made.http.shutdown()
    made.http.server_close()


def run(engine: OpenAIEngine, batches: list[list[str]], n_best: int = 1) -> list[list[list[Hypothesis]]]:
    prepared = [engine.prepare(batch, ENGLISH, SW) for batch in batches]
    try:
        return list(engine.translate(prepared, ENGLISH, SW, Decoding(n_best=n_best)))
    finally:
        engine.close()


def test_units_come_back_in_order(server):
    rows = run(OpenAIEngine.from_spec(server.spec, workers=3), [["a", "b"], [], ["c", "d", "e"]])
    assert rows == [[[Hypothesis(f"SW: {c}")] for c in batch] for batch in ("ab", "", "cde")]


def test_a_request_holds_one_unit_and_the_fixed_prompt(server):
    run(OpenAIEngine.from_spec(server.spec), [["How many?"]], n_best=2)
    [request] = server.requests
    assert (request["model"], request["temperature"], request["n"]) == ("llama", 0, 2)
    system, user = request["messages"]
    assert "from English to Swahili" in system["content"]
    assert user == {"role": "user", "content": "How many?"}


def test_n_best_gives_that_many_hypotheses(server):
    [[hypotheses]] = run(OpenAIEngine.from_spec(server.spec), [["a"]], n_best=3)
    assert len(hypotheses) == 3


def test_requests_run_side_by_side(server):
    rows = run(OpenAIEngine.from_spec(server.spec, workers=4), [[f"meet {i}" for i in range(4)]])
    assert len(rows[0]) == 4  # the server answers only when four requests are there at once


def test_an_answer_cut_off_by_its_length_is_not_ended(server):
    server.finish = "length"
    [[[hypothesis]]] = run(OpenAIEngine.from_spec(server.spec), [["a"]])
    assert hypothesis.ended is False


def test_the_key_goes_to_the_server_and_nowhere_else(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    engine = OpenAIEngine.from_spec(server.spec)
    run(engine, [["a"]])
    assert server.keys == ["Bearer sk-very-secret"]
    assert "secret" not in f"{engine.identity}{engine.name}{vars(engine)}"


def test_without_a_key_local_servers_are_served(server):
    run(OpenAIEngine.from_spec(server.spec), [["a"]])
    assert server.keys == ["Bearer none"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "refuses the key: set OPENAI_API_KEY"),
        (404, "serves no model named llama"),
        (429, "answered 429"),
        (500, "answered 500"),
    ],
)
def test_a_refusal_is_one_line_without_the_key(server, monkeypatch, status, message):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    server.status = status
    with pytest.raises(EnvironmentProblem, match=message) as caught:
        run(OpenAIEngine.from_spec(server.spec), [["a", "b"]])
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value)


def test_an_endpoint_that_is_down_is_one_line(server):
    server.http.server_close()
    with pytest.raises(EnvironmentProblem, match=r"127\.0\.0\.1:\d+/v1 cannot be reached"):
        run(OpenAIEngine.from_spec(server.spec), [["a"]])


def test_failed_requests_are_tried_again(server, monkeypatch):
    monkeypatch.setattr(openai_endpoint, "RETRIES", 2)
    server.failures = 1
    [[[hypothesis]]] = run(OpenAIEngine.from_spec(server.spec), [["a"]])
    assert hypothesis.text == "SW: a"
    assert len(server.requests) == 2


@pytest.mark.parametrize("spec", ["openai:", "openai:127.0.0.1#m", "openai:http://h/v1", "openai:http://h/v1#"])
def test_a_spec_without_url_or_name_is_refused(spec):
    with pytest.raises(UsageError, match="expected openai:URL#NAME"):
        OpenAIEngine.from_spec(spec)


def test_a_key_inside_the_url_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as caught:
        OpenAIEngine.from_spec("openai:https://user:sk-secret@host/v1#m")
    assert "secret" not in str(caught.value)


def test_the_prompt_is_part_of_the_identity(monkeypatch):
    before = OpenAIEngine("http://h/v1", "m").identity
    monkeypatch.setattr(openai_engine, "PROMPT", "Another {source} {target}")
    assert OpenAIEngine("http://h/v1", "m").identity != before
