"""The rules of the Berkeley Function-Calling Leaderboard for ground truths that list the values that count.

Patil et al. 2025, "The Berkeley Function Calling Leaderboard"; the rules are those of ``ast_checker.py`` in
ShishirPatil/gorilla, written anew. A text is compared without case, spaces and the signs ``, . / - _ * ^``; an object
holds allowed values again for each of its keys; ``""`` among allowed values says that the argument may be left out.

Where this differs on purpose: objects and lists are compared through all their levels, an argument that the ground
truth knows and the tool's schema does not is no error, one without any allowed value may be left out, parallel calls
are matched as a whole and not one after another, and Java and JavaScript calls hold typed values, not source text of
these languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

OPTIONAL = ""
"""The allowed value that says that an argument may be left out."""

_IGNORED = re.compile(r"[ ,./\-_*^]")
# Names of JSON Schema, and those of BFCL's own schemas in Python, Java and JavaScript.
_TYPES: dict[str, type] = {
    **dict.fromkeys(("string", "String", "char", "any"), str),
    **dict.fromkeys(("integer", "long", "short", "byte", "Bigint"), int),
    **dict.fromkeys(("number", "float", "double"), float),
    **dict.fromkeys(("boolean", "Boolean"), bool),
    **dict.fromkeys(("array", "tuple", "Array", "ArrayList"), list),
    **dict.fromkeys(("object", "dict", "HashMap"), dict),
}


def value_fits(value: Any, allowed: Sequence[Any], schema: Mapping[str, Any] | None = None) -> bool:
    """Whether an argument's value is one of the allowed, and of the type that its schema asks for.

    A value of another type than the schema's counts where the first allowed value has that type (a variable's name in
    place of a number); it is then compared as it stands. Without a schema the allowed values alone say the type.
    """
    model = _first_type(allowed)
    expected = _expected(schema) or model
    given = float if expected is float and type(value) is int else type(value)
    if given is not expected and (model is None or given is not model):
        return False
    if model is not None and model is not expected:
        return any(_equal(value, option) for option in allowed)
    if isinstance(value, list):
        return any(_list_fits(value, option, _item_type(schema)) for option in allowed)
    return any(_fits(value, option) for option in allowed)


def may_be_left_out(allowed: Sequence[Any]) -> bool:
    """Whether the ground truth does without the argument; it does where no value would count."""
    return not allowed or any(option == OPTIONAL for option in allowed)


def _first_type(allowed: Sequence[Any]) -> type | None:
    return next((type(option) for option in allowed if option != OPTIONAL), None)


def _expected(schema: Any) -> type | None:
    """The Python type of a schema; what says ``any`` is a text, as in BFCL."""
    if not isinstance(schema, Mapping):
        return None
    kind = schema.get("type", schema.get("x-type"))
    return _TYPES.get(kind) if isinstance(kind, str) else None


def _item_type(schema: Mapping[str, Any] | None) -> type | None:
    """The type of a list's items, where it is one whose items are compared as they stand."""
    items: Any = (schema or {}).get("items")
    found = _expected(items)
    says_any = isinstance(items, Mapping) and "any" in (items.get("type"), items.get("x-type"))
    return None if says_any or found in (list, dict) else found


def _fits(value: Any, option: Any) -> bool:
    if isinstance(option, Mapping):
        return isinstance(value, Mapping) and _object_fits(value, option)
    if isinstance(option, list):
        same_length = isinstance(value, list) and len(value) == len(option)
        return same_length and all(map(_fits, value, option))
    return _equal(_standard(value), _standard(option))


def _object_fits(value: Mapping[str, Any], option: Mapping[str, Any]) -> bool:
    """Every key has one of its allowed values, and what is missing may be left out."""
    if value.keys() - option.keys():
        return False
    for key, allowed in option.items():
        allowed = allowed if isinstance(allowed, list) else [allowed]
        if key in value:
            if not any(_fits(value[key], inner) for inner in allowed):
                return False
        elif not may_be_left_out(allowed):
            return False
    return True


def _list_fits(value: Sequence[Any], option: Any, nested: type | None) -> bool:
    """An item has the schema's type or that of the option's first item; an optional list may be empty."""
    if option == OPTIONAL:
        return not value
    if nested is not None and isinstance(option, list):
        types = {nested, _first_type(option)}
        if any(type(item) not in types for item in value):
            return False
    return _fits(value, option)


def _standard(value: Any) -> Any:
    return _IGNORED.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value


def _equal(first: Any, second: Any) -> bool:
    """As Python compares, but that a truth value is no number."""
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)
