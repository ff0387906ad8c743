"""What tests of the backends share: items made on the spot, and outputs in their order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlt.eval.engine import Output
from mlt.eval.items import Item, make_item
from mlt.toolkit.records import Gold

CALLED = {"id": "call_0", "type": "function", "function": {"name": "Add", "arguments": '{"a": "5"}'}}
TOOLS = [{"type": "function", "function": {"name": "Add", "parameters": {}}}]
PROMPTS = ["How many?\n", "How many more?\n" * 3, "Ngapi?\n", "いくつ？\n", "How many?\n" * 2]


def item(prompt: str, *, stop: tuple[str, ...] = (), **more: Any) -> Item:
    fields = {"id": prompt, "group": "g", "task": "math", "lang": "en", "test_set": "mine", "gold": Gold("18")}
    return make_item(**{**fields, **more}, prompt=prompt, stop=stop)


def outputs(generator: Any, items: Sequence[Item], limit: int = 12, **options: Any) -> list[Output]:
    found = dict(generator.generate(items, max_new_tokens=limit, **options))
    return [found[index] for index in sorted(found)]


def rename_base(adapter: Path, base: str | None) -> None:
    """Gives an adapter another base."""
    path = adapter / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, "base_model_name_or_path": base}), encoding="utf-8")
