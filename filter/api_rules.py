"""What must hold of calls, arguments and tools: of an API record by its task's rules, of a plain text by its requests.

A difference between two lists of calls is the *call's* where names, argument names, order or number differ or nothing
can be read, and the *arguments'* where only values do, so that a damage has one reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..toolkit.checks.call_formats import same_calls
from ..toolkit.checks.calls import CallSyntaxError, parse_calls
from ..toolkit.checks.literals import LiteralError, parse_literal
from ..toolkit.records import Call, Record
from ..toolkit.tasks import get_task
from ..toolkit.tasks.arguments import looks_fixed
from ..toolkit.tasks.base import Policies, Problem
from ..toolkit.tasks.value_spans import protected_in
from .pairs import TEXT_TASK, Pair, side_by_side
from .requests_in_text import find_requests, without_requests

_MEMO = "_api_problems"
_KEY = re.compile(r"(?=\S*[A-Za-z]{2})(?=\S*[\d@_])\S{6,}")


class ApiProblems(NamedTuple):
    """Problems by the check whose reason they are, in words; None where there is nothing to judge."""

    call: list[str]
    arguments: list[str]
    structure: list[str]


def api_problems(pair: Pair) -> ApiProblems | None:
    """The problems of a pair, worked out once for all checks that ask."""
    memo = vars(pair)  # as functools.cached_property does it
    if _MEMO not in memo:
        memo[_MEMO] = _problems(pair)
    found: ApiProblems | None = memo[_MEMO]
    return found


def _problems(pair: Pair) -> ApiProblems | None:
    if pair.target.task == "api":
        return _of_record(pair.source, pair.target)
    if pair.target.task == TEXT_TASK:
        return _of_text(pair.segments[0].source, pair.segments[0].target)
    return None


def call_values(pair: Pair) -> tuple[str, ...]:
    """The texts among the arguments of a record's calls, longest first: a translation may keep them."""
    if pair.target.task != "api":
        return ()
    calls = [call for message in pair.source.messages for call in message.calls] + [*pair.source.gold.calls]
    values = {text for call in calls for value in call.arguments.values() for text, _ in _strings(value, value)}
    return tuple(sorted((value for value in values if value.strip()), key=lambda value: (-len(value), value)))


def _of_record(source: Record, target: Record) -> ApiProblems:
    found = ApiProblems([], [], [])
    if [message.role for message in source.messages] != [message.role for message in target.messages]:
        return found  # what stands where cannot be told; the check of structure says so
    policies, renderings = _policies(source, target)
    try:
        problems = get_task("api").check(source, target, policies, renderings)
    except ValueError as error:  # of an edited record
        found.structure.append(f"tools or results are no JSON: {error}")
        return found
    for problem in problems:
        _sort(problem, source, target, found)
    return found


def _sort(problem: Problem, source: Record, target: Record, found: ApiProblems) -> None:
    text = f"{problem.reason}: {problem.detail}"
    if problem.reason == "schema-changed":
        found.structure.append(text)
    elif problem.reason in ("value-missing", "value-not-rendered"):
        found.arguments.append(text)
    elif problem.reason == "result-changed" or not _same_shape(source, target):
        found.call.append(text)
    else:
        found.arguments.append(text)


def _same_shape(source: Record, target: Record) -> bool:
    """Whether all calls of two records differ in no more than values."""
    lists = [(source.gold.calls, target.gold.calls)]
    lists += [(before.calls, after.calls) for before, after in zip(source.messages, target.messages, strict=True)]
    if source.gold.calls:
        try:
            lists.append((source.gold.calls, tuple(parse_calls(target.target))))
        except CallSyntaxError:
            return False
    return all(_shape(before) == _shape(after) for before, after in lists)


def _shape(calls: Sequence[Call]) -> list[tuple[str, tuple[str, ...]]]:
    return [(call.name, tuple(sorted(call.arguments))) for call in calls]


def _policies(source: Record, target: Record) -> tuple[Policies, Mapping[str, str]]:
    """The policies that a record was made with, and the renderings that its calls show.

    A value's rendering is what stands at its place in the target's calls. The user's table is not kept with a record,
    so that a changed value counts as free text unless it looks fixed.
    """
    made = target.translation
    if made is None:
        return Policies(), {}
    tools: Any = made.tools_policy
    if made.arguments_policy != "translate":
        return Policies("keep", tools), {}
    renderings: dict[str, str] = {}
    table: dict[str, Any] = {}
    for before, after in _call_pairs(source, target):
        for name, value in before.arguments.items():
            for old, new in _strings(value, after.arguments.get(name)):
                renderings.setdefault(old, new)
                if old != new and not looks_fixed(old):
                    table[f"{before.name}.{name}"] = "translate"
    return Policies("translate", tools, table), renderings


def _call_pairs(source: Record, target: Record) -> Iterator[tuple[Call, Call]]:
    yield from zip(source.gold.calls, target.gold.calls, strict=False)
    for before, after in zip(source.messages, target.messages, strict=False):
        yield from zip(before.calls, after.calls, strict=False)


def _strings(before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Texts that stand at the same place in two values."""
    if isinstance(before, str) and isinstance(after, str):
        yield before, after
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key, part in before.items():
            yield from _strings(part, after.get(key))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for old, new in zip(before, after, strict=False):
            yield from _strings(old, new)


def _of_text(source: str, target: str) -> ApiProblems | None:
    before, after = find_requests(source), find_requests(target)
    if not before:
        return None
    found = ApiProblems([], [], [])
    if len(before) != len(after):
        found.call.append(f"{len(before)} requests became {len(after)}")
        return found
    said = side_by_side(without_requests(source, before), without_requests(target, after).casefold())
    for old, new in zip(before, after, strict=True):
        if old.calls is None:
            continue
        if new.calls is None or (old.closed and not new.closed):
            found.call.append(f"cannot be read: {target[new.start : new.end][:120]}")
        elif _shape(old.calls) != _shape(new.calls):
            found.call.append(f"another call: {target[new.start : new.end][:120]}")
        elif not _same_result(old.result, new.result):
            found.call.append(f"another result: {(new.result or 'none')[:120]}")
        else:
            found.arguments.extend(_value_problems(old.calls, new.calls, said))
    return found


def _same_result(before: str | None, after: str | None) -> bool:
    """Whether two results agree in all but their free texts; results that are no data must be there."""
    if before is None or after is None:
        return before is after
    try:
        old = parse_literal(before)
    except LiteralError:
        return bool(after) or not before
    try:
        return _fixed(old) == _fixed(parse_literal(after))
    except LiteralError:
        return False


def _fixed(value: Any) -> Any:
    """A value with an empty text for every free text in it, in a form that tells 1 from true."""
    if isinstance(value, Mapping):
        return {key: _fixed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_fixed(part) for part in value]
    if isinstance(value, str):
        return value if looks_fixed(value) else ""
    return repr(value)


def _value_problems(before: Sequence[Call], after: Sequence[Call], said: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Values that are no longer what the request says. Under either policy call and request agree: the value stays in

    both, or is rendered in both; what looks fixed stays, and so do the digits of what does not. ``said``: the lines of
    the request and of its translation.
    """
    for old_call, new_call in zip(before, after, strict=True):
        for name, old in old_call.arguments.items():
            new = new_call.arguments[name]
            free = isinstance(old, str) and isinstance(new, str) and not looks_fixed(old)
            same = same_calls([Call(name, {name: old})], [Call(name, {name: new})])
            if not same and not (free and _digits(old) == _digits(new)):
                yield f"{name} was {str(old)[:60]!r} and is {str(new)[:60]!r}"
            elif (free or _is_key(old)) and any(
                _stands(old, line) and new.casefold() not in translated for line, translated in said
            ):
                yield f"{name}: {new[:60]!r} does not stand in the request"


def _digits(text: str) -> list[int]:
    return sorted(unicodedata.decimal(char) for char in text if char.isdecimal())


def _is_key(value: Any) -> bool:
    """Whether a fixed value is a name or an address, which nobody writes otherwise, unlike a date or an amount."""
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _stands(value: str, request: str) -> bool:
    """Whether a request holds a value that must then stand there: a word of its own, and no word of grammar."""
    return value in request and any(piece.surface == value for piece in protected_in(request, [value], {}))
