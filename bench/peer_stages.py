"""Where the time of a run goes: the stack of its thread, looked at 200 times a second."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

INTERVAL = 0.005
# The first rule that fits any frame of a stack decides; after them, the innermost frame that a rule fits.
_WHOLE = (("mlt.translate.shortlist.audit", "audit"), ("mlt.translate.speed_settings", "settings"))
_INNERMOST = (
    ("mlt.translate.engines.tokenization", "tokenise"),
    ("mlt.translate.engines", "decode"),
    ("mlt.translate.shortlist", "list"),
    ("mlt.translate.verify", "checks"),
    ("mlt.toolkit.checks", "checks"),
    ("mlt.toolkit.tasks", "records"),
    ("mlt.translate.units", "units"),
    ("mlt.translate.placeholders", "units"),
    ("mlt.translate.ladder", "ladder"),
    ("mlt.translate.cache", "cache"),
    ("mlt.translate.decode", "batches"),
    ("mlt.translate.english", "read"),
    ("mlt.toolkit.sources", "read"),
    ("mlt.toolkit.store", "write"),
    ("mlt.translate", "other"),
    ("mlt.toolkit", "other"),
)


def stages(call: Callable[[], Any]) -> dict[str, float]:
    """The share of the call's time in each stage, largest first."""
    watched, seen, ended = threading.get_ident(), Counter[str](), threading.Event()

    def watch() -> None:
        while not ended.wait(INTERVAL):
            frame = sys._current_frames().get(watched)
            seen[stage_of(list(_modules(frame)))] += 1

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        call()
    finally:
        ended.set()
        watcher.join()
    return {stage: count / seen.total() for stage, count in seen.most_common()}


def stage_of(modules: Sequence[str]) -> str:
    """The stage of a stack, given as the modules of its frames, innermost first."""
    for prefix, stage in _WHOLE:
        if any(_inside(module, prefix) for module in modules):
            return stage
    for module in modules:
        for prefix, stage in _INNERMOST:
            if _inside(module, prefix):
                return stage
    return "other"


def _inside(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def _modules(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
