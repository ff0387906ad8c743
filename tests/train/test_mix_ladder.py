"""Ladders: one intersection and one validation split for all mixtures, made once and only where missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mix_runs import bytes_of, ids_of, items, write_run

from mlt.toolkit.errors import DataError, UsageError
from mlt.train import mix, mix_ladder

YAML = """
name: small
core: [en, sw, th]
pivot: en
extras: [yo]
rungs:
  - { size: 1, how: pivot }
  - { size: 2, how: pivot+one }
  - { size: 2, how: core-less-one }
  - { size: 4, how: all }
"""
NAMES = ["L01-en", "L02-en-sw", "L02-en-th", "L02-no-en", "L02-no-sw", "L02-no-th", "L04-all"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", {"en": items(40), "sw": items(38), "th": items(40)[2:], "yo": items(30)})


@pytest.fixture
def preset(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(YAML)
    return str(path)


def test_every_mixture_has_the_same_items_and_validation(tmp_path: Path, run: Path, preset: str) -> None:
    result = mix_ladder([run], tmp_path / "out", preset, per_language=20, validation=5)
    assert [mixture.path.name for mixture in result.mixtures] == NAMES
    for split, size in (("train", 20), ("validation", 5)):
        found = [ids for mixture in result.mixtures for ids in ids_of(mixture.path, split).values()]
        assert len(set(map(frozenset, found))) == 1 and len(found[0]) == size
    assert found[0] <= {item.id for item in items(30)[2:]}
    last = result.mixtures[-1].manifest
    assert (last["name"], last["ladder"], last["languages"]) == (
        "L04-all",
        {"name": "small", "size": 4},
        ["en", "sw", "th", "yo"],
    )


def test_a_ladder_goes_on_where_it_stopped(tmp_path: Path, run: Path, preset: str) -> None:
    request: dict[str, Any] = {"per_language": 10, "validation": 2}
    first = mix_ladder([run], tmp_path / "out", preset, **request)
    before = bytes_of(first.path)
    assert not any(result.made for result in mix_ladder([run], first.path, preset, **request).mixtures)
    (first.path / "L02-en-th" / "mixture.json").unlink()
    (first.path / "L02-en-th" / ".scratch").mkdir()
    (first.path / "L04-all" / "train" / "part-00000.parquet").write_bytes(b"torn")
    again = mix_ladder([run], first.path, preset, **request)
    assert [result.path.name for result in again.mixtures if result.made] == ["L02-en-th", "L04-all"]
    assert bytes_of(first.path) == before
    with pytest.raises(DataError, match=r"L01-en was made with budget.amount = 10, now it is 11"):
        mix_ladder([run], first.path, preset, per_language=11, validation=2)


def test_nothing_is_written_where_one_mixture_lacks_rows(tmp_path: Path, run: Path, preset: str) -> None:
    with pytest.raises(DataError, match=r"en math: 29 asked, 28 there \(40 of its own\), 1 missing; sw math") as error:
        mix_ladder([run], tmp_path / "out", preset, per_language=29)
    assert str(error.value).count("en math") == 1
    assert not (tmp_path / "out").exists()
    preview = mix_ladder([run], tmp_path / "out", preset, per_language=29, dry_run=True)
    assert all(mixture.missing for mixture in preview.mixtures)
    assert not (tmp_path / "out").exists()


def test_a_ladder_stands_beside_other_mixtures_but_in_no_other_folder(tmp_path: Path, run: Path, preset: str) -> None:
    mix([run], run / "mixtures" / "mine", per_language=3)
    result = mix_ladder([run], run / "mixtures", preset, per_language=3)
    assert sorted(path.name for path in result.path.iterdir() if path.is_dir()) == [*NAMES, "mine"]
    with pytest.raises(UsageError, match="is a run"):
        mix_ladder([run], run, preset, per_language=3)
    with pytest.raises(UsageError, match="is a mixture itself"):
        mix_ladder([run], run / "mixtures" / "mine", preset, per_language=3)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("x")
    with pytest.raises(UsageError, match=r"holds a\.txt"):
        mix_ladder([run], tmp_path / "docs", preset, per_language=3)


def test_languages_that_the_runs_lack_are_named(tmp_path: Path, preset: str) -> None:
    run = write_run(tmp_path / "run", {"en": items(5), "sw": items(5)})
    with pytest.raises(UsageError, match="no run holds th, yo: they hold en, sw"):
        mix_ladder([run], tmp_path / "out", preset, per_language=3)


def test_the_studys_ladder_is_made_of_its_22_mixtures(tmp_path: Path) -> None:
    langs = ["en", "es", "ja", "bn", "sw", "fr", "de", "ru", "zh-Hans", "th"]
    run = write_run(tmp_path / "run", dict.fromkeys(langs, items(9)))
    result = mix_ladder([run], tmp_path / "out", "paper-22", per_language=6, validation=2)
    assert len(result.mixtures) == 22
    english = {frozenset(found["en"]) for m in result.mixtures if "en" in (found := ids_of(m.path))}
    assert len(english) == 1
    assert {len(m.manifest["languages"]) for m in result.mixtures} == {1, 2, 4, 5, 6, 9, 10}
