"""Which items a mixture takes: exact counts, the modes' promises, validation by group, one seed one result."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_runs import Item, bytes_of, groups_of, ids_of, items, rows_of, write_run

from mlt.toolkit.errors import DataError
from mlt.train import mix

LANGUAGES = ("en", "sw", "th")

AVAILABILITY = st.lists(
    st.tuples(st.sets(st.sampled_from(LANGUAGES)), st.integers(0, 8), st.sampled_from(["math", "math", "api"])),
    min_size=6,
    max_size=30,
)
"""Per item: the languages that have it, its group, its task."""


def drawn_run(folder: Path, entries: list[tuple[set[str], int, str]]) -> dict[str, list[Item]]:
    """A run in which every language is there, and what it holds."""
    drawn = [Item(f"item-{n}", task, f"group-{group}", n % 3) for n, (_, group, task) in enumerate(entries)]
    held = {
        lang: [Item("base", "math"), *(item for item, entry in zip(drawn, entries, strict=True) if lang in entry[0])]
        for lang in LANGUAGES
    }
    write_run(folder, held)
    return held


@settings(max_examples=15, deadline=None)
@given(AVAILABILITY, st.sampled_from(["parallel", "disjoint", "union"]), st.integers(1, 4), st.integers(0, 3))
def test_a_mixture_is_exact_and_keeps_its_modes_promise(
    entries: list[tuple[set[str], int, str]], mode: str, amount: int, validation: int
) -> None:
    with TemporaryDirectory() as folder:
        held = drawn_run(Path(folder) / "run", entries)
        out = Path(folder) / "out"
        request: dict[str, Any] = {"per_language": amount, "tasks": "math", "mode": mode, "validation": validation}
        try:
            result = mix([Path(folder) / "run"], out, **request)
        except DataError as error:
            assert "missing" in str(error)
            assert not out.exists()
            return
        train, held_out = ids_of(out), ids_of(out, "validation")
        counts = {lang: len(ids) for lang, ids in train.items()}
        assert counts == dict.fromkeys(LANGUAGES, amount) == result.manifest["counts"]["train"]["math"]
        assert {lang: len(ids) for lang, ids in held_out.items()} == (
            dict.fromkeys(LANGUAGES, validation) if validation else {}
        )
        assert groups_of(out, "train").isdisjoint(groups_of(out, "validation"))
        for lang, ids in train.items():
            assert ids <= {item.id for item in held[lang] if item.task == "math"}
        if mode == "parallel":
            assert len({frozenset(ids) for ids in [*train.values()]}) == 1
            assert len({frozenset(ids) for ids in [*held_out.values()]}) <= 1
        if mode == "disjoint":
            assert max(Counter(row["id"] for row in rows_of(out)).values()) == 1


@pytest.mark.parametrize("mode", ["parallel", "disjoint", "union"])
def test_a_smaller_budget_takes_a_part_of_a_larger_one(tmp_path: Path, mode: str) -> None:
    run = write_run(tmp_path / "run", dict.fromkeys(LANGUAGES, items(40)))
    small, large = (ids_of(mix([run], tmp_path / f"m{n}", per_language=n, mode=mode).path) for n in (5, 12))
    assert all(small[lang] < large[lang] for lang in LANGUAGES)


@pytest.mark.parametrize("mode", ["parallel", "disjoint", "union"])
def test_the_seed_alone_decides_and_the_order_of_shards_does_not(tmp_path: Path, mode: str) -> None:
    held = {"en": items(40), "sw": items(38), "th": items(36)}
    run = write_run(tmp_path / "run", held)
    turned = write_run(tmp_path / "turned", held, backwards=True)
    request: dict[str, Any] = {"per_language": 8, "validation": 3, "mode": mode}
    first = mix([run], tmp_path / "a" / "m", seed=1, **request).path
    assert bytes_of(mix([run], tmp_path / "b" / "m", seed=1, **request).path) == bytes_of(first)
    assert bytes_of(mix([turned], tmp_path / "c" / "m", seed=1, **request).path) == bytes_of(first)
    assert ids_of(mix([run], tmp_path / "d" / "m", seed=2, **request).path) != ids_of(first)


def test_unequal_parallel_counts_are_beginnings_of_one_ranking(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", dict.fromkeys(LANGUAGES, items(30)))
    found = ids_of(mix([run], tmp_path / "m", total=24, weights="en=3,sw=2").path)
    assert {lang: len(ids) for lang, ids in found.items()} == {"en": 12, "sw": 8, "th": 4}
    assert found["th"] < found["sw"] < found["en"]


def test_disjoint_counts_are_reached_where_only_one_way_leads_there(tmp_path: Path) -> None:
    shared = items(6)
    run = write_run(tmp_path / "run", {"en": items(12), "sw": shared})
    found = ids_of(mix([run], tmp_path / "m", per_language=6, mode="disjoint").path)
    assert found["sw"] == {item.id for item in shared}
    assert found["en"].isdisjoint(found["sw"])


def test_what_is_missing_is_named_by_language_and_task(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"en": items(10) + items(10, "api"), "sw": items(8) + items(9, "api")})
    with pytest.raises(DataError) as error:
        mix([run], tmp_path / "m", per_language=18, tasks="math,api")
    assert str(error.value) == (
        "not enough rows that every language has: en math: 9 asked, 8 there (10 of its own), 1 missing; "
        "sw math: 9 asked, 8 there, 1 missing; ask for less, leave languages out, or mix more runs"
    )
    with pytest.raises(DataError, match="sw math: 9 asked, 8 there, 1 missing; ask") as error:
        mix([run], tmp_path / "m", per_language=18, mode="union")
    assert "en math" not in str(error.value)
    assert not (tmp_path / "m").exists()


def test_a_dry_run_says_what_is_missing_and_writes_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", {"en": items(10), "sw": items(8)})
    result = mix([run], tmp_path / "m", per_language=9, dry_run=True)
    assert [str(entry) for entry in result.missing] == [
        "en math: 9 asked, 8 there (10 of its own), 1 missing",
        "sw math: 9 asked, 8 there, 1 missing",
    ]
    assert result.manifest["counts"]["train"] == {"math": {"en": 8, "sw": 8}}
    assert not result.made and not (tmp_path / "m").exists()


def test_the_first_run_that_has_an_item_wins(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", {"en": items(6)})
    longer = [item._replace(length=item.length + 5) for item in items(10)]
    second = write_run(tmp_path / "second", {"en": longer, "sw": items(10)})
    rows = rows_of(mix([first, second], tmp_path / "m", per_language=10).path)
    length = {row["id"]: row["prompt"].count("And more?") for row in rows if row["lang"] == "en"}
    assert length == {item.id: item.length + (5 if n >= 6 else 0) for n, item in enumerate(items(10))}


def test_shares_divide_every_language_between_tasks(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", dict.fromkeys(("en", "sw"), items(20) + items(20, "api")))
    result = mix([run], tmp_path / "m", per_language=9, tasks="math=2,api", validation=3)
    assert result.manifest["counts"] == {
        "train": {"api": {"en": 3, "sw": 3}, "math": {"en": 6, "sw": 6}},
        "validation": {"api": {"en": 1, "sw": 1}, "math": {"en": 2, "sw": 2}},
    }


def test_the_rest_of_a_group_that_validation_cuts_is_left_out(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", dict.fromkeys(("en", "sw"), items(12, group_of=4)))
    result = mix([run], tmp_path / "m", per_language=4, validation=6)
    assert result.manifest["left_out"] == 2
    assert len(groups_of(result.path, "validation")) == 2
    with pytest.raises(DataError, match="en math: 5 asked, 4 there"):
        mix([run], tmp_path / "n", per_language=5, validation=6)


def test_validation_is_shared_where_all_languages_can_and_else_each_languages_own(tmp_path: Path) -> None:
    held = {"en": items(20), "sw": items(20)[10:], "th": items(14)}
    run = write_run(tmp_path / "run", held)
    shared = mix([run], tmp_path / "shared", per_language=2, mode="union", validation=4)
    own = mix([run], tmp_path / "own", per_language=1, mode="union", validation=5)
    assert len(set(map(frozenset, ids_of(shared.path, "validation").values()))) == 1
    found = ids_of(own.path, "validation")
    assert {lang: len(ids) for lang, ids in found.items()} == dict.fromkeys(LANGUAGES, 5)
    assert len(set(map(frozenset, found.values()))) > 1
    assert groups_of(own.path, "train").isdisjoint(groups_of(own.path, "validation"))
    with pytest.raises(DataError, match="sw math validation: 5 asked, 4 there"):
        mix([run], tmp_path / "parallel", per_language=1, validation=5)


def test_rows_of_all_languages_stand_mixed_in_a_file(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", dict.fromkeys(LANGUAGES, items(60)))
    langs = [row["lang"] for row in rows_of(mix([run], tmp_path / "m", per_language=50).path)]
    halves = Counter(langs[:75]), Counter(langs[75:])
    assert all(half[lang] > 10 for half in halves for lang in LANGUAGES)
    assert sum(one != two for one, two in pairwise(langs)) > 60
