"""An output judged: the line of samples/ that holds what was asked, what came, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..toolkit.checks.call_formats import render_api_bank
from ..toolkit.records import Call
from . import answers, calls
from .engine import Output
from .items import Item

if TYPE_CHECKING:
    from .fidelity import FidelityJudge

PRIMARY: Mapping[str, str] = {"math": "robust", "api": "strict"}
"""The verdict that accuracy means where one number is asked for."""


def score(item: Item, output: Output, fidelity: FidelityJudge | None = None) -> dict[str, Any]:
    """A sample: item, output, verdicts, error class and, with a judge, the language of the answer.

    Calls are rendered as API-Bank writes them. Without ``fidelity`` no language is judged.
    """
    judged = _judge_math(item, output) if item.task == "math" else _judge_calls(item, output)
    seen = fidelity.judge(output.text, item.lang) if fidelity is not None else None
    return {
        "key": item.key,
        "id": item.id,
        "group": item.group,
        "task": item.task,
        "lang": item.lang,
        "test_set": item.test_set,
        "prompt": item.prompt if output.sent is None else output.sent,
        "output": output.text,
        "finish": output.finish,
        **judged,
        "fidelity": asdict(seen) if seen is not None else dict(_NOT_JUDGED),
        "tokens": output.tokens_in,
        "generated_tokens": output.tokens_out,
    }


def accuracy(samples: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """task -> language -> share of samples that are right by the task's primary verdict, in 0..1."""
    right: dict[str, dict[str, list[bool]]] = {}
    for sample in samples:
        verdicts = right.setdefault(sample["task"], {}).setdefault(sample["lang"], [])
        verdicts.append(sample["verdicts"][PRIMARY[sample["task"]]])
    return {
        task: {lang: sum(verdicts) / len(verdicts) for lang, verdicts in by_lang.items()}
        for task, by_lang in right.items()
    }


_NOT_JUDGED = {"judged": False, "lang": None, "match": None, "lines": 0, "skipped": 0}


def _judge_math(item: Item, output: Output) -> dict[str, Any]:
    gold = item.gold.answer or ""
    verdict = answers.judge(output.text, gold, item.lang)
    return {
        "extracted": verdict.extracted,
        "gold": gold,
        "verdicts": {"faithful": verdict.faithful, "robust": verdict.robust},
        "error": verdict.error,
    }


def _judge_calls(item: Item, output: Output) -> dict[str, Any]:
    gold = item.gold
    verdict = calls.judge(output.text, gold.calls, item.tools, item.source_calls, gold.accepts)
    return {
        "extracted": None if verdict.extracted is None else _text_of(verdict.extracted),
        "gold": _text_of(gold.calls),
        "verdicts": {"strict": verdict.strict, "normalised": verdict.normalised},
        "error": verdict.error,
    }


def _text_of(found: tuple[Call, ...]) -> str:
    return render_api_bank(found).removeprefix("API-Request: ")
