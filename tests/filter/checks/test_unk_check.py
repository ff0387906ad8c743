"""Unknown characters: signs that a decoder leaves."""

import pytest
from filter_stories import STORIES, text_pair, told
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.unk import UnkCheck
from mlt.toolkit.records import UnitTrace


def problems(source: str, target: str) -> float | None:
    return UnkCheck().score_pair(text_pair(source, target, "sw")).value


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_holds_none(lang: str) -> None:
    assert UnkCheck().score_pair(text_pair(told("en"), told(lang), lang)).value == 0


@pytest.mark.parametrize("sign", ["<unk>", "⁇", "\ufffd"])
def test_a_sign_is_a_problem_unless_the_source_has_it(sign: str) -> None:
    assert problems("A cat", f"Paka {sign}") == 1
    assert problems(f"A cat {sign}", f"Paka {sign}") == 0


@pytest.mark.parametrize(("flags", "count"), [(("unk",), 1), (("no-end-token",), 0), ((), 0)])
def test_a_flagged_unit_is_a_problem(flags: tuple[str, ...], count: int) -> None:
    pair = text_pair("A cat", "Paka", "sw")
    target = pair.target.with_(units=(UnitTrace("A cat", "Paka", "first", flags),))
    score = UnkCheck().score_pair(type(pair)(pair.source, target, pair.language, pair.segments))
    assert score.value == count


@given(st.text(), st.text())
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(source, target) is not None
