"""A server on loopback that speaks as much of OpenAI's API as an evaluation asks for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback_server import LoopbackServer


class OpenAIDouble(LoopbackServer):
    """Answers each request with what ``reply`` makes of its body: (text, finish reason) or a whole chat message.

    ``requests``: (path, body) of all that was asked; ``keys``: the Authorization of each. The first ``failures``
    requests are answered with 500, and all with ``status`` where that is not 200. ``together``: how many requests must
    be under way before any is answered.
    """

    def __init__(self, reply: Callable[[dict[str, Any]], Any], *, together: int = 1) -> None:
        self.reply = reply
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str | None] = []
        self.status, self.failures = 200, 0
        self._together = threading.Barrier(together)
        super().__init__(_Handler)
        self.url = f"{self.origin}/v1"

    def answer(self, path: str, body: dict[str, Any], key: str | None) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer to one request."""
        self.requests.append((path, body))
        self.keys.append(key)
        if len(self.requests) <= self.failures:
            return 500, {"error": {"message": "try again"}}
        if self.status != 200:
            return self.status, {"error": {"message": "no"}}
        self._together.wait(10)
        said, finish = self.reply(body)
        chat = path.endswith("/chat/completions")
        message = said if isinstance(said, dict) else {"content": said}
        choice = {"message": {"role": "assistant", **message}} if chat else {"text": said}
        return 200, {
            "id": "1",
            "object": "chat.completion" if chat else "text_completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": finish, "logprobs": None, **choice}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        }


class _Handler(BaseHTTPRequestHandler):
    owner: OpenAIDouble

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.owner.answer(self.path, body, self.headers["Authorization"])
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
