"""The task of calling APIs: rows become records, records are taken apart for the translator and put together again.

What is translated: what users and assistants say, the system message, and the target where it is an answer (a
*response* row) instead of calls. Calls, results and tool schemas are not sent; with ``tools="translate"`` the
descriptions in the schemas are. Values of arguments follow the policy: under ``keep`` they stay as in English in the
call and in every message they stand in; under ``translate`` free texts change, with one rendering in messages,
results and calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..checks.call_formats import render_api_bank, same_calls
from ..checks.calls import CallSyntaxError, parse_calls
from ..records import Call, Gold, Message, Record, Source, dump_json, item_id
from .api_formats import read_safely
from .arguments import Leaf, is_free_text, leaves
from .base import Policies, Problem, Text
from .tool_schema import at as at_path
from .tool_schema import blanked, described_in, descriptions, fixed_strings, parameters_by_name, with_texts
from .value_spans import protected_in


class ApiTask:
    """The adaptor of API-calling data; see :class:`.base.Task` for what its methods promise."""

    name = "api"

    def record(self, row: Mapping[str, Any], source: Source) -> Record:
        """An English record; see :mod:`.api_bank` and :mod:`.api_formats` for the layouts. Raises RowError."""
        plain, draft = read_safely(row)
        item = item_id(self.name, plain)
        return Record(
            id=item,
            group=draft.group or item,
            task=self.name,
            lang="en",
            messages=draft.messages,
            target=draft.target,
            gold=draft.gold,
            source=source,
            tools=dump_json(draft.tools) if draft.tools else None,
        )

    def values(self, record: Record, policies: Policies) -> tuple[str, ...]:
        """The free texts among the arguments, each once; a text that any call must keep is not among them."""
        if policies.arguments == "keep":
            return ()
        free: dict[str, None] = {}
        kept = set()
        for leaf in _leaves(record):
            if is_free_text(leaf, policies.table):
                free[leaf.value] = None
            else:
                kept.add(leaf.value if isinstance(leaf.value, str) else None)
        return tuple(value for value in free if value not in kept)

    def texts(self, record: Record, policies: Policies, renderings: Mapping[str, str]) -> list[Text]:
        """Messages, an answer as the target, and under ``tools="translate"`` the descriptions of the tools."""
        surfaces = [_surface(leaf.value) for leaf in _leaves(record)]
        values = [surface for surface in surfaces if surface]
        used = self._used(record, policies, renderings)
        texts = [Text(slot, text, protected_in(text, values, used)) for slot, text in _spoken(record) if text.strip()]
        if policies.tools == "translate" and record.tools is not None:
            tools = json.loads(record.tools)
            for slot, path in descriptions(tools):
                text = at_path(tools, path)
                texts.append(Text(slot, text, protected_in(text, fixed_strings(tools, path), {})))
        return texts

    def rebuild(
        self, record: Record, translated: Mapping[str, str], policies: Policies, renderings: Mapping[str, str]
    ) -> Record:
        """The record with each slot's text replaced, and under ``translate`` the free texts of calls and results."""
        used = self._used(record, policies, renderings)
        messages = tuple(
            _rebuilt(message, translated.get(f"messages.{index}", message.content), used)
            for index, message in enumerate(record.messages)
        )
        gold = record.gold
        if used:
            accepts = gold.accepts
            gold = Gold(
                gold.answer,
                _replaced_calls(gold.calls, used),
                None if accepts is None else tuple(_replaced(dict(entry), used) for entry in accepts),
            )
        target = render_api_bank(gold.calls) if gold.calls else translated.get("target", record.target)
        return record.with_(
            messages=messages, gold=gold, target=target, tools=_rebuilt_tools(record, translated, policies)
        )

    def check(
        self, source: Record, target: Record, policies: Policies, renderings: Mapping[str, str]
    ) -> Sequence[Problem]:
        """Whether calls, results, schemas and values are what the policies say. Reasons: ``messages-changed``,

        ``call-not-gold``, ``call-changed``, ``result-changed``, ``schema-changed``, ``value-missing`` and
        ``value-not-rendered``.
        """
        if [message.role for message in source.messages] != [message.role for message in target.messages]:
            return [Problem("messages-changed", f"{len(source.messages)} -> {len(target.messages)} messages")]
        return [
            *self._check_rendered(source, policies, renderings),
            *_check_calls(self.rebuild(source, {}, policies, renderings), target),
            *_check_tools(source, target, policies),
            *_check_values(self.texts(source, policies, renderings), target, policies),
        ]

    def _check_rendered(self, source: Record, policies: Policies, renderings: Mapping[str, str]) -> Iterator[Problem]:
        for value in self.values(source, policies):
            if not renderings.get(value, "").strip():
                yield Problem("value-not-rendered", f"{value!r} has no rendering")

    def _used(self, record: Record, policies: Policies, renderings: Mapping[str, str]) -> dict[str, str]:
        """The renderings of this record's own free texts."""
        return {
            value: renderings[value] for value in self.values(record, policies) if renderings.get(value, "").strip()
        }


def _leaves(record: Record) -> Iterator[Leaf]:
    """The leaves of the earlier calls and of the gold calls."""
    schemas = _schemas(record)
    for calls in (*(message.calls for message in record.messages), record.gold.calls):
        for call in calls:
            yield from leaves(call, schemas)


def _schemas(record: Record) -> dict[str, Mapping[str, Any]]:
    """The parameters of the tools that the record names, in its tools or in the results of a search for tools."""
    found: dict[str, Mapping[str, Any]] = {}
    for message in record.messages:
        if message.role == "tool":
            found |= parameters_by_name(list(described_in(json.loads(message.content))))
    return found | parameters_by_name(json.loads(record.tools) if record.tools else [])


def _surface(value: Any) -> str:
    """A value as it would stand in a text; empty for true, false and null."""
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, bool) else dump_json(value)


def _spoken(record: Record) -> Iterator[tuple[str, str]]:
    for index, message in enumerate(record.messages):
        if message.role != "tool":
            yield f"messages.{index}", message.content
    if not record.gold.calls:
        yield "target", record.target


def _rebuilt(message: Message, content: str, renderings: Mapping[str, str]) -> Message:
    calls = message.calls
    if renderings:
        calls = _replaced_calls(calls, renderings)
        if message.role == "tool":
            content = dump_json(_replaced(json.loads(content), renderings))
    return Message(message.role, content, calls, message.call_id)


def _replaced_calls(calls: tuple[Call, ...], renderings: Mapping[str, str]) -> tuple[Call, ...]:
    return tuple(Call(call.name, _replaced(dict(call.arguments), renderings)) for call in calls)


def _replaced(value: Any, renderings: Mapping[str, str]) -> Any:
    """``value`` with every text in it that is one of the values, as a whole, replaced; keys stay."""
    if isinstance(value, str):
        return renderings.get(value, value)
    if isinstance(value, Mapping):
        return {key: _replaced(part, renderings) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(part, renderings) for part in value]
    return value


def _rebuilt_tools(record: Record, translated: Mapping[str, str], policies: Policies) -> str | None:
    if record.tools is None or policies.tools == "keep":
        return record.tools
    tools = json.loads(record.tools)
    texts = {path: translated[slot] for slot, path in descriptions(tools) if slot in translated}
    return dump_json(with_texts(tools, texts))


def _check_calls(expected: Record, target: Record) -> Iterator[Problem]:
    """``expected`` is the source with its values rendered: calls and results must be as there."""
    if not same_calls(expected.gold.calls, target.gold.calls) or expected.gold.accepts != target.gold.accepts:
        yield Problem("call-not-gold", f"gold is {render_api_bank(target.gold.calls)[:200]}")
    elif expected.gold.calls:
        try:
            calls = parse_calls(target.target)
        except CallSyntaxError as error:
            yield Problem("call-not-gold", str(error))
        else:
            if not same_calls(calls, expected.gold.calls):
                yield Problem("call-not-gold", f"the target reads {target.target[:200]}")
    for index, (before, after) in enumerate(zip(expected.messages, target.messages, strict=True)):
        if not same_calls(before.calls, after.calls):
            yield Problem("call-changed", f"messages.{index}")
        if before.call_id != after.call_id or (before.role == "tool" and before.content != after.content):
            yield Problem("result-changed", f"messages.{index}")


def _check_tools(source: Record, target: Record, policies: Policies) -> Iterator[Problem]:
    if source.tools == target.tools:
        return
    if policies.tools == "keep" or source.tools is None or target.tools is None:
        yield Problem("schema-changed", "the tools differ")
    elif dump_json(blanked(json.loads(source.tools))) != dump_json(blanked(json.loads(target.tools))):
        yield Problem("schema-changed", "the tools differ in more than their descriptions")


def _check_values(texts: Sequence[Text], target: Record, policies: Policies) -> Iterator[Problem]:
    """Every value that stood in a text of the source stands in the same text of the target, as it is to read."""
    spoken = dict(_spoken(target))
    if policies.tools == "translate" and target.tools is not None:
        tools = json.loads(target.tools)
        spoken |= {slot: at_path(tools, path) for slot, path in descriptions(tools)}
    for text in texts:
        found = spoken.get(text.slot, "")
        for protected in text.protected:
            if protected.rendering not in found:
                yield Problem("value-missing", f"{protected.rendering!r} is not in {text.slot}")
