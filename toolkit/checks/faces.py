"""Where given words, numbers and expressions stand in a text, as wholes and not as parts of longer ones.

Done by hand and not by patterns: every unit has words of its own, and compiling a pattern for each costs more than
all other checks together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Found:
    """A face at ``text[start:end]``."""

    start: int
    end: int
    face: str


def occurrences(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Where a value stands in a text as a word of its own: no Latin letter and no digit goes on at either end.

    A number's end is also no decimal point or thousands comma of a longer number. Letters of other scripts count as
    ends, so that ``John`` is found in ``Johnさん``.
    """
    start = text.find(value) if value else -1
    while start >= 0:
        end = start + len(value)
        if not (_goes_on_before(text, start, value[0]) or _goes_on_behind(text, end, value[-1])):
            yield start, end
            start = text.find(value, end)
        else:
            start = text.find(value, start + 1)


def find_faces(text: str, faces: Iterable[str], *, loose: bool) -> list[Found]:
    """The faces in a text in reading order, none overlapping another; of two at one place, the longer.

    ``loose``: spaces may come or go where the face has one or has a sign (``48 / 2`` for ``48/2``), never between
    two letters or digits that stand together. A number may have letters attached (``25ml``).
    """
    squeezed, positions = _squeeze(text) if loose else (text, range(len(text) + 1))
    found: list[Found] = []
    for face in set(faces):
        wanted = "".join(face.split()) if loose else face
        at = squeezed.find(wanted) if wanted else -1
        while at >= 0:
            start, end = positions[at], positions[at + len(wanted) - 1] + 1
            if _stands(text, start, end, face):
                found.append(Found(start, end, face))
            at = squeezed.find(wanted, at + 1)
    return _without_overlaps(found)


def _stands(text: str, start: int, end: int, face: str) -> bool:
    first, last = face[0], face[-1]
    if _goes_on_before(text, start, first, number_alone=True) or _goes_on_behind(text, end, last, number_alone=True):
        return False
    return text[start:end] == face or not _torn(text[start:end], face)


def _torn(piece: str, face: str) -> bool:
    """Whether a space of ``piece`` parts two letters or digits that stand together in the face."""
    gaps = set()
    length = 0
    for word in face.split():
        length += len(word)
        gaps.add(length)
    length = 0
    words = piece.split()
    for left, right in pairwise(words):
        length += len(left)
        if length not in gaps and left[-1].isalnum() and right[0].isalnum():
            return True
    return False


def _squeeze(text: str) -> tuple[str, list[int]]:
    positions = [index for index, char in enumerate(text) if not char.isspace()]
    return "".join(text[index] for index in positions), positions


def _without_overlaps(found: list[Found]) -> list[Found]:
    out: list[Found] = []
    for face in sorted(found, key=lambda face: (face.start, -face.end)):
        if not out or face.start >= out[-1].end:
            out.append(face)
    return out


def _goes_on_before(text: str, start: int, first: str, *, number_alone: bool = False) -> bool:
    if start == 0:
        return False
    before = text[start - 1]
    if first.isdigit():
        point = before in ".," and start > 1 and text[start - 2].isdigit()
        return before.isdigit() or point or (not number_alone and _is_latin(before))
    return _is_word(first) and (_is_latin(before) or before.isdigit() or before == "_")


def _goes_on_behind(text: str, end: int, last: str, *, number_alone: bool = False) -> bool:
    if end == len(text):
        return False
    behind = text[end]
    if last.isdigit():
        point = behind in ".," and end + 1 < len(text) and text[end + 1].isdigit()
        return behind.isdigit() or point or (not number_alone and _is_latin(behind))
    return _is_word(last) and (_is_latin(behind) or behind.isdigit() or behind == "_")


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _is_latin(char: str) -> bool:
    """Letters of the Latin blocks up to Extended-B, and Extended Additional: what European and African words need."""
    return char.isalpha() and (char < "\u0250" or "\u1e00" <= char <= "\u1eff")
