"""The engines that need no model: identity and corrupting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.languages import ENGLISH, resolve
from mlt.translate.engine import Decoding, Hypothesis
from mlt.translate.engines.corrupting import CORRUPTIONS, CorruptingEngine
from mlt.translate.engines.identity import IdentityEngine

SW = resolve("sw").language
RU = resolve("ru").language
TEXT = "Ann sold 48 clips in April and 24 in May, 72 in all."


def run(engine, texts, n_best=1, target=SW):
    prepared = engine.prepare(texts, ENGLISH, target)
    batches = [prepared[:2], [], prepared[2:]]
    results = list(engine.translate(batches, ENGLISH, target, Decoding(n_best=n_best)))
    assert [len(rows) for rows in results] == [len(batch) for batch in batches]
    return [hypotheses for rows in results for hypotheses in rows]


@given(st.lists(st.text()))
def test_identity_gives_back_every_character(texts):
    assert run(IdentityEngine(), texts) == [[Hypothesis(text)] for text in texts]


def test_identity_says_that_it_does_not_translate():
    assert IdentityEngine().translates is False
    assert IdentityEngine().supports(SW)


@given(st.lists(st.text(), max_size=8), st.integers(0, 5))
def test_corruption_depends_on_seed_and_text_alone(texts, seed):
    once = run(CorruptingEngine(seed), texts, n_best=3)
    again = run(CorruptingEngine(seed), texts[::-1], n_best=3)[::-1]
    assert once == again
    assert [hypotheses[:1] for hypotheses in once] == run(CorruptingEngine(seed), texts)


def test_every_corruption_occurs():
    texts = [f"{TEXT} {i}" for i in range(300)]
    hypotheses = [row[0] for row in run(CorruptingEngine(), texts)]
    by_text = dict(zip(texts, hypotheses, strict=True))
    assert any(h.text == t for t, h in by_text.items())
    assert any(h.text == "" for h in hypotheses)
    assert any(not h.ended and t.startswith(h.text) for t, h in by_text.items())
    assert any("предложение" in h.text for h in hypotheses)
    assert any(len(h.text) > 2 * len(t) for t, h in by_text.items())
    assert any("4.8" in h.text for h in hypotheses)


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - {"keep", "wrong-language"}))
def test_a_corruption_changes_a_text_with_numbers(name):
    assert all(CORRUPTIONS[name](TEXT, place) != TEXT for place in range(20))


def test_the_wrong_language_is_never_in_the_targets_script():
    texts = [f"{TEXT} {i}" for i in range(100)]
    assert not any("предложение" in row[0].text for row in run(CorruptingEngine(), texts, target=RU))


def test_another_seed_corrupts_other_texts():
    texts = [f"{TEXT} {i}" for i in range(50)]
    assert run(CorruptingEngine(1), texts) != run(CorruptingEngine(2), texts)
