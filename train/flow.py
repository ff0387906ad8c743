"""Which language gets how many items of which kind, where each item goes to one language only: a maximum flow.

A greedy choice would give a language items that only another one could have used less well; a flow finds an
assignment whenever there is one.
"""

from __future__ import annotations

from collections.abc import Mapping

Pattern = tuple[str, ...]
"""The languages that an item is there in."""


def assign(patterns: Mapping[Pattern, int], needs: Mapping[str, int]) -> dict[Pattern, dict[str, int]]:
    """Pattern -> language -> items, together as many as can be: all of ``needs`` where that is possible.

    ``patterns``: how many items there are of each. The order of the mappings decides between equal answers.
    """
    network = _Network(2 + len(patterns) + len(needs))
    column = {lang: 2 + len(patterns) + number for number, lang in enumerate(needs)}
    edges: list[tuple[Pattern, str, int]] = []
    for row, (pattern, count) in enumerate(patterns.items(), start=2):
        network.edge(0, row, count)
        edges += [(pattern, lang, network.edge(row, column[lang], count)) for lang in pattern if lang in column]
    for lang, need in needs.items():
        network.edge(column[lang], 1, need)
    network.fill()
    found: dict[Pattern, dict[str, int]] = {pattern: {} for pattern in patterns}
    for pattern, lang, edge in edges:
        if amount := network.room[edge ^ 1]:
            found[pattern][lang] = amount
    return found


class _Network:
    """Dinic's algorithm from node 0 to node 1. Edge e and its way back, e ^ 1, stand side by side."""

    def __init__(self, nodes: int) -> None:
        self.edges: list[list[int]] = [[] for _ in range(nodes)]
        self.end: list[int] = []
        self.room: list[int] = []

    def edge(self, start: int, end: int, room: int) -> int:
        number = len(self.end)
        self.end += [end, start]
        self.room += [room, 0]
        self.edges[start].append(number)
        self.edges[end].append(number + 1)
        return number

    def fill(self) -> None:
        while (level := self._levels())[1] >= 0:
            tried = [0] * len(self.edges)
            while self._push(0, sum(self.room[edge] for edge in self.edges[0]), level, tried):
                pass

    def _levels(self) -> list[int]:
        level = [-1] * len(self.edges)
        level[0] = 0
        queue = [0]
        for node in queue:
            for edge in self.edges[node]:
                if self.room[edge] and level[self.end[edge]] < 0:
                    level[self.end[edge]] = level[node] + 1
                    queue.append(self.end[edge])
        return level

    def _push(self, node: int, amount: int, level: list[int], tried: list[int]) -> int:
        if node == 1 or not amount:
            return amount
        while tried[node] < len(self.edges[node]):
            edge = self.edges[node][tried[node]]
            if level[self.end[edge]] == level[node] + 1 and self.room[edge]:
                pushed = self._push(self.end[edge], min(amount, self.room[edge]), level, tried)
                if pushed:
                    self.room[edge] -= pushed
                    self.room[edge ^ 1] += pushed
                    return pushed
            tried[node] += 1
        return 0
