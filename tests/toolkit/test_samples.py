"""The embedded sample is right, well formed and small."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

import mlt.toolkit.samples as samples

FOLDER = Path(samples.__file__).parent
PYTHON_TYPES = {"str": str, "int": int}


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


MATH, API = read("math.jsonl"), read("api.jsonl")


def parse_call(text: str) -> tuple[str, dict[str, Any]]:
    """``API-Request: [Name(k='v')]`` -> name, arguments."""
    expression = ast.parse(text.removeprefix("API-Request: "), mode="eval").body
    assert isinstance(expression, ast.List)
    (call,) = expression.elts
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    return call.func.id, {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def descriptions(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    lines = row["instruction"].partition("API descriptions:\n")[2].split("\n")
    return {api["name"]: api for api in map(json.loads, lines)}


@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        (MATH, ["question", "answer"]),
        (API, ["file", "id", "instruction", "input", "expected_output"]),
    ],
    ids=["math", "api"],
)
def test_hundred_distinct_rows_of_one_shape(rows: list[dict[str, Any]], keys: list[str]) -> None:
    assert len(rows) == 100
    assert all(list(row) == keys for row in rows)
    assert len({json.dumps(row) for row in rows}) == 100


def test_both_files_stay_small_and_their_licence_is_told() -> None:
    assert sum((FOLDER / name).stat().st_size for name in ("math.jsonl", "api.jsonl")) < 150_000
    assert "CC0" in (FOLDER / "README.md").read_text(encoding="utf-8")


def check_solution(row: dict[str, str]) -> None:
    found = re.findall(r"(\d+) ([-+*/]) (\d+) = <<(\d+)([-+*/])(\d+)=(\d+)>>(\d+)", row["answer"])
    assert len(found) == row["answer"].count("<<") >= 1
    for *outside, left, operator, right, value, repeated in found:
        assert outside == [left, operator, right]
        a, b, result = int(left), int(right), int(value)
        assert {"+": a + b == result, "-": a - b == result, "*": a * b == result, "/": a == b * result}[operator]
        assert repeated == value
    lines = row["answer"].split("\n")
    assert 3 <= len(lines) <= 5
    assert lines[-1] == f"#### {found[-1][-1]}"


def test_every_sum_is_right_and_the_last_one_is_the_answer() -> None:
    for row in MATH:
        check_solution(row)


def test_problems_differ_in_kind() -> None:
    kinds = {re.sub(r"\d+|[A-Z][a-z]+", "", row["question"]) for row in MATH}
    operators = {operator for row in MATH for operator in re.findall(r"<<\d+(.)", row["answer"])}
    assert len(kinds) >= 10
    assert operators == set("+-*/")


def check_gold_call(row: dict[str, Any]) -> None:
    name, arguments = parse_call(row["expected_output"])
    parameters = descriptions(row)[name]["input_parameters"]
    said = "\n".join(line for line in row["input"].split("\n") if line.startswith("User: "))
    assert set(arguments) <= set(parameters)
    for key, value in arguments.items():
        assert isinstance(value, PYTHON_TYPES[parameters[key]["type"]])
        assert re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", said)


def check_dialogue(row: dict[str, Any]) -> None:
    *turns, request, end = row["input"].split("\n")
    assert (request, end) == ("Generate API Request:", "")
    assert turns[0].startswith("User: ")
    for turn in turns:
        if turn.startswith("API-Request: "):
            call, _, result = turn.partition("->")
            name, arguments = parse_call(call)
            api = descriptions(row)[name]
            assert set(arguments) <= set(api["input_parameters"])
            assert set(ast.literal_eval(result)) <= set(api["output_parameters"])
        else:
            assert turn.startswith(("User: ", "AI: "))


def test_gold_calls_fit_their_descriptions_and_their_values_stand_in_the_request() -> None:
    for row in API:
        check_gold_call(row)


def test_dialogues_are_turns_then_the_request_to_generate() -> None:
    for row in API:
        check_dialogue(row)


def test_dialogues_cover_many_apis_and_some_hold_an_earlier_call() -> None:
    assert len({parse_call(row["expected_output"])[0] for row in API}) >= 12
    earlier = [row for row in API if "]->{" in row["input"]]
    assert 10 <= len(earlier) < 100
    assert all(len(descriptions(row)) >= 2 for row in API)
