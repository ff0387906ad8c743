"""The maths problems of the sample: which sentences they are made of, and the sums between their numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from operator import add, mul, sub, truediv

from .corpus import sentence
from .fills import SMALL, Filler

_OPERATORS = {"+": add, "-": sub, "*": mul, "/": truediv}
_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence: its template, the sum in its slot <e> ("a + b = c" over the problem's numbers), and which number
    or name goes into a slot where that is not the one of the slot's own name ("b=d")."""

    template: str
    sum: str = ""
    renamed: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem; ``numbers`` gives each number that is drawn its lowest and highest value."""

    question: tuple[Line, ...]
    solution: tuple[Line, ...]
    numbers: dict[str, tuple[int, int]] = field(default_factory=dict)


def _lines(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(*(part.strip() for part in text.split(";"))) for text in texts)


PROBLEMS = (
    Problem(
        _lines("has", "buys_more", "how_many_now"),
        _lines("starts", "after_market; a + b = c"),
        {"a": (2, 999), "b": (2, 999)},
    ),
    Problem(
        _lines("has", "gives", "how_many_left"),
        _lines("gives_away", "left; a - b = c"),
        {"a": (20, 999), "b": (2, 500)},
    ),
    Problem(
        _lines("boxes", "each_box", "how_many_total"),
        _lines("boxes_with", "in_total; k * b = c"),
        {"k": SMALL, "b": (2, 99)},
    ),
    Problem(
        _lines("share", "how_many_each"),
        _lines("shared_among", "each_friend; a / k = c"),
        {"k": SMALL, "a": (20, 600)},
    ),
    Problem(
        _lines("ticket_costs", "buys_tickets", "how_many_dollars"),
        _lines("tickets_at", "pays; k * a = c"),
        {"k": SMALL, "a": (2, 120)},
    ),
    Problem(
        _lines("reads", "how_many_pages;; k=d"),
        _lines("reads_a_day", "reads_total; d * k = c; k=d"),
        {"k": SMALL, "d": SMALL},
    ),
    Problem(
        _lines("bus_travels", "how_many_kilometers"),
        _lines("bus_one_hour", "bus_total; k * a = c"),
        {"k": SMALL, "a": (20, 120)},
    ),
    Problem(
        _lines("earns", "works_spends", "how_much_left"),
        _lines("earned; k * a = c", "money_left; c - b = d"),
        {"k": SMALL, "a": (20, 300), "b": (10, 900)},
    ),
    Problem(
        _lines("has", "twice", "how_many_together"),
        _lines("has_sum; 2 * a = c; name=name2", "together; a + c = d"),
        {"a": (2, 999)},
    ),
    Problem(
        _lines("has", "buys_more", "gives;; b=d", "how_many_left"),
        _lines("after_market; a + b = c", "gives_away;; b=d", "left; c - d = f"),
        {"a": (2, 500), "b": (2, 500), "d": (2, 500)},
    ),
    Problem(
        _lines("picks", "sells_half", "how_many_left"),
        _lines("sells_sum; a / 2 = c", "left; a - c = d"),
        {"a": (10, 999)},
    ),
    Problem(
        _lines("school", "each_class;; k=b", "how_many_students"),
        _lines("classes_with", "students_total; k * b = c"),
        {"k": SMALL, "b": SMALL},
    ),
    Problem(
        _lines("boxes", "each_box", "gives;; b=d", "how_many_left"),
        _lines("boxes_with", "in_total; k * b = c", "gives_away;; b=d", "left; c - d = f"),
        {"k": SMALL, "b": (2, 99), "d": (2, 400)},
    ),
)


def draw_problem(problem: Problem, filler: Filler) -> dict[str, str]:
    """A row in GSM8K's format: ``question``, and ``answer`` with ``<<24+18=42>>`` and ``#### 42``."""
    numbers = _draw_numbers(problem, filler)
    name, name2, thing = filler.people_and_object()
    words = {"name": name, "name2": name2, "obj": thing}
    question = " ".join(_text(line, numbers, words) for line in problem.question)
    solution = [_text(line, numbers, words) for line in problem.solution]
    result = next(line.sum for line in reversed(problem.solution) if line.sum).rpartition(" ")[2]
    return {"question": question, "answer": "\n".join([*solution, f"#### {numbers[result]}"])}


def _draw_numbers(problem: Problem, filler: Filler) -> dict[str, int]:
    while True:
        numbers = {name: filler.number(*limits) for name, limits in problem.numbers.items()}
        if all(_solve(line.sum, numbers) for line in problem.solution if line.sum):
            return numbers


def _solve(text: str, numbers: dict[str, int]) -> bool:
    """Adds the result of "a + b = c" to ``numbers``; False where it is no whole number of at least two."""
    left, operator, right, _, result = text.split()
    a, b = (Fraction(numbers.get(side, 0) or int(side)) for side in (left, right))
    value = _OPERATORS[operator](a, b)
    if value.denominator != 1 or not 2 <= value <= _LIMIT:
        return False
    numbers[result] = int(value)
    return True


def _text(line: Line, numbers: dict[str, int], words: dict[str, str]) -> str:
    fill = {name: str(value) for name, value in numbers.items()} | words
    if line.renamed:
        slot, _, name = line.renamed.partition("=")
        fill[slot] = fill[name]
    if line.sum:
        plain = re.sub(r"[a-z]", lambda match: str(numbers[match[0]]), line.sum)
        expression, _, result = plain.partition(" = ")
        fill["e"] = f"{expression} = <<{expression.replace(' ', '')}={result}>>{result}"
    return sentence(line.template, fill)
