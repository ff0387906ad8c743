"""Rows of parallel sets as parts of records: xSID's utterances as API calls, MSVAMP's and MGSM's problems as math.

xSID (van der Goot et al. 2021): the intent is the API, the slots are its arguments, and their values stand as they are
spoken, in the language of the utterance; a slot that is filled twice is a list in the order of the utterance. SVAMP's
equations (Patel et al. 2021), which MSVAMP repeats, are its solutions, with the numbers of the English question in
their places: one for all languages. MGSM has the answer alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlt.toolkit.records import Gold

_FAMILY = 0.4
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIGNS = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a record is made of. ``problem``: reason and detail where the row is to be set aside."""

    text: str
    target: str
    gold: Gold
    tools: str | None = None
    problem: tuple[str, str] | None = None


def rank(*parts: object) -> bytes:
    """Where these parts stand in an order that is the same on every machine."""
    return blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()


def api_name(intent: str) -> str:
    """``alarm/set_alarm`` -> ``SetAlarm``, ``weather/find`` -> ``FindWeather``; names in camel case stay."""
    domain, _, action = intent.rpartition("/")
    words = action.split("_") + ([domain] if domain and "_" not in action else [])
    return "".join(word[:1].upper() + word[1:] for word in words)


def argument_name(slot: str) -> str:
    """``weather/attribute`` -> ``weather_attribute``."""
    return re.sub(r"\W", "_", slot)


def schemas(english: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The schema of each intent's API, with the slots that the English rows fill.

    Slots that only a translation has are mistakes of its annotation. An argument may be a text or a list, so its own
    schema is empty, which JSON Schema reads as anything and a model of a small context in few tokens.
    """
    slots: dict[str, set[str]] = {}
    for row in english:
        slots.setdefault(row["intent"], set()).update(argument_name(slot["type"]) for slot in row["slots"])
    return {intent: _schema(api_name(intent), sorted(slots[intent])) for intent in sorted(slots)}


def _schema(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    words = re.findall(r"[A-Z][a-z]*", name)
    properties: dict[str, Any] = {argument: {} for argument in arguments}
    return {
        "name": name,
        "description": " ".join(words).capitalize(),
        "parameters": {"type": "object", "properties": properties},
    }


def call_draft(
    row: Mapping[str, Any], english: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], id: str, pool: int
) -> Draft:
    """An utterance with the call that it asks for.

    ``known``: :func:`schemas`; ``pool``: APIs that are offered, the right one among them, the same in every language of
    an item. Problems: ``other-item``, ``value-missing``, ``arguments-differ`` (from the English side's)."""
    from mlt.toolkit.checks.call_formats import render_api_bank
    from mlt.toolkit.records import Call, Gold, dump_json

    values: dict[str, list[str]] = {}
    problem = _foreign(row, english)
    for slot in sorted(row["slots"], key=lambda slot: slot["start"]):
        spoken = as_spoken(slot["text"], row["text"])
        if spoken is None:
            problem = problem or ("value-missing", f"{slot['text']!r} does not stand in {row['text']!r}")
        values.setdefault(argument_name(slot["type"]), []).append(spoken or slot["text"])
    wanted = sorted({argument_name(slot["type"]) for slot in english["slots"]})
    if sorted(values) != wanted:
        problem = problem or ("arguments-differ", f"{', '.join(sorted(values))}, not {', '.join(wanted)}")
    calls = (Call(api_name(row["intent"]), {name: v[0] if len(v) == 1 else v for name, v in values.items()}),)
    others = sorted((intent for intent in known if intent != english["intent"]), key=lambda name: rank(id, name))
    offered = sorted([english["intent"], *others[: pool - 1]], key=lambda name: rank("pool", id, name))
    tools = dump_json([known[intent] for intent in offered])
    return Draft(row["text"], render_api_bank(calls), Gold(calls=calls), tools, problem)


def _foreign(row: Mapping[str, Any], english: Mapping[str, Any]) -> tuple[str, str] | None:
    """Whether a row says itself that it is a translation of another item."""
    said = row.get("text_en")
    if said is not None and said != english["text"]:
        return "other-item", f"it translates {said!r}, not {english['text']!r}"
    if row["intent"] != english["intent"]:
        return "other-item", f"its intent is {row['intent']}, not {english['intent']}"
    return None


def as_spoken(value: str, text: str) -> str | None:
    """The stretch of ``text`` that is ``value`` but for white space, which cutting into tokens has changed."""
    found = re.search(r"\s*".join(re.escape(char) for char in "".join(value.split())), text) if value.split() else None
    return found[0] if found else None


def problem_draft(row: Mapping[str, Any], english: Mapping[str, Any]) -> Draft:
    """A problem with its equation and answer, or its answer alone. Problems: ``other-item``, ``answer-differs``."""
    from mlt.toolkit.records import Gold

    answer = plain_number(Fraction(english["answer"].replace(",", "")))
    target, problem = f"#### {answer}", None
    if "equation" in english:
        sides, value = solved(english["equation"], _NUMBER.findall(english["question"]))
        target = f"{sides} = {plain_number(value)}\n{target}"
        if plain_number(value) != answer:
            problem = "answer-differs", f"{sides} is {plain_number(value)}, the answer {answer}"
    if row.get("question_en", english["question"]) != english["question"]:
        problem = "other-item", f"it translates {row['question_en'][:80]!r}"
    elif Fraction(row["answer"].replace(",", "")) != Fraction(english["answer"].replace(",", "")):
        problem = problem or ("answer-differs", f"{row['answer']}, in English {english['answer']}")
    return Draft(row["question"], target, Gold(answer=answer), None, problem)


def solved(equation: str, numbers: Sequence[str]) -> tuple[str, Fraction]:
    """SVAMP's ``- number0 number1`` with the question's numbers: ``18 - 10`` and its value.

    ValueError where it is cut short or names a number that the question does not hold.
    """
    tokens = iter(equation.split())

    def term() -> tuple[str, Fraction, int]:
        if (token := next(tokens, None)) is None:
            raise ValueError(f"{equation!r} is cut short")
        if token not in _SIGNS:
            place = int(token[6:]) if token.startswith("number") else None
            if place is not None and place >= len(numbers):
                raise ValueError(f"{equation!r} names {token} of {len(numbers)} numbers")
            text = token if place is None else numbers[place]
            return plain_number(Fraction(text)), Fraction(text), 3
        left, right = term(), term()
        level = _SIGNS[token]
        sides = [_bracketed(left, level), _bracketed(right, level + (token in "-/"))]
        return f" {token} ".join(sides), _OPERATIONS[token](left[1], right[1]), level

    text, value, _ = term()
    return text, value


def _bracketed(side: tuple[str, Fraction, int], level: int) -> str:
    return f"({side[0]})" if side[2] < level else side[0]


_OPERATIONS = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}


def plain_number(value: Fraction) -> str:
    """``8`` for 8.0, ``2.5`` for 5/2."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"


def utterance_groups(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What tells English utterances apart: their letters and digits, whatever their case."""
    return ["".join(char for char in row["text"].casefold() if char.isalnum()) for row in rows]


def problem_groups(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The family of each problem. SVAMP's variations of a problem follow one another: neighbours that share much."""
    groups: list[str] = []
    before: list[str] = []
    for row in rows:
        words = row["question"].split()
        alike = bool(groups) and difflib.SequenceMatcher(None, before, words).ratio() >= _FAMILY
        groups.append(groups[-1] if alike else row["id"])
        before = words
    return groups
