"""What an audit counts and when a list fails by it; what a setting means; what a run remembers of its lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.errors import UsageError
from mlt.toolkit.joined_run import JoinedRun
from mlt.toolkit.languages import resolve
from mlt.toolkit.store import RunStore
from mlt.translate.decode import NoPlans
from mlt.translate.engine import Decoding
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.engines.identity import IdentityEngine
from mlt.translate.shortlist import setting as setting_module
from mlt.translate.shortlist.audit import AT_LEAST, Audit, audited, compare
from mlt.translate.shortlist.learning import learned
from mlt.translate.shortlist.pieces import WIDEST, Shortlist
from mlt.translate.shortlist.setting import gains, in_force, kind_for, pays
from mlt.translate.shortlist.state import State, StateChain, widened

SW, TH = (resolve(code).language for code in ("sw", "th"))


@pytest.mark.parametrize(
    ("units", "identical", "fails", "fails_with_margin"),
    [
        (0, 0, False, False),
        (100, 100, False, False),
        (100, 99, True, False),
        (100, 98, True, True),
        (200, 199, False, False),
        (1000, 995, False, False),
        (1000, 994, True, False),
        (1000, 991, True, False),
        (1000, 980, True, True),
    ],
)
def test_a_list_fails_where_more_than_one_in_two_hundred_differs(
    units: int, identical: int, fails: bool, fails_with_margin: bool
) -> None:
    found = Audit(units, identical)
    assert (found.fails(), found.fails(margin=True)) == (fails, fails_with_margin)


def test_audits_add_up_and_come_back_from_json() -> None:
    one, other = Audit(100, 98, 130.0, 2), Audit(50, 50)
    assert one + other == Audit(150, 148, 130.0, 2) == Audit.from_json((one + other).to_json())
    assert ((one + other).chrf, other.chrf) == (65.0, None)


def test_the_same_units_are_audited_in_any_order() -> None:
    texts = [f"text {number}" for number in range(30_000)]
    chosen = audited(texts)
    assert len(chosen) == 300
    assert audited([*reversed(texts), *texts]) == chosen
    assert set(audited(texts[:90])) == set(texts[:90])
    assert len(audited(texts[:5000])) == AT_LEAST


def test_an_audit_compares_the_best_hypotheses(make_decoder: Callable[..., Any]) -> None:
    full = make_decoder(lambda text, _: [f"the big {text}", "x"], SW)
    cut = make_decoder(lambda text, _: [f"the {'big' if text != 'b' else 'small'} {text}", "y"], SW)
    full.engine.identity = {"model": "scripted", "revision": "full"}
    found = compare(full, cut, ["a", "b", "c", "a"], Decoding(), NoPlans(), lambda _: False)
    assert (found.units, found.identical, found.chrf_units, found.against) == (3, 2, 1, 1)
    assert found.chrf is not None and 10 < found.chrf < 90


@pytest.mark.parametrize(("beam", "against"), [(1, 3), (2, 1), (4, 1)])
def test_a_beam_may_end_elsewhere_on_words_that_the_list_has(
    make_decoder: Callable[..., Any], beam: int, against: int
) -> None:
    full, cut = (make_decoder(lambda text, _, said=said: [f"{said} {text}"], SW) for said in ("one", "two"))
    full.engine.identity = {"model": "scripted", "revision": "full"}
    found = compare(full, cut, ["a", "b", "c"], Decoding(beam_size=beam), NoPlans(), lambda output: output != "one b")
    assert (found.identical, found.differing, found.against) == (0, 3, against)
    assert found.fails() and Audit(100, 40, within=60) == Audit(60, 0, within=60) + Audit(40, 40)
    assert not Audit(100, 40, within=60).fails()


def test_without_sacrebleu_only_the_share_is_known(
    make_decoder: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu.metrics", None)
    full, cut = (make_decoder(lambda text, _, said=said: [said], SW) for said in ("one", "two"))
    full.engine.identity = {"model": "scripted", "revision": "full"}
    found = compare(full, cut, ["a"], Decoding(), NoPlans(), lambda _: True)
    assert (found.identical, found.chrf) == (0, None)


@pytest.mark.parametrize(
    ("asked", "large", "expected"),
    [
        ("auto", 32_000, "off"),
        ("auto", 1000, "auto"),
        ("script", 32_000, "script"),
        ("learned", 32_000, "learned"),
        ("off", 1000, "off"),
    ],
)
def test_auto_is_for_large_vocabularies(
    tiny: Ct2Engine, monkeypatch: pytest.MonkeyPatch, asked: str, large: int, expected: str
) -> None:
    monkeypatch.setattr(setting_module, "LARGE", large)
    assert in_force(asked, tiny) == expected


def test_engines_without_a_ctranslate2_model_have_no_lists() -> None:
    assert in_force("auto", IdentityEngine()) == in_force("off", IdentityEngine()) == "off"
    with pytest.raises(UsageError, match="--shortlist script: identity is no CTranslate2 model"):
        in_force("script", IdentityEngine())
    with pytest.raises(UsageError, match="--shortlist best: expected auto, script, learned or off"):
        in_force("best", IdentityEngine())


def test_auto_goes_by_script_but_for_latin() -> None:
    assert [kind_for("auto", resolve(code).language) for code in ("th", "ru", "ja", "sw", "es")] == [
        *["script"] * 3,
        *["learned"] * 2,
    ]
    assert (kind_for("learned", TH), kind_for("script", SW)) == ("learned", "script")


def test_auto_cuts_nothing_that_would_stay_large(tiny: Ct2Engine) -> None:
    half = len(tiny._ids) // 2
    small, large = (Shortlist("script", tuple(range(size)), ()) for size in (half, half + 1))
    assert (gains("auto", small, tiny), gains("auto", large, tiny), gains("script", large, tiny)) == (True, False, True)


def test_auto_makes_no_list_where_its_audit_costs_what_it_saves() -> None:
    fewest = setting_module.FEWEST
    assert fewest > 2 * AT_LEAST  # half the time for a unit, and those audited at full cost
    assert [pays("auto", units) for units in (0, fewest - 1, fewest)] == [False, False, True]
    assert pays("script", 1) and pays("learned", 1)


def test_a_run_remembers_every_step(tmp_path: Path) -> None:
    made = Shortlist("learned", (1, 2, 5), (3,))
    first = State("learned", seen=frozenset({"a", "b"}))
    second = replace(first, full=(0,), seen=frozenset({"a", "b", "c"}))
    third = replace(second, shortlist=made, english="e", width=1)
    with RunStore.open(tmp_path / "run", {"x": 1}) as store:
        chain = StateChain(store, "sw")
        assert chain.load() is None
        for state in (first, second, third):
            assert chain.append(state) == state
        assert StateChain(store, "sw").load() == third
        assert StateChain(store, "th").load() is None


def test_of_several_processes_the_first_one_decides(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "run", {"x": 1}):
        pass
    one, other = (StateChain(JoinedRun.join(tmp_path / "run"), "sw") for _ in range(2))
    first = State("learned", seen=frozenset({"a"}))
    assert one.append(first) == other.append(State("learned", seen=frozenset({"b"}))) == first
    ahead = replace(first, full=(3,), seen=frozenset({"a", "c"}))
    assert one.append(ahead) == ahead
    assert other.append(replace(first, full=(4,))) == other.load() == ahead
    both = replace(ahead, full=(3, 4), seen=frozenset({"a", "c", "d"}))
    assert other.append(both) == both == one.load()


@pytest.mark.parametrize(("width", "kind", "next_width"), [(0, "script", 1), (1, "script", 2), (WIDEST, None, 2)])
def test_a_list_that_failed_widens_and_then_ends(width: int, kind: str | None, next_width: int) -> None:
    made = Shortlist("script", (1,), ())
    now = widened(State("script", width, made), WIDEST, {"words": 1})
    assert (now.kind, now.width, now.shortlist, now.failed) == (kind, next_width, None, ({"words": 1},))
    assert now.stands(None) and not now.stands(made.hash)


def test_what_was_outgrown_stands() -> None:
    old, new = (Shortlist("script", ids, ()) for ids in ((1,), (1, 2)))
    state = State("script", shortlist=new, outgrown=(old.hash,))
    assert [state.stands(hash) for hash in (None, old.hash, new.hash, "other")] == [True, True, True, False]


def test_pieces_suffice_once_they_would_have_sufficed_for_the_last_shard(tiny: Ct2Engine) -> None:
    long = [word[1:] for word in tiny._ids if len(word) > 8 and word.startswith("▁") and word[1:].isascii()]
    outputs, other = ([f"{word} {number}" for number in range(300)] for word in long[:2])

    def step(state: State, said: list[str]) -> State:
        return learned(tiny, SW, {"▁Elena"}, state, said, lambda made: True)

    first = step(State("learned"), outputs)
    assert first.shortlist is None and first.seen
    assert step(first, other).shortlist is None
    again = step(first, outputs)
    assert again.shortlist is not None and again.width == 0
    assert step(first, outputs[:50]).shortlist is None
    assert learned(tiny, SW, (), first, outputs, lambda made: False).shortlist is None
