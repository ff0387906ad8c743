"""The figures of the rules for calls, on all of the real data: they are quick enough to be a test."""

from pathlib import Path

import pytest

from bench.call_rules import RULES, gold_texts, mutable, mutations, run
from bench.common import Figure, Settings
from mlt.toolkit.records import Call


@pytest.fixture(scope="module")
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir, data_dir)


@pytest.fixture(scope="module")
def figures(settings: Settings) -> dict[str, Figure]:
    return {figure.name: figure for figure in run(settings)}


@pytest.mark.parametrize("name", ["round_trip", "bfcl", "mutations", "rule.ours"])
def test_every_real_call_is_judged_right(figures: dict[str, Figure], name: str) -> None:
    figure = figures[f"call_rules.{name}"]
    assert figure.met and figure.measured == 100, figure.details


def test_figures_stand_on_all_of_the_data(settings: Settings, figures: dict[str, Figure]) -> None:
    gold = list(gold_texts(settings))
    assert len(gold) > 700 and len(mutable(gold)) > 500
    assert figures["call_rules.round_trip"].details["no_python"] > 20
    assert sum(figures["call_rules.bfcl"].details["rows"].values()) > 1700


def test_ten_kinds_of_mutation_cover_every_class() -> None:
    kinds = mutations()
    assert len(kinds) == 10
    assert {error for _, error in kinds.values()} == {
        "no-call",
        "unparsable",
        "call-count",
        "wrong-api",
        "argument-missing",
        "argument-extra",
        "wrong-value",
        "wrong-language",
    }


OTHER_RULES = [
    ("api_bank", "[A(x='1', y=two)]", {"x": "1", "y": "two"}, True),
    ("api_bank", "[A(x='l'après-midi')]", {"x": "l'après-midi"}, False),
    ("api_bank", "[A(x=-3.5)]", {"x": -3.5}, False),
    ("bfcl_ast", "[A(x='1')]", {"x": "1"}, True),
    ("bfcl_ast", "A(x='1')", {"x": "1"}, True),
    ("bfcl_ast", "Sure: [A(x='1')]", {"x": "1"}, False),
    ("bfcl_ast", "[A(x='l'après-midi')]", {"x": "l'après-midi"}, False),
]


@pytest.mark.parametrize(("rule", "output", "arguments", "right"), OTHER_RULES)
def test_other_rules_judge_as_their_source_does(
    rule: str, output: str, arguments: dict[str, object], right: bool
) -> None:
    assert RULES[rule][1](output, [Call("A", arguments)]) is right
