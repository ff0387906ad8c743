"""Whether the calls that a model has written are the ones that were wanted.

``strict`` is the study's measure (arXiv:2604.13286): API name, argument names and argument values exactly as in the
gold call. ``normalised`` lets a value be written in another way (:mod:`.call_values`). Where a ground truth lists the
values that count, as BFCL's does, ``strict`` is BFCL's own verdict (:mod:`.bfcl`). Calls of one answer may stand in
any order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..toolkit.checks.call_formats import same_calls
from ..toolkit.errors import DataError
from ..toolkit.records import Call
from ..toolkit.tasks.tool_schema import function_of, parameters_by_name
from .call_errors import PAIR_ERRORS, CallError, Wanted, error_of, exactly
from .call_search import find_calls

_RANKED: tuple[CallError | None, ...] = (None, *PAIR_ERRORS)
_RANK = {error: rank for rank, error in enumerate(_RANKED)}


@dataclass(frozen=True, slots=True)
class CallVerdict:
    """``extracted``: the calls read, empty for ``[]``, None where there are none or none can be read.

    ``error`` is the gravest class, None where ``normalised`` holds; a strict answer is always a normalised one.
    """

    extracted: tuple[Call, ...] | None
    strict: bool
    normalised: bool
    error: CallError | None


def judge(
    output: str,
    gold_calls: Sequence[Call],
    tools: str | None = None,
    source_calls: Sequence[Call] | None = None,
    accepts: Sequence[Mapping[str, list[Any]]] | None = None,
) -> CallVerdict:
    """Judges a model's output against the calls that were wanted; with none wanted, an output without calls is right.

    ``tools``: JSON text of the tools that were offered, which gives types to BFCL's rules and names to arguments by
    position. ``source_calls``: the English calls, in the order of the gold ones; without them a value in the wrong
    language can only be called wrong. ``accepts``: the allowed values of each gold call's arguments. Raises DataError
    where ``accepts`` does not go with the gold calls, or ``tools`` is no JSON.
    """
    found = find_calls(output)
    calls = found.calls if found else None
    if not gold_calls:
        error: CallError | None = None if found is None else _unwanted(calls)
        return CallVerdict(calls, error is None, error is None, error)
    if not calls:
        return CallVerdict(calls, False, False, "unparsable" if found and calls is None else "no-call")
    if len(calls) != len(gold_calls):
        return CallVerdict(calls, False, False, "call-count")
    wanted = _wanted(gold_calls, tools, source_calls, accepts)
    costs = [[_RANK[error_of(call, gold)] for gold in wanted] for call in calls]
    gravest = max(costs[row][column] for row, column in enumerate(_assigned(costs)))
    strict = _all_paired(calls, wanted, _is_exact)
    normalised = strict or gravest == 0
    return CallVerdict(calls, strict, normalised, None if normalised else _RANKED[gravest])


def _unwanted(calls: tuple[Call, ...] | None) -> CallError | None:
    if calls is None:
        return "unparsable"
    return "call-count" if calls else None


def _is_exact(call: Call, wanted: Wanted) -> bool:
    return same_calls([call], [wanted.call]) if wanted.allowed is None else exactly(call, wanted)


def _all_paired(calls: Sequence[Call], wanted: Sequence[Wanted], fits: Callable[[Call, Wanted], bool]) -> bool:
    """Whether every call has a wanted one of its own that it fits."""
    costs = [[0 if fits(call, gold) else 1 for gold in wanted] for call in calls]
    return all(costs[row][column] == 0 for row, column in enumerate(_assigned(costs)))


def _assigned(costs: Sequence[Sequence[int]]) -> list[int]:
    """For each row the column that it gets when the sum of costs is least."""
    if len(costs) == 1:
        return [0]
    from scipy.optimize import linear_sum_assignment

    return [int(column) for column in linear_sum_assignment(costs)[1]]


def _wanted(
    gold_calls: Sequence[Call],
    tools: str | None,
    source_calls: Sequence[Call] | None,
    accepts: Sequence[Mapping[str, list[Any]]] | None,
) -> list[Wanted]:
    if accepts is not None and len(accepts) != len(gold_calls):
        raise DataError(f"{len(accepts)} lists of accepted values for {len(gold_calls)} gold calls; make the set anew")
    offered = _offered(tools)
    parameters = parameters_by_name(offered)
    required = {str(function_of(tool).get("name")): _required(function_of(tool)) for tool in offered}
    english = dict(enumerate(source_calls or ()))
    return [
        Wanted(
            call=gold,
            allowed=None if accepts is None else accepts[place],
            # The English call at the same place, where it is one of the same API.
            source=source if (source := english.get(place)) and source.name == gold.name else None,
            parameters=parameters.get(gold.name),
            required=required.get(gold.name, frozenset()),
        )
        for place, gold in enumerate(gold_calls)
    ]


def _offered(tools: str | None) -> list[Any]:
    if not tools:
        return []
    try:
        offered = json.loads(tools)
    except ValueError as error:
        raise DataError(f"the tools of an item are no JSON ({error}): {tools[:60]!r}; make the set anew") from error
    return offered if isinstance(offered, list) else []


def _required(function: Mapping[str, Any]) -> frozenset[str]:
    parameters = function.get("parameters")
    required = parameters.get("required") if isinstance(parameters, Mapping) else None
    return frozenset(name for name in required if isinstance(name, str)) if isinstance(required, list) else frozenset()
