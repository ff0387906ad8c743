"""The signature line, and what differs between two identities."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.signature import OUTPUT_VERSION, diff, flatten, parse_signature, signature

IDENTITY: dict[str, Any] = {
    "output_version": OUTPUT_VERSION,
    "tools": "keep",
    "arguments": "keep",
    "decoding": {"beam_size": 4, "length_penalty": 1.0},
    "model": {"name": "facebook/nllb-200-distilled-600M", "revision": "f8d3"},
    "compute_type": "int8",
    "source": "gsm8k@1f3c",
    "task": "math",
    "shard_size": 1000,
}
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
FLAT = st.dictionaries(st.text(min_size=1, max_size=10).filter(lambda key: key != "mlt"), VALUES, max_size=6)


def test_one_line_in_a_fixed_order_with_short_names() -> None:
    line = signature(IDENTITY)
    release, rest = line.split("|", 1)
    assert release.startswith("mlt:")
    assert rest == (
        "task:math|source:gsm8k@1f3c|model.name:facebook/nllb-200-distilled-600M|model.revision:f8d3|ct:int8"
        f"|decoding.beam:4|decoding.lp:1.0|shard_size:1000|args:keep|tools:keep|out:{OUTPUT_VERSION}"
    )


def test_order_of_the_identity_does_not_matter() -> None:
    assert signature(dict(reversed(IDENTITY.items()))) == signature(IDENTITY)


@given(FLAT)
def test_parses_back_to_names_and_typed_values(identity: dict[str, Any]) -> None:
    line = signature(identity)
    parsed = parse_signature(line)
    assert len(line.splitlines()) == 1 and line.isprintable()
    parsed.pop("mlt")
    assert sorted(map(repr, parsed.values())) == sorted(map(repr, identity.values()))


@pytest.mark.parametrize(
    "value", ["4", "true", "null", '"x"', "a|b", "50%", "a:b", "x\ny", "", " 4", "ประเทศ", "\ud800"]
)
def test_awkward_strings_stay_strings(value: str) -> None:
    assert parse_signature(signature({"k": value}))["k"] == value


def test_lists_and_empty_objects_are_values() -> None:
    parsed = parse_signature(signature({"forms": ["[0]", "X0"], "table": {}}))
    assert (parsed["forms"], parsed["table"]) == (["[0]", "X0"], {})


def test_a_short_name_never_hides_another_key() -> None:
    parsed = parse_signature(signature({"beam": 1, "beam_size": 4}))
    assert (parsed["beam"], parsed["beam_size"]) == (1, 4)


def test_other_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not a signature"):
        parse_signature("no colons here")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"d": {"beam_size": 4}}, {"d": {"beam_size": 2}}, [("d.beam_size", 4, 2)]),
        ({"a": 1}, {}, [("a", 1, None)]),
        ({}, {"a": None}, []),
        ({"a": [1, 2]}, {"a": (1, 2)}, []),
        ({"a": "1"}, {"a": 1}, [("a", "1", 1)]),
    ],
)
def test_diff_names_what_differs(old: dict, new: dict, expected: list) -> None:
    assert diff(old, new) == expected


def test_diff_comes_in_the_signature_s_order() -> None:
    changed = {**IDENTITY, "tools": "translate", "task": "api"}
    assert [name for name, _, _ in diff(IDENTITY, changed)] == ["task", "tools"]


def test_flatten_joins_names_with_dots() -> None:
    assert flatten({"a": {"b": {"c": 1}}, "d": 2}) == {"a.b.c": 1, "d": 2}
