"""What a run knows of a language's list, kept among its facts so that a run that goes on decodes as it began.

The facts ``shortlist-th-0``, ``shortlist-th-1``, … are a chain: a change is a new fact, and none is ever written
anew, so that of several processes which write one run the first one decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .pieces import Kind, Shortlist

if TYPE_CHECKING:
    from ...toolkit.store import RunStore


@dataclass(frozen=True)
class State:
    """``kind`` None: no list any more, or none from the start.

    ``shortlist`` is the one in use: None as long as it is not made or not learned. ``english`` says of which English
    rows it was made, ``width`` how wide. Shards that were translated with a list in ``outgrown`` stand: these lists
    held, but the run got more rows. ``failed``: the lists that did not hold, with what their audits said. ``full``:
    shards translated with the full vocabulary, from which the list was learned, ``seen`` their pieces.
    """

    kind: Kind | None
    width: int = 0
    shortlist: Shortlist | None = None
    english: str = ""
    outgrown: tuple[str, ...] = ()
    failed: tuple[Mapping[str, Any], ...] = ()
    full: tuple[int, ...] = ()
    seen: frozenset[str] = field(default=frozenset(), repr=False)

    def stands(self, hash: str | None) -> bool:
        """Whether what was made with the list of that hash (None: with the full vocabulary) is as it should be."""
        return hash in (None, self.hash, *self.outgrown)

    @cached_property
    def hash(self) -> str | None:
        """The hash of the list in use."""
        return self.shortlist.hash if self.shortlist else None


class StateChain:
    """The states of one language in one run."""

    def __init__(self, store: RunStore, lang: str) -> None:
        self._store, self._prefix = store, f"shortlist-{lang}-"
        self._length = 0
        self._state: State | None = None

    def load(self) -> State | None:
        """The newest state; None where the language was not begun with a list."""
        while (fact := self._store.facts(f"{self._prefix}{self._length}")) is not None:
            before = self._state.seen if self._state else frozenset()
            self._state = _from_json(fact, before)
            self._length += 1
        return self._state

    def append(self, state: State) -> State:
        """Puts a state after the newest one; returns the newest one then, which may be another process's."""
        before = self._state.seen if self._state else frozenset()
        self._store.save_facts(f"{self._prefix}{self._length}", _to_json(state, before))
        now = self.load()
        assert now is not None
        return now


def _to_json(state: State, before: frozenset[str]) -> dict[str, Any]:
    """A fact holds the pieces that came new: most are seen in the first shard."""
    return {
        "kind": state.kind,
        "width": state.width,
        "list": None if state.shortlist is None else state.shortlist.to_json(),
        "english": state.english,
        "outgrown": list(state.outgrown),
        "failed": [dict(entry) for entry in state.failed],
        "full": list(state.full),
        "seen": sorted(state.seen - before),
    }


def _from_json(fact: Mapping[str, Any], before: frozenset[str]) -> State:
    made = fact["list"]
    return State(
        kind=fact["kind"],
        width=fact["width"],
        shortlist=None if made is None else Shortlist.from_json(made),
        english=fact["english"],
        outgrown=tuple(fact["outgrown"]),
        failed=tuple(fact["failed"]),
        full=tuple(fact["full"]),
        seen=before | frozenset(fact["seen"]),
    )


def widened(state: State, widest: int, failed: Mapping[str, Any]) -> State:
    """The state after a list that did not hold: the next one is wider, and past the widest there is none."""
    kind = state.kind if state.width < widest else None
    width = min(state.width + 1, widest)
    return replace(state, kind=kind, width=width, shortlist=None, failed=(*state.failed, failed))
