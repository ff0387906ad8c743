"""Calls of an API record, and API requests in a text."""

from __future__ import annotations

from collections.abc import Iterable

from ..api_rules import api_problems
from ..check import HardCheck
from ..pairs import Pair


class CallCheck(HardCheck):
    """The target's calls are those of the source: number, order, names, argument names; earlier calls and results too.

    A record's target must read as its gold calls, whatever the policy. In a text every ``API-Request: [...]``,
    ``<tool_call>`` or call list of the source has its like, which can be read if the source's can. A call in which
    only values differ is the check of arguments' concern. Abstains where there are no calls.
    """

    name = "call"
    summary = "calls that are lost, unreadable or others than in the English"

    def applies(self, pair: Pair) -> bool:
        """Whether there are calls."""
        return api_problems(pair) is not None

    def problems(self, pair: Pair) -> Iterable[str]:
        """What is wrong with the calls."""
        found = api_problems(pair)
        return found.call if found else ()
