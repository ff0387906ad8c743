"""Studies made by hand as ``mlt study`` leaves them: a folder that ``build_table`` reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from made_studies import TIERS, MadeRun, failure_of, group_id, item_id

VERDICTS = {"math": ("robust", "faithful"), "api": ("strict", "normalised")}


def on_disk(
    folder: Path,
    runs: Iterable[MadeRun],
    *,
    name: str = "made",
    pivot: str = "en",
    tiers: Mapping[str, str] = TIERS,
    items_per_group: int = 1,
    failed: Sequence[MadeRun] = (),
    to_come: Sequence[MadeRun] = (),
) -> Path:
    """A study's folder with finished, failed and planned runs; its path. Outputs hold markup, as models' may."""
    finished = list(runs)
    everything = [*finished, *failed, *to_come]
    mixtures = {run.mixture: run.languages for run in everything if not run.base}
    study = {
        "schema_version": "1",
        "name": name,
        "spec": {"name": name, "evaluate": {"verdict": {"math": "robust", "api": "strict"}}},
        "pivot": pivot,
        "tiers": dict(tiers),
        "evaluated": list(dict.fromkeys(lang for run in everything for lang in run.right)),
        "ladder": [{"name": key, "size": len(langs), "languages": [*langs]} for key, langs in mixtures.items()],
        "runs": [run.entry(done=run in finished) for run in everything if not run.base],
        "bases": [run.entry() for run in everything if run.base],
    }
    _write(folder / "study.json", study)
    for run in finished:
        _write_run(folder, run, items_per_group)
    for run in failed:
        _write_failed(folder, run)
    return folder


def _folder(folder: Path, run: MadeRun) -> Path:
    return folder / ("bases" if run.base else "runs") / run.address


def _write_run(folder: Path, run: MadeRun, items_per_group: int) -> None:
    own = _folder(folder, run)
    answers = own / "answers"
    _write(
        answers / "eval.json",
        {
            "schema_version": "1",
            "identity": {"model": {"name": run.model.name, "revision": "r1"}},
            "signature": "mlt:made",
            "sets": {"made": {"name": "made", "task": run.task, "shots": 0, "max_new_tokens": 64, "revisions": {}}},
        },
    )
    digests = {}
    for lang, right in run.right.items():
        lines = [json.dumps(_sample(run, lang, index, ok, items_per_group)) for index, ok in enumerate(right)]
        path = answers / "samples" / f"{run.task}-{lang}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        digests[f"samples/{path.name}"] = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    _write(own / "job.json", _job(run))
    _write(own / "state.json", _state("done", "eval", 0, ""))
    (own / "log.txt").write_text("done\n", encoding="utf-8")
    _write(own / "done.json", _done(run, digests))


def _write_failed(folder: Path, run: MadeRun) -> None:
    own = _folder(folder, run)
    error = failure_of(run)["error"]
    _write(own / "job.json", _job(run))
    _write(own / "state.json", _state("failed", "train", 3, error))
    (own / "log.txt").write_text(f"step 1\n{error}\n", encoding="utf-8")


def _job(run: MadeRun) -> dict[str, Any]:
    return {**run.entry(), "kind": "base" if run.base else "run", "names": [run.name], "recipe": {}, "evaluate": {}}


def _state(state: str, stage: str, rc: int, error: str) -> dict[str, Any]:
    times = {"started": 1_767_225_600.0, "ended": 1_767_225_660.0, "seconds": {"train": 40.0, "eval": 20.0}}
    return {"state": state, "stage": stage, "pid": 1, "host": "", **times, "rc": rc, "error": error, "attempts": 1}


def _done(run: MadeRun, digests: Mapping[str, str]) -> dict[str, Any]:
    train = {
        "steps": run.steps,
        "kept_step": run.steps,
        "tokens": run.tokens,
        "rows": 60,
        "signature": "s",
        "validation": 0.5,
    }
    return {
        "address": run.address,
        "finished": "2026-01-01T00:01:00+00:00",
        "seconds": {"train": 40.0, "eval": 20.0},
        "train": None if run.base else train,
        "answers": dict(digests),
        "results": {lang: {"items": len(right), "correct": sum(right)} for lang, right in run.right.items()},
    }


def _sample(run: MadeRun, lang: str, index: int, right: bool, items_per_group: int) -> dict[str, Any]:
    """A sample as ``mlt eval`` writes it; the second verdict is always the opposite of the first."""
    first_verdict, second = VERDICTS[run.task]
    return {
        "key": hashlib.blake2b(f"{run.task}-{lang}-{index}".encode(), digest_size=16).hexdigest(),
        "id": item_id(run.task, index),
        "group": group_id(run.task, index, items_per_group),
        "task": run.task,
        "lang": lang,
        "test_set": "made",
        "prompt": f"Question {index}?\n",
        "output": f"The answer is {18 if right else 17}. <b>&amp; done</b>",
        "finish": "stop",
        "extracted": "18" if right else "17",
        "gold": "18",
        "verdicts": {first_verdict: right, second: not right},
        "error": None if right else "wrong-answer",
        "fidelity": {"judged": False, "lang": None, "match": None, "lines": 0, "skipped": 0},
        "tokens": 12,
        "generated_tokens": 6,
    }


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
