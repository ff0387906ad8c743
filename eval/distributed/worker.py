"""What lives in a Ray actor: one loaded model, which answers batches of items and judges its answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...toolkit.errors import EnvironmentProblem
from ...toolkit.records import dump_json
from ...toolkit.signature import diff
from ..asking import answer, judge_of
from ..engine import Generator
from ..items import Item


@dataclass(frozen=True)
class AnswerRequest:
    """The model that every worker loads, and the items by language, which it fetches once."""

    load: Callable[[], Generator]
    items: Callable[[], Mapping[str, Sequence[Item]]]
    max_new_tokens: int
    lid: str


@dataclass(frozen=True, slots=True)
class PlanItem:
    """In which batches the items of a language are asked."""

    lang: str


@dataclass(frozen=True, slots=True)
class BatchItem:
    """Items of a language, by index, that are asked together; ``done`` are those that have an answer already.

    ``model`` is the identity of the model that has to answer, as JSON.
    """

    lang: str
    number: int
    indices: tuple[int, ...]
    done: frozenset[int]
    model: str


class AnswerWorker:
    """Asks batches exactly as one process does."""

    def __init__(self, request: AnswerRequest, cpus: float) -> None:
        self._request = request
        self._items = request.items()
        self._judge = judge_of(request.lid)
        self._generator = request.load()

    def about(self) -> dict[str, Any]:
        """The identity of the model."""
        return dict(self._generator.identity)

    def work(self, item: PlanItem | BatchItem) -> list[Any]:
        """The batches of a language, as lists of indices, or the samples of a batch.

        Raises EnvironmentProblem where the model here is not the one that has to answer.
        """
        items = self._items[item.lang]
        if isinstance(item, PlanItem):
            return self._generator.batches(items)
        self._check(item.model)
        asked = [items[index] for index in item.indices]
        done = [place for place, index in enumerate(item.indices) if index in item.done]
        return list(answer(self._generator, asked, self._request.max_new_tokens, self._judge, done))

    def _check(self, model: str) -> None:
        here = identity_text(self._generator.identity)
        if here == model:
            return
        for name, wanted, found in diff(json.loads(model), json.loads(here)):
            raise EnvironmentProblem(
                f"the model on {socket.gethostname()} has {name} = {found}, others have {wanted}: install the same "
                "packages and use machines of one kind"
            )


def identity_text(identity: Mapping[str, Any]) -> str:
    """An identity in a form that can be compared and hashed."""
    return dump_json(dict(identity))
