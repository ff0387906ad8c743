"""Argument values: in the call and in the request that it answers."""

from __future__ import annotations

from collections.abc import Iterable

from ..api_rules import api_problems
from ..check import HardCheck
from ..pairs import Pair


class ArgumentsCheck(HardCheck):
    """Values stand as the policy says, and call and request agree on them.

    Under ``keep`` a value is as in English, in the call and in every message that it stood in; under ``translate`` a
    free text has one rendering in calls, results and messages. A text says no policy: there a value that looks fixed
    (a number, date, id, address) stays, and any other that stood in the request stands there as the call has it.
    Source of the rule: values in the wrong language are the commonest failure of multilingual tool calling
    (arXiv:2601.05366). Abstains where there are no calls.
    """

    name = "arguments"
    summary = "argument values that differ, or that call and request disagree on"

    def applies(self, pair: Pair) -> bool:
        """Whether there are calls."""
        return api_problems(pair) is not None

    def problems(self, pair: Pair) -> Iterable[str]:
        """What is wrong with the values."""
        found = api_problems(pair)
        return found.arguments if found else ()
