"""Argument values in one form, so that two ways of writing the same value are equal.

Equal are texts that differ in Unicode form, case, white space, typographic quotes and the script of their digits;
numbers (5, 5.0, "5", "1,234", "১৮"); dates and times (2023-10-26, 26/10/2023, "October 26, 2023", "26 de octubre de
2023", 2023年10月26日; 9 AM, 09:00, 09:00:00); true and "True"; a list and its literal in a string, as API-Bank has it.
What may be read in two ways stays a text: 03/04/2023 is no date, 0123 no number.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

from ..toolkit.checks.literals import LiteralError, parse_literal
from .call_dates import moment

_NUMBER = re.compile(r"-?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|0|[1-9][0-9]*)(?:\.[0-9]+)?|-?\.[0-9]+")
_MAX_DIGITS = 60
_FOLDED = str.maketrans({**dict.fromkeys("‘’‛´`", "'"), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‐‑‒–—−", "-")})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_WORDS = {"true": True, "false": False}


def same_value(first: Any, second: Any) -> bool:
    """Whether two JSON values mean the same by the rules of this module."""
    return canonical(first) == canonical(second)


def canonical(value: Any) -> Hashable:
    """What a JSON value means: equal for two values that only differ in how they are written."""
    return _canonical(value, literals=True)


def plain_text(text: str) -> str:
    """A text in one Unicode form, without case, digits as ASCII, white space as single spaces."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_FOLDED)
    text = unicodedata.normalize("NFKC", text.casefold())
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    return " ".join(text.split())


def _canonical(value: Any, *, literals: bool) -> Hashable:
    if isinstance(value, str):
        return _of_text(value, literals)
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, int | float):
        return ("number", Decimal(repr(value))) if math.isfinite(value) else ("text", str(value))
    if isinstance(value, Mapping):
        return "object", frozenset((str(key), _canonical(part, literals=literals)) for key, part in value.items())
    if isinstance(value, list | tuple):
        return "list", tuple(_canonical(part, literals=literals) for part in value)
    return "null", None


def _of_text(value: str, literals: bool) -> Hashable:
    text = plain_text(value)
    if _NUMBER.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return "number", Decimal(text.replace(",", ""))
    if text in _WORDS:
        return "bool", _WORDS[text]
    if (read := moment(text)) is not None:
        return "moment", read
    if literals and text[:1] in ("[", "{"):
        try:
            return _canonical(parse_literal(value), literals=False)
        except LiteralError:
            pass
    return "text", text
