"""Number words of the languages that no library renders, and words that go with digits: number_words.yaml."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

_LIMIT = 10**9
Table = Mapping[str, Any]


def unmarked() -> frozenset[str]:
    """The languages whose texts are compared without marks."""
    return _unmarked()


def beside(kind: str, key: str) -> str | None:
    """A pattern of a language: its ``half``, its ``quarter``, what may stand as a ``prefix``; None for none."""
    return cast("str | None", _load()[kind].get(key))


def suffix_length(key: str) -> int | None:
    """How many letters may follow a number word in one written word; None for the default."""
    return cast("int | None", _load()["suffix"].get(key))


def scales(key: str) -> Mapping[str, int]:
    """Patterns of the words that multiply the digits beside them, and by what."""
    return cast("Mapping[str, int]", _load()["scales"].get(key, {}))


def written(key: str) -> Sequence[str]:
    """What English words this language writes with digits: ``months``, ``amounts``."""
    return cast("Sequence[str]", _load()["written"].get(key, ()))


def also(value: int, key: str) -> list[str]:
    """Words for a value beside those that are rendered."""
    form = _load()["also"].get(key, {}).get(value)
    return [form] if form else []


def forms(value: int, key: str) -> list[str]:
    """The patterns of a value in a language with a table; empty where there is none, or no words for it."""
    table = _load()["tables"].get(key)
    form = _render(value, table) if table and value < _LIMIT * 100 else None
    return [form] if form else []


def _render(value: int, table: Table) -> str | None:
    words = table["words"]
    found = [words[value]] if value in words else []
    scale = max((s for s in table["scales"] if s <= value), default=0)
    if scale:
        found += _scaled(value, scale, table)
    elif value not in words and value > 10:
        tens, unit = words.get(value // 10 * 10), words.get(value % 10)
        found += [rf"(?:{tens})(?:{table['join']})(?:{unit})"] if tens and unit else []
    return f"(?:{'|'.join(found)})" if found else None


def _scaled(value: int, scale: int, table: Table) -> list[str]:
    """Hundreds, thousands, millions: the scale's word, how often, and what is left."""
    often, rest = divmod(value, scale)
    times = _render(often, table)
    if times is None:
        return []
    word = f"(?:{table['scales'][scale]})"
    times = f"(?:{times} )" if not table["first"] else f"(?: (?:na )?{times})"
    if often == 1:
        times += "?"
    head = word + times if table["first"] else times + word
    if not rest:
        return [head]
    tail = _render(rest, table)
    return [f"{head}(?:{table['join']}){tail}"] if tail else []


@cache
def _load() -> dict[str, Any]:
    import yaml

    text = Path(__file__).with_name("number_words.yaml").read_text(encoding="utf-8")
    return cast("dict[str, Any]", yaml.safe_load(unicodedata.normalize("NFC", text)))


@cache
def _unmarked() -> frozenset[str]:
    return frozenset(_load()["unmarked"])
