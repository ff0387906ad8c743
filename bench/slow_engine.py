"""An engine for the kill test: corrupts like ``corrupting``, so that the ladder is climbed, and takes its time.

Named ``bench.slow_engine:SlowEngine``. It touches the file that ``MLT_BENCH_MARK`` names when its first batch is done.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlt.toolkit.languages import Language
from mlt.translate.engine import Decoding, Hypothesis, Prepared
from mlt.translate.engines.corrupting import CorruptingEngine

SPEC = "bench.slow_engine:SlowEngine"
MARK = "MLT_BENCH_MARK"
SECONDS_A_BATCH = 0.01


class SlowEngine(CorruptingEngine):
    """Small batches, each after a pause, so that a kill has many places to fall on."""

    batch_tokens = 256

    def __init__(self) -> None:
        super().__init__(seed=7)
        self.name = "slow"
        self.identity: Mapping[str, Any] = {"engine": "slow", "model": "slow", "revision": "1"}

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """As ``corrupting``, after a pause."""
        for hypotheses in super().translate(batches, source, target, decoding):
            time.sleep(SECONDS_A_BATCH)
            if mark := os.environ.get(MARK):
                Path(mark).touch()
            yield hypotheses
