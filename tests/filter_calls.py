"""API-calling records and the pairs made of them, for checks of calls, arguments and schemas."""

from typing import Any

from mlt.filter.pairs import Pair, pair_of
from mlt.toolkit.checks.call_formats import render_api_bank
from mlt.toolkit.languages import resolve
from mlt.toolkit.records import Call, Gold, Message, Record, Source, Translation, dump_json

SOURCE = Source("made-up", "1", "train", 1, "CC0-1.0")
GOLD = (Call("AddAlarm", {"time": "2024-03-05 07:30:00", "label": "Morning run", "repeat": 2}),)
TOKEN = Call("GetToken", {"user": "amina", "password": "x9y8z7"})
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "AddAlarm",
            "description": "Sets an alarm.",
            "parameters": {
                "type": "object",
                "properties": {"label": {"type": "string", "description": "What it is for."}},
            },
        },
    }
]
REQUEST = "Wake me for my Morning run, I am amina."
SWAHILI = "Niamshe kwa ajili ya Morning run, mimi ni amina."


def record(**changes: Any) -> Record:
    """An English dialogue with an earlier call, its result, and gold calls."""
    messages = (
        Message("user", REQUEST),
        Message("assistant", "", (TOKEN,)),
        Message("tool", '{"token":"a1b2c3"}', (), "call_0"),
    )
    made = Record("1", "1", "api", "en", messages, render_api_bank(GOLD), Gold(calls=GOLD), SOURCE, dump_json(TOOLS))
    return made.with_(**changes)


def translated(arguments: str = "keep", tools: str = "keep", text: str = SWAHILI, **changes: Any) -> Record:
    """The record in Swahili under the given policies."""
    base = record()
    made = base.with_(
        lang="sw",
        messages=(Message("user", text), *base.messages[1:]),
        translation=Translation("some/model", "1", "mlt:test", arguments, tools),
    )
    return made.with_(**changes)


def calling(**changes: Any) -> dict[str, Any]:
    """The changes of a record whose gold calls have other arguments."""
    calls = (Call("AddAlarm", {**GOLD[0].arguments, **changes}),)
    return {"gold": Gold(calls=calls), "target": render_api_bank(calls)}


def api_pair(target: Record, source: Record | None = None) -> Pair:
    """The pair of an API record and its Swahili side."""
    return pair_of(source or record(), target, resolve("sw").language)
