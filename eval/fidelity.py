"""Whether an answer is in the language that it was asked in.

A model may reason well and in English. The text is judged by language ID as a whole, without its digits, mathematics,
code and calls, for a line alone says too little; lines that hold no words then are counted as skipped. What cannot be
judged counts neither way. Thoughts in ``<think>`` tags are no part of the answer.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import regex

from ..filter.lid.detector import Detector, Priors
from ..filter.lid.route import Route
from ..toolkit.languages import all_languages, resolve
from ..toolkit.progress import NullProgress
from ..toolkit.spans import find_spans
from .call_search import after_thoughts, find_calls

MIN_LETTERS = 12
"""Texts with fewer letters are not judged; a Chinese or Japanese letter counts for three, a Korean one for two."""

# How much a confusable neighbour and any other language count beside the language asked for and English (1).
_PRIORS = Priors(neighbour=0.1, other=0.01)
_SURE = 0.5
_MIN_LINE = 2  # letters: a line with fewer says nothing
_MAX_LENGTH = 20_000
_DENSE = {"Hira": 3, "Kana": 3, "Hani": 3, "Hang": 2}
_DENSE_LETTERS = {name: regex.compile(rf"\p{{Script={name}}}") for name in _DENSE}
_LETTER = regex.compile(r"\p{L}")
_UNREADABLE = regex.compile(r"[\p{N}\p{C}\p{S}]+")
_FENCE = regex.compile(r"```.*?(?:```|\Z)", regex.S)


@dataclass(frozen=True, slots=True)
class Fidelity:
    """``judged``: whether anything could be said; ``lang``: the language found (one of our codes, or the detector's
    own label for one that has none); ``match``: whether it is the one asked for, None where nothing was judged.

    ``lines`` are those that hold anything, ``skipped`` those of them without words.
    """

    judged: bool
    lang: str | None
    match: bool | None
    lines: int
    skipped: int


class FidelityJudge:
    """Judges outputs by one detector: ``embedded``, a Hub id, or the path of a fastText model.

    Raises UsageError for a name that is none, and EnvironmentProblem when the detector is first needed and missing.
    """

    def __init__(self, lid: str = "embedded") -> None:
        self._route = Route([lid], NullProgress())

    def identity(self, lang: str) -> dict[str, str] | None:
        """Name and revision of the detector; None where it does not know the language."""
        detector = self._route.choose(resolve(lang).language)
        return None if isinstance(detector, str) else {"name": detector.name, "revision": detector.revision}

    def judge(self, output: str, lang: str) -> Fidelity:
        """The language of an output against ``lang``, a code that :func:`resolve` knows (UsageError otherwise)."""
        language = resolve(lang).language
        answer = output[after_thoughts(output) :][:_MAX_LENGTH]
        lines = [line for line in answer.splitlines() if line.strip()]
        words = [line for line in without_symbols(answer).splitlines() if _weight(line) >= _MIN_LINE]
        skipped = max(0, len(lines) - len(words))
        text = " ".join(" ".join(words).split())
        detector = self._route.choose(language)
        if isinstance(detector, str) or _weight(text) < MIN_LETTERS:
            return Fidelity(False, None, None, len(lines), skipped)
        share, rival = detector.judge([text], language, _PRIORS)[0]
        if share is None:
            return Fidelity(False, None, None, len(lines), skipped)
        match = share >= _SURE
        found = language.code if match else _code(detector, rival)
        return Fidelity(True, found, match, len(lines), skipped)


def without_symbols(output: str) -> str:
    """An output's words, line by line: without calls, code, mathematics, URLs, digits and signs; NFC."""
    text = _FENCE.sub(_blank, output)
    if (found := find_calls(text)) and found.calls:
        text = f"{text[: found.start]}\n{text[found.end :]}"
    lines = []
    for line in unicodedata.normalize("NFC", text).splitlines():
        at, parts = 0, []
        for span in find_spans(line):
            parts.append(line[at : span.start])
            at = span.end
        lines.append(_UNREADABLE.sub(" ", " ".join([*parts, line[at:]])))
    return "\n".join(lines)


def _blank(found: regex.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _weight(text: str) -> int:
    """How many letters of an alphabet a text is worth."""
    dense = sum((worth - 1) * len(_DENSE_LETTERS[name].findall(text)) for name, worth in _DENSE.items())
    return len(_LETTER.findall(text)) + dense


def _code(detector: Detector, label: str) -> str:
    """Our code for a detector's label; of the two forms of Chinese the usual one."""
    codes = detector.labels.get(label) or frozenset()
    return min(codes, key=_order().__getitem__) if codes else label.removeprefix("__label__")


@cache
def _order() -> dict[str, int]:
    """Codes in the registry's order, in which simplified Chinese stands before traditional."""
    return {language.code: place for place, language in enumerate(all_languages())}
