"""Ladders: the 22 mixtures of the study, others by the same rules, and files that are refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.errors import DataError, UsageError
from mlt.train.ladder import LadderMixture, ladder_names, load_ladder

CORE = ("en", "es", "ja", "bn", "sw")
EXTRAS = ("fr", "de", "ru", "zh-Hans", "th")

SMALL = """
name: mine
core: [english, yor_Latn, "no"]
pivot: yo
extras: [zh, fr]
rungs:
  - {size: 1, how: pivot}
  - {size: 2, how: pivot+one}
  - {size: 4, how: core, add: [fr]}
  - {size: 4, how: core-less-one, add: extras}
  - {size: 5, how: all}
"""


def test_the_papers_ladder_has_its_22_mixtures() -> None:
    ladder = load_ladder("paper-22")
    assert ladder.name == "paper-22"
    assert Counter(mixture.size for mixture in ladder.mixtures) == {1: 1, 2: 4, 4: 5, 5: 1, 6: 5, 9: 5, 10: 1}
    assert len({frozenset(mixture.languages) for mixture in ladder.mixtures}) == 22
    assert len({mixture.name for mixture in ladder.mixtures}) == 22
    assert set(ladder.languages) == {*CORE, *EXTRAS}
    by_size: dict[int, list[frozenset[str]]] = {}
    for mixture in ladder.mixtures:
        assert mixture.size == len(mixture.languages) == len(set(mixture.languages))
        by_size.setdefault(mixture.size, []).append(frozenset(mixture.languages))
    core, extras = frozenset(CORE), frozenset(EXTRAS)
    less_one = {core - {lang} for lang in CORE}
    assert by_size[1] == [frozenset({"en"})]
    assert set(by_size[2]) == {frozenset({"en", lang}) for lang in CORE[1:]}
    assert set(by_size[4]) == less_one
    assert by_size[5] == [core]
    assert set(by_size[6]) == {languages | {"fr", "th"} for languages in less_one}
    assert set(by_size[9]) == {languages | extras for languages in less_one}
    assert by_size[10] == [core | extras]


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("L01-en", ("en",)),
        ("L02-en-es", ("en", "es")),
        ("L04-no-sw", ("en", "es", "ja", "bn")),
        ("L04-no-en", ("es", "ja", "bn", "sw")),
        ("L05-core", CORE),
        ("L06-no-sw", ("en", "es", "ja", "bn", "fr", "th")),
        ("L09-no-sw", ("en", "es", "ja", "bn", *EXTRAS)),
        ("L10-all", (*CORE, *EXTRAS)),
    ],
)
def test_mixtures_are_named_by_size_and_rule(name: str, languages: tuple[str, ...]) -> None:
    found = {mixture.name: mixture for mixture in load_ladder("paper-22").mixtures}
    assert found[name] == LadderMixture(name, len(languages), languages)


def test_another_ladder_needs_only_another_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL)
    ladder = load_ladder(str(path))
    assert ladder.name == "mine"
    assert [(mixture.name, mixture.languages) for mixture in ladder.mixtures] == [
        ("L01-yo", ("yo",)),
        ("L02-yo-en", ("yo", "en")),
        ("L02-yo-nb", ("yo", "nb")),
        ("L04-core", ("en", "yo", "nb", "fr")),
        ("L04-no-en", ("yo", "nb", "zh-Hans", "fr")),
        ("L04-no-yo", ("en", "nb", "zh-Hans", "fr")),
        ("L04-no-nb", ("en", "yo", "zh-Hans", "fr")),
        ("L05-all", ("en", "yo", "nb", "zh-Hans", "fr")),
    ]


@given(st.integers(2, 6), st.integers(0, 5))
def test_any_core_and_extras_give_as_many_mixtures_as_the_rules_say(
    tmp_path_factory: pytest.TempPathFactory, n: int, m: int
) -> None:
    pool = ["en", "es", "ja", "bn", "sw", "te", "fr", "de", "ru", "zh", "th"]
    core, extras = pool[:n], pool[6 : 6 + m]
    path = tmp_path_factory.mktemp("ladder") / "any.yaml"
    rungs = [(1, "pivot"), (2, "pivot+one"), (n - 1 + m, "core-less-one, add: extras"), (n + m, "all")]
    lines = [f"  - {{size: {size}, how: {how}}}" for size, how in rungs]
    path.write_text(f"name: any\ncore: {core}\npivot: en\nextras: {extras}\nrungs:\n" + "\n".join(lines))
    names = [mixture.name for mixture in load_ladder(str(path)).mixtures]
    assert len(names) == len(set(names)) == 1 + (n - 1) + n + 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name: mine", "name: ../mine", "is no name for a folder"),
        ("name: mine", "name: mine\nseed: 3", "unknown key 'seed'"),
        ("{size: 1, how: pivot}", "{size: 1, how: pivot, extra: fr}", "unknown key 'extra'"),
        ("how: pivot}", "how: pivots}", "'pivots' is unknown"),
        ("{size: 1, how: pivot}", "{how: pivot}", "gives 1 languages"),
        ("size: 5", "size: 6", "all gives 5 languages"),
        ("size: 5", "size: 5.0", "all gives 5 languages"),
        ("size: 5", "size: '5'", "all gives 5 languages"),
        ("[fr]", "[de]", "de is none of the extras"),
        ("how: all", "how: all, add: extras", "are widened, not all"),
        ("pivot: yo", "pivot: fr", "is none of the core"),
        ("pivot: yo", "lead: yo", "unknown key 'lead'"),
        ("pivot: yo\n", "", "pivot: None is no language"),
        ("extras: [zh, fr]", "extras: [zh, fr, en]", "en stands in core and in extras"),
        ("extras: [zh, fr]", "extras: [zh, zh-CN]", "named twice"),
        ('"no"', "no", "write its code in quotes"),
        ('"no"', "klingonese", "unknown language 'klingonese'"),
        ('"no"', '"no,fr"', "unknown language 'no,fr'"),
        ("core: [english", "core: [[english]", "is no language|is no YAML"),
        ("  - {size: 5, how: all}", "  - {size: 5, how: all}\n  - {size: 5, how: all}", "two rungs make a mixture"),
        (SMALL[SMALL.index("rungs") :], "rungs: []", "a list of size and how is needed"),
        (SMALL, "- 1", "expected name, core"),
        (SMALL, "{", "is no YAML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.replace(before, after))
    with pytest.raises((UsageError, DataError), match=said) as caught:
        load_ladder(str(path))
    assert "\n" not in str(caught.value)


def test_an_unknown_ladder_names_those_there_are() -> None:
    assert "paper-22" in ladder_names()
    with pytest.raises(UsageError, match="paper-22"):
        load_ladder("paper-23")
