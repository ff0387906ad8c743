"""A maximum matching, held against trying every pairing."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks.matching import leftovers

sides = st.lists(st.frozensets(st.integers(0, 5), min_size=1, max_size=3), max_size=5)


def most_pairs(left, right):
    """The size of a maximum matching, by trying every order of the longer side."""
    short, long = sorted((left, right), key=len)
    return max(sum(bool(a & b) for a, b in zip(short, order, strict=False)) for order in permutations(long))


@given(sides, sides)
def test_as_many_as_possible_are_paired(left, right):
    alone_left, alone_right = leftovers(left, right)
    pairs = len(left) - len(alone_left)
    assert pairs == len(right) - len(alone_right) == most_pairs(left, right)


def test_a_choice_is_taken_back_where_that_helps():
    left = [frozenset({1, 2}), frozenset({1}), frozenset({9})]
    right = [frozenset({1}), frozenset({2, 3})]
    assert leftovers(left, right) == ([2], [])
