"""Rules that decide whether an answer is right: mlt's and others', on the table of answers judged by people.

The others are re-implemented from their published expressions, nothing of them is installed but math-verify:

- lm-evaluation-harness, ``lm_eval/tasks/mgsm`` (EleutherAI): ``get-answer`` (later ``strict-match``), one expression a
  language, and ``flexible-extract``, the last match of another; ``exact_match`` without case and punctuation.
- simple-evals, ``mgsm_eval.py`` (OpenAI): the last number after the last "Answer" of the language.
- mCoT, ``evlauation/infer.py`` (Lai and Nissim 2024): :mod:`mlt.eval.faithful`.
- math-verify (Hugging Face): ``verify(parse(gold), parse(output))`` with its own settings.
"""

from __future__ import annotations

import re
import runpy
import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from .common import ROOT, Figure, Settings, say

TABLE = ROOT / "tests" / "eval" / "answers_table.py"
FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
_NUMBER = r"(\-?[0-9\.\,]+)"
STRICT = {
    "bn": f"উত্তর হল {_NUMBER}",
    "de": f"Die Antwort lautet {_NUMBER}",
    "en": f"The answer is {_NUMBER}",
    "es": f"La respuesta es {_NUMBER}",
    "fr": f"La réponse est {_NUMBER}",
    "ja": f"答えは{_NUMBER}です。",
    "ru": f"Ответ — {_NUMBER}",
    "sw": f"Jibu ni {_NUMBER}",
    "te": f"సమాధానం {_NUMBER}",
    "th": f"คำตอบคือ {_NUMBER}",
    "zh": f"答案是 {_NUMBER}。",
}
PREFIXES = {
    "bn": "উত্তর",
    "de": "Antwort",
    "en": "Answer",
    "es": "Respuesta",
    "fr": "Réponse",
    "ja": "答え",
    "ru": "Ответ",
    "sw": "Jibu",
    "te": "సమాధానం",
    "th": "คำตอบ",
    "zh": "答案",
}
Rule = Callable[[str, str, str], bool]


def run(settings: Settings) -> list[Figure]:
    """For every rule the share of the table that it decides as people do."""
    rows = runpy.run_path(str(TABLE))["TABLE"]
    say(f"  answer rules: {len(rows)} answers")
    return [_figure(name, title, rule, rows) for name, (title, rule) in rules().items()]


def rules() -> dict[str, tuple[str, Rule]]:
    """The rules by name, with their titles; each takes output, gold and the language's code without its script."""
    from mlt.eval.answers import judge
    from mlt.eval.faithful import faithful

    return {
        "mlt": ("mlt (robust)", lambda output, gold, lang: judge(output, gold, lang).robust),
        "mcot": ("mCoT's rule (faithful)", lambda output, gold, lang: faithful(output, gold)),
        "lm_eval_strict": ("lm-evaluation-harness, strict match", lm_eval_strict),
        "lm_eval_flexible": ("lm-evaluation-harness, flexible extract", lm_eval_flexible),
        "simple_evals": ("simple-evals", simple_evals),
        "math_verify": ("math-verify", math_verify),
    }


def lm_eval_strict(output: str, gold: str, lang: str) -> bool:
    """The first match of the language's expression."""
    found = re.findall(STRICT[lang], output)
    return _exact_match(found[0] if found else "[invalid]", gold)


def lm_eval_flexible(output: str, gold: str, lang: str) -> bool:
    """The last match of an expression for any number."""
    found = [next(filter(None, groups)) for groups in FLEXIBLE.findall(output)]
    return _exact_match(found[-1] if found else "[invalid]", gold)


def simple_evals(output: str, gold: str, lang: str) -> bool:
    """The last number after the last prefix of the language."""
    if PREFIXES[lang] not in output:
        answer = ""
    else:
        found = re.findall(r"\d+\.?\d*", output.split(PREFIXES[lang])[-1].strip().replace(",", ""))
        answer = found[-1].rstrip(".") if found else ""
    if "." in answer:
        answer = answer.rstrip("0").rstrip(".")
    return gold.replace(",", "") == answer.replace(",", "")


def math_verify(output: str, gold: str, lang: str) -> bool:
    """math-verify as its manual shows it."""
    from math_verify import parse, verify

    return bool(verify(parse(gold), parse(output)))


def _exact_match(answer: str, gold: str) -> bool:
    """``exact_match`` of evaluate with ignore_case and ignore_punctuation, as the tasks ask for it."""
    without = str.maketrans("", "", string.punctuation)
    return answer.lower().translate(without) == gold.lower().translate(without)


def _figure(name: str, title: str, rule: Rule, rows: Sequence[Any]) -> Figure:
    wrong = [row for row in rows if rule(row.output, row.gold, row.lang.partition("-")[0]) is not row.right]
    share = 100 * (1 - len(wrong) / len(rows))
    ours = name == "mlt"
    by_source = {
        kind: 100 * (1 - sum(bool(row.human) == human for row in wrong) / sum(bool(row.human) == human for row in rows))
        for kind, human in (("human data", True), ("traps", False))
    }
    return Figure(
        name=f"answer_rules.{name}",
        title=f"Answers decided as people do: {title}",
        asked="100 %" if ours else "reported",
        measured=share,
        unit="%",
        met=not wrong if ours else None,
        how=f"{len(rows)} answers in {len({row.lang for row in rows})} languages, "
        f"{sum(bool(row.human) for row in rows)} of them from human data",
        details={
            "percent": by_source,
            "right_answers_refused": sum(row.right for row in wrong),
            "wrong_answers_accepted": sum(not row.right for row in wrong),
            "mistakes_by_language": dict(sorted(Counter(row.lang for row in wrong).items())),
        },
    )
