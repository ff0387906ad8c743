"""The maximum flow, against the condition that says when everyone can be served."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from mlt.train.flow import Pattern, assign

LANGUAGES = ("a", "b", "c", "d")
SUBSETS = list(chain.from_iterable(combinations(LANGUAGES, size) for size in range(1, 5)))


def most(patterns: dict[Pattern, int], needs: dict[str, int]) -> int:
    """The largest amount that can be assigned: the deficiency form of Hall's theorem."""
    total = sum(needs.values())
    gaps = [0]
    for some in SUBSETS:
        asked = sum(needs.get(lang, 0) for lang in some)
        gaps.append(asked - sum(count for pattern, count in patterns.items() if set(pattern) & set(some)))
    return total - max(gaps)


@given(
    st.dictionaries(st.sampled_from(SUBSETS), st.integers(0, 9)),
    st.dictionaries(st.sampled_from(LANGUAGES), st.integers(0, 12), min_size=4),
)
def test_as_many_items_are_assigned_as_can_be(patterns: dict[Pattern, int], needs: dict[str, int]) -> None:
    found = assign(patterns, needs)
    by_language = {lang: sum(amounts.get(lang, 0) for amounts in found.values()) for lang in needs}
    assert all(sum(found[pattern].values()) <= count for pattern, count in patterns.items())
    assert all(set(amounts) <= set(pattern) for pattern, amounts in found.items())
    assert all(by_language[lang] <= need for lang, need in needs.items())
    assert sum(by_language.values()) == most(patterns, needs)


def test_a_language_that_can_do_with_others_leaves_the_shared_items() -> None:
    patterns = {("a", "b"): 5, ("a",): 5}
    assert assign(patterns, {"a": 5, "b": 5}) == {("a", "b"): {"b": 5}, ("a",): {"a": 5}}
