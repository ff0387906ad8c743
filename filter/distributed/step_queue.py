"""Which step of a filtered run is taken next, and what became of the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...toolkit.languages import Language, resolve
from ..inputs import Shard
from ..pipeline import Filtered
from ..scoring import Judges, is_corpus
from .worker import Step


def place(lang: str, index: int | None) -> str:
    """A shard for people (``sw 3``), or a whole language (``sw``)."""
    return lang if index is None else f"{lang} {index}"


@dataclass
class _State:
    """Where a language stands: the steps that wait, those under way, and the kind of both."""

    language: Language
    shards: Sequence[Shard]
    judges: Judges
    keys: Mapping[str, Any]
    kind: str = "shard"
    waiting: deque[Step] = field(default_factory=deque)
    flying: set[Step] = field(default_factory=set)
    aside: dict[int | None, str] = field(default_factory=dict)


class StepQueue:
    """The steps of a filtered run, language after language (a :class:`~mlt.toolkit.actor_pool.Source`).

    All shards of a language are scored; then the checks that see a whole language are asked, by one worker while others
    go on with the next language; then the shards are decided. Without such checks a shard is decided as it is scored.
    """

    def __init__(self, filtered: Filtered, langs: Sequence[str]) -> None:
        self._filtered = filtered
        self._states: dict[str, _State] = {}
        for lang in langs:
            shards, judges = filtered.begin_language(lang), filtered.judged[lang]
            state = _State(resolve(lang).language, shards, judges, judges.over(shards))
            self._states[lang] = state
            state.waiting.extend(self._step(state, "shard", [shard]) for shard in shards)

    @property
    def aside(self) -> dict[tuple[str, int | None], str]:
        """What was given up, by language and shard (None: what sees the whole language), with its last error."""
        return {(code, index): error for code, state in self._states.items() for index, error in state.aside.items()}

    def take(self) -> Step | None:
        """The next step of the first language that has one."""
        for state in self._states.values():
            if state.waiting:
                step = state.waiting.popleft()
                state.flying.add(step)
                return step
        return None

    def left(self) -> bool:
        """Whether any step waits."""
        return any(state.waiting for state in self._states.values())

    def done(self, step: Step, made: object = None) -> None:
        """Notes a step's end."""
        state = self._landed(step)
        if step.kind == "shard":
            self._filtered.progress.advance(step.language.code, self._filtered.inputs.count(step.shards[0]))
        self._go_on(state)

    def again(self, step: Step) -> None:
        """Puts a step behind the others of its language."""
        self._landed(step).waiting.append(step)

    def set_aside(self, step: Step, error: str) -> None:
        """Gives a step up."""
        state = self._landed(step)
        index = None if step.kind == "language" else step.shards[0].index
        state.aside[index] = error
        self._filtered.progress.note(f"{place(step.language.code, index)} is set aside: {error}")
        self._go_on(state)

    def _landed(self, step: Step) -> _State:
        state = self._states[step.language.code]
        state.flying.discard(step)
        return state

    def _go_on(self, state: _State) -> None:
        """Once nothing of a language waits or is under way: what comes next of it."""
        if state.waiting or state.flying:
            return
        if state.kind == "shard" and any(map(is_corpus, state.keys)):
            state.kind = "language"
            state.waiting.append(self._step(state, "language", state.shards))
        elif state.kind == "language" and None not in state.aside:
            state.kind = "again"
            left = [shard for shard in state.shards if shard.index not in state.aside]
            state.waiting.extend(self._step(state, "again", [shard]) for shard in left)
        if not state.waiting:
            self._close(state)

    def _close(self, state: _State) -> None:
        """Ends a language. A shard that was made and is not there, as on a folder of one machine, is given up."""
        code = state.language.code
        for shard in state.shards if None not in state.aside else ():
            marker = self._filtered.store.done(code, shard.index)
            if marker is None or marker.get("input") != shard.key:
                state.aside.setdefault(shard.index, "it was filtered and was not there afterwards")
        self._filtered.progress.finish(code)

    @staticmethod
    def _step(state: _State, kind: Any, shards: Sequence[Shard]) -> Step:
        return Step(kind, state.language, tuple(shards), state.judges, state.keys)
