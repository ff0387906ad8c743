"""BFCL's rules for ground truths that list the values that count."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlt.eval.bfcl import may_be_left_out, value_fits
from mlt.eval.calls import judge
from mlt.toolkit.checks.call_formats import render_api_bank, render_hermes, render_xlam
from mlt.toolkit.records import Call, Record, Source
from mlt.toolkit.tasks import get_task

# type, allowed values, right ones, wrong ones
VALUES: list[tuple[str | None, list[Any], list[Any], list[Any]]] = [
    ("string", ["San Francisco, CA"], ["San Francisco, CA", "san francisco ca", "SanFrancisco/CA"], ["San Jose", 5]),
    ("string", ["April 1, 2024"], ["April 1,2024", "april 1 2024"], ["April 2, 2024"]),
    ("string", ["it's"], ['it"s'], ["its"]),
    ("string", ["", None], [None], ["x", 0]),
    ("string", [2], [2], ["2", 3]),
    ("integer", [10, 20], [10, 20], [10.0, "10", 11, True]),
    ("integer", [1], [1], [True]),
    ("integer", ["x"], ["x"], ["X", 1]),
    ("float", [5.0], [5.0, 5], [5.1, "5.0"]),
    ("number", [50], [50, 50.0], [51]),
    ("boolean", [True], [True], [1, "true", False]),
    ("array", [[1, 2]], [[1, 2]], [[2, 1], [1], [1, 2, 3], "12"]),
    ("array", [["A b", "c"]], [["ab", "C"]], [["ab"], ["c", "ab"]]),
    ("array", ["", []], [[]], [[1], ""]),
    ("array", [[{"a": [1, 2]}, {"a": [3]}]], [[{"a": 2}, {"a": 3}]], [[{"a": 3}, {"a": 1}], [{"a": 1}]]),
    ("tuple", [[1.5, 2.5]], [[1.5, 2.5]], [[1.5]]),
    (
        "dict",
        [{"size": ["Large", "big"], "milk": ["", "oat"]}],
        [{"size": "large"}, {"size": "BIG", "milk": "oat"}],
        [{"milk": "oat"}, {"size": "small"}, {"size": "big", "sugar": 1}, "large", {}],
    ),
    ("dict", [{"a": [{"b": [1, 2], "c": ["", 3]}]}], [{"a": {"b": 2}}], [{"a": {"c": 3}}, {"a": 1}]),
    ("HashMap", [{"format": "epoch"}], [{"format": "epoch"}], [{"format": "e"}]),
    ("any", ["lambda x: x**2"], ["lambda x: x**2"], [2]),
    ("any", [20.5, "20.5"], [20.5, "20.5"], ["205"]),
    (None, ["Paris"], ["paris"], [1]),
    (None, [3, "three"], [3], [True, "3"]),
]


@pytest.mark.parametrize(("kind", "allowed", "right", "wrong"), VALUES)
def test_value_is_judged_as_bfcl_judges(
    kind: str | None, allowed: list[Any], right: list[Any], wrong: list[Any]
) -> None:
    schema = None if kind is None else {"type": kind}
    assert [value for value in right if not value_fits(value, allowed, schema)] == []
    assert [value for value in wrong if value_fits(value, allowed, schema)] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
TYPES = st.sampled_from(["string", "integer", "float", "boolean", "array", "dict", "any", "no such type", ["string"]])


@settings(max_examples=100, deadline=None)
@given(JSON, st.lists(JSON, max_size=3), st.none() | st.fixed_dictionaries({"type": TYPES, "items": JSON}))
@example(10**400, [1.5], {"type": "float", "items": None})
def test_any_value_gets_a_verdict(value: Any, allowed: list[Any], schema: Any) -> None:
    assert value_fits(value, allowed, schema) in (True, False)
    assert not value_fits(value, [], schema)


@pytest.mark.parametrize(
    ("items", "allowed", "right", "wrong"),
    [
        ("float", [[1.0, 2.0]], [[1.0, 2.0]], [[1, 2]]),
        ("float", [[1, 2]], [[1, 2], [1.0, 2.0]], [["1", "2"]]),
        ("any", [["id", 42, True]], [["id", 42, True]], [["id", 43, True]]),
        ("dict", [[{"a": ["", 1]}]], [[{}], [{"a": 1}]], [[{"a": 2}], [1]]),
    ],
)
def test_items_of_a_list_have_the_type_of_the_schema_or_of_the_ground_truth(
    items: str, allowed: list[Any], right: list[Any], wrong: list[Any]
) -> None:
    schema = {"type": "array", "items": {"type": items}}
    assert [value for value in right if not value_fits(value, allowed, schema)] == []
    assert [value for value in wrong if value_fits(value, allowed, schema)] == []


@pytest.mark.parametrize(
    ("allowed", "optional"), [(["", 5], True), ([5], False), ([], True), ([0], False), ([[]], False)]
)
def test_argument_may_be_left_out_where_an_empty_text_stands(allowed: list[Any], optional: bool) -> None:
    assert may_be_left_out(allowed) is optional


TOOLS = json.dumps(
    [
        {
            "name": "weather.get",
            "parameters": {
                "type": "dict",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"type": "string"}},
                "required": ["city"],
            },
        }
    ]
)
GOLD = Call("weather.get", {"city": "Paris", "days": 3})
ACCEPTS = {"city": ["Paris", "Paris, France"], "days": [3], "unit": ["", "celsius"]}
VERDICTS = [
    # output, strict, normalised, error
    ("[weather.get(city='paris france', days=3)]", True, True, None),
    ("[weather.get(days=3, city='Paris', unit='Celsius')]", True, True, None),
    ("[weather.get(city='Paris', days='3')]", False, True, None),
    ("[weather.get(city='Paris', days=3.0)]", False, True, None),
    ("[weather_get(city='Paris', days=3)]", False, True, None),
    ("[weather.get('Paris', 3)]", False, True, None),
    ("[weather.get(city='Paris', days=4)]", False, False, "wrong-value"),
    ("[weather.get(city='Paris', days=3, unit='kelvin')]", False, False, "wrong-value"),
    ("[weather.get(city='Paris')]", False, False, "argument-missing"),
    ("[weather.get(days=3)]", False, False, "argument-missing"),
    ("[weather.get(city='Paris', days=3, hours=2)]", False, False, "argument-extra"),
    ("[weather.set(city='Paris', days=3)]", False, False, "wrong-api"),
    ("It will rain.", False, False, "no-call"),
]


@pytest.mark.parametrize(("output", "strict", "normalised", "error"), VERDICTS)
def test_call_with_accepted_values(output: str, strict: bool, normalised: bool, error: str | None) -> None:
    verdict = judge(output, [GOLD], TOOLS, accepts=[ACCEPTS])
    assert (verdict.strict, verdict.normalised, verdict.error) == (strict, normalised, error)


def test_argument_that_the_schema_requires_is_missed_though_the_ground_truth_does_without() -> None:
    accepts = [{"city": ["", "Paris"], "days": [3]}]
    assert judge("[weather.get(days=3)]", [GOLD], TOOLS, accepts=accepts).error == "argument-missing"
    assert judge("[weather.get(days=3)]", [GOLD], accepts=accepts).strict


def test_parallel_calls_are_matched_as_a_whole() -> None:
    gold = [Call("f", {"x": 1}), Call("f", {"x": 1})]
    accepts = [{"x": [1, 2]}, {"x": [1]}]
    # Taken one after another, the first ground truth would take the 1 that the second one needs.
    assert judge("[f(x=1), f(x=2)]", gold, accepts=accepts).strict
    assert judge("[f(x=2), f(x=2)]", gold, accepts=accepts).error == "wrong-value"


@pytest.fixture(scope="module")
def bfcl(data_dir: Path) -> list[tuple[str, Record]]:
    """Every row of BFCL's single-turn categories that has a ground truth, and its id."""
    return list(rows(data_dir))


def rows(data_dir: Path) -> Iterator[tuple[str, Record]]:
    task = get_task("api")
    for path in sorted((data_dir / "bfcl").glob("*.jsonl*")):
        if "multi_turn" in path.name:
            continue
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for number, line in enumerate(text.decode().splitlines(), 1):
            row: Mapping[str, Any] = json.loads(line)
            if row.get("ground_truth"):
                yield row["id"], task.record(row, Source("bfcl", "", path.stem, number, "Apache-2.0"))


def test_every_ground_truth_is_right_against_itself(bfcl: list[tuple[str, Record]]) -> None:
    wrong, count = [], 0
    for name, record in bfcl:
        gold = record.gold
        assert gold.accepts is not None
        for render in (render_api_bank, render_hermes, render_xlam):
            count += 1
            if not judge(render(gold.calls[::-1]), gold.calls, record.tools, accepts=gold.accepts).strict:
                wrong.append((name, render.__name__))
    assert wrong == [] and count > 3000


def test_every_allowed_value_that_is_no_object_is_right_in_its_place(bfcl: list[tuple[str, Record]]) -> None:
    wrong, counts = [], Counter[str]()
    for name, record in bfcl:
        gold = record.gold
        for place, allowed in enumerate(gold.accepts or ()):
            for key, values in allowed.items():
                for value in values:
                    if value == "" or isinstance(value, dict) or (isinstance(value, list) and "{" in json.dumps(value)):
                        continue
                    if value == gold.calls[place].arguments.get(key):
                        continue  # the test above has it
                    call = Call(gold.calls[place].name, {**gold.calls[place].arguments, key: value})
                    output = render_api_bank([*gold.calls[:place], call, *gold.calls[place + 1 :]])
                    counts["values"] += 1
                    if not judge(output, gold.calls, record.tools, accepts=gold.accepts).strict:
                        wrong.append((name, key, value))
    assert wrong == [] and counts["values"] > 1000
