"""Where argument values stand in a text, as pieces that are safe to lift out of it.

A value at word boundaries is such a piece. Inside a larger token it is not: there the whole token is (``John`` in
``Johnson``, ``5`` in ``3.5``, a name in an e-mail address), if the value has at least three characters, a digit or,
beside another letter, a capital. Values that are words of grammar, small letters or signs mean themselves in quotes
only, and other single letters as words of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .base import Protected

_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an the and or not no yes of in on at to by for from with as is are was be am do does did has have had it its
        he she we you they i me my your his her our us them this that these those if so but can will may would could
        should all any some one up out off I A
        """,
    )
)
_OPEN, _CLOSE = "'\"`“‘«「[(", "'\"`”’»」])"
# Scripts that write no spaces between words: every character is a boundary.
_SPACELESS = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f"
_TOKEN_CHAR = re.compile(rf"[^\W{_SPACELESS}]")
_TOKEN_RIGHT = re.compile(rf"(?:[^\W{_SPACELESS}]|(?<=[0-9])[.,:/-](?=[0-9]))*")
_RUN = re.compile(r"\S+")
_IN_ADDRESS = re.compile(r"\w@\w|://|www\.")
_AROUND_ADDRESS = ".,;:!?()[]{}<>'\"“”‘’"


def protected_in(text: str, values: Iterable[str], renderings: Mapping[str, str]) -> tuple[Protected, ...]:
    """The pieces of ``text`` that hold one of ``values``, in order of appearance, each surface once.

    A piece that is the value itself reads ``renderings[value]`` in the translation if that is given, and as it is
    otherwise; a token around a value reads as the value does. Pieces do not overlap: of two, the longer wins, and if
    both must stay as they are, both are covered.
    """
    found: list[tuple[int, int, str]] = []
    addresses = _addresses(text)
    for value in dict.fromkeys(values):
        found += [(*span, value) for span in _spans(text, value, addresses)]
    pieces: dict[str, Protected] = {}
    for start, end, value in _without_overlaps(found, renderings):
        surface = text[start:end]
        rendering = renderings.get(value)
        if rendering is None:
            pieces.setdefault(surface, Protected(surface, surface))
        else:
            quoted = surface[1:-1] == value and _is_weak(value)
            pieces.setdefault(
                surface, Protected(surface, f"{surface[0]}{rendering}{surface[-1]}" if quoted else rendering)
            )
    return tuple(pieces.values())


def _spans(text: str, value: str, addresses: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if not value.strip():
        return []
    spans = []
    start = text.find(value)
    while start >= 0:
        span = _span(text, start, start + len(value), addresses)
        if span is not None:
            spans.append(span)
        # what lies wholly inside the piece is covered by it
        start = text.find(value, max(start + 1, span[1] - len(value) + 1 if span else 0))
    return spans


def _span(text: str, start: int, end: int, addresses: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The piece around one occurrence, or None where it is not meant as the value."""
    value = text[start:end]
    if _is_weak(value):
        quoted = text[start - 1 : start] in tuple(_OPEN) and text[end : end + 1] in tuple(_CLOSE)
        return (start - 1, end + 1) if quoted and start else None
    is_name = len(value) > 1 and any(char.isupper() for char in value)
    if not (len(value) >= 3 or is_name or any(char.isdigit() for char in value)):
        inside_a_word = (start and _is_token_char(text, start - 1)) or _is_token_char(text, end)
        return None if inside_a_word else (start, end)
    return _token(text, start, end, addresses)


def _is_weak(value: str) -> bool:
    """Small letters, signs and words of grammar."""
    if not any(char.isalnum() for char in value):
        return True
    return value in _FUNCTION_WORDS or (len(value) == 1 and value.islower())


def _addresses(text: str) -> list[tuple[int, int]]:
    """Where e-mail addresses and URLs stand."""
    found = []
    for run in _RUN.finditer(text):
        if _IN_ADDRESS.search(run[0]):
            start = run.end() - len(run[0].lstrip(_AROUND_ADDRESS))
            found.append((start, run.start() + len(run[0].rstrip(_AROUND_ADDRESS))))
    return found


def _token(text: str, start: int, end: int, addresses: list[tuple[int, int]]) -> tuple[int, int]:
    """The span with the rest of the tokens that it cuts into; an address is one token."""
    for address in addresses:
        if address[0] <= start and end <= address[1]:
            return address
    if _is_token_char(text, start):
        start = _grow_left(text, start)
    if _is_token_char(text, end - 1):
        match = _TOKEN_RIGHT.match(text, end)
        end = match.end() if match else end
    return start, end


def _is_token_char(text: str, index: int) -> bool:
    return bool(_TOKEN_CHAR.match(text, index))


def _grow_left(text: str, start: int) -> int:
    while start:
        before = text[start - 1]
        joined = before in ".,:/-" and text[start].isdigit() and text[start - 2 : start - 1].isdigit() and start > 1
        if not (joined or _is_token_char(text, start - 1)):
            break
        start -= 1
    return start


def _without_overlaps(found: list[tuple[int, int, str]], renderings: Mapping[str, str]) -> list[tuple[int, int, str]]:
    result: list[tuple[int, int, str]] = []
    for start, end, value in sorted(found, key=lambda item: (item[0], -item[1])):
        if not result or start >= result[-1][1]:
            result.append((start, end, value))
            continue
        first_start, first_end, first_value = result[-1]
        fixed = value not in renderings and first_value not in renderings
        if end > first_end and fixed:
            result[-1] = (first_start, end, first_value)
        elif end - start > first_end - first_start:
            result[-1] = (start, end, value)
    return result
