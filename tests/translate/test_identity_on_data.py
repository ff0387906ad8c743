"""Taken apart into units and put together again, every row of the real data is equal to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlt.toolkit.records import Record
from mlt.toolkit.sources import open_source
from mlt.toolkit.tasks import get_task
from mlt.toolkit.tasks.base import Policies
from mlt.translate.english import english_record
from mlt.translate.units import plan_text

FILES = [
    "gsm8k/train_first1000.jsonl",
    "svamp/svamp_shared.jsonl",
    "mgsm/en.test_001-100.jsonl",
    "api_bank/dialogues_lv1_lv2.jsonl",
    "api_bank/train_lv3.jsonl",
    "api_bank/test_level-1-api.jsonl",
    "api_bank/test_level-1-response.jsonl",
    "api_bank/test_level-2-api.jsonl",
    "api_bank/test_level-2-response.jsonl",
    "api_bank/test_level-3.jsonl",
    "api_bank/test_level-3-batch-inf.jsonl",
    "api_bank/test_level-3-batch-inf-response.jsonl",
    "bfcl/simple_python.jsonl",
    "bfcl/multiple.jsonl",
    "bfcl/parallel_multiple.jsonl",
    "bfcl/live_multiple.jsonl.gz",
    "bfcl/irrelevance.jsonl",
]


@pytest.mark.parametrize("name", FILES)
def test_every_row_comes_back_byte_for_byte_and_call_for_call(data_dir: Path, name: str) -> None:
    policies = Policies(tools="translate")
    rows = list(open_source(str(data_dir / name)).rows())
    assert rows
    for row in rows:
        record = english_record(row)
        assert isinstance(record, Record), record
        task = get_task(record.task)
        plans = {text.slot: plan_text(text.text, text.protected) for text in task.texts(record, policies, {})}
        joined = {slot: plan.join({unit: unit.restored for unit in plan.units}) for slot, plan in plans.items()}
        assert task.rebuild(record, joined, policies, {}) == record
        assert not task.check(record, record, policies, {})
