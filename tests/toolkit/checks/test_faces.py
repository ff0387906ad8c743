"""Words and numbers are found as wholes, with spaces as translators leave them."""

from __future__ import annotations

import pytest

from mlt.toolkit.checks.faces import find_faces, occurrences


@pytest.mark.parametrize("text", ["Johnさん", "(John)", "John's", "ちわJohn"])
def test_scripts_without_spaces_end_a_word(text: str) -> None:
    assert len(list(occurrences(text, "John"))) == 1


FOUND = [
    # text, faces, what is found
    ("klipu 48 / 2 = 24.", ["48/2 = 24"], ["48 / 2 = 24"]),
    ("klipu 4 8/2 = 24.", ["48/2 = 24"], []),
    ("klipu 148/2 = 24", ["48/2 = 24"], []),
    ("klipu 48/2 = 24.5", ["48/2 = 24"], []),
    ("mafuta 20 + 5 = 25ml", ["20 + 5 = 25"], ["20 + 5 = 25"]),
    ("JohnSmith na John", ["John Smith", "John"], ["JohnSmith", "John"]),
    ("Johnson", ["John"], []),
    ("1 2", ["12"], []),
    ("8 na 8", ["8"], ["8", "8"]),
]


@pytest.mark.parametrize(("text", "faces", "expected"), FOUND)
def test_faces_of_a_translation(text: str, faces: list[str], expected: list[str]) -> None:
    assert [text[found.start : found.end] for found in find_faces(text, faces, loose=True)] == expected


def test_placeholders_are_found_to_the_letter() -> None:
    assert find_faces("X 0 na X1", ["X0", "X1"], loose=False)[0].face == "X1"
