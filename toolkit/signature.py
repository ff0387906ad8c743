"""One line that says all that decides a result, in the manner of sacrebleu's signatures.

``mlt:0.1.0|task:math|source:gsm8k@1f3c|model:…|ct:int8|beam:4|args:keep|tools:keep|out:1``
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import unquote

OUTPUT_VERSION = 1
"""Raised when our own code gives other output for the same input, not with every release.

A run is only ever continued under the output version that began it.
"""

SHORT = {
    "arguments": "args",
    "beam_size": "beam",
    "compute_type": "ct",
    "length_penalty": "lp",
    "n_best": "nbest",
    "output_version": "out",
    "repetition_penalty": "rp",
}
"""Names as the signature writes them; the last part of a dotted name counts."""

_FIRST = ("mlt", "task", "source", "split", "model", "engine", "compute_type", "decoding")
_LAST = ("arguments", "tools", "policies", "output_version")


def signature(identity: Mapping[str, Any]) -> str:
    """The signature of an identity: ``key:value`` parts between bars, the release of this package first.

    ``identity`` holds JSON values; nested objects become dotted names. Its order does not matter. The release
    is information only: it does not decide whether a run may be continued.
    """
    flat = flatten(identity)
    named = {_shorten(key, flat): value for key, value in sorted(flat.items(), key=lambda item: _rank(item[0]))}
    return "|".join(f"{_escape(key, ':')}:{_value_out(value)}" for key, value in {"mlt": _release(), **named}.items())


def parse_signature(text: str) -> dict[str, Any]:
    """The names, as the signature writes them, and values of a signature; ValueError for other text."""
    parsed = {}
    for part in text.split("|"):
        key, colon, value = part.partition(":")
        if not colon:
            raise ValueError(f"not a signature: {part!r} has no colon")
        parsed[_unescape(key)] = _value_in(_unescape(value))
    return parsed


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(dotted name, old value, new value) of all that differs, sorted. A missing name equals null."""
    before, after = flatten(_as_json(old)), flatten(_as_json(new))
    names = sorted(before.keys() | after.keys(), key=_rank)
    return [(key, before.get(key), after.get(key)) for key in names if before.get(key) != after.get(key)]


def flatten(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Nested objects as dotted names: ``{"decoding": {"beam_size": 4}}`` -> ``{"decoding.beam_size": 4}``."""
    return dict(_leaves(identity, ""))


def _leaves(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, entry in value.items():
        if isinstance(entry, Mapping) and entry:
            yield from _leaves(entry, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", entry


def _rank(key: str) -> tuple[int, str]:
    head = key.split(".", 1)[0]
    if head in _FIRST:
        return _FIRST.index(head), key
    if head in _LAST:
        return len(_FIRST) + 1 + _LAST.index(head), key
    return len(_FIRST), key


def _shorten(key: str, flat: Mapping[str, Any]) -> str:
    prefix, dot, name = key.rpartition(".")
    short = f"{prefix}{dot}{SHORT.get(name, name)}"
    return key if short in flat else short


def _escape(text: str, more: str = "") -> str:
    return "".join(
        "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
        if char in "%|" + more or not char.isprintable()
        else char
        for char in text
    )


def _unescape(text: str) -> str:
    return unquote(text, errors="surrogatepass")


def _value_out(value: Any) -> str:
    """Strings stand bare unless they read as JSON ("4", "true"); everything else is canonical JSON."""
    if isinstance(value, str) and _value_in(value) == value:
        return _escape(value)
    return _escape(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _value_in(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(value))
    return loaded


def _release() -> str:
    try:
        return version("mlt")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
