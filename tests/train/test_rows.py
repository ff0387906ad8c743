"""Rows of mixtures: the schema holds them, and what is counted is what a model reads."""

from __future__ import annotations

import pyarrow as pa
import pytest
from made_records import api_record, math_record, records_of

from mlt.toolkit.chat import chat_messages, tools_of
from mlt.toolkit.mixtures import FORMATS, Format, mixture_schema
from mlt.toolkit.prompts import completion_of, prompt_of
from mlt.toolkit.records import Call, Gold, Message, to_row
from mlt.train.rows import mixture_row, row_text

USER = Message("user", "Ongeza.")
API = api_record(
    USER,
    gold=Gold(calls=(Call("Sum", {"a": "mbili"}),), accepts=({"a": ["mbili", ""]},)),
    tools=[{"name": "Sum"}],
)


@pytest.mark.parametrize("format", FORMATS)
def test_rows_of_every_task_fit_the_schema_and_come_back_from_it(format: Format) -> None:
    records = [*records_of(None), API]
    rows = [mixture_row(record, format) for record in records]
    table = pa.Table.from_pylist(rows, schema=mixture_schema(format))
    assert table.to_pylist() == rows
    assert [row["gold"] for row in rows] == [to_row(record)["gold"] for record in records]
    assert table["tokens"].null_count == len(rows)


@pytest.mark.parametrize("format", FORMATS)
def test_row_has_the_columns_of_its_format_and_no_other(format: Format) -> None:
    assert set(mixture_row(API, format)) == set(mixture_schema(format).names)


def test_row_holds_what_prompts_and_chat_say() -> None:
    record = math_record(lang="sw")
    row = mixture_row(record, "prompt", "strip")
    assert (row["prompt"], row["completion"]) == (prompt_of(record), completion_of(record, annotations="strip"))
    row = mixture_row(API, "messages")
    assert (row["messages"], row["tools"]) == (chat_messages(API), tools_of(API))
    row = mixture_row(record, "messages", "strip")
    assert row["messages"] == chat_messages(record, annotations="strip")


def test_text_of_a_prompt_row_is_the_prompt_and_the_completion() -> None:
    row = mixture_row(math_record("Q?"), "prompt")
    assert row_text(row) == "Q?\nLet's think step by step.\n2+2 = <<2+2=4>>4\n#### 4"


def test_text_of_a_message_row_is_all_that_is_said_and_called() -> None:
    tools = tools_of(API)
    assert row_text(mixture_row(API, "messages")) == f'{tools}\nOngeza.\nSum\n{{"a":"mbili"}}'
    assert row_text(mixture_row(api_record(USER, target="Sawa."), "messages")) == "Ongeza.\nSawa."
