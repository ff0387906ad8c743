"""Any server that speaks OpenAI's API: ``/v1/completions`` for prompts, ``/v1/chat/completions`` for messages."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ...toolkit.checks.call_formats import parse_openai, render_api_bank
from ...toolkit.checks.calls import CallSyntaxError
from ...toolkit.errors import EnvironmentProblem, UsageError
from ...toolkit.openai_endpoint import Endpoint, parse_endpoint
from ...toolkit.records import dump_json
from ..engine import Finish, Output, cut_at_stop, in_order
from ..items import Item
from ..prompting import messages_of

TIMEOUT_S = 300.0
_AHEAD = 4  # times the workers, so that none waits while outputs are judged
_FINISH: dict[str | None, Finish] = {"stop": "stop", "tool_calls": "stop", "length": "length"}


class OpenAIGenerator:
    """``url`` is the API's base (``http://127.0.0.1:8000/v1``), ``model`` the name it serves.

    ``batch_size``: requests under way at a time. The key is read from OPENAI_API_KEY when the first request is made
    and is kept nowhere; "none" is sent where it is unset, as local servers expect.
    """

    def __init__(self, url: str, model: str, *, batch_size: int = 8, chat: bool = False) -> None:
        self._endpoint = Endpoint(url, model, TIMEOUT_S)
        self._url, self._name = self._endpoint.url, model
        self._workers, self._chat = batch_size, chat
        self.identity: dict[str, Any] = {
            "backend": "openai",
            # An endpoint does not say which weights it serves.
            "model": {"name": f"openai:{self._url}#{model}", "revision": "unknown"},
            "chat": chat,
        }

    @classmethod
    def load(cls, spec: str, *, batch_size: int = 8, chat: bool = False) -> OpenAIGenerator:
        """From ``openai:URL#NAME``; raises UsageError for another form or a key inside the URL."""
        return cls(*parse_endpoint(spec), batch_size=batch_size, chat=chat)

    def generate(
        self, prompts: Sequence[Item], *, max_new_tokens: int, done: Collection[int] = ()
    ) -> Iterator[tuple[int, Output]]:
        """Outputs in the order of the items, several requests at a time.

        Raises EnvironmentProblem when the endpoint is down, refuses the key or keeps failing.
        """
        known = set(done)
        waiting: deque[tuple[int, Future[Output]]] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="openai") as pool:
            try:
                for index, item in enumerate(prompts):
                    if index in known:
                        continue
                    waiting.append((index, pool.submit(self._ask, item, max_new_tokens)))
                    if len(waiting) > _AHEAD * self._workers:
                        yield _result(waiting.popleft())
                while waiting:
                    yield _result(waiting.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def batches(self, prompts: Sequence[Item]) -> list[list[int]]:
        """As many items together as keep all requests under way; none depends on another."""
        return in_order(len(prompts), _AHEAD * self._workers)

    def close(self) -> None:
        """Closes the connections."""
        self._endpoint.close()

    def _ask(self, item: Item, limit: int) -> Output:
        client = self._endpoint.client
        hint = f", or not this way: try --chat {'off' if self._chat else 'on'}"
        with self._endpoint.errors(hint):
            return self._chatted(client, item, limit) if self._chat else self._completed(client, item, limit)

    def _completed(self, client: Any, item: Item, limit: int) -> Output:
        if not item.prompt:
            raise UsageError(
                f"{item.test_set} holds chat messages and no prompts: a model is asked them with --chat on"
            )
        stop = {"stop": list(item.stop)} if item.stop else {}
        answer = client.completions.create(
            model=self._name, prompt=item.prompt, max_tokens=limit, temperature=0, **stop
        )
        choice = _first(answer, self._url)
        text, stopped = cut_at_stop(choice.text or "", item.stop)
        return _output(answer, text, "stop" if stopped else _FINISH.get(choice.finish_reason), None)

    def _chatted(self, client: Any, item: Item, limit: int) -> Output:
        messages = [{key: value for key, value in said.items() if value is not None} for said in messages_of(item)]
        tools = {"tools": json.loads(item.tools)} if item.tools else {}
        answer = client.chat.completions.create(
            model=self._name, messages=messages, max_tokens=limit, temperature=0, **tools
        )
        choice = _first(answer, self._url)
        said = [choice.message.content or "", _calls_text(choice.message.tool_calls or ())]
        text = "\n".join(part for part in said if part.strip())
        return _output(answer, text, _FINISH.get(choice.finish_reason), dump_json({"messages": messages, **tools}))


def _first(answer: Any, url: str) -> Any:
    if not answer.choices:
        raise EnvironmentProblem(f"{url} answered without a choice: is it an OpenAI-compatible server?")
    return answer.choices[0]


def _calls_text(tool_calls: Sequence[Any]) -> str:
    """Tool calls as API-Bank writes calls, so that they are judged as any other; what is none, as it came."""
    if not tool_calls:
        return ""
    entries = [call.model_dump() for call in tool_calls]
    try:
        return render_api_bank(parse_openai(entries))
    except CallSyntaxError:
        return dump_json(entries)


def _output(answer: Any, text: str, finish: Finish, sent: str | None) -> Output:
    used = answer.usage
    return Output(text, finish, used and used.prompt_tokens, used and used.completion_tokens, sent)


def _result(entry: tuple[int, Future[Output]]) -> tuple[int, Output]:
    return entry[0], entry[1].result()
