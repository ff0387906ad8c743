from __future__ import annotations

from typing import Any

import pytest

from mlt.data_cards.evidence import Evidence, MixtureEvidence, RunEvidence, Totals, TranslationUse
from mlt.data_cards.rebuild import rebuild_commands


def translated(settings: dict[str, Any], *, filtered: bool = True) -> Evidence:
    use = TranslationUse("m", "r", "s", "keep", "keep", settings, ("sw", "yo"), 4)
    run = RunEvidence("s", (), (), (use,), (), {}, None, (), filtered)
    return Evidence(run, (), (), ("en", "sw", "yo"), ("math",), Totals(2, 6, 4, 0, 0))


def mixed(manifest: dict[str, Any], languages: tuple[str, ...] = ("en", "sw")) -> Evidence:
    mixture = MixtureEvidence("L02", "s", "prompt", languages, ("math",), {}, None, {}, {}, manifest)
    return Evidence(None, (mixture,), (), languages, ("math",), Totals(0, 0, 0, 0, 6))


HUB = {"source.dataset": "openai/gsm8k", "source.config": "main", "source.revision": "1f3c", "source.split": "train"}
TRANSLATIONS = [
    ({"source.dataset": "mlt-sample", "engine.model": "tiny"}, "mlt translate --langs sw,yo --model tiny -o runs/new"),
    (HUB, "mlt translate hf://openai/gsm8k:main@1f3c --split train --langs sw,yo -o runs/new"),
    (
        {"source.dataset": "my rows.jsonl", "decoding.beam": 2, "decoding.nbest": 1, "args": "translate"},
        "mlt translate 'my rows.jsonl' --langs sw,yo --beam-size 2 --arguments translate -o runs/new",
    ),
    ({"source.dataset": "x; rm -rf ~"}, "mlt translate 'x; rm -rf ~' --langs sw,yo -o runs/new"),
    ({}, "mlt translate FILE --langs sw,yo -o runs/new"),
]


@pytest.mark.parametrize(("settings", "command"), TRANSLATIONS)
def test_the_command_that_made_a_run_is_given(settings: dict[str, Any], command: str) -> None:
    lines = rebuild_commands(translated(settings), None).splitlines()
    assert command in lines
    assert "mlt filter runs/new -o runs/new-filtered" in lines


def test_a_run_that_was_not_filtered_is_not_filtered_again() -> None:
    assert "mlt filter" not in rebuild_commands(translated(HUB, filtered=False), "o/n")


MIXTURES: list[tuple[dict[str, Any], str]] = [
    (
        {"budget": {"kind": "per_language", "amount": 100}, "mode": "parallel", "seed": 3},
        "mlt mix run --langs en,sw --per-language 100 --format prompt --seed 3 -o mixtures",
    ),
    (
        {"budget": {"kind": "total", "amount": 9}, "mode": "disjoint"},
        "mlt mix run --langs en,sw --total 9 --disjoint --format prompt --seed 0 -o mixtures",
    ),
    (
        {"budget": {"kind": "steps", "amount": 9}, "ladder": {"name": "paper-22", "size": 2}},
        "mlt mix run --preset paper-22 --steps 9 --format prompt --seed 0 -o mixtures",
    ),
]


@pytest.mark.parametrize(("manifest", "command"), MIXTURES)
def test_the_command_that_made_a_mixture_is_given(manifest: dict[str, Any], command: str) -> None:
    assert command in rebuild_commands(mixed(manifest), None).splitlines()


def test_the_data_are_named_by_repository_where_there_is_one() -> None:
    there = rebuild_commands(mixed({}), "owner/name")
    assert "mlt pull owner/name -o mixtures" in there and there.endswith("mlt card set --check")
    assert rebuild_commands(mixed({}), None).endswith("mlt card . --check")
