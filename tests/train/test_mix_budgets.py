"""Budgets in tokens and steps, and requests that cannot be met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mix_runs import ids_of, items, rows_of, write_run, write_tokenizer

from mlt.toolkit.errors import DataError, UsageError
from mlt.train import mix, take, token_budget
from mlt.train.request import make_request, parse_shares

LANGUAGES = ("en", "sw", "th")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", {"en": items(60), "sw": items(55), "th": items(50)})


@pytest.fixture
def tokenizer(tmp_path: Path) -> str:
    return str(write_tokenizer(tmp_path / "tokenizer.json"))


def tokens_of(path: Path) -> dict[str, int]:
    found = dict.fromkeys(LANGUAGES, 0)
    for row in rows_of(path):
        found[row["lang"]] += row["tokens"]
    return found


def test_every_row_says_its_tokens_and_the_manifest_their_sum(tmp_path: Path, run: Path, tokenizer: str) -> None:
    result = mix([run], tmp_path / "m", per_language=5, validation=2, tokenizer=tokenizer)
    for split in ("train", "validation"):
        rows = rows_of(result.path, split)
        assert all(len(f"{row['prompt']}{row['completion']}".split()) + 1 == row["tokens"] for row in rows)
        found = result.manifest["tokens"][split]["math"]
        assert found == {lang: sum(row["tokens"] for row in rows if row["lang"] == lang) for lang in found}
        sizes = result.manifest["bytes"][split]["math"]
        texts = {lang: [row["prompt"] + row["completion"] for row in rows if row["lang"] == lang] for lang in sizes}
        assert sizes == {lang: sum(len(text.encode()) for text in mine) for lang, mine in texts.items()}
    assert result.manifest["tokenizer"]["revision"]


@pytest.mark.parametrize("first", [1, 3, 1000])
def test_parallel_tokens_are_the_longest_beginning_that_fits(
    tmp_path: Path, run: Path, tokenizer: str, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_budget, "_FIRST", first)
    whole = mix([run], tmp_path / "whole", per_language=50, tokenizer=tokenizer)
    costs: dict[str, int] = {}
    for row in rows_of(whole.path):
        costs[row["id"]] = costs.get(row["id"], 0) + row["tokens"]
    found = mix([run], tmp_path / "m", tokens=1500, tokenizer=tokenizer).path
    ids = ids_of(found)
    assert ids["en"] == ids["sw"] == ids["th"]
    used = sum(costs[id] for id in ids["en"])
    more = ids_of(mix([run], tmp_path / "n", per_language=len(ids["en"]) + 1).path)["en"]
    [next_item] = more - ids["en"]
    assert used <= 1500 < used + costs[next_item]


@pytest.mark.parametrize("mode", ["disjoint", "union", "parallel"])
def test_each_language_fills_its_share_of_the_tokens(tmp_path: Path, run: Path, tokenizer: str, mode: str) -> None:
    weights = {"en": 2.0, "sw": 1.0, "th": 1.0}
    result = mix([run], tmp_path / "m", tokens=1200, mode=mode, tokenizer=tokenizer, weights=weights)
    most = {"en": 600, "sw": 300, "th": 300}
    used = tokens_of(result.path)
    assert all(most[lang] - 40 < used[lang] <= most[lang] for lang in LANGUAGES)
    ids = ids_of(result.path)
    if mode == "disjoint":
        assert sum(map(len, ids.values())) == len(set().union(*ids.values()))
    if mode == "parallel":
        assert min(ids.values(), key=len) <= max(ids.values(), key=len)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("parallel", r"not enough tokens .*: en, sw, th math: 100,000 asked, [\d,]+ there, [\d,]+ missing"),
        ("union", r"not enough tokens: en math: 33,334 asked, [\d,]+ there, [\d,]+ missing; sw math: 33,333 asked"),
        ("disjoint", r"not enough tokens: en math: 33,334 asked, [\d,]+ there, [\d,]+ missing; sw math: 33,333 asked"),
    ],
)
def test_tokens_that_run_out_are_named(tmp_path: Path, run: Path, tokenizer: str, mode: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mix([run], tmp_path / "m", tokens=100_000, mode=mode, tokenizer=tokenizer)


def test_disjoint_tokens_are_dealt_again_where_a_language_narrowly_misses(
    tmp_path: Path, tokenizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = [item._replace(length=12 * (n % 2)) for n, item in enumerate(items(60))]
    run = write_run(tmp_path / "run", {"en": long, "sw": long[:40], "th": long[20:]})
    english = mix([run], tmp_path / "all", langs="en", per_language=60, tokenizer=tokenizer)
    whole = sum(row["tokens"] for row in rows_of(english.path))
    budget = whole * 9 // 10
    found = tokens_of(mix([run], tmp_path / "m", tokens=budget, mode="disjoint", tokenizer=tokenizer).path)
    assert all(budget // 3 - 60 < tokens <= budget // 3 + 1 for tokens in found.values())
    monkeypatch.setattr(take, "_ROUNDS", 1)
    with pytest.raises(DataError, match="not enough tokens"):
        mix([run], tmp_path / "n", tokens=budget, mode="disjoint", tokenizer=tokenizer)


def test_steps_take_the_rows_of_that_many_batches(tmp_path: Path, run: Path) -> None:
    manifest = mix([run], tmp_path / "m", steps=7, batch_size=20, epochs=3).manifest
    assert sum(manifest["counts"]["train"]["math"].values()) == 46
    assert manifest["budget"] == {
        "kind": "steps",
        "amount": 7,
        "batch_size": 20,
        "epochs": 3,
        "sequence_length": None,
        "rows": 46,
    }


def test_steps_of_packed_rows_take_their_tokens(tmp_path: Path, run: Path, tokenizer: str) -> None:
    manifest = mix(
        [run], tmp_path / "m", steps=6, batch_size=4, epochs=2, sequence_length=100, tokenizer=tokenizer
    ).manifest
    assert manifest["budget"]["tokens"] == 1200
    assert 1200 - 150 < sum(tokens_of(tmp_path / "m").values()) <= 1200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "one budget is needed, none given: name one of --per-language, --total, --tokens, --steps"),
        ({"per_language": 1, "total": 2}, "one budget is needed, --per-language and --total given"),
        ({"total": 0}, "--total 0: expected 1 or more"),
        ({"tokens": 5}, "needs --tokenizer"),
        ({"steps": 5, "sequence_length": 9}, "needs --tokenizer"),
        ({"total": 5, "sequence_length": 9}, "--sequence-length goes with --steps"),
        ({"steps": 1, "batch_size": 1, "epochs": 6}, "is not one row"),
        ({"per_language": 5, "weights": "en=2"}, "--per-language gives every language the same"),
        ({"per_language": 5, "temperature": 2.0}, "--per-language gives every language the same"),
        ({"total": 5, "weights": "en=2", "temperature": 2.0}, "exclude each other"),
        ({"total": 5, "temperature": 0.0}, "--temperature 0.0: expected a number above 0"),
        ({"total": 5, "weights": "en=0"}, "--weights en=0: expected a number above 0"),
        ({"total": 5, "weights": "xx=1"}, "unknown language 'xx'"),
        ({"total": 5, "tasks": "maths"}, "--tasks maths: choose math or api"),
        ({"total": 5, "tasks": "math,math=2"}, "--tasks names math twice"),
        ({"total": 5, "mode": "both"}, "--mode both: choose parallel, disjoint or union"),
        ({"total": 5, "format": "chat"}, "--format chat: choose prompt or messages"),
        ({"total": 5, "validation": -1}, "--validation -1: expected 0 or more"),
        ({"total": 5, "langs": "en,xx"}, "unknown language 'xx'"),
    ],
)
def test_requests_that_cannot_be_met_are_refused(options: dict[str, Any], message: str) -> None:
    names = ("langs", "per_language", "total", "tokens", "steps", "sequence_length", "weights", "temperature", "tasks")
    given: dict[str, Any] = dict.fromkeys(names)
    given |= {"batch_size": 512, "epochs": 6, "mode": "parallel", "validation": 0, "format": "prompt"}
    given |= {"annotations": "keep", "seed": 0, "with_tokenizer": False}
    with pytest.raises(UsageError, match=message):
        make_request(**{**given, **options})


@pytest.mark.parametrize(
    ("value", "shares"),
    [
        (None, {}),
        ("math=2, api", {"math": 2, "api": 1}),
        (["api"], {"api": 1}),
        ({"math": 0.5}, {"math": 0.5}),
    ],
)
def test_shares_are_read_from_text_lists_and_mappings(value: Any, shares: dict[str, float]) -> None:
    assert parse_shares(value, "--tasks") == shares


def test_languages_that_no_run_holds_are_named(tmp_path: Path, run: Path) -> None:
    with pytest.raises(UsageError, match="no run holds es, fr: they hold en, sw, th"):
        mix([run], tmp_path / "m", langs="en,fr,es", per_language=1)
    with pytest.raises(UsageError, match="--weights names th, which is none of en, sw"):
        mix([run], tmp_path / "m", langs="en,sw", total=4, weights="th=2")
    assert not (tmp_path / "m").exists()
