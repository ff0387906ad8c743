"""Evaluation folders made by hand: samples with the verdicts that a test asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MODEL = {"name": "made/model", "revision": "r1"}
VERDICTS = {"math": ("faithful", "robust"), "api": ("strict", "normalised")}


def sample(number: int, right: bool, lang: str = "en", task: str = "math", **fields: Any) -> dict[str, Any]:
    """A sample line; items of one number share their id and group in all languages."""
    values = {
        "key": f"{task}-{lang}-{number}",
        "id": f"item-{number:03d}",
        "group": f"group-{number:03d}",
        "task": task,
        "lang": lang,
        "test_set": "made",
        "prompt": f"Question {number}?\n",
        "output": "The answer is 18." if right else "The answer is 17.",
        "finish": "stop",
        "extracted": "18" if right else "17",
        "gold": "18",
        "verdicts": dict.fromkeys(VERDICTS[task], right),
        "error": None if right else "wrong-answer",
        "fidelity": {"judged": True, "lang": lang, "match": True, "lines": 1, "skipped": 0},
        "tokens": 12,
        "generated_tokens": 6,
    }
    return {**values, **fields}


def evaluation(folder: Path, samples: Iterable[dict[str, Any]], *, shots: int = 0, **identity: Any) -> Path:
    """A folder that holds these samples; ``identity`` goes over the one it has."""
    whole = {"model": MODEL, **identity}
    sets = {"made": {"name": "made", "shots": shots, "max_new_tokens": 64, "skipped": {}, "revisions": {"en": "r1"}}}
    manifest = {"schema_version": "1", "identity": whole, "signature": "mlt:0.1.0|model:made", "sets": sets}
    (folder / "samples").mkdir(parents=True)
    (folder / "eval.json").write_text(json.dumps(manifest))
    for entry in samples:
        with (folder / "samples" / f"{entry['task']}-{entry['lang']}.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return folder


def answers(rights: Iterable[bool], lang: str = "en", **fields: Any) -> list[dict[str, Any]]:
    """A sample a verdict, numbered from 0."""
    return [sample(number, right, lang, **fields) for number, right in enumerate(rights)]
