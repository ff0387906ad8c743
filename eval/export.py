"""Our test sets and prompts as tasks of EleutherAI's lm-evaluation-harness, so that others can check with theirs.

A task a language: a YAML file, the prompts in a jsonl, and a regular expression that takes the answer out of an output
(``generate_until``, ``exact_match``; github.com/EleutherAI/lm-evaluation-harness, docs/task_guide.md, v0.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.checks.call_formats import render_api_bank
from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import write_atomic
from ..toolkit.records import dump_json

if TYPE_CHECKING:
    from .items import Item

FORMATS = ("lm-eval",)
NO_CALL = "no call"
"""What stands for an output without a call, and for a gold that is none."""

# Neither holds a group, for the harness would take the group's text instead of the whole.
FILTERS: Mapping[str, Mapping[str, Any]] = {
    # The last number: what most of its own tasks call "flexible-extract". \d is a digit of any script.
    "math": {
        "name": "last-number",
        "pattern": r"-?\d+(?:[.,]\d+)*",
        "select": -1,
        "fallback": "[invalid]",
        "ignore": [","],
    },
    "api": {
        "name": "first-call",
        "pattern": r"(?s)\[[^\W\d][\w.]*\(.*?\)\]",
        "select": 0,
        "fallback": NO_CALL,
        "ignore": [],
    },
}
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_README = """\
# Tasks for lm-evaluation-harness

Run them in this folder, for the tasks name their data relative to it:

```sh
pip install lm-eval
lm_eval --model hf --model_args pretrained=MODEL --include_path . --tasks {tasks} --log_samples --output_path results
```

{rows}

Prompts are sent as they stand in `data/`, as `mlt eval` sends them without a chat template. Decoding is greedy, up to
{tokens} new tokens.

The harness compares text. {note}
"""
_NOTES = {
    "math": "Its answer is the last number of an output without its thousands commas: digits of other scripts, decimal "
    "commas and 18.0 for 18 count as wrong there, so its figures are at most those of `robust`, but for outputs in "
    "which the last number happens to be right and is not the answer.",
    "api": "Its call must be written like the gold one, letter by letter: another order of the arguments or other "
    "quotes count as wrong there, so its figures are at most those of `strict`.",
}


def export_lm_eval(items: Iterable[Item], out: str | PathLike[str], *, max_new_tokens: int) -> list[str]:
    """Writes tasks, data and a README into ``out``; returns the tasks' names.

    UsageError where ``out`` holds something, DataError where there are no items or one has no plain prompt.
    """
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already and is not empty: name a new folder")
    tasks: dict[str, list[Item]] = {}
    for item in items:
        if not item.prompt:
            raise DataError(f"item {item.id} ({item.lang}) has chat messages only: lm-eval tasks need plain prompts")
        tasks.setdefault(_task_name(item), []).append(item)
    if not tasks:
        raise DataError("there are no items to export")
    for name, own in tasks.items():
        rows = (dump_json({"id": item.id, "prompt": item.prompt, "answer": _answer(item)}) for item in own)
        _write(folder / _data_file(name), "".join(f"{row}\n" for row in rows))
        _write(folder / f"{name}.yaml", _yaml(name, own, max_new_tokens))
    _write(folder / "README.md", _readme(tasks, max_new_tokens))
    return list(tasks)


def _yaml(name: str, items: Sequence[Item], max_new_tokens: int) -> str:
    import yaml

    rule = FILTERS[items[0].task]
    regex = {
        "function": "regex",
        "regex_pattern": rule["pattern"],
        "group_select": rule["select"],
        "fallback": rule["fallback"],
    }
    config = {
        "task": name,
        "tag": f"mlt_{items[0].task}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": _data_file(name)}},
        "test_split": "test",
        "output_type": "generate_until",
        # Columns, not templates: what a template gives is read as a Python list where it stands in brackets.
        "doc_to_text": "prompt",
        "doc_to_target": "answer",
        "target_delimiter": "",
        "num_fewshot": 0,  # the exemplars, if any, stand in the prompts
        "generation_kwargs": {
            "until": list(dict.fromkeys(mark for item in items for mark in item.stop)),
            "max_gen_toks": max_new_tokens,
            "do_sample": False,
            "temperature": 0.0,
        },
        "filter_list": [{"name": rule["name"], "filter": [regex, {"function": "take_first"}]}],
        "metric_list": [
            {
                "metric": "exact_match",
                "aggregation": "mean",
                "higher_is_better": True,
                "regexes_to_ignore": rule["ignore"],
            }
        ],
        "metadata": {"version": 1.0},
    }
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=120)


def _readme(tasks: Mapping[str, Sequence[Item]], max_new_tokens: int) -> str:
    rows = ["| task | language | items |", "| - | - | -: |"]
    rows += [f"| {name} | {own[0].lang} | {len(own):,} |" for name, own in tasks.items()]
    kinds = dict.fromkeys(own[0].task for own in tasks.values())
    note = " ".join(_NOTES[kind] for kind in kinds)
    return _README.format(tasks=",".join(tasks), rows="\n".join(rows), tokens=max_new_tokens, note=note)


def _task_name(item: Item) -> str:
    return "_".join(_UNSAFE.sub("-", part).strip("-") for part in ("mlt", item.test_set, item.lang))


def _data_file(name: str) -> str:
    return f"data/{name}.jsonl"


def _answer(item: Item) -> str:
    if item.task == "math":
        return item.gold.answer or ""
    return render_api_bank(item.gold.calls).removeprefix("API-Request: ") if item.gold.calls else NO_CALL


def _write(path: Path, text: str) -> None:
    write_atomic(path, text.encode("utf-8", "backslashreplace"))
