"""Batches are planned once, decoded whole, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.languages import resolve
from mlt.translate.decode import batch_plan
from mlt.translate.engine import Decoding

SW = resolve("sw").language


class KeptPlans:
    def __init__(self) -> None:
        self.kept: dict[str, list[list[str]]] = {}

    def load(self, step: str) -> list[list[str]] | None:
        return self.kept.get(step)

    def save(self, step: str, batches: list[list[str]]) -> None:
        self.kept[step] = batches


@given(
    st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 90), min_size=1),
    st.integers(50, 400),
    st.integers(1, 4),
)
def test_a_plan_holds_every_key_once_within_the_limit(sizes: dict[str, int], limit: int, workers: int) -> None:
    plan = batch_plan(sizes, limit, workers)
    assert sorted(key for batch in plan for key in batch) == sorted(sizes)
    for batch in plan:
        assert len(batch) == 1 or max(sizes[key] for key in batch) * len(batch) <= limit


def test_a_unit_past_the_limit_goes_alone_and_lifts_it_for_no_other() -> None:
    plan = batch_plan({"long": 51, "a": 17, "b": 17, "c": 17}, 50, 1)
    assert sorted(len(batch) for batch in plan) == [1, 1, 2]


def test_batches_are_of_about_equal_cost() -> None:
    plan = batch_plan({str(n): 10 + n % 40 for n in range(265)}, 2048, 2)
    costs = [len(batch) * (10 + max(int(key) % 40 for key in batch)) for batch in plan]
    assert len(plan) % 2 == 0 and min(costs) > 0.8 * max(costs)


def test_work_is_shared_out_among_the_workers() -> None:
    assert len(batch_plan({str(n): 10 for n in range(100)}, 2048, 2)) == 2


def test_what_the_cache_has_is_not_decoded_again(make_decoder: Callable[..., Any]) -> None:
    first = make_decoder(lambda t, d: [t.upper()], SW)
    assert dict(first.decode(["a b", "c", "a b"], Decoding())).keys() == {"a b", "c"}
    second = make_decoder(lambda t, d: pytest.fail("asked again"), SW)
    assert {text: found[0].text for text, found in second.decode(["c", "a b"], Decoding())} == {"a b": "A B", "c": "C"}
    assert (first.decoded, second.decoded, second.cached) == (2, 0, 2)


def test_another_decoding_is_another_result(make_decoder: Callable[..., Any]) -> None:
    decoder = make_decoder(lambda t, d: [f"{t}{d.beam_size}"], SW)
    for beam in (1, 4):
        assert [found[0].text for _, found in decoder.decode(["a"], Decoding(beam))] == [f"a{beam}"]


def test_a_run_that_was_killed_decodes_the_same_batches(make_decoder: Callable[..., Any], scripted: Any) -> None:
    texts = [f"word{n} " * (n % 9 + 1) for n in range(120)]
    plans = KeptPlans()
    engine = scripted(lambda t, d: [t])
    stream = make_decoder(engine, SW).decode(texts, Decoding(), plans=plans)
    for _ in range(30):
        next(stream)
    stream.close()  # killed here
    whole = make_decoder(again := scripted(lambda t, d: [t]), SW)
    assert len(dict(whole.decode(texts, Decoding(), plans=plans))) == 120
    batches = [batch for batch, _ in engine.asked] + [batch for batch, _ in again.asked]
    uninterrupted = scripted(lambda t, d: [t], {"model": "other", "revision": "1"})
    dict(make_decoder(uninterrupted, SW).decode(texts, Decoding()))
    assert {frozenset(b) for b in batches} == {frozenset(batch) for batch, _ in uninterrupted.asked}
