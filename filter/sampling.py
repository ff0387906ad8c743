"""Rows to show: chosen by the blake2b of seed and id, so that the same rows are chosen anywhere and every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from heapq import nsmallest
from typing import NamedTuple

KEPT = "kept"


class Place(NamedTuple):
    """A row's rank among all rows, its id and its shard."""

    rank: bytes
    id: str
    shard: int


class Best:
    """The ``size`` best-ranked rows of each group that was met; more are never held."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self._size, self._prefix = size, f"{seed}\0".encode()
        self._groups: dict[str, list[Place]] = {}

    def add(self, group: str, shard: int, ids: Sequence[str]) -> None:
        """Rows of a shard that belong to a group."""
        if not ids or not self._size:
            return
        best = self._groups.setdefault(group, [])
        limit = best[-1].rank if len(best) == self._size else None
        places = ((self._rank(id), id) for id in ids)
        new = [Place(rank, id, shard) for rank, id in places if limit is None or rank < limit]
        if new:
            self._groups[group] = nsmallest(self._size, best + new)

    def groups(self) -> Mapping[str, list[Place]]:
        """Group -> its rows, the best-ranked first."""
        return self._groups

    def _rank(self, id: str) -> bytes:
        return blake2b(self._prefix + id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def in_turn(groups: Sequence[Sequence[Place]]) -> Iterator[tuple[int, Place]]:
    """(number of the group, row): one of each group in turn, until all are given."""
    for turn in range(max(map(len, groups), default=0)):
        for number, group in enumerate(groups):
            if turn < len(group):
                yield number, group[turn]
