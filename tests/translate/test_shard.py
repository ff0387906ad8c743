"""API-calling records under either argument policy: one rendering of a value everywhere, or the row is set aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlt.toolkit.languages import resolve
from mlt.toolkit.records import Record, Source, Translation
from mlt.toolkit.tasks import get_task
from mlt.toolkit.tasks.base import Policies
from mlt.translate.calibrate import Calibration
from mlt.translate.engine import Decoding
from mlt.translate.placeholders import FORMS
from mlt.translate.shard import Settings, ShardResult, translate_shard

SW = resolve("sw").language
MADE = Translation("scripted", "1", "mlt:test", "keep", "keep")
SAID = {
    "Please add Buy fresh milk to my agenda for 2024-05-17.": "Tafadhali ongeza {} kwenye ajenda yangu ya 2024-05-17.",
    "Buy fresh milk": "Nunua maziwa safi",
    "Sure.": "Sawa.",
    "Adds an item to the agenda.": "Huongeza kipengele kwenye ajenda.",
}


def record() -> Record:
    row = {
        "messages": [
            {"role": "user", "content": "Please add Buy fresh milk to my agenda for 2024-05-17."},
            {"role": "assistant", "content": "Sure.", "tool_calls": [call("AddAgenda")]},
        ],
        "tools": [{"type": "function", "function": SCHEMA}],
    }
    return get_task("api").record(row, Source("rows.jsonl", "r", "train", 1, "CC0-1.0"))


SCHEMA = {
    "name": "AddAgenda",
    "description": "Adds an item to the agenda.",
    "parameters": {"type": "object", "properties": {"content": {"type": "string"}, "date": {"type": "string"}}},
}


def call(name: str) -> dict[str, Any]:
    arguments = '{"content": "Buy fresh milk", "date": "2024-05-17"}'
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}


def run(make_decoder: Any, rendering: str, policies: Policies) -> ShardResult:
    """The engine leaves the value in English inside a sentence unless it is told ``rendering``."""

    def answer(text: str, decoding: Decoding) -> list[str]:
        for source, target in SAID.items():
            if text == source:
                return [target.format(rendering)] * 4
        return [text.replace("Please add", "Tafadhali ongeza").replace("to my agenda for", "kwenye ajenda ya")] * 4

    forms = Calibration(1.0, {form.name: 1.0 for form in FORMS})
    return translate_shard(
        [record()],
        SW,
        decoder=make_decoder(answer, SW),
        settings=Settings(policies),
        translation=MADE,
        calibration=lambda: forms,
    )


def test_keep_leaves_the_call_and_its_values_as_they_are(make_decoder: Callable[..., Any]) -> None:
    (kept,) = run(make_decoder, "Buy fresh milk", Policies()).kept
    assert kept.messages[0].content == "Tafadhali ongeza Buy fresh milk kwenye ajenda yangu ya 2024-05-17."
    assert kept.gold == record().gold and kept.target == record().target
    assert kept.lang == "sw" and kept.id == record().id


def test_keep_brings_back_a_value_that_the_engine_translated(make_decoder: Callable[..., Any]) -> None:
    (kept,) = run(make_decoder, "Nunua maziwa safi", Policies()).kept
    assert "Buy fresh milk" in kept.messages[0].content
    assert "placeholder" in {unit.rung for unit in kept.units}


def test_translate_gives_one_rendering_to_request_and_call(make_decoder: Callable[..., Any]) -> None:
    (kept,) = run(make_decoder, "Nunua maziwa safi", Policies(arguments="translate")).kept
    assert "Nunua maziwa safi" in kept.messages[0].content
    assert dict(kept.gold.calls[0].arguments) == {"content": "Nunua maziwa safi", "date": "2024-05-17"}
    assert "content='Nunua maziwa safi'" in kept.target


def test_translate_puts_the_rendering_where_the_engine_left_english(make_decoder: Callable[..., Any]) -> None:
    (kept,) = run(make_decoder, "Buy fresh milk", Policies(arguments="translate")).kept
    assert "Nunua maziwa safi" in kept.messages[0].content and "Buy" not in kept.messages[0].content


def test_a_table_of_the_users_own_keeps_a_value(make_decoder: Callable[..., Any]) -> None:
    policies = Policies(arguments="translate", table={"AddAgenda.content": "keep"})
    (kept,) = run(make_decoder, "Buy fresh milk", policies).kept
    assert kept.gold == record().gold


def test_tools_translate_changes_descriptions_and_nothing_else(make_decoder: Callable[..., Any]) -> None:
    (kept,) = run(make_decoder, "Buy fresh milk", Policies(tools="translate")).kept
    before = record().tools
    assert before is not None and kept.tools is not None
    assert kept.tools == before.replace("Adds an item to the agenda.", "Huongeza kipengele kwenye ajenda.")


def test_a_value_that_cannot_be_rendered_rejects_the_row(make_decoder: Callable[..., Any]) -> None:
    forms = Calibration(1.0, {form.name: 1.0 for form in FORMS})
    result = translate_shard(
        [record()],
        SW,
        decoder=make_decoder(lambda text, decoding: ["" if text == "Buy fresh milk" else text] * 4, SW),
        settings=Settings(Policies(arguments="translate")),
        translation=MADE,
        calibration=lambda: forms,
    )
    assert not result.kept
    assert [entry.reason for entry in result.rejected] == ["value-not-rendered"]
