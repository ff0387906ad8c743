"""Which batch a pool answers next; what it answers is written down here, and nowhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ...toolkit.progress import Progress
from ..asking import Asking
from ..samples import SampleFile, SampleKey
from .worker import BatchItem, PlanItem, identity_text


@dataclass
class _State:
    """Where a language stands. ``order``: the keys of all its batches, once they are known."""

    file: SampleFile
    keys: list[SampleKey]
    planned: bool
    due: deque[BatchItem] = field(default_factory=deque)
    flying: int = 0
    order: list[SampleKey] = field(default_factory=list)
    generated: int = 0


class AnswerQueue:
    """The batches of an evaluation that are due (a :class:`~mlt.toolkit.actor_pool.Source`), in a ``with`` block.

    In which batches a language is asked only the model's tokenizer can tell: a worker is asked that first. Samples are
    appended when their batch is done, so that a driver that is killed loses the batches that were under way.
    """

    def __init__(self, asking: Asking, folder: Path, model: Mapping[str, Any], progress: Progress) -> None:
        self._asking, self._folder, self._progress = asking, folder, progress
        self._model = identity_text(model)
        self._states: dict[str, _State] = {}
        self._files = ExitStack()
        self.aside: dict[str, str] = {}
        """What was given up, by language and number of the batch, each with its last error."""

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for lang, items in self._asking.items.items():
                file = opened.enter_context(SampleFile(self._folder, self._asking.task, lang))
                keys = [(item.test_set, item.key) for item in items]
                done = sum(key in file.keys for key in keys)
                self._states[lang] = _State(file, keys, planned=done == len(keys))
                self._progress.start(lang, len(keys))
                self._progress.advance(lang, done)
                self._close(lang)
            self._files = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, value, trace)

    @property
    def generated(self) -> int:
        """How many samples are new."""
        return sum(state.generated for state in self._states.values())

    @property
    def orders(self) -> dict[str, list[SampleKey]]:
        """Of each language with new samples, the keys in the order in which one process would have asked them."""
        return {lang: state.order for lang, state in self._states.items() if state.generated}

    def take(self) -> PlanItem | BatchItem | None:
        """The next batch of the first language that has one; the plan of a language that has none yet."""
        for lang, state in self._states.items():
            if not state.planned:
                state.planned = True
                state.flying += 1
                return PlanItem(lang)
            if state.due:
                state.flying += 1
                return state.due.popleft()
        return None

    def left(self) -> bool:
        """Whether any language has something to be done."""
        return any(state.due or not state.planned for state in self._states.values())

    def done(self, item: PlanItem | BatchItem, made: list[Any]) -> None:
        """Takes in the batches of a language, or writes down the samples of one."""
        state = self._landed(item)
        if isinstance(item, PlanItem):
            self._plan(item.lang, state, made)
        else:
            for sample in made:
                state.file.append(sample)
            state.generated += len(made)
            self._progress.advance(item.lang, len(made))
        self._close(item.lang)

    def again(self, item: PlanItem | BatchItem) -> None:
        """Puts a batch behind the others of its language."""
        state = self._landed(item)
        if isinstance(item, PlanItem):
            state.planned = False
        else:
            state.due.append(item)

    def set_aside(self, item: PlanItem | BatchItem, error: str) -> None:
        """Gives a batch up, or a whole language."""
        self._landed(item)
        name = item.lang if isinstance(item, PlanItem) else f"{item.lang} {item.number}"
        self.aside[name] = error
        self._progress.note(f"{item.lang}: {name} is set aside: {error}")
        self._close(item.lang)

    def _plan(self, lang: str, state: _State, batches: list[list[int]]) -> None:
        state.order = [state.keys[index] for batch in batches for index in batch]
        done = frozenset(index for index, key in enumerate(state.keys) if key in state.file.keys)
        for number, batch in enumerate(batches):
            if not done.issuperset(batch):
                state.due.append(BatchItem(lang, number, tuple(batch), done.intersection(batch), self._model))

    def _landed(self, item: PlanItem | BatchItem) -> _State:
        state = self._states[item.lang]
        state.flying -= 1
        return state

    def _close(self, lang: str) -> None:
        state = self._states[lang]
        if state.planned and not state.due and not state.flying:
            self._progress.finish(lang)
