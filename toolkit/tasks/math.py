"""Math problems with worked solutions: GSM8K, MetaMath and mCoT, MATH, SVAMP, MGSM.

The question is the user's message, the solution the target, both as in the source. What says the final answer
is rebuilt, not translated: ``#### 72`` never leaves the record, and of "The answer is: 72" only the words do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..checks import arithmetic
from ..checks.final_answer import (
    Marker,
    answer_markers,
    canonical_answer,
    final_answer,
    numbers,
    split_unit,
)
from ..errors import RowError
from ..records import Gold, Message, Record, Source, item_id
from .base import Policies, Problem, Text

# In the order they are looked for. A solution beats an answer: MATH-like sets have both.
_QUESTION = ("question", "query", "problem", "Question")
_SOLUTION = ("solution", "response", "answer", "Answer")
_ANSWER = ("answer_number", "final_answer", "expected_answer", "answer", "Answer")
_ENGLISH = {"en", "eng", "english"}
_SENTENCE_END = re.compile(r"(?:^|[\n.!?:])\s*$")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a solution; ``slot`` is None where it stays as it is."""

    text: str
    slot: str | None = None


class MathTask:
    """The adaptor of math sets (:class:`mlt.toolkit.tasks.base.Task`)."""

    name = "math"

    def record(self, row: Mapping[str, Any], source: Source) -> Record:
        """An English record; RowError missing-field, wrong-type, empty-question, no-final-answer,
        answer-mismatch (the row's answer is not its solution's) or not-english (by a ``lang`` column)."""
        _refuse_other_languages(row)
        question = _question(row)
        target, answer = _solution(row)
        item = item_id(self.name, {"question": question, "solution": target, "answer": answer})
        return Record(
            id=item,
            group=self._group(row) or item,
            task=self.name,
            lang="en",
            messages=(Message("user", question),),
            target=target,
            gold=Gold(answer=answer),
            source=source,
        )

    def values(self, record: Record, policies: Policies) -> tuple[str, ...]:
        """Math has no values that must be rendered alike."""
        return ()

    def texts(self, record: Record, policies: Policies, renderings: Mapping[str, str]) -> list[Text]:
        """The question ("messages.0") and the solution without its answer ("target", "target.1", ...)."""
        question = [Text("messages.0", record.messages[0].content)]
        return question + [Text(piece.slot, piece.text) for piece in _divide(record.target) if piece.slot]

    def rebuild(
        self, record: Record, translated: Mapping[str, str], policies: Policies, renderings: Mapping[str, str]
    ) -> Record:
        """The record with its texts replaced; a slot that ``translated`` lacks keeps its text."""
        question = translated.get("messages.0", record.messages[0].content)
        pieces = _divide(record.target)
        return record.with_(
            messages=(Message("user", question),),
            target="".join(translated.get(piece.slot, piece.text) if piece.slot else piece.text for piece in pieces),
        )

    def check(
        self, source: Record, target: Record, policies: Policies, renderings: Mapping[str, str]
    ) -> Sequence[Problem]:
        """Problems answer-changed, annotation-lost (a ``<<48/2=24>>`` is missing), annotation-wrong (a new one)."""
        problems = annotation_problems(source.target, target.target)
        if not answer_stands(source.target, target.target, source.gold.answer):
            found = final_answer(target.target)
            problems.insert(0, Problem("answer-changed", f"{source.gold.answer} became {found}"))
        return problems

    def _group(self, row: Mapping[str, Any]) -> str | None:
        """The row's own group; rephrasings of one problem (MetaMath) share the group of the original."""
        if isinstance(row.get("group"), str) and row["group"]:
            return str(row["group"])
        original = row.get("original_question")
        return item_id(self.name, {"question": original}) if isinstance(original, str) and original else None


def _refuse_other_languages(row: Mapping[str, Any]) -> None:
    language = row.get("lang", row.get("language"))
    if isinstance(language, str) and re.split("[-_]", language.lower())[0] not in _ENGLISH:
        raise RowError("not-english", f"the row says its language is {language[:40]!r}")


def _question(row: Mapping[str, Any]) -> str:
    key = _first(row, _QUESTION)
    if key is None:
        raise RowError("missing-field", f"no question among the columns {_columns(row)}")
    question = row[key]
    if not isinstance(question, str):
        raise RowError("wrong-type", f"{key} is {type(question).__name__}, not text")
    if not question.strip():
        raise RowError("empty-question", f"{key} is empty")
    body = row.get("Body") if key == "Question" else None
    if isinstance(body, str) and (body := body.rstrip()):
        return f"{body}{' ' if body[-1] in '.!?' else '. '}{question}"
    return question


def _solution(row: Mapping[str, Any]) -> tuple[str, str]:
    """The target and the canonical answer of a row. Without a worked solution the target is the answer."""
    key = _first(row, _SOLUTION) or _first(row, _ANSWER)
    if key is None:
        raise RowError("missing-field", f"no answer or solution among the columns {_columns(row)}")
    target = _as_text(key, row[key])
    worked = final_answer(target)
    stated_key = next((name for name in _ANSWER if name != key and row.get(name) is not None), None)
    stated = canonical_answer(_as_text(stated_key, row[stated_key])) if stated_key else ""
    if worked and stated and worked != stated and _is_number(worked) and _is_number(stated):
        raise RowError("answer-mismatch", f"{stated_key} is {stated}, but the solution ends in {worked}")
    answer = stated or worked
    if not answer:
        raise RowError("no-final-answer", f"{key} ends in {target[-60:]!r}")
    markers = answer_markers(target)
    return (answer if markers and markers[-1].kind == "whole" else target), answer


def _as_text(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, Decimal, float)) and not isinstance(value, bool):
        number = Decimal(value) if isinstance(value, int) else Decimal(str(value))
        if not number.is_finite():
            raise RowError("no-final-answer", f"{key} is {value}")
        return format(number, "f")
    raise RowError("wrong-type", f"{key} is {type(value).__name__}, not text or a number")


def _first(row: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((key for key in keys if row.get(key) is not None), None)


def _columns(row: Mapping[str, Any]) -> str:
    return ", ".join(str(key) for key in list(row)[:20]) or "(none)"


def _divide(target: str) -> list[_Piece]:
    """A solution as pieces that join to it again: texts for the translator, and what code puts back."""
    pieces: list[_Piece] = []
    at = 0
    for start, end, inner in _answer_cuts(target):
        pieces += _text_piece(target[at:start])
        pieces += inner
        at = end
    pieces += _text_piece(target[at:])
    slots = 0
    for index, piece in enumerate(pieces):
        if piece.slot is not None:
            pieces[index] = _Piece(piece.text, f"target.{slots}" if slots else "target")
            slots += 1
    return pieces


def _answer_cuts(target: str) -> list[tuple[int, int, list[_Piece]]]:
    """Where answers stand, and their pieces. Of phrases only the last counts, where it begins a sentence."""
    markers = answer_markers(target)
    phrases = [marker for marker in markers if marker.kind == "phrase"]
    cuts = []
    for marker in markers:
        if marker.kind in ("line", "whole"):
            cuts.append((marker.start, marker.end, [_Piece(target[marker.start : marker.end])]))
        elif marker in phrases[-1:] and _SENTENCE_END.search(target[max(0, marker.start - 100) : marker.start]):
            cuts.append((marker.start, marker.end, _phrase_pieces(target, marker)))
    return cuts


def _phrase_pieces(target: str, marker: Marker) -> list[_Piece]:
    """ "The answer is" | ": 72 " | "apples": the words and the unit are texts, the number is not."""
    answer = target[marker.answer_start : marker.answer_end]
    unit = marker.answer_start + split_unit(answer)
    pieces = _text_piece(target[marker.start : marker.phrase_end])
    pieces.append(_Piece(target[marker.phrase_end : unit]))
    return [*pieces, *_text_piece(target[unit : marker.answer_end]), _Piece(target[marker.answer_end : marker.end])]


def _text_piece(text: str) -> list[_Piece]:
    """``text`` as a piece for the translator, white space around it apart; without letters it stays."""
    stripped = text.strip()
    if not any(character.isalpha() for character in stripped):
        return [_Piece(text)] if text else []
    start = text.index(stripped)
    return [_Piece(text[:start]), _Piece(stripped, "target"), _Piece(text[start + len(stripped) :])]


def answer_stands(source: str, target: str, gold: str | None) -> bool:
    """Whether the final answer of a translated solution is the source's; ``gold`` is that of a source without marker.

    A translated "The answer is" is no marker any more, and a solution may have none: then the last number of
    the text must be the source's, and the answer must be among its numbers (or its words, if it is no number).
    """
    expected = final_answer(source) or gold or ""
    found = final_answer(target)
    if found is not None:
        return found == expected
    markers = answer_markers(source)
    if markers and markers[-1].kind != "phrase":
        return False
    if not _is_number(expected):
        raw = source[markers[-1].answer_start : markers[-1].answer_end] if markers else ""
        return raw in target
    before, after = numbers(source), numbers(target)
    return before[-1:] == after[-1:] and (expected in after or expected not in before)


def annotation_problems(source: str, target: str) -> list[Problem]:
    """Where the sides do not hold the same ``<<expression=value>>``; a sum that is wrong in the source stays as it is.

    Reasons: ``annotation-lost`` and ``annotation-wrong``.
    """
    before = Counter((found.expression, found.value_text) for found in arithmetic.annotations(source))
    after = {(found.expression, found.value_text): found for found in arithmetic.annotations(target)}
    now = Counter((found.expression, found.value_text) for found in arithmetic.annotations(target))
    lost = [Problem("annotation-lost", f"<<{expression}={value}>> is missing") for expression, value in before - now]
    new = [
        Problem(
            "annotation-wrong",
            f"<<{key[0]}={key[1]}>> {'was not there' if arithmetic.holds(after[key]) else 'does not hold'}",
        )
        for key in now - before
    ]
    return lost + new


def _is_number(answer: str) -> bool:
    return re.fullmatch(r"-?\d+(?:\.\d+)?", answer) is not None
