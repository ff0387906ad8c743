"""When the pieces that were seen suffice for a list: when they would have sufficed for the shard after them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from ...toolkit.languages import Language
from ..engines.ct2 import Ct2Engine
from ..engines.tokenization import load_vocabulary
from .audit import MOST_DIFFERENT
from .pieces import WIDEST, Shortlist, learned_list
from .state import State

AT_LEAST = 200  # units: fewer show nothing


def learned(
    engine: Ct2Engine,
    target: Language,
    sent: Collection[str],
    state: State,
    outputs: Sequence[str],
    gains: Callable[[Shortlist], bool],
) -> State:
    """The state after the full vocabulary's ``outputs`` for one shard.

    It holds a list if some width of it, made of what was seen before, would have had all pieces of 99.5 % of these
    outputs, and ``gains`` says that it is worth it.
    """
    rows = engine._tokenization.encode_output(list(outputs))
    now = replace(state, seen=state.seen.union(*rows))
    if len(outputs) < AT_LEAST:
        return now
    vocabulary = load_vocabulary(engine.folder)
    for width in range(state.width, WIDEST + 1):
        before = learned_list(engine, target, sent, state.seen, width=width)
        words = {vocabulary[i] for i in before.target}
        outside = sum(not words.issuperset(pieces) for pieces in rows)
        if outside <= MOST_DIFFERENT * len(rows):
            made = learned_list(engine, target, sent, now.seen, width=width)
            return replace(now, width=width, shortlist=made) if gains(made) else now
    return now
