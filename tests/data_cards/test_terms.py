from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlt.data_cards.bundle import Bundle
from mlt.data_cards.terms import judge_bundle, read_settings
from mlt.toolkit.mixtures import Mixture


def of_run(signature: str, licenses: dict[str, str | None]) -> Bundle:
    return Bundle("run", {}, {"signature": signature, "licenses": licenses}, (), ("en",), ())


def of_mixtures(*runs: dict[str, Any]) -> Bundle:
    return Bundle("mixtures", {}, {}, (), ("en",), (Mixture(Path("m"), {"name": "m", "runs": list(runs)}),))


NLLB = "mlt:0|source.dataset:openai/gsm8k|engine.engine:ctranslate2|engine.model:facebook/nllb-200"


def test_the_licences_of_a_run_are_judged() -> None:
    judged = judge_bundle(of_run(NLLB, {"source": "MIT", "model": "cc-by-nc-4.0"}), "mit")
    assert len(judged.conflicts) == 1 and "facebook/nllb-200 is under cc-by-nc-4.0" in judged.conflicts[0]
    assert judge_bundle(of_run(NLLB, {"source": "MIT", "model": "cc-by-nc-4.0"}), "cc-by-nc-4.0").conflicts == ()


def test_the_licences_of_every_run_of_a_mixture_are_judged() -> None:
    first = {"signature": NLLB, "licenses": {"source": "MIT", "model": "cc-by-nc-4.0"}}
    second = {"signature": "mlt:0|source.dataset:x", "licenses": {"source": "CC-BY-SA-4.0"}}
    found = judge_bundle(of_mixtures(first, second, first), "mit").conflicts
    assert [any(word in line for line in found) for word in ("share alike", "disputed")] == [True, True]
    assert len(found) == 2


@pytest.mark.parametrize("engine", ["identity", "corrupting"])
def test_an_engine_that_only_proves_the_pipeline_has_no_terms(engine: str) -> None:
    signature = f"mlt:0|source.dataset:x|engine.engine:{engine}|engine.model:{engine}"
    assert judge_bundle(of_run(signature, {"source": "MIT", "model": None}), "mit").conflicts == ()


def test_a_model_of_unknown_licence_and_a_gated_source_are_conflicts() -> None:
    signature = "mlt:0|source.dataset:Salesforce/xlam-function-calling-60k|engine.engine:openai|engine.model:gpt"
    found = judge_bundle(of_run(signature, {"source": "CC-BY-4.0", "model": None}), "cc-by-4.0").conflicts
    assert len(found) == 2 and "gpt (unknown)" in found[0] and "accept its terms" in found[1]


@pytest.mark.parametrize("manifest", [{}, {"signature": "no signature"}, {"licenses": None}])
def test_what_says_nothing_is_unknown(manifest: dict[str, Any]) -> None:
    found = judge_bundle(Bundle("run", {}, {"x": 1, **manifest}, (), ("en",), ()), "mit").conflicts
    assert found == ("what the licence of the source (unknown) allows is not known",)


def test_a_text_that_is_no_signature_has_no_settings() -> None:
    assert read_settings("anything") == {}
    assert read_settings("mlt:0|decoding.beam:4") == {"mlt": 0, "decoding.beam": 4}
