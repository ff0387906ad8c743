"""A filtered run: what goes in comes out or stands aside, and a second call does only what is new."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from filter_texts import ENGLISH, SWAHILI, THAI

from mlt.filter import filter_run, score_pairs
from mlt.filter import scoring as scoring_module
from mlt.filter.check import BaseCheck
from mlt.filter.registry import check_class, check_names
from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.run import open_run

BROKEN = {**SWAHILI, "b": (SWAHILI["b"][0].replace("48", "49"), "8")}
Make = Callable[..., Path]


def ids(out: Path, lang: str) -> list[str]:
    return [record.id for record in open_run(out).records(lang)]


def reasons(out: Path, lang: str) -> dict[str, str]:
    return {entry.record.id: entry.reason for entry in open_run(out).rejected(lang) if entry.record}


def content(folder: Path) -> dict[str, bytes]:
    """All files of a run that hold rows, scores or counts."""
    names = ("*.parquet", "done/**/*.json", "report.html")
    return {str(path.relative_to(folder)): path.read_bytes() for name in names for path in folder.rglob(name)}


@pytest.fixture
def no_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any scoring from here on is an error."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a column was made again")

    monkeypatch.setattr(scoring_module.Scorer, "score", refuse)
    monkeypatch.setattr(scoring_module.Scorer, "score_corpus", refuse)


def test_sound_rows_are_kept_and_a_changed_number_is_not(make_run: Make, tmp_path: Path) -> None:
    result = filter_run(make_run("run", {"sw": BROKEN}), tmp_path / "out", lid="embedded")
    assert ids(result.path, "sw") == ["a", "c"]
    assert ids(result.path, "en") == ["a", "b", "c"]
    (dropped,) = open_run(result.path).rejected("sw")
    assert (dropped.reason, dropped.score) == ("numbers", 2.0)
    assert "48" in dropped.detail and "49" in dropped.detail
    entry = result.manifest["filter"]["languages"]["sw"]
    assert (entry["in"], entry["kept"], entry["dropped"]) == (3, 2, {"numbers": 1})
    assert result.report.read_text(encoding="utf-8").startswith("<!")


def test_every_check_has_a_column_and_every_row_a_score(make_run: Make, tmp_path: Path) -> None:
    out = filter_run(make_run(), tmp_path / "out", lid="embedded").path
    table = pq.read_table(out / "scores" / "sw" / "part-00000.parquet", partitioning=None)
    asked = [name for name in check_names() if name not in ("qe", "roundtrip")]
    assert table.column_names == ["id", *asked, "details"]
    assert table.column("id").to_pylist() == ["a", "b", "c"]
    assert table.column("numbers").to_pylist() == [0.0, 0.0, 0.0]


def test_rows_that_translate_set_aside_stay_aside_with_their_reason(make_run: Make, tmp_path: Path) -> None:
    run = make_run("run", {"sw": {id: SWAHILI[id] for id in "ab"}})
    result = filter_run(run, tmp_path / "out", lid="embedded")
    assert reasons(result.path, "sw") == {"c": "loop"}
    entry = result.manifest["filter"]["languages"]["sw"]
    assert (entry["in"], entry["kept"], entry["carried"]) == (2, 2, {"loop": 1})


def test_second_call_scores_nothing_and_changes_nothing(
    make_run: Make, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    run = make_run("run", {"sw": BROKEN})
    out = filter_run(run, tmp_path / "out", lid="embedded").path
    before = content(out)
    request.getfixturevalue("no_scoring")
    filter_run(run, out, lid="embedded")
    assert content(out) == before


STRICT = {"checks": {"length": {"min": -0.001, "max": 0.001}}}


def test_new_thresholds_decide_from_the_columns_as_a_full_run_does(
    make_run: Make, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    run = make_run("run", {"sw": BROKEN}, (("a", "b"), ("c",)))
    whole = filter_run(run, tmp_path / "whole", policy=STRICT, lid="embedded").path
    again = filter_run(run, tmp_path / "again", lid="embedded").path
    assert content(again) != content(whole)
    request.getfixturevalue("no_scoring")
    filter_run(run, again, policy=STRICT, lid="embedded")
    assert content(again) == content(whole)
    assert set(reasons(again, "sw").values()) == {"numbers", "length"}


def test_changed_setting_makes_that_column_anew_and_no_other(
    make_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    out = filter_run(run, tmp_path / "out", lid="embedded").path
    scored: list[list[str]] = []
    real = scoring_module.Scorer.score
    monkeypatch.setattr(
        scoring_module.Scorer,
        "score",
        lambda self, shard, *rest: (scored.append(list(rest[2])), real(self, shard, *rest)),
    )
    filter_run(run, out, policy={"checks": {"language": {"min_letters": 4}}}, lid="embedded")
    assert scored == [["language"]]


def test_grown_run_scores_only_what_is_new(make_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {"checks": {"duplicates": {"enabled": False}}}
    out = filter_run(make_run("run", None, (("a", "b"),)), tmp_path / "out", policy=policy, lid="embedded").path
    run = make_run("run", {"sw": SWAHILI, "th": THAI}, (("a", "b"), ("c",)))
    scored: list[tuple[str, int]] = []
    real = scoring_module.Scorer.score
    monkeypatch.setattr(
        scoring_module.Scorer,
        "score",
        lambda self, shard, *rest: (scored.append((shard.lang, shard.index)), real(self, shard, *rest)),
    )
    filter_run(run, out, policy=policy, lid="embedded")
    assert scored == [("sw", 1), ("th", 0), ("th", 1)]
    assert ids(out, "sw") == ids(out, "th") == ["a", "b", "c"]


def test_killed_between_scores_and_rows_ends_with_the_same_files(
    make_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("run", {"sw": BROKEN, "th": THAI}, (("a", "b"), ("c",)))
    whole = content(filter_run(run, tmp_path / "whole", lid="embedded").path)
    real, calls = scoring_module.write_scores, iter(range(100))

    def dies(*arguments: Any) -> None:
        if next(calls) == stop:
            raise KeyboardInterrupt
        real(*arguments)

    for stop in range(5):
        out, calls = tmp_path / f"killed-{stop}", iter(range(100))
        with monkeypatch.context() as patched:
            patched.setattr(scoring_module, "write_scores", dies)
            with pytest.raises(KeyboardInterrupt):
                filter_run(run, out, lid="embedded")
        filter_run(run, out, lid="embedded")
        assert content(out) == whole, stop


def test_damaged_scores_are_made_anew(make_run: Make, tmp_path: Path) -> None:
    run = make_run("run", {"sw": BROKEN})
    out = filter_run(run, tmp_path / "out", lid="embedded").path
    before = content(out)
    (out / "scores" / "sw" / "part-00000.parquet").write_bytes(b"torn")
    filter_run(run, out, lid="embedded")
    assert content(out) == before


def test_intersection_holds_the_same_items_everywhere(make_run: Make, tmp_path: Path) -> None:
    run = make_run("run", {"sw": BROKEN, "th": {id: THAI[id] for id in "ab"}}, (("a", "b"), ("c",)))
    result = filter_run(run, tmp_path / "out", lid="embedded", intersection=True)
    assert result.intersection is not None
    assert {lang: ids(result.intersection, lang) for lang in ("en", "sw", "th")} == {
        "en": ["a"],
        "sw": ["a"],
        "th": ["a"],
    }


def test_filtered_run_can_be_filtered_again(make_run: Make, tmp_path: Path) -> None:
    first = filter_run(make_run("run", {"sw": BROKEN}), tmp_path / "first", lid="embedded").path
    result = filter_run(first, tmp_path / "second", policy=STRICT, lid="embedded")
    entry = result.manifest["filter"]["languages"]["sw"]
    assert entry["in"] == 2 and entry["carried"] == {"numbers": 1}
    assert sum(entry["dropped"].values()) + entry["kept"] == 2


def test_another_input_is_refused_until_forced(make_run: Make, tmp_path: Path) -> None:
    out = filter_run(make_run(), tmp_path / "out", lid="embedded").path
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(json.dumps({"id": "1", "source": "One two three.", "target": "Moja mbili tatu.", "lang": "sw"}))
    with pytest.raises(DataError, match="--force"):
        filter_run(pairs, out, lid="embedded")
    filter_run(pairs, out, lid="embedded", force=True)
    assert ids(out, "en") == ["1"]


def test_pairs_of_any_maker_are_filtered_and_given_back(tmp_path: Path) -> None:
    rows = [
        {"id": f"mine-{lang}-{id}", "source": ENGLISH[id][0], "target": texts[id][0], "lang": lang, "note": id * 3}
        for lang, texts in (("sw", SWAHILI), ("th", THAI))
        for id in "abc"
    ]
    rows[0]["target"] = rows[0]["source"]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    result = filter_run(path, tmp_path / "out", lid="embedded")
    assert reasons(result.path, "sw") == {"mine-sw-a": "copy"}
    assert ids(result.path, "th") == ["mine-th-a", "mine-th-b", "mine-th-c"]
    assert result.pairs is not None
    assert [json.loads(line) for line in result.pairs.read_text(encoding="utf-8").splitlines()] == rows[1:]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"langs": "yo"}, "--langs yo"),
        ({"columns": {"a": "id"}}, "--columns is for files of pairs"),
        ({"shard_size": 0}, "--shard-size 0"),
        ({"policy": {"checks": {"nonsense": {}}}}, "unknown check 'nonsense'"),
    ],
)
def test_request_that_cannot_be_met_is_one_line_and_writes_nothing(
    make_run: Make, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        filter_run(make_run(), tmp_path / "out", lid="embedded", **options)
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_run_itself_as_out_is_refused(make_run: Make) -> None:
    run = make_run()
    with pytest.raises(UsageError, match="choose another folder"):
        filter_run(run, run)


def test_pairs_in_memory_give_the_same_reasons_as_a_run(make_run: Make, tmp_path: Path) -> None:
    entries = [{"source": ENGLISH[id][0], "target": BROKEN[id][0], "lang": "sw", "id": id} for id in "abc"] + [
        {"source": ENGLISH["a"][0], "target": THAI["a"][0], "lang": "th"}
    ]
    table = score_pairs(entries, lid="embedded")
    assert table.column("id").to_pylist() == ["a", "b", "c", "3"]
    assert table.column("lang").to_pylist() == ["sw", "sw", "sw", "th"]
    assert table.column("reason").to_pylist() == [None, "numbers", None, None]
    assert score_pairs([], lid="embedded").num_rows == 0


def test_pair_without_a_text_is_named() -> None:
    with pytest.raises(UsageError, match="pair 1: target is None"):
        score_pairs([{"source": "a", "target": "b", "lang": "sw"}, {"source": "a", "lang": "sw"}], lid="embedded")


def test_checks_are_closed_even_when_scoring_fails(
    make_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[BaseCheck] = []
    monkeypatch.setattr(BaseCheck, "close", lambda check: closed.append(check))
    monkeypatch.setattr(check_class("length"), "score", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        filter_run(make_run(), tmp_path / "out", lid="embedded")
    assert {check.name for check in closed} >= {"empty", "length", "numbers"}  # type: ignore[attr-defined]
