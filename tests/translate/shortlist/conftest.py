"""The embedded model, texts of the sample, and decoding in fixed batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import pytest

from mlt.toolkit.languages import ENGLISH, Language
from mlt.translate.engine import Decoding, Hypothesis
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.models import load_engine
from mlt.translate.units import plan_text

Decode = Callable[..., list[list[Hypothesis]]]


@pytest.fixture(scope="session")
def tiny() -> Ct2Engine:
    engine = load_engine("tiny", workers=1)
    assert isinstance(engine, Ct2Engine)
    return engine


@pytest.fixture(scope="session")
def unit_texts() -> list[str]:
    """The distinct units of the embedded sample of word problems."""
    lines = (files("mlt.toolkit.samples") / "math.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    units = (unit for row in rows for key in ("question", "answer") for unit in plan_text(row[key]).units)
    return list(dict.fromkeys(unit.text for unit in units))


@pytest.fixture(scope="session")
def decode() -> Decode:
    """Hypotheses of texts, in their order, decoded in batches that depend on the texts alone."""

    def run(engine: Ct2Engine, texts: Sequence[str], target: Language, beam_size: int = 1) -> list[list[Hypothesis]]:
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        prepared = engine.prepare([texts[index] for index in order], ENGLISH, target)
        batches = [prepared[start : start + 32] for start in range(0, len(prepared), 32)]
        decoded = engine.translate(batches, ENGLISH, target, Decoding(beam_size=beam_size))
        found = dict(zip(order, (hypotheses for batch in decoded for hypotheses in batch), strict=True))
        return [found[index] for index in range(len(texts))]

    return run
