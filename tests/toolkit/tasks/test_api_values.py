"""Where values stand in a text, and which of them are free text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.errors import DataError
from mlt.toolkit.records import Call
from mlt.toolkit.tasks.arguments import Leaf, is_free_text, leaves, looks_fixed, read_table, shipped_table
from mlt.toolkit.tasks.base import Protected
from mlt.toolkit.tasks.value_spans import protected_in


@pytest.mark.parametrize(
    ("text", "values", "surfaces"),
    [
        ("Call John at 5 pm.", ["John", "5"], ["John", "5"]),
        ("John's and Johnson's", ["John"], ["John", "Johnson"]),
        ("It costs 3.5 or 3, not 33 or 1,300", ["3"], ["3.5", "3", "33", "1,300"]),
        ("Ends at 3.", ["3"], ["3"]),
        ("mail john@x.org, or (www.john.org/a)!", ["john"], ["john@x.org", "www.john.org/a"]),
        ('The password is "p@ss".', ["p@ss"], ["p@ss"]),
        ("in a car, in the 'a' row", ["a", "in", "the"], ["'a'"]),
        ("an ax in the taxi", ["ax"], ["ax"]),
        ("in C major, Celsius", ["C"], ["C"]),
        ("plus + and “+”", ["+"], ["“+”"]),
        ("New York City and York", ["New York", "York City", "York"], ["New York City", "York"]),
        ("from 2023-10-26 on", ["2023"], ["2023-10-26"]),
        ("北京的天气", ["北京"], ["北京"]),
        ("Johnさん", ["John"], ["John"]),
        ("nothing here", ["x9", "", " "], []),
        ("Ann Ann Ann", ["Ann"], ["Ann"]),
        ("USA and US", ["US"], ["USA", "US"]),
    ],
)
def test_values_are_lifted_out_whole(text: str, values: list[str], surfaces: list[str]) -> None:
    protected = protected_in(text, values, {})
    assert [item.surface for item in protected] == surfaces
    assert all(item.surface == item.rendering for item in protected)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("buy milk, Ann", ["buy milk", "Ann"], [("buy milk", "nunua"), ("Ann", "Ann")]),
        ("Ann's buy milk", ["Ann's buy milk", "buy milk"], [("Ann's buy milk", "Ann's buy milk")]),
        ("say 'no'", ["no"], [("'no'", "'hapana'")]),
        ("buy milks", ["buy milk"], [("buy milks", "nunua")]),
    ],
)
def test_renderings_stand_for_their_values(text: str, values: list[str], expected: list[tuple[str, str]]) -> None:
    renderings = {"buy milk": "nunua", "no": "hapana"}
    assert protected_in(text, values, renderings) == tuple(Protected(*pair) for pair in expected)


@settings(deadline=None)
@given(st.text(alphabet="ab1 .,-@'é北", max_size=30), st.lists(st.text(alphabet="ab1 .-é北", max_size=4), max_size=4))
def test_every_strong_value_that_stands_in_a_text_lies_in_a_piece(text: str, values: list[str]) -> None:
    surfaces = [item.surface for item in protected_in(text, values, {})]
    assert all(surface in text for surface in surfaces)
    for value in values:
        strong = any(char.isdigit() for char in value) or (len(value) >= 3 and any(map(str.isalnum, value)))
        if strong and value in text:
            assert any(value in surface for surface in surfaces)


TEXT = {"type": "string", "description": "What to write."}


@pytest.mark.parametrize(
    ("api", "argument", "value", "schema", "free"),
    [
        ("AddReminder", "content", "buy milk", None, True),
        ("AddReminder", "content", "2023-05-01", None, False),
        ("Translate", "src", "good morning", TEXT, False),
        ("ToolSearcher", "keywords", "find doctors", TEXT, False),
        ("Any", "patient_name", "the tall man", TEXT, False),
        ("Any", "user_id", "some id", TEXT, False),
        ("Any", "unknown", "some words", None, False),
        ("Any", "wish", "some words", TEXT, True),
        ("Any", "wish", "Bohemian Rhapsody", TEXT, False),
        ("Any", "wish", "some words", {**TEXT, "enum": ["some words"]}, False),
        ("Any", "content", "some words", {**TEXT, "enum": ["some words"]}, False),
        ("Any", "wish", "some words", {**TEXT, "format": "date"}, False),
        ("Any", "wish", "some words", {"type": "string", "description": "Format: %Y-%m-%d"}, False),
        ("Any", "wish", "some words", {"type": "array"}, False),
        ("Any", "wish", 5, TEXT, False),
    ],
)
def test_free_text_is_what_table_or_schema_say(
    api: str, argument: str, value: Any, schema: dict[str, Any] | None, free: bool
) -> None:
    assert is_free_text(Leaf(api, argument, value, schema), {}) is free


@pytest.mark.parametrize(
    ("table", "free"),
    [
        ({"A.x": "translate"}, True),
        ({"*.x": "translate"}, True),
        ({"A.*": "translate"}, True),
        ({"*.x": "translate", "A.x": "keep"}, False),
        ({"A.*": "translate", "*.x": "keep"}, False),
    ],
)
def test_the_nearest_entry_of_a_table_wins(table: dict[str, str], free: bool) -> None:
    assert is_free_text(Leaf("A", "x", "some words", None), table) is free


@pytest.mark.parametrize(
    "value",
    [
        *("", "5", "A", "10:00 AM", "2023-10-12 09:00:00", "March 5th, 2023", "tomorrow at noon", "next Monday"),
        *("a1b2c3", "https://x.org/a b", "ann@x.org", "snake_case", "camelCase", "AAPL", "report.pdf", "/usr/bin"),
        *("f(x)", "-v", "['a', 'b']", '{"a": 1}', "x" * 200),
    ],
)
def test_fixed_values_look_so(value: str) -> None:
    assert looks_fixed(value)


@pytest.mark.parametrize("value", ["buy milk", "Call mom at 5", "the sustainable development", "fever", "mayor"])
def test_free_values_do_not(value: str) -> None:
    assert not looks_fixed(value)


def test_leaves_reach_into_lists_objects_and_written_literals() -> None:
    call = Call("A", {"x": ["a", {"y": 1}], "people": "['Ann', 'Bo']", "n": None})
    found = [(leaf.argument, leaf.value, leaf.embedded) for leaf in leaves(call, {})]
    assert found == [
        ("x", "a", False),
        ("y", 1, False),
        ("people", "['Ann', 'Bo']", False),
        ("people", "Ann", True),
        ("people", "Bo", True),
        ("n", None, False),
    ]


def test_shipped_table_is_sound() -> None:
    assert shipped_table()["Translate.src"] == "keep"
    assert set(shipped_table().values()) == {"keep", "translate"}


@pytest.mark.parametrize("text", ["- a", "a: [", "x: keep", "A.x: maybe", "1: keep"])
def test_unsound_table_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=r"table\.yaml"):
        read_table(path)
    with pytest.raises(DataError, match="none"):
        read_table(tmp_path / "none")


def test_users_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text('"A.x": translate\n', "utf-8")
    assert read_table(path) == {"A.x": "translate"}
