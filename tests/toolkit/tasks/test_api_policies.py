"""What may change in an API record, what must not, and how the check tells."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.errors import RowError
from mlt.toolkit.records import Call, Gold, Message, Record, Source, dump_json
from mlt.toolkit.tasks.api import ApiTask
from mlt.toolkit.tasks.base import Policies, Protected

TASK = ApiTask()
SOURCE = Source("d", "r", "train", 1, "CC0-1.0")
KEEP, TRANSLATE, TOOLS = Policies(), Policies("translate"), Policies("keep", "translate")

TOOL = {
    "type": "function",
    "function": {
        "name": "AddReminder",
        "description": "Adds a reminder.",
        "parameters": {
            "type": "object",
            "properties": {
                "content": {"type": "string", "description": "What to remember."},
                "kind": {"type": "string", "enum": ["soft", "loud"], "description": "Either soft or loud."},
            },
        },
    },
}
CALL = Call("AddReminder", {"content": "buy milk", "name": "Ann Lee", "time": "2023-05-01 09:00", "n": 3})
EARLIER = Call("AddReminder", {"content": "call mom"})
RECORD = Record(
    id="1",
    group="g",
    task="api",
    lang="en",
    messages=(
        Message("user", "Remind me to call mom."),
        Message("assistant", "", (EARLIER,)),
        Message("tool", '{"content":"call mom","status":"call mom later"}', call_id="call_0"),
        Message("user", "I am Ann Lee: 3 times, please, buy milk."),
    ),
    target="API-Request: [AddReminder(content='buy milk', name='Ann Lee', time='2023-05-01 09:00', n=3)]",
    gold=Gold(calls=(CALL,), accepts=({"content": ["buy milk", "milk"]},)),
    source=SOURCE,
    tools=dump_json([TOOL]),
)
RENDERINGS = {"buy milk": "nunua maziwa", "call mom": "mpigie mama"}


def identical(record: Record, policies: Policies) -> dict[str, str]:
    return {text.slot: text.text for text in TASK.texts(record, policies, {})}


def reasons(target: Record, policies: Policies = KEEP, renderings: dict[str, str] | None = None) -> list[str]:
    return [problem.reason for problem in TASK.check(RECORD, target, policies, renderings or {})]


def test_texts_are_the_spoken_messages_with_their_values() -> None:
    texts = TASK.texts(RECORD, KEEP, {})
    assert [text.slot for text in texts] == ["messages.0", "messages.3"]
    assert texts[0].protected == (Protected("call mom", "call mom"),)
    assert [item.surface for item in texts[1].protected] == ["Ann Lee", "3", "buy milk"]


def test_response_row_gives_its_target_to_translate() -> None:
    record = RECORD.with_(gold=Gold(), target="I call mom.")
    text = TASK.texts(record, KEEP, {})[-1]
    assert (text.slot, text.protected) == ("target", (Protected("call mom", "call mom"),))
    assert TASK.rebuild(record, {"target": "x"}, KEEP, {}).target == "x"


def test_free_texts_are_named_only_under_translate() -> None:
    assert TASK.values(RECORD, KEEP) == ()
    assert TASK.values(RECORD, TRANSLATE) == ("call mom", "buy milk")
    table = {"AddReminder.content": "keep", "*.name": "translate"}
    assert TASK.values(RECORD, Policies("translate", table=table)) == ("Ann Lee",)  # type: ignore[arg-type]


def test_translated_values_change_everywhere_alike() -> None:
    texts = TASK.texts(RECORD, TRANSLATE, RENDERINGS)
    assert Protected("buy milk", "nunua maziwa") in texts[1].protected
    spoken = {"messages.0": "Nikumbushe mpigie mama.", "messages.3": "Ann Lee: mara 3, nunua maziwa."}
    target = TASK.rebuild(RECORD, spoken, TRANSLATE, RENDERINGS)
    assert target.gold.calls[0].arguments == {**CALL.arguments, "content": "nunua maziwa"}
    assert target.gold.accepts == ({"content": ["nunua maziwa", "milk"]},)
    assert target.messages[1].calls == (Call("AddReminder", {"content": "mpigie mama"}),)
    assert json.loads(target.messages[2].content) == {"content": "mpigie mama", "status": "call mom later"}
    assert target.target.startswith("API-Request: [AddReminder(content='nunua maziwa', name='Ann Lee'")
    assert reasons(target, TRANSLATE, RENDERINGS) == []


def test_only_descriptions_of_tools_are_translated() -> None:
    texts = TASK.texts(RECORD, TOOLS, {})[2:]
    assert [text.text for text in texts] == ["Adds a reminder.", "What to remember.", "Either soft or loud."]
    assert [item.surface for item in texts[2].protected] == ["soft", "loud"]
    translated = {text.slot: f"[{text.text}]" for text in texts} | identical(RECORD, KEEP)
    target = TASK.rebuild(RECORD, translated, TOOLS, {})
    assert target.tools == dump_json([TOOL]).replace("Adds a reminder.", "[Adds a reminder.]").replace(
        "What to remember.", "[What to remember.]"
    ).replace("Either soft or loud.", "[Either soft or loud.]")
    assert reasons(target, TOOLS) == []
    assert TASK.rebuild(RECORD, translated, KEEP, {}).tools == RECORD.tools


def with_message(index: int, message: Message) -> Record:
    return RECORD.with_(messages=(*RECORD.messages[:index], message, *RECORD.messages[index + 1 :]))


def said(index: int, content: str) -> Record:
    return with_message(index, replace(RECORD.messages[index], content=content))


SPOILED: list[tuple[str, Policies, dict[str, str], Callable[[], Record]]] = [
    ("value-missing", KEEP, {}, lambda: said(0, "Nikumbushe kumpigia mama.")),
    ("result-changed", KEEP, {}, lambda: said(2, "{}")),
    ("call-not-gold", KEEP, {}, lambda: RECORD.with_(target=RECORD.target.replace("milk", "maziwa"))),
    ("call-not-gold", KEEP, {}, lambda: RECORD.with_(target="API-Request: [")),
    ("call-not-gold", KEEP, {}, lambda: RECORD.with_(gold=Gold(calls=(EARLIER,)))),
    ("call-changed", KEEP, {}, lambda: with_message(1, Message("assistant", ""))),
    ("messages-changed", KEEP, {}, lambda: RECORD.with_(messages=RECORD.messages[:-1])),
    ("schema-changed", KEEP, {}, lambda: RECORD.with_(tools=dump_json([]))),
    ("schema-changed", TOOLS, {}, lambda: RECORD.with_(tools=dump_json([TOOL]).replace("loud", "quiet"))),
    ("value-not-rendered", TRANSLATE, {"buy milk": "nunua"}, lambda: RECORD),
    ("call-not-gold", TRANSLATE, RENDERINGS, lambda: RECORD),
]


@pytest.mark.parametrize(("reason", "policies", "renderings", "spoil"), SPOILED)
def test_spoiled_record_is_told(
    reason: str, policies: Policies, renderings: dict[str, str], spoil: Callable[[], Record]
) -> None:
    assert reason in reasons(spoil(), policies, renderings)


def test_an_untouched_record_holds_under_keep() -> None:
    assert reasons(RECORD) == []


def api_records(data_dir: Path) -> Iterator[Record]:
    """Every row of API-Bank and of BFCL's single-turn categories."""
    paths = [*sorted((data_dir / "api_bank").glob("*.jsonl")), *sorted((data_dir / "bfcl").glob("*.jsonl*"))]
    for path in paths:
        if "multi_turn" in path.name or "live_relevance" in path.name:
            continue
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        for line in text.splitlines():
            yield TASK.record(json.loads(line), SOURCE)


def test_every_row_of_the_data_comes_back_equal(data_dir: Path) -> None:
    count = 0
    for record in api_records(data_dir):
        for policies in (KEEP, Policies("translate", "translate")):
            assert TASK.rebuild(record, identical(record, policies), policies, {}) == record
        assert not TASK.check(record, record, KEEP, {})
        count += 1
    assert count > 3000


def test_values_in_the_users_words_are_covered(data_dir: Path) -> None:
    """By code of its own: of API-Bank's values that stand in a user's message, each lies in a protected piece."""
    standing = missed = 0
    for record in api_records(data_dir):
        calls = [*record.gold.calls, *(call for message in record.messages for call in message.calls)]
        values = {str(value) for call in calls for value in call.arguments.values() if isinstance(value, str)}
        for text in TASK.texts(record, KEEP, {}):
            if text.slot != "target" and record.messages[int(text.slot[9:])].role == "user":
                held = [value for value in values if value.strip() and value in text.text]
                standing += len(held)
                missed += sum(not any(value in item.surface for item in text.protected) for value in held)
    assert standing > 3000
    assert missed <= 12  # "all", "mi" and "m": words of grammar and letters inside other words


@pytest.mark.parametrize("name", ["multi_turn_base", "multi_turn_miss_func", "multi_turn_func_doc"])
def test_unsupported_files_are_refused_row_by_row(data_dir: Path, name: str) -> None:
    for line in (data_dir / "bfcl" / f"{name}.jsonl").read_text("utf-8").splitlines():
        with pytest.raises(RowError) as caught:
            TASK.record(json.loads(line), SOURCE)
        assert caught.value.reason in ("unsupported-format", "unknown-format")


def test_gold_of_test_rows_is_the_call_of_their_dialogue(data_dir: Path) -> None:
    made: dict[str, list[Any]] = {}
    folder = data_dir / "api_bank"
    for line in (folder / "dialogues_lv1_lv2.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        turns = [turn for turn in row["turns"] if turn["role"] == "API"]
        made[row["id"]] = [Call(turn["api_name"], turn["param_dict"]) for turn in turns]
    compared = 0
    for name in ("test_level-1-api", "test_level-2-api"):
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines():
            record = TASK.record(json.loads(line), SOURCE)
            if record.group in made:
                assert all(call in made[record.group] for call in record.gold.calls)
                compared += 1
    assert compared > 200
