"""Finished GSM8K and API-Bank pairs, broken as the corrupting engine breaks texts, and fed to the filter as pairs.

The sound side is what the pipeline publishes with the Bergamot en-pt model; what happens to it afterwards, no check of
``mlt translate`` has seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import filtered
from . import independent_check as independent
from .bergamot_engine import SPEC
from .common import Figure, Settings, gsm8k, say, scratch, slug, write_jsonl
from .corruptions import draw

LANGUAGE = "pt"
SOUND = "keep"
HARD = ("change-number", "drop", "mangle", "empty")
SCORED = {"loop": 100, "truncate": 90, "wrong-language": 99}
WRONG_LANGUAGE = "Это предложение написано не на том языке, который был запрошен."
_DIALOGUE_FILES = ("dialogues_lv1_lv2", "test_level-1-api", "test_level-2-api")

# What may name a change, by where it stood. In a dialogue, a number of what was said is often a value of a call.
OWN = {
    "answer": {"answer"},
    "call": {"call", "arguments"},
    "sum": {"sums", "structure", "numbers", "arguments"},
    "words": {"numbers", "structure", "arguments"},
    "end": {"ending", "call", "answer"},
    "all": {"empty"},
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A pair after one kind. ``place``: where it was changed first (a key of :data:`OWN`); ``real``: the independent
    check sees a difference; ``reason``: the check that dropped it, None where it was kept."""

    data: str
    kind: str
    source: str
    sound: str
    target: str
    place: str
    real: bool
    reason: str | None = None

    @property
    def own(self) -> bool:
        """Whether the reason is one that names such a change."""
        return self.reason in OWN[self.place]


def run(settings: Settings) -> list[Figure]:
    """The figures of both data sets."""
    figures, every = [], []
    with scratch() as folder:
        for name, pairs in finished(settings, folder).items():
            judged = judge(name, pairs, folder / slug(name))
            figures += [_kept(name, judged), *_scored_figures(name, judged)]
            every += judged
    return [*_hard_figures(every), *figures]


def finished(settings: Settings, folder: Path) -> dict[str, list[tuple[str, str]]]:
    """English and Portuguese texts of rows that the pipeline has published."""
    wanted = settings.size(300, 12)
    math = write_jsonl(folder / "gsm8k.jsonl", gsm8k(settings)[:wanted])
    dialogues = [settings.data / "api_bank" / f"{name}.jsonl" for name in _DIALOGUE_FILES]
    found: dict[str, list[tuple[str, str]]] = {}
    for name, files in {"GSM8K": [math], "API-Bank": dialogues}.items():
        pairs: list[tuple[str, str]] = []
        for file in files:
            if len(pairs) < wanted:
                pairs += _translated(file, folder / f"run-{file.stem}", folder / "cache", wanted - len(pairs))
        found[name] = list(dict.fromkeys(pairs))
    return found


def _translated(file: Path, out: Path, cache: Path, limit: int) -> list[tuple[str, str]]:
    from mlt.translate import translate

    say(f"  Bergamot: {file.name}")
    translate(file, langs=[LANGUAGE], model=SPEC, out=out, cache_dir=cache, limit=limit)
    english = {row["id"]: row for row in independent.read_rows(out / "en")}
    return [(as_text(english[row["id"]]), as_text(row)) for row in independent.read_rows(out / LANGUAGE)]


def as_text(row: Mapping[str, Any]) -> str:
    """A record as one text: question and solution, or the lines of a dialogue with its calls."""
    if row["task"] == "math":
        return "\n".join([*(message["content"] for message in row["messages"]), row["target"]])
    lines: list[str] = []
    for message in row["messages"]:
        if message["role"] == "tool":
            continue
        if message["content"].strip():
            lines.append(f"{'User' if message['role'] == 'user' else 'AI'}: {message['content']}")
        lines += [_call_line(message["calls"])] if message["calls"] else []
    return "\n".join([*lines, row["target"] if row["gold"]["calls"] else f"AI: {row['target']}"])


def _call_line(calls: Sequence[Mapping[str, Any]]) -> str:
    from mlt.toolkit.checks.call_formats import render_api_bank
    from mlt.toolkit.records import Call

    return render_api_bank([Call(call["name"], json.loads(call["arguments"])) for call in calls])


def judge(name: str, pairs: Sequence[tuple[str, str]], folder: Path) -> list[Broken]:
    """Every pair after every kind, as the filter decides."""
    from mlt.translate.engines.corrupting import CORRUPTIONS

    judged = []
    for kind in CORRUPTIONS:
        broken = [
            one for one in (_broken(name, kind, *pair) for pair in pairs) if kind == SOUND or one.target != one.sound
        ]
        rows = [(f"{index}", one.source, one.target, LANGUAGE) for index, one in enumerate(broken)]
        say(f"  {name}, {kind}: {len(rows)} pairs")
        outcomes = filtered.decisions(rows, folder / kind, lid="embedded")
        judged += [_with_reason(one, outcomes[f"{index}"][0]) for index, one in enumerate(broken)]
    return judged


def _broken(name: str, kind: str, source: str, sound: str) -> Broken:
    from mlt.translate.engines.corrupting import CORRUPTIONS

    target = WRONG_LANGUAGE if kind == "wrong-language" else CORRUPTIONS[kind](sound, draw(kind, sound))
    real = any(independent.check_text(sound, target))
    return Broken(name, kind, source, sound, target, _place(sound, target), real)


def _with_reason(one: Broken, reason: str | None) -> Broken:
    return Broken(one.data, one.kind, one.source, one.sound, one.target, one.place, one.real, reason)


def _place(sound: str, target: str) -> str:
    """What stood where the two texts first differ."""
    if not target:
        return "all"
    if sound.startswith(target.rstrip()):
        return "end"
    differs = (index for index, pair in enumerate(zip(sound, target, strict=False)) if pair[0] != pair[1])
    position = next(differs, min(len(sound), len(target) - 1))
    line = sound[sound.rfind("\n", 0, position) + 1 :].split("\n", 1)[0]
    if line.startswith("####"):
        return "answer"
    if line.startswith("API-Request:"):
        return "call"
    return "sum" if independent.ANNOTATION.search(line) or independent.ARITHMETIC.search(line) else "words"


def _hard_figures(judged: Sequence[Broken]) -> list[Figure]:
    hard = [one for one in judged if one.kind in HARD and (one.real or one.kind == "empty")]
    own = sum(one.own for one in hard)
    kept = [one for one in hard if one.reason is None]
    unreal = [one for one in judged if one.kind in HARD and not one.real and one.kind != "empty"]
    by_place: dict[str, Counter[str]] = {}
    for one in hard:
        by_place.setdefault(f"{one.kind}, {one.place}", Counter())[one.reason or "kept"] += 1
    matrix = {key: dict(row.most_common()) for key, row in sorted(by_place.items())}
    return [
        Figure(
            name="finished.hard_kept",
            title="Finished pairs, digit changed, word with digits lost or taken apart, empty: kept",
            asked="0",
            measured=len(kept),
            unit="pairs",
            met=not kept,
            how=f"of {len(hard)} whose change the independent check sees; it sees none in {len(unreal)} more",
            details={"kept": [f"{one.kind}: {one.target[:200]}" for one in kept[:20]]},
        ),
        Figure(
            name="finished.own_reason",
            title="Finished pairs, hard kinds: dropped for their own reason",
            asked="100 %",
            measured=100 * own / max(len(hard), 1),
            unit="%",
            met=own == len(hard),
            how="kind and place x reason: see below",
            details={"matrix": matrix, "own": {place: sorted(names) for place, names in OWN.items()}},
        ),
    ]


def _kept(name: str, judged: Sequence[Broken]) -> Figure:
    sound = [one for one in judged if one.kind == SOUND]
    reasons = Counter(one.reason for one in sound if one.reason)
    return Figure(
        name=f"finished.sound.{slug(name)}",
        title=f"Finished pairs kept as they are, {name}",
        asked="reported",
        measured=100 * (1 - reasons.total() / max(len(sound), 1)),
        unit="%",
        met=None,
        how=f"of {len(sound)} pairs of the Bergamot en-pt model",
        details={"reasons": dict(reasons.most_common())},
    )


def _scored_figures(name: str, judged: Sequence[Broken]) -> list[Figure]:
    figures = []
    for kind, asked in SCORED.items():
        some = [one for one in judged if one.kind == kind]
        reasons = Counter(one.reason for one in some if one.reason)
        caught = 100 * reasons.total() / max(len(some), 1)
        figures.append(
            Figure(
                name=f"finished.{slug(kind)}.{slug(name)}",
                title=f"Finished pairs caught, {kind}, {name}",
                asked=f">= {asked} %",
                measured=caught,
                unit="%",
                met=caught >= asked,
                how=f"of {len(some)} pairs",
                details={"reasons": dict(reasons.most_common())},
            )
        )
    return figures
