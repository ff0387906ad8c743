"""The final answer of a solution."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from ...toolkit.checks.final_answer import answer_markers, canonical_answer, final_answer
from ...toolkit.checks.numbers import find_numbers
from ...toolkit.languages import Language
from ...toolkit.tasks.math import answer_stands
from ..check import HardCheck
from ..pairs import TEXT_TASK, Pair

_SIGNS = re.compile(r"####|\\boxed|answer|\A[^a-z]*\Z", re.I)  # without any of them a text has no final answer


class AnswerCheck(HardCheck):
    """``#### 72``, ``\\boxed{72}`` and "The answer is 72" still say the same, in digits of any script.

    The answer of a math record, and of a text whose English has such a marker; abstains from all else. A translated
    "The answer is" is no marker any more: there the last number of the text is the answer, as the language writes
    numbers.
    """

    name = "answer"
    summary = "final answers that are not those of the English"

    def applies(self, pair: Pair) -> bool:
        """Whether the source has a final answer."""
        if pair.target.task == TEXT_TASK:
            source = pair.segments[0].source
            return _SIGNS.search(source) is not None and bool(answer_markers(source))
        return pair.target.task == "math"

    def problems(self, pair: Pair) -> Iterator[str]:
        """The answer that was expected, and the one that was found."""
        if pair.target.task == TEXT_TASK:
            source, target, gold = pair.segments[0].source, pair.segments[0].target, None
        else:
            source, target, gold = pair.source.target, pair.target.target, pair.source.gold.answer
        if not answer_stands(source, target, gold) and not _reads_so(source, target, gold, pair.language):
            found = final_answer(target)
            yield f"{final_answer(source) or gold} became {'none' if found is None else found[:80]}"


def _reads_so(source: str, target: str, gold: str | None, language: Language) -> bool:
    """Whether the answer of a sentence stands in the target as the language writes it (1.080 for 1,080)."""
    markers = answer_markers(source)
    if (markers and markers[-1].kind != "phrase") or answer_markers(target):
        return False
    raw = source[markers[-1].answer_start : markers[-1].answer_end] if markers else gold or ""
    try:
        expected = Decimal(canonical_answer(raw))
    except InvalidOperation:
        return False
    found = find_numbers(target, language)
    return bool(found) and expected.copy_abs() in found[-1].values
