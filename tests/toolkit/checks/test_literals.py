"""Literals: one grammar for what Python and JSON write, and for what API-Bank breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.checks.literals import MAX_DEPTH, LiteralError, is_deep, parse_literal

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("33.0", 33.0),
        ("-3.5", -3.5),
        ("+7", 7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("True", True),
        ("false", False),
        ("None", None),
        (" null ", None),
        ("('a', 1)", ["a", 1]),
        ("{1: 'a', None: 'b', True: 'c'}", {"1": "a", "null": "b", "true": "c"}),
        ("{'a': [1, {'b': None}],}", {"a": [1, {"b": None}]}),
        (r"'it\'s \u00e9\x41\n'", "it's éA\n"),
        (r'"\ud83d\ude00"', "😀"),
        (r"'a\d'", r"a\d"),
        ("{'name': 'Nature's Haven', 'price': 1800}", {"name": "Nature's Haven", "price": 1800}),
        ("['Rock 'n' Roll', 'Jazz']", ["Rock 'n' Roll", "Jazz"]),
    ],
)
def test_literal_is_read(text: str, value: Any) -> None:
    assert parse_literal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "success", "2023-03-31", "007", "1.2.3", "'open", "[1, 2", "{'a' 1}", "f(x)", "5 apples", "9" * 5000),
        r"'\UFFFFFFFF'",
        "[" * (MAX_DEPTH + 5) + "]" * (MAX_DEPTH + 5),
    ],
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(LiteralError):
        parse_literal(text)


@settings(deadline=None)
@given(JSON_VALUES)
def test_python_and_json_spellings_read_back(value: Any) -> None:
    assert parse_literal(json.dumps(value)) == value
    assert parse_literal(json.dumps(value, ensure_ascii=False)) == value
    assert parse_literal(repr(value)) == value


@settings(deadline=None)
@given(st.text(alphabet="'\"[]{}(),: \\ab1-\n", max_size=40))
def test_any_text_is_a_value_or_an_error(text: str) -> None:
    try:
        value = parse_literal(text)
    except LiteralError:
        return
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(("depth", "deep"), [(MAX_DEPTH - 1, False), (MAX_DEPTH + 2, True)])
def test_depth_is_bounded(depth: int, deep: bool) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    assert is_deep(value) is deep
