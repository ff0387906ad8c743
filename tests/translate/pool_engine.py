"""An engine of a test's own: it turns words around, and does to its process what the rows ask for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlt.toolkit.languages import Language
from mlt.translate.engine import Decoding, Hypothesis, Prepared


class PoolEngine:
    """Into Swahili, texts with ``KILLONCE`` kill their process the first time, those with ``KILLALWAYS`` each time.

    ``RAISE`` raises, ``SLOW`` takes its time. What has happened stands in the folder that MLT_POOL_TEST names; a file
    ``mended`` there ends the trouble, ``quick`` the waiting.
    """

    name = "pool"
    license = None
    max_n_best = 4
    translates = False
    identity: Mapping[str, Any] = {"model": "pool", "revision": "1"}

    def supports(self, language: Language) -> bool:
        return language.code != "ace"

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        return [Prepared.in_words(text) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        for batch in batches:
            for unit in batch:
                act(unit.text, target.code)
            yield [[Hypothesis(unit.text)] for unit in batch]

    def close(self) -> None: ...


def act(text: str, lang: str) -> None:
    notes = Path(os.environ["MLT_POOL_TEST"])
    if "SLOW" in text and not (notes / "quick").exists():
        (notes / f"slow-{lang}").touch()
        time.sleep(1)
    if (notes / "mended").exists():
        return
    if "RAISE" in text:
        raise RuntimeError("this row cannot be translated")
    if lang == "sw" and ("KILLALWAYS" in text or ("KILLONCE" in text and not (notes / "killed").exists())):
        (notes / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
