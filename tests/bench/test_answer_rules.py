"""The rules that the benchmark compares with do what their sources do, mistakes included."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.answer_rules import lm_eval_flexible, lm_eval_strict, rules, run, simple_evals
from bench.common import Settings


@pytest.mark.parametrize(
    ("rule", "output", "gold", "lang", "right"),
    [
        (lm_eval_strict, "The answer is 18.", "18", "en", True),
        (lm_eval_strict, "The answer is 1,234.", "1234", "en", True),
        (lm_eval_strict, "The answer is 1.5.", "15", "en", True),
        (lm_eval_strict, "উত্তর হল ১৮।", "18", "bn", False),
        (lm_eval_strict, "It is 18.", "18", "en", False),
        (lm_eval_flexible, "It is 18 or $20.", "20", "en", True),
        (lm_eval_flexible, "It is 18.", "18", "en", True),
        (lm_eval_flexible, "none", "18", "en", False),
        (simple_evals, "Answer: 18", "18", "en", True),
        (simple_evals, "Answer: 18.00", "18", "en", True),
        (simple_evals, "Antwort: 1.234,00", "1234", "de", False),
        (simple_evals, "It is 18.", "18", "en", False),
    ],
)
def test_others_rules_decide_as_published(rule, output: str, gold: str, lang: str, right: bool) -> None:
    assert rule(output, gold, lang) is right


def test_every_rule_has_its_figure_and_only_ours_is_asked_for_all(tmp_path: Path) -> None:
    pytest.importorskip("math_verify")
    figures = {figure.name: figure for figure in run(Settings(tmp_path, tmp_path))}
    assert set(figures) == {f"answer_rules.{name}" for name in rules()}
    assert figures["answer_rules.mlt"].met is True
    assert all(figure.met is None for name, figure in figures.items() if name != "answer_rules.mlt")
    assert all(figure.measured < 90 for name, figure in figures.items() if name != "answer_rules.mlt")
