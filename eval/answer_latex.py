"""Answers that are expressions, compared by math-verify (github.com/huggingface/Math-Verify) where it is installed."""

from __future__ import annotations

import logging
import re
import threading

_LONGEST = 300  # characters: no answer is longer, and symbolic work on more may not end
_SECONDS = 3
_WRAPPERS = " \t$.。"


def equal_expressions(answer: str, gold: str) -> bool:
    """Whether two answers are the same expression: as they are spelled, or by algebra where math-verify is there."""
    answer, gold = answer.strip(_WRAPPERS), gold.strip(_WRAPPERS)
    if not answer or max(len(answer), len(gold)) > _LONGEST:
        return False
    if re.sub(r"\s", "", answer) == re.sub(r"\s", "", gold):
        return True
    try:
        from math_verify import parse, verify
    except ImportError:
        return False
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)  # it logs every text that it cannot read
    # Its time limit is an alarm, which only the main thread may set.
    seconds = _SECONDS if threading.current_thread() is threading.main_thread() else None
    try:
        sides = [parse(f"${side}$", parsing_timeout=seconds) for side in (gold, answer)]
        return bool(verify(*sides, timeout_seconds=seconds))
    except Exception:  # sympy raises whatever it stumbles over
        return False
