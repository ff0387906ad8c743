"""Lists in whole runs: audited, resumed, widened, given up, grown, and not there where nobody asked for them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.errors import DataError
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.store import Run, RunStore, open_run
from mlt.translate import translate
from mlt.translate.shortlist import in_run, learning, setting
from mlt.translate.shortlist.audit import Audit
from mlt.translate.shortlist.pieces import Shortlist

LIST: dict[str, Any] = {"model": "tiny", "beam_size": 1, "workers": 1, "shard_size": 4, "limit": 12, "ladder": False}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(learning, "AT_LEAST", 10)


def run(out: Path, langs: str = "th", shortlist: str = "script", **more: Any) -> Run:
    return open_run(translate(langs=langs, out=out, **{**LIST, "shortlist": shortlist, **more}).path)


def rows(run: Run, lang: str = "th") -> list[tuple[str, str, str]]:
    return [(record.id, record.messages[0].content, record.target) for record in run.records(lang)]


def hashes(run: Run, lang: str = "th") -> list[str | None]:
    return [(run.done(lang, index) or {}).get("shortlist") for index in run.shards(lang)]


def said(run: Run, lang: str = "th") -> dict[str, Any]:
    found: dict[str, Any] = run.manifest["languages"][lang]["shortlist"]
    return found


def test_a_run_says_which_list_it_used_and_what_the_audit_found(tmp_path: Path) -> None:
    made = run(tmp_path / "run")
    found = said(made)
    assert (found["kind"], found["width"], found["failed"], found["full_shards"]) == ("script", 0, [], 0)
    assert found["words"] < found["vocabulary"]
    assert found["audited"] == found["identical"] == made.manifest["languages"]["th"]["audit"]["units"] > 20
    assert set(hashes(made)) == {found["hash"]}
    assert made.manifest["identity"]["shortlist"] == "script"
    assert "|shortlist:script|" in f"|{made.manifest['signature']}|"
    # The cut model is gone; what was translated with it is kept apart from the full model's.
    assert not list((tmp_path / "cache" / "shortlists").glob("tiny*"))
    assert len(list((tmp_path / "cache" / "units").glob("*/th.sqlite"))) == 2


def test_greedy_rows_are_those_of_the_full_vocabulary(tmp_path: Path) -> None:
    assert rows(run(tmp_path / "list")) == rows(run(tmp_path / "full", shortlist="off"))


class Killed(BaseException):
    pass


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Ends a run at its n-th write to the run's folder, before it or behind it."""
    names = ("save_facts", "save_plan", "write_shard", "drop_shard", "drop_plans", "save_manifest")

    def arm(number: int) -> None:
        left = [number]

        def counted(method: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
                result = method(*args, **kwargs)
                left[0] -= 1
                if left[0] == 0:
                    raise Killed
                return result

            return call

        for name in names:
            monkeypatch.setattr(RunStore, name, counted(originals[name]))

    originals = {name: getattr(RunStore, name) for name in names}
    yield arm
    for name, method in originals.items():
        monkeypatch.setattr(RunStore, name, method)


@pytest.mark.parametrize("kind", ["script", "learned", "failing"])
def test_killed_and_started_again_it_ends_with_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill_at: Callable[[int], None], kind: str
) -> None:
    lang, shortlist = ("sw", "learned") if kind == "learned" else ("th", "script")
    if kind == "failing":
        monkeypatch.setattr(in_run, "script_list", _bad_at_first(in_run.script_list))
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache-whole"))
    whole = run(tmp_path / "whole", lang, shortlist, ladder=True)
    draw = random.Random(kind)
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache-killed"))
    for _ in range(5):
        kill_at(draw.randrange(1, 30))
        try:
            run(tmp_path / "killed", lang, shortlist, ladder=True)
        except Killed:
            continue
    kill_at(0)
    again = run(tmp_path / "killed", lang, shortlist, ladder=True)
    assert rows(again, lang) == rows(whole, lang)
    assert hashes(again, lang) == hashes(whole, lang)
    assert {**said(again, lang), "audited": 0} == {**said(whole, lang), "audited": 0}


def _bad_at_first(script_list: Callable[..., Shortlist]) -> Callable[..., Shortlist]:
    """A list without most of the script, before it is widened."""

    def made(engine: Any, target: Any, sent: Any, *, width: int) -> Shortlist:
        good = script_list(engine, target, sent, width=width)
        if width:
            return good
        words = list(engine._ids)
        kept = tuple(i for i in good.target if len(words[i].strip("▁")) < 3 or words[i] in engine._special)
        return Shortlist("script", kept, good.source)

    return made


def test_a_list_that_changes_the_output_is_widened_before_a_shard_is_lost_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Notes(NullProgress):
        def note(self, text: str) -> None:
            notes.append(text)

    notes: list[str] = []
    monkeypatch.setattr(in_run, "script_list", _bad_at_first(in_run.script_list))
    made = run(tmp_path / "run", progress=Notes())
    found = said(made)
    assert (found["kind"], found["width"]) == ("script", 1)
    [failed] = found["failed"]
    assert failed["width"] == 0 and failed["identical"] < 0.995 * failed["audited"]
    assert set(hashes(made)) == {found["hash"]}
    assert any("it is made wider" in note for note in notes)


def _audits(monkeypatch: pytest.MonkeyPatch, results: list[Audit]) -> None:
    """Audits find, one after the other, what the test says; the last one again and again."""

    def compare(*_: Any) -> Audit:
        return results.pop(0) if len(results) > 1 else results[0]

    monkeypatch.setattr(in_run, "compare", compare)


def test_a_list_that_fails_later_takes_its_shards_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = Audit(100, 100), Audit(100, 90)
    _audits(monkeypatch, [good, good, bad, good])
    made = run(tmp_path / "run")
    found = said(made)
    assert (found["kind"], found["width"], found["audited"]) == ("script", 1, 300)
    assert found["failed"][0]["audited"] == 300
    assert hashes(made) == [found["hash"]] * 3
    assert made.manifest["complete"] is True


def test_an_accident_costs_no_shards_but_the_sum_decides_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, unlucky = Audit(100, 100), Audit(100, 98)
    _audits(monkeypatch, [good, unlucky, good])
    made = run(tmp_path / "run")  # 2 of 300: not so many that the third shard is stopped, but above 0.5 %
    assert [entry["audited"] for entry in said(made)["failed"]] == [300]
    assert said(made)["width"] == 1


def test_what_never_holds_is_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = run(tmp_path / "full", shortlist="off")
    _audits(monkeypatch, [Audit(100, 50, 900.0, 50)])
    made = run(tmp_path / "run")
    found = said(made)
    assert (found["kind"], found["words"], found["audited"], found["full_shards"]) == ("off", None, 0, 3)
    assert [entry["width"] for entry in found["failed"]] == [0, 1, 2]
    assert hashes(made) == [None] * 3
    assert rows(made) == rows(full)


def test_a_run_that_grows_keeps_its_shards_and_widens_its_view_of_the_source(tmp_path: Path) -> None:
    first = run(tmp_path / "run", limit=8)
    before = rows(first)
    markers = [first.done("th", index) for index in (0, 1)]
    grown = run(tmp_path / "run")
    assert [grown.done("th", index) for index in (0, 1)] == markers
    assert rows(grown)[: len(before)] == before
    assert len(set(hashes(grown))) == 2 and hashes(grown)[-1] == said(grown)["hash"]
    assert said(grown)["audited"] == grown.manifest["languages"]["th"]["audit"]["units"]


def test_latin_targets_begin_with_the_full_vocabulary_and_learn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "WIDEST", 0)  # all pieces of six letters would be nearly all that this model has
    monkeypatch.setattr(learning, "MOST_DIFFERENT", 0.1)  # of the few units here
    _audits(monkeypatch, [Audit(100, 100)])
    made = run(tmp_path / "run", "sw", "learned", limit=36, shard_size=6)
    found = said(made, "sw")
    assert found["kind"] == "learned" and found["words"] < found["vocabulary"]
    assert 2 <= found["full_shards"] < 6
    used = hashes(made, "sw")
    assert used[:2] == [None, None] and found["hash"] in used
    seen = next((tmp_path / "cache" / "seen-pieces").glob("*/sw.json"))
    assert seen.stat().st_size > 500
    # The next run knows the pieces already: one shard shows that they suffice.
    again = said(run(tmp_path / "again", "sw", "learned", limit=36, shard_size=6), "sw")
    assert again["full_shards"] == 1


def test_runs_without_lists_are_what_they_were(tmp_path: Path) -> None:
    made = run(tmp_path / "run", shortlist="auto")
    assert "shortlist" not in made.manifest["identity"] and "shortlist" not in made.manifest["signature"]
    assert "shortlist" not in made.manifest["languages"]["th"]
    assert not list((made.path / "facts").glob("shortlist*"))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["units"]
    with pytest.raises(DataError, match=r"was made with shortlist = None, now it is 'script'"):
        run(tmp_path / "run")


def test_a_changed_setting_is_refused_by_name(tmp_path: Path) -> None:
    run(tmp_path / "run", limit=4)
    with pytest.raises(DataError, match="shortlist"):
        run(tmp_path / "run", limit=4, shortlist="off")


def test_a_run_that_was_begun_without_lists_goes_on_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "run", shortlist="auto", limit=4)
    monkeypatch.setattr(setting, "LARGE", 1000)
    monkeypatch.setattr(setting, "FEWEST", 1)
    assert set(hashes(run(tmp_path / "run", shortlist="auto"))) == {None}
    fresh = run(tmp_path / "fresh", "th,sw", shortlist="auto", limit=4)
    assert fresh.manifest["identity"]["shortlist"] == "auto"
    assert [said(fresh, lang)["kind"] for lang in ("th", "sw")] == ["off", "learned"]  # 66 % of so few words: no gain


def test_a_shard_of_few_units_is_not_worth_an_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "LARGE", 1000)
    made = run(tmp_path / "run", shortlist="auto", limit=4)
    assert set(hashes(made)) == {None}
    assert (said(made, "th")["audited"], said(made, "th")["full_shards"]) == (0, 1)
    assert set(hashes(run(tmp_path / "asked", shortlist="script", limit=4))) != {None}


def test_shards_from_elsewhere_are_added_to_with_the_full_vocabulary(tmp_path: Path) -> None:
    first = run(tmp_path / "run", limit=8)
    used = hashes(first)
    for fact in (first.path / "facts").glob("shortlist*"):
        fact.unlink()
    grown = run(tmp_path / "run")
    assert hashes(grown) == [*used, None]
    assert said(grown)["kind"] == "off"
