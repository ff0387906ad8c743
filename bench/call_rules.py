"""Calls judged: API-Bank's gold calls, BFCL's ground truths, mutations, and what other scorers' rules make of the same.

The other rules are written anew from their source: API-Bank's ``api_call_extraction.py`` (two regular expressions) and
BFCL's ``ast_parse`` (the whole output as a Python expression).
"""

from __future__ import annotations

import ast
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .common import Figure, Settings, read_jsonl

if TYPE_CHECKING:
    from mlt.toolkit.records import Call, Record

Rule = Callable[[str, Sequence["Call"]], bool]

WAYS: dict[str, Callable[[str], str]] = {
    "as it stands": lambda text: text,
    "without the prefix": lambda text: text.removeprefix("API-Request: "),
    "a sentence before it": lambda text: f"Sure, I'll look (one moment).\n{text}",
    "a sentence behind it": lambda text: f"{text} I hope that's right.",
    "a turn made up behind it": lambda text: f"{text}\nUser: Thanks, that's it.\nAPI-Request: [Other(x='y')]",
    "a code fence": lambda text: f"```python\n{text.removeprefix('API-Request: ')}\n```",
}
"""How models put a right call: each is a right answer."""


def run(settings: Settings) -> list[Figure]:
    """Gold calls read and rendered, ground truths against themselves, mutations in their class, rules side by side."""
    gold = list(gold_texts(settings))
    return [_round_trip(gold), _ground_truths(settings), _mutations(gold), *_rules(gold)]


def gold_texts(settings: Settings) -> Iterator[tuple[str, list[Call]]]:
    """Every target of API-Bank that is a call, and its calls."""
    from mlt.toolkit.checks.calls import parse_calls

    for path in sorted((settings.data / "api_bank").glob("*.jsonl")):
        for row in read_jsonl(path)[: settings.size(10**6, 20)]:
            text = str(row.get("expected_output") or row.get("output") or "")
            if text.startswith("API-Request:"):
                yield text, parse_calls(text)


def _round_trip(gold: Sequence[tuple[str, list[Call]]]) -> Figure:
    from mlt.eval.calls import judge
    from mlt.toolkit.checks.call_formats import render_api_bank, render_hermes, render_openai, render_xlam

    spellings: list[Callable[[list[Call]], str]] = [
        render_api_bank,
        render_hermes,
        render_xlam,
        lambda calls: json.dumps({"tool_calls": render_openai(calls)}),
    ]
    right = [all(judge(out, calls).strict for out in (text, *(f(calls) for f in spellings))) for text, calls in gold]
    return Figure(
        name="call_rules.round_trip",
        title="Gold calls of API-Bank that are right as they stand and in each of four spellings",
        asked="100 %",
        measured=100 * sum(right) / len(right),
        unit="%",
        met=all(right),
        how=f"{len(gold)} targets of all files",
        details={"no_python": sum(_python(text) is None for text, _ in gold)},
    )


def _ground_truths(settings: Settings) -> Figure:
    from mlt.eval.calls import judge
    from mlt.toolkit.prompts import completion_of

    right: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for category, record in _bfcl(settings):
        count[category] += 1
        gold = record.gold
        right[category] += judge(completion_of(record), gold.calls, record.tools, accepts=gold.accepts).strict
    return Figure(
        name="call_rules.bfcl",
        title="BFCL's ground truths that are right against themselves",
        asked="100 %",
        measured=100 * right.total() / count.total(),
        unit="%",
        met=right == count,
        how=f"{count.total()} single-turn rows; no call is the right answer of the irrelevance rows",
        details={"rows": dict(count)},
    )


def _bfcl(settings: Settings) -> Iterator[tuple[str, Record]]:
    from mlt.toolkit.records import Source
    from mlt.toolkit.tasks import get_task

    task = get_task("api")
    for path in sorted((settings.data / "bfcl").glob("*.jsonl*")):
        category = path.name.partition(".")[0]
        if "multi_turn" in category or category == "live_relevance":  # no ground truth
            continue
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for number, line in enumerate(text.decode("utf-8").splitlines()[: settings.size(10**6, 5)], 1):
            yield category, task.record(json.loads(line), Source("bfcl", "", category, number, "Apache-2.0"))


def mutations() -> dict[str, tuple[Callable[[Call], str], str]]:
    """Ten kinds of wrong answer for a call whose first argument is a text, and the class that each belongs to."""
    from mlt.toolkit.checks.call_formats import render_api_bank
    from mlt.toolkit.records import Call

    def with_first(call: Call, value: str) -> str:
        return render_api_bank([Call(call.name, {**call.arguments, next(iter(call.arguments)): value})])

    def without_first(call: Call) -> str:
        return render_api_bank([Call(call.name, dict(list(call.arguments.items())[1:]))])

    def renamed(call: Call) -> str:
        return render_api_bank([Call(call.name, {f"{key}_": value for key, value in call.arguments.items()})])

    return {
        "prose": (lambda call: f"I would use {call.name} for this.", "no-call"),
        "an empty list": (lambda call: "API-Request: []", "no-call"),
        "cut off": (lambda call: f"API-Request: [{call.name}(x='some", "unparsable"),
        "the call twice": (lambda call: render_api_bank([call, call]), "call-count"),
        "another API": (lambda call: render_api_bank([Call(f"{call.name}s", call.arguments)]), "wrong-api"),
        "an argument left out": (without_first, "argument-missing"),
        "arguments renamed": (renamed, "argument-missing"),
        "an argument added": (
            lambda call: render_api_bank([Call(call.name, {**call.arguments, "zz": 1})]),
            "argument-extra",
        ),
        "another value": (lambda call: with_first(call, "Nothing of it 77"), "wrong-value"),
        "another script": (lambda call: with_first(call, "একটি অন্য মান"), "wrong-language"),
    }


def mutable(gold: Sequence[tuple[str, list[Call]]]) -> list[Call]:
    """The single calls whose first argument is a text with letters."""
    firsts = [(calls[0], next(iter(calls[0].arguments.values()), None)) for _, calls in gold if len(calls) == 1]
    return [call for call, first in firsts if isinstance(first, str) and sum(map(str.isalpha, first)) > 1]


def _mutations(gold: Sequence[tuple[str, list[Call]]]) -> Figure:
    from mlt.eval.calls import judge

    calls = mutable(gold)
    missed = {
        name: sum(judge(mutate(call), [call], source_calls=[call]).error != error for call in calls)
        for name, (mutate, error) in mutations().items()
    }
    return Figure(
        name="call_rules.mutations",
        title="Mutated calls that land in their class",
        asked="100 %",
        measured=100 * (1 - sum(missed.values()) / (len(missed) * len(calls))),
        unit="%",
        met=not any(missed.values()),
        how=f"{len(missed)} kinds of mutation of {len(calls)} gold calls of API-Bank",
        details={"missed": missed},
    )


def _rules(gold: Sequence[tuple[str, list[Call]]]) -> Iterator[Figure]:
    """The share of right answers that each rule calls right; ours must call all of them right."""
    for name, (title, rule) in RULES.items():
        right = {way: sum(rule(put(text), calls) for text, calls in gold) for way, put in WAYS.items()}
        share = sum(right.values()) / (len(gold) * len(WAYS))
        yield Figure(
            name=f"call_rules.rule.{name}",
            title=f"Right calls, put in {len(WAYS)} ways, that are called right: {title}",
            asked="100 %" if name == "ours" else "reported",
            measured=100 * share,
            unit="%",
            met=share == 1 if name == "ours" else None,
            how=f"{len(gold)} gold calls of API-Bank",
            details={"right_percent": {way: 100 * count / len(gold) for way, count in right.items()}},
        )


def _ours(output: str, gold: Sequence[Call]) -> bool:
    from mlt.eval.calls import judge

    return judge(output, gold).strict


_LIST = re.compile(r"\[(\w+)\((.*)\)\]", re.M)
_ARGUMENT = re.compile(r"(\w+)\s*=\s*['\"](.+?)['\"]|(\w+)\s*=\s*(\[.*\])|(\w+)\s*=\s*(\w+)")


def _api_bank(output: str, gold: Sequence[Call]) -> bool:
    """API-Bank's two expressions; it has texts only, so the gold values are compared as texts too."""
    found = _LIST.search(output)
    if found is None or len(gold) != 1:
        return False
    arguments = {m[1] or m[3] or m[5]: m[2] or m[4] or m[6] for m in _ARGUMENT.finditer(found[2])}
    wanted = {key: str(value) for key, value in gold[0].arguments.items()}
    return found[1] == gold[0].name and arguments == wanted


def _bfcl_ast(output: str, gold: Sequence[Call]) -> bool:
    """BFCL's: the output without white space and quotes around it is one Python expression; its prefix is let pass."""
    calls = _python(output)
    return calls is not None and calls == [(call.name, dict(call.arguments)) for call in gold]


def _python(output: str) -> list[tuple[str, dict[str | None, Any]]] | None:
    """The calls of a Python expression; None where the text is none, or holds what is no literal."""
    try:
        body = ast.parse(output.removeprefix("API-Request:").strip().strip("'"), mode="eval").body
        calls = body.elts if isinstance(body, ast.List) else [body]
        return [
            (ast.unparse(call.func), {word.arg: ast.literal_eval(word.value) for word in call.keywords})
            for call in calls
            if isinstance(call, ast.Call)
        ]
    except (SyntaxError, ValueError):
        return None


RULES: dict[str, tuple[str, Rule]] = {
    "ours": ("mlt", _ours),
    "api_bank": ("API-Bank's expressions", _api_bank),
    "bfcl_ast": ("BFCL's Python parser", _bfcl_ast),
}
