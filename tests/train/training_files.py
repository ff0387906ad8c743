"""What tests of training read: rows in files, mixtures of made-up runs, the tiny model with its tokenizer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mix_runs import items, write_run

from mlt.toolkit.mixtures import Format
from mlt.train import mix
from mlt.train.recipe import Recipe, load_recipe
from mlt.train.tiny_model import make_tiny

LANGS = ("en", "sw")


def tiny_recipe(*overrides: str, task: str = "math") -> Recipe:
    return load_recipe(f"tiny/{task}", overrides)


def tiny_tokenizer(template: str | None = None) -> Any:
    """The tiny tokenizer, with a chat template of the test's own where one is given."""
    tokenizer = make_tiny(0)[1]
    if template is not None:
        tokenizer.chat_template = template
    return tokenizer


def make_mixture(folder: Path, format: Format = "prompt", *, validation: int = 3, langs: Iterable[str] = LANGS) -> Path:
    """A mixture of math and API items: ten a language and task to train on."""
    rows = [*items(20), *items(20, "api")]
    run = write_run(folder / "run", dict.fromkeys(langs, rows))
    mix([run], folder / "mix", per_language=20, validation=2 * validation, format=format)
    return folder / "mix"


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def prompt_row(number: int = 0, lang: str = "en", **changes: Any) -> dict[str, Any]:
    row = {
        "id": f"row-{number}",
        "lang": lang,
        "prompt": f"How many are {number} and 1?\n",
        "completion": f"{number} + 1 = {number + 1}\n#### {number + 1}",
    }
    return {**row, **changes}


def said(role: str, content: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def called(name: str, arguments: Any) -> dict[str, Any]:
    call = {"id": "call_0", "type": "function", "function": {"name": name, "arguments": arguments}}
    return said("assistant", "", tool_calls=[call], tool_call_id=None)


def learned_text(row: Mapping[str, Any], tokenizer: Any) -> str:
    """What the labels of a row read as."""
    return str(tokenizer.decode([label for label in row["labels"] if label != -100]))
