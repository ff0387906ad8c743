"""Argument values: where they stand in a call, and which of them are free text that may change with the request.

Source of the question: the commonest failure of multilingual tool calling is an argument value in the wrong language
(arXiv:2601.05366), so that the policy must be explicit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..checks.literals import LiteralError, parse_literal
from ..errors import DataError
from ..records import Call
from .base import ArgumentsPolicy

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
)
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun"
_DATE_WORDS = (
    f"{_MONTHS}|{_DAYS}|today|tomorrow|yesterday|tonight|now|noon|midnight|morning|afternoon|evening|night|next|last|"
    "this|week|weekend|month|year|day|hour|minute|second|am|pm|utc|gmt|est|pst|st|nd|rd|th|of|at|in|on|the|and|to|from"
)
_DATE = re.compile(rf"(?:[\W\d_]|(?:{_DATE_WORDS})s?(?![^\W\d_]))+", re.I)
_FIXED = re.compile(
    r"""
      [^\W\d_]?[\W\d_]*                     # no letters, or a single one
    | .*(?://|@|\\|\{|\}|<|>|==|::).*       # URL, e-mail address, path, template, markup, code
    | \S*[\w]/[\w]\S*                       # path
    | \S*[^\W\d_]\S*\d\S* | \S*\d\S*[^\W\d_]\S*   # one token with letters and digits
    | \S*_\S*                               # snake_case
    | \S*[a-z][A-Z]\S*                      # camelCase
    | [A-Z]{2,6} | [A-Z]{1,5}\.[A-Z]+       # symbols: USD, AAPL
    | \S+\.[a-z0-9]{1,5} | \S+\(.*\)        # file name, function call
    | -{1,2}[^\W\d_][\w-]*                 # option of a command
    """,
    re.X | re.S,
)
_LONGEST_WORD = 60
_PROPER_NAME = re.compile(r"(?:[A-Z][\w.'’&-]*\s*){1,3}")
_FORMAT_HINT = re.compile(
    r"%[YmdHMSB]|\b[YMDHS]{2,4}[-/:.][YMDHS]{2}|\bformat|\bISO\b|\bURL\b|\bURI\b|\bpath\b|\bcode\b|\bregex|\bID\b|"
    r"\bidentifier\b|\be-?mail\b|\bdates?\b|\btime\b|\btimestamp\b|\bnumber\b|\bone of\b|\babbreviat|\benum|"
    r"\bcan be (?:either )?['\"]|\b[Oo]ptions?\b|\bcity\b|\bcountry\b|\bname of\b|\bmust be\b",
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of a call that is no list or object. ``argument`` is the nearest key above it.

    ``embedded``: it stands in a literal written as text (API-Bank's ``attendees="['John']"``).
    """

    api: str
    argument: str
    value: Any
    schema: Mapping[str, Any] | None
    embedded: bool = False


def leaves(call: Call, schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[Leaf]:
    """Every leaf of a call's arguments, in order; ``schemas`` are the parameters' schemas by the tool's name."""
    parameters = schemas.get(call.name, {})
    for name, value in call.arguments.items():
        schema = parameters.get(name)
        yield from _walk(Leaf(call.name, name, value, schema if isinstance(schema, Mapping) else None))


def _walk(leaf: Leaf) -> Iterator[Leaf]:
    value, schema = leaf.value, leaf.schema or {}
    if isinstance(value, Mapping):
        properties = schema.get("properties")
        for key, part in value.items():
            inner = properties.get(key) if isinstance(properties, Mapping) else None
            known = inner if isinstance(inner, Mapping) else None
            yield from _walk(Leaf(leaf.api, str(key), part, known, leaf.embedded))
    elif isinstance(value, list | tuple):
        items = schema.get("items")
        for part in value:
            known = items if isinstance(items, Mapping) else None
            yield from _walk(Leaf(leaf.api, leaf.argument, part, known, leaf.embedded))
    else:
        yield leaf
        inside = literal_inside(value)
        if inside is not None:
            yield from _walk(Leaf(leaf.api, leaf.argument, inside, None, True))


def literal_inside(value: Any) -> list[Any] | dict[str, Any] | None:
    """The list or object that a text spells out, or None."""
    if not (isinstance(value, str) and value.strip()[:1] in ("[", "{")):
        return None
    try:
        parsed = parse_literal(value)
    except LiteralError:
        return None
    return parsed if isinstance(parsed, list | dict) else None


def is_free_text(leaf: Leaf, table: Mapping[str, str]) -> bool:
    """Whether the value may be translated: by the tables if they name it, else by its schema; never what looks fixed.

    ``table`` is the user's, and stands before the shipped one. The schema alone frees no value of up to three
    capitalised words: it may be a proper name.
    """
    value, schema = leaf.value, leaf.schema or {}
    if not isinstance(value, str) or leaf.embedded or looks_fixed(value) or schema.get("enum"):
        return False
    for entries in (table, shipped_table()):
        named = _look_up(entries, leaf.api, leaf.argument)
        if named is not None:
            return named == "translate"
    if schema.get("type") != "string" or any(key in schema for key in ("const", "format", "pattern")):
        return False
    if _PROPER_NAME.fullmatch(value.strip()):
        return False
    return not _FORMAT_HINT.search(str(schema.get("description", "")))


def looks_fixed(value: str) -> bool:
    """Whether a value looks like an id, number, date, time, URL, address, path, symbol, code or literal."""
    text = value.strip()
    if len(text.split(maxsplit=1)[0] if text else "") > _LONGEST_WORD:
        return True  # encoded data, and no work for the patterns
    return bool(_FIXED.fullmatch(text) or _DATE.fullmatch(text)) or text[:1] in ("[", "{")


def _look_up(table: Mapping[str, str], api: str, argument: str) -> str | None:
    for key in (f"{api}.{argument}", f"*.{argument}"):
        if key in table:
            return table[key]
    name = f"{api}.{argument}"
    return next((value for key, value in table.items() if "*" in key and fnmatchcase(name, key)), None)


@cache
def shipped_table() -> Mapping[str, ArgumentsPolicy]:
    """The table of ``arguments.yaml``."""
    return _table(files(__package__).joinpath("arguments.yaml").read_text("utf-8"), "arguments.yaml")


def read_table(path: Path) -> Mapping[str, ArgumentsPolicy]:
    """A user's table, ``"Api.argument": keep`` or ``translate`` a line, in YAML. Raises DataError naming the file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise DataError(f"argument table {path} cannot be read: {error}") from error
    return _table(text, str(path))


def _table(text: str, where: str) -> Mapping[str, ArgumentsPolicy]:
    import yaml

    try:
        table = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise DataError(f"{where} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(table, dict):
        raise DataError(f"{where} must map 'Api.argument' to keep or translate, not be a {type(table).__name__}")
    for key, value in table.items():
        if not isinstance(key, str) or "." not in key or value not in ("keep", "translate"):
            raise DataError(f"{where}: {key!r}: {value!r} is no entry; write 'Api.argument': keep or translate")
    return table
