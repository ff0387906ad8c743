"""The final answer of a worked solution, in the three ways solutions write it.

``#### 72`` (GSM8K), "The answer is: 72" (MetaMath, mCoT, MGSM) and ``\\boxed{72}`` (MATH). A text may hold
several markers; the last one counts. A text that is nothing but a number is its own answer.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_MINUS = "-−–"
_CURRENCY = r"(?:\\?\$|[€£¥₹])"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(
    rf"(?P<sign>[{_MINUS}+]?)\s?{_CURRENCY}?\s?(?P<inner>[{_MINUS}]?)(?P<digits>{_DIGITS})\s{{0,3}}(?:\\?%)?"
)
# A unit: words behind the number ("18 dollars per day"), or two letters or more glued to it ("5km", not "5x").
_UNIT = re.compile(r"(?:\s{0,3}°[^\W\d_]?|\s{1,3}[^\W\d_]|[^\W\d_]{2})[^\W\d_'’./²³ -]{0,3}(?:[^\d\n=+*<>\\]{0,40})")
_MAGNITUDE = re.compile(r"\b(?:hundreds?|thousands?|[mb]illions?|trillions?|dozens?|half|halves)\b", re.I)
_ANY_NUMBER = re.compile(rf"(?<![A-Za-z_.\d])[{_MINUS}]?(?:{_DIGITS})")

_LINE = re.compile(r"^[ \t]*####[ \t]*(?P<answer>[^\n]*\S)[ \t\r]*$", re.M)
_PHRASE = re.compile(
    r"(?P<phrase>(?:\b(?:so|thus|hence|therefore)\b,?[ \t]{1,4})?"
    r"\b(?:the[ \t]{1,4})?(?:final[ \t]{1,4}|correct[ \t]{1,4})?answer[ \t]{1,4}is\b)"
    r"(?P<separator>[ \t]{0,4}[:：]?[ \t]{0,4})"
    r"(?P<answer>[^\s:：](?:[^\n]{0,200}?))(?:[.!。]?(?=[ \t\r]{0,8}$)|[.!](?=[ \t]))",
    re.I | re.M,
)
_BOXED = re.compile(r"\\boxed\s{0,3}\{")
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**"))
_TEXT_COMMAND = re.compile(r"\\(?:text|textbf|mathrm|mbox)\s?\{([^{}]*)\}")
_MAX_WORD_ANSWER = 60


@dataclass(frozen=True, slots=True)
class Marker:
    """A final answer in a text: ``start`` and ``end`` bound it, ``answer_start`` and ``answer_end`` its value.

    Of a ``phrase`` ("The answer is: 72") ``phrase_end`` is where the words end and the separator begins.
    """

    kind: Literal["line", "phrase", "boxed", "whole"]
    start: int
    end: int
    answer_start: int
    answer_end: int
    phrase_end: int = -1


def final_answer(text: str) -> str | None:
    """The final answer of ``text`` as :func:`canonical_answer` spells it, or None where it has none."""
    markers = answer_markers(text)
    if not markers:
        return None
    last = markers[-1]
    return canonical_answer(text[last.answer_start : last.answer_end]) or None


def answer_markers(text: str) -> list[Marker]:
    """The final-answer markers of ``text`` in reading order; a ``\\boxed`` inside another one is part of it."""
    markers: list[Marker] = []
    for marker in sorted(_lines(text) + _phrases(text) + _boxed(text), key=lambda marker: marker.start):
        if not markers or marker.start >= markers[-1].end:
            markers.append(marker)
    if not markers and (stripped := text.strip()) and _NUMBER.fullmatch(stripped):
        start = text.index(stripped)
        return [Marker("whole", start, start + len(stripped), start, start + len(stripped))]
    return markers


def canonical_answer(text: str) -> str:
    """One spelling per answer: "1,080" -> "1080", "51.0" -> "51", "$18 a day" -> "18", "\\text{B}." -> "B".

    Taken off: mathematics delimiters, ``\\boxed``, ``\\text``, a closing full stop; of numbers also thousands
    commas, currency and percent signs, units (words without a digit) and zeros that say nothing. Digits of other
    scripts become ASCII. What is no single number (a fraction, an expression, a word, "2 million") stays as it is.
    """
    text = _unwrap(text)
    match = _NUMBER.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    if rest and (not _UNIT.fullmatch(rest) or _MAGNITUDE.search(rest)):
        return text
    return _canonical_number(match["sign"] + match["inner"], match["digits"])


def split_unit(answer: str) -> int:
    """Where the words behind an answer's number begin, space included ("18 dollars" -> 2); its length if none."""
    match = _NUMBER.match(answer)
    if match is None:
        return len(answer)
    end = len(answer[: match.end()].rstrip())
    rest = answer[end:]
    return end if rest[:1].isspace() and _UNIT.fullmatch(rest) else len(answer)


def numbers(text: str) -> list[str]:
    """Every plain number in ``text``, canonical, in reading order."""
    found = []
    for match in _ANY_NUMBER.finditer(text):
        sign = match[0][0] if match[0][0] in _MINUS else ""
        found.append(_canonical_number(sign, match[0][len(sign) :]))
    return found


def _lines(text: str) -> list[Marker]:
    """``####`` lines that hold a number; other content counts on the last line only, else it is a heading."""
    body = text.rstrip()
    return [
        Marker("line", match.start(), match.end(), match.start("answer"), match.end("answer"))
        for match in _LINE.finditer(text)
        if _NUMBER.fullmatch(match["answer"])
        or (match.end("answer") == len(body) and len(match["answer"]) <= _MAX_WORD_ANSWER)
    ]


def _phrases(text: str) -> list[Marker]:
    return [
        Marker(
            "phrase",
            match.start(),
            match.end(),
            match.start("answer"),
            match.end("answer"),
            match.end("phrase"),
        )
        for match in _PHRASE.finditer(text)
        if _plausible(match["answer"])
    ]


def _plausible(answer: str) -> bool:
    """An answer is a number with or without a unit, mathematics, or one word; a clause is just prose."""
    bare = _unwrap(answer)
    number = _NUMBER.match(bare)
    if number is not None:
        rest = bare[number.end() :]
        return not rest or _UNIT.fullmatch(rest) is not None or not re.search(r"[^\W\d_]{2}", rest)
    return not re.search(r"\s", bare) or answer.lstrip()[:1] in "$\\" or not re.search(r"[^\W\d_]{2}", bare)


def _boxed(text: str) -> list[Marker]:
    found = []
    for match in _BOXED.finditer(text):
        end = _closing_brace(text, match.end())
        if end is not None and text[match.end() : end].strip():
            found.append(Marker("boxed", match.start(), end + 1, match.end(), end))
    return found


def _closing_brace(text: str, start: int) -> int | None:
    """The index of the brace that closes the one before ``start``; the search is bounded, answers are short."""
    depth = 1
    for index in range(start, min(len(text), start + 1000)):
        if text[index] == "\\":
            continue
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return index
    return None


def _unwrap(text: str) -> str:
    """``text`` without delimiters around it, and with ``\\text{...}`` replaced by its content."""
    text = text.replace(r"\!", "").replace(r"\,", " ").strip()
    while True:
        before = text
        text = _TEXT_COMMAND.sub(r"\1", text).strip()
        if len(text) > 1 and text[-1] in ".。":
            text = text[:-1].rstrip()
        for left, right in _WRAPPERS:
            inner = text[len(left) : len(text) - len(right)]
            if text.startswith(left) and text.endswith(right) and inner.strip() and right not in inner:
                text = inner.strip()
        boxed = _BOXED.match(text)
        if boxed and _closing_brace(text, boxed.end()) == len(text) - 1 and text[boxed.end() : -1].strip():
            text = text[boxed.end() : -1].strip()
        if text == before:
            return text


def _canonical_number(sign: str, digits: str) -> str:
    ascii_digits = "".join(
        character if character in ".," else str(unicodedata.decimal(character)) for character in digits
    )
    whole, _, fraction = ascii_digits.replace(",", "").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    number = f"{whole}.{fraction}" if fraction else whole
    negative = any(character in _MINUS for character in sign) and number != "0"
    return f"-{number}" if negative else number
