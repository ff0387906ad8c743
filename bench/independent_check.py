"""A second opinion on a run, by code that shares nothing with the pipeline: standard library and a Parquet reader.

For every published row it asks whether what had to come through did: calculator annotations, arithmetic, links and
code, numbers, the final answer, calls, argument values, and that no placeholder was left behind. ``check_run`` gives
the violations, one line each.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ANNOTATION = re.compile(r"<<[^<>]*>>")
FINAL = re.compile(r"####[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
# Two numbers with an operator between them, as in "24 * 2 = 48"; a range such as "5-6" is left to the numbers.
ARITHMETIC = re.compile(r"\d[\d,.]*%?\s*(?:[+*/=×÷]|(?<=\s)-(?=\s))\s*\$?\d[\d,.]*(?:\s*[-+*/=×÷]\s*\$?\d[\d,.]*)*")
VERBATIM = re.compile(r"https?://[^\s)\]}>\"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|`[^`\n]+`|\\\([^\n]*?\\\)")
NUMBER = re.compile(r"(?<![\d.,])[.,]\d+|\d+(?:[.,]\d+)*")
GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)")
RESIDUE = re.compile(
    r"<x?\d+>|\{\d+\}|@@|__\d+__|\[\d{1,2}\]|\(NUM ?\d+\)|\bNUM\d+\b|\b[XA]\d{1,2}B?\b|\bQ\d{1,2}Q\b|\b7000\d\b"
)


def read_rows(folder: Path) -> list[Row]:
    """All rows of the Parquet files in a folder, in order."""
    import pyarrow.parquet as parquet

    return [row for path in sorted(folder.glob("*.parquet")) for row in parquet.read_table(path).to_pylist()]


def check_run(run: Path, language: str) -> list[str]:
    """What is wrong in the rows that a run published in ``language``: one line a violation."""
    english = {row["id"]: row for row in read_rows(run / "en")}
    published = read_rows(run / language)
    twice = [key for key, count in Counter(row["id"] for row in published).items() if count > 1]
    found = [f"{key}: published twice" for key in twice]
    for row in published:
        found += [f"{row['id']}: {problem}" for problem in check_row(english[row["id"]], row)]
    return found


def check_row(source: Row, target: Row) -> Iterator[str]:
    """The violations of one row against its English row."""
    if len(source["messages"]) != len(target["messages"]):
        yield "another number of messages"
        return
    for name, before, after in _texts(source, target):
        yield from (f"{name}: {problem}" for problem in check_text(before, after))
    for before, after in zip(source["messages"], target["messages"], strict=True):
        if before["role"] != after["role"] or _calls(before["calls"]) != _calls(after["calls"]):
            yield "a call of the dialogue changed"
        if before["role"] == "tool" and before["content"] != after["content"]:
            yield "a tool's result changed"
    if source["gold"]["answer"] != target["gold"]["answer"]:
        yield "another final answer"
    if _calls(source["gold"]["calls"]) != _calls(target["gold"]["calls"]):
        yield "another gold call"
    yield from _lost_values(source, target)


def check_text(source: str, target: str) -> Iterator[str]:
    """The violations of one text against its English text."""
    if Counter(ANNOTATION.findall(source)) != Counter(ANNOTATION.findall(target)):
        yield "an annotation is lost or changed"
    if FINAL.findall(source) != FINAL.findall(target):
        yield "the final answer's line is lost or changed"
    before, after = ANNOTATION.sub("", source), ANNOTATION.sub("", target)
    for pattern, what in ((ARITHMETIC, "arithmetic"), (VERBATIM, "a link, address or code")):
        wanted, have = Counter(_packed(pattern.findall(before))), _pack(after)
        for text, count in wanted.items():
            if have.count(text) < count:
                yield f"{what} is lost: {text!r}"
    for number, count in lost_numbers(before, after).items():
        yield f"number {number} is lost {count} times"
    left = Counter(RESIDUE.findall(after)) - Counter(RESIDUE.findall(before))
    if left:
        yield f"a placeholder is left: {', '.join(left)}"


def lost_numbers(source: str, target: str) -> Counter[Decimal | str]:
    """Numbers of the English text that the target has fewer times, digits of any script, separators of any style."""
    have: Counter[Decimal | str] = Counter()
    folded = _fold(target)
    for text in [*NUMBER.findall(folded), *GROUPED.findall(folded)]:
        have.update(_readings(re.sub(r"\s", "", text)))
    want = Counter(_english(text) for text in NUMBER.findall(_fold(source)))
    return Counter({number: count - have[number] for number, count in want.items() if have[number] < count})


def argument_values(row: Row) -> set[str]:
    """Every scalar in the arguments of a row's calls, as text."""
    calls = [*(row["gold"]["calls"] or []), *(call for m in row["messages"] for call in m["calls"] or [])]
    return {value for call in calls for value in _leaves(json.loads(call["arguments"]))}


def _texts(source: Row, target: Row) -> Iterator[tuple[str, str, str]]:
    for index, (before, after) in enumerate(zip(source["messages"], target["messages"], strict=True)):
        if before["role"] != "tool":
            yield f"message {index}", before["content"], after["content"]
    yield "target", source["target"], target["target"]


def _calls(calls: list[Row] | None) -> list[tuple[str, Any]]:
    return [(call["name"], json.loads(call["arguments"])) for call in calls or []]


def _lost_values(source: Row, target: Row) -> Iterator[str]:
    """Argument values that stood in an English message as words of their own and do not in the translated one."""
    for name, before, after in _texts(source, target):
        for value in sorted(argument_values(source)):
            pattern = value_pattern(value)
            if pattern.search(before) and not pattern.search(after):
                yield f"{name}: value {value!r} is lost"


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
        yield str(value)


def value_pattern(value: str) -> re.Pattern[str]:
    """A value as words of their own."""
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")


def _packed(found: list[str]) -> list[str]:
    return [_pack(text.rstrip(".,")) for text in found]


def _pack(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _fold(text: str) -> str:
    """Digits of every script as 0 to 9."""
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)


def _english(text: str) -> Decimal | str:
    """The value of an English number; what has several dots ("1.2.3") stands for itself."""
    plain = text.replace(",", "")
    return plain if plain.count(".") > 1 else Decimal(plain)


def _readings(text: str) -> set[Decimal | str]:
    """What a number may mean with dots or commas as decimal or grouping marks."""
    readings: set[Decimal | str] = {text}
    for group, decimal in ((",", "."), (".", ",")):
        plain = text.replace(group, "").replace(decimal, ".")
        if plain.count(".") <= 1:
            readings.add(Decimal(plain))
    return readings
