"""The engine under test, loaded once for all runs of the benchmark, so that a run is timed without its loading.

The pipeline makes it by name (``bench.shared_engine:SharedEngine``); everything it is asked goes to the engine that
:func:`use` has loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlt.toolkit.languages import Language
from mlt.translate.engine import Decoding, Engine, Hypothesis, Prepared

SPEC = "bench.shared_engine:SharedEngine"
_loaded: dict[str, Engine] = {}
_sent: list[list[Sequence[Prepared]]] = []
_dry: list[bool] = []


def use(folder: Path) -> Engine:
    """Load the model in ``folder`` (on the CPU) and decode one unit, so that its weights are in memory."""
    from mlt.toolkit.languages import ENGLISH, resolve
    from mlt.translate.models import load_engine

    engine = load_engine(str(folder), device="cpu")
    target = resolve("th").language
    first = engine.prepare(["One unit."], ENGLISH, target)
    list(engine.translate([first], ENGLISH, target, Decoding(beam_size=1)))
    _loaded["engine"] = engine
    return engine


def sent() -> list[list[Sequence[Prepared]]]:
    """What the pipeline handed over since the last call, one list of batches a call of the engine."""
    taken = list(_sent)
    _sent.clear()
    return taken


@contextmanager
def dry() -> Iterator[None]:
    """Inside, the engine gives empty hypotheses at once: to learn what the pipeline sends without the decoding."""
    _dry.append(True)
    try:
        yield
    finally:
        _dry.pop()


class SharedEngine:
    """The loaded engine under the name that the pipeline was given; it stays loaded when a run closes it."""

    def __init__(self) -> None:
        self._engine = _loaded["engine"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """The engine's own hypotheses; the batches are noted as they pass."""
        noted: list[Sequence[Prepared]] = []
        _sent.append(noted)

        def passing() -> Iterator[Sequence[Prepared]]:
            for batch in batches:
                noted.append(batch)
                yield batch

        if _dry:
            return ([[Hypothesis("")] for _ in batch] for batch in passing())
        return self._engine.translate(passing(), source, target, decoding)

    def close(self) -> None:
        """Keeps the engine for the next run."""
