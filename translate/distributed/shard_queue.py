"""Which shard a pool translates next, and what became of the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...toolkit.languages import Language
from ...toolkit.progress import Progress
from ..pipeline import Pipeline, check_balance
from ..shortlist.state import StateChain
from .worker import RunPlace, ShardItem

ROUNDS = 8
"""How often a language is gone through for shards that have to be made again, so that no fault repeats for ever."""


@dataclass
class _State:
    """Where a language stands. ``settled``: what holds for all of its shards is found out."""

    language: Language
    shards: Sequence[int]
    due: deque[int]
    settled: bool
    flying: set[int] = field(default_factory=set)
    aside: dict[int, str] = field(default_factory=dict)
    rounds: int = 0


class ShardQueue:
    """The shards of a run that are due, language after language (a :class:`~mlt.toolkit.actor_pool.Source`).

    The first shard of a language goes alone: what is found out once a language (its calibration, its list of words) is
    then there for the others. While a list is learned, shards go one after the other, as in one process: what it is
    learned from must not depend on who is quickest. A shard that is said to be done is looked at; one that is not is
    given out again.
    """

    def __init__(
        self, pipeline: Pipeline, place: RunPlace, languages: Sequence[Language], shards: Sequence[int]
    ) -> None:
        self._pipeline, self._place = pipeline, place
        self._rows = {index: _rows(pipeline, index) for index in shards}
        self._states: dict[str, _State] = {}
        for language in languages:
            due = pipeline.due(language, shards)
            self._states[language.code] = _State(language, shards, deque(due), len(due) < len(shards))
            self._settle(self._states[language.code])
            self._progress.start(language.code, sum(self._rows.values()))
            self._progress.advance(language.code, sum(self._rows[index] for index in set(shards) - set(due)))
            self._close(self._states[language.code])

    @property
    def _progress(self) -> Progress:
        return self._pipeline.progress

    @property
    def aside(self) -> dict[tuple[str, int], str]:
        """The shards that were given up, by language and number, each with its last error."""
        return {(code, index): error for code, state in self._states.items() for index, error in state.aside.items()}

    def take(self) -> ShardItem | None:
        """The next shard of the first language that has one and is not waiting for its first."""
        for state in self._states.values():
            if state.due and (state.settled or not state.flying):
                index = state.due.popleft()
                state.flying.add(index)
                return ShardItem(self._place, state.language, index)
        return None

    def left(self) -> bool:
        """Whether any shard waits."""
        return any(state.due for state in self._states.values())

    def done(self, item: ShardItem, made: object = None) -> None:
        """Notes a shard's end; ``made`` says nothing, for the shard's files are looked at."""
        state = self._landed(item)
        if not state.settled:
            state.settled = True
            self._settle(state)
        self._progress.advance(item.language.code, self._rows[item.index])
        self._close(state)

    def again(self, item: ShardItem) -> None:
        """Puts a shard behind the others of its language, but where their order matters."""
        state = self._landed(item)
        if state.settled:
            state.due.append(item.index)
        else:
            state.due.appendleft(item.index)

    def set_aside(self, item: ShardItem, error: str) -> None:
        """Gives a shard up."""
        state = self._landed(item)
        state.aside[item.index] = error
        self._progress.note(f"{item.language.code}: shard {item.index} is set aside: {error}")
        self._close(state)

    def _landed(self, item: ShardItem) -> _State:
        state = self._states[item.language.code]
        state.flying.discard(item.index)
        return state

    def _settle(self, state: _State) -> None:
        """A language whose list is being learned is not settled yet."""
        if state.settled:
            self._pipeline.store.home.refresh(state.language.code)
            found = StateChain(self._pipeline.store, state.language.code).load()
            state.settled = found is None or found.kind != "learned" or found.shortlist is not None

    def _close(self, state: _State) -> None:
        """Ends a language of which nothing is due any more."""
        if state.due or state.flying:
            return
        state.rounds += 1
        due = self._pipeline.due(state.language, [index for index in state.shards if index not in state.aside])
        if due and state.rounds >= ROUNDS:
            state.aside |= dict.fromkeys(due, "it was translated and was not there afterwards")
        elif due:
            state.due.extend(due)
            self._progress.advance(state.language.code, -sum(self._rows[index] for index in due))
            return
        if not state.aside:
            # Not close_language: run.json counts all languages, and of thousands of shards that takes minutes.
            check_balance(self._pipeline.store, state.language.code)
        self._progress.finish(state.language.code)


def _rows(pipeline: Pipeline, index: int) -> int:
    marker = pipeline.store.done("en", index)
    return 0 if marker is None else int(marker["out"])
