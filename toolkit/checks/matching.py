"""A maximum matching of two lists of things that are known by the values that each may have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence

Values = frozenset[Hashable]


def leftovers(left: Sequence[Values], right: Sequence[Values]) -> tuple[list[int], list[int]]:
    """The indices of either side that stay alone when as many as possible are paired by a common value.

    Augmenting paths, breadth first (Berge); things with one and the same single value are paired beforehand, for
    they belong to some maximum matching, and they are nearly all there is.
    """
    open_left, open_right = _uncertain(left, right), _uncertain(right, left)
    by_value: dict[Hashable, list[int]] = defaultdict(list)
    for index in open_right:
        for value in right[index]:
            by_value[value].append(index)
    matching = _Matching(left, by_value)
    alone = [index for index in open_left if not matching.augment(index)]
    return alone, [index for index in open_right if index not in matching.owner]


def _uncertain(things: Sequence[Values], others: Sequence[Values]) -> list[int]:
    partners = Counter(values for values in others if len(values) == 1)
    left = []
    for index, values in enumerate(things):
        if partners[values] > 0:
            partners[values] -= 1
        else:
            left.append(index)
    return left


class _Matching:
    """Pairs so far: ``owner`` by the right index, ``partner`` by the left one."""

    def __init__(self, left: Sequence[Values], by_value: Mapping[Hashable, Sequence[int]]) -> None:
        self.left = left
        self.by_value = by_value
        self.owner: dict[int, int] = {}
        self.partner: dict[int, int] = {}

    def augment(self, index: int) -> bool:
        """Pair a left index, re-assigning others where that helps; False where there is no way."""
        came_from: dict[int, int] = {}
        seen: set[Hashable] = set()
        queue = [index]
        for current in queue:
            for value in self.left[current] - seen:
                seen.add(value)
                for right in self.by_value.get(value, ()):
                    if right in came_from:
                        continue
                    came_from[right] = current
                    if right not in self.owner:
                        self._flip(right, came_from)
                        return True
                    queue.append(self.owner[right])
        return False

    def _flip(self, right: int | None, came_from: Mapping[int, int]) -> None:
        while right is not None:
            owner = came_from[right]
            before = self.partner.get(owner)
            self.owner[right], self.partner[owner] = owner, right
            right = before
