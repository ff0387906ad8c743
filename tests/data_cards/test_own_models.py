"""A run with a model a language on its way: filtered, on a card, in a mixture, published and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from published_runs import published, record

from mlt.data_cards.bundle import Bundle, open_bundle
from mlt.data_cards.card import Declared, make_card
from mlt.data_cards.evidence import read_evidence
from mlt.data_cards.handwritten import blocks
from mlt.data_cards.mixture_tables import runs_table
from mlt.data_cards.restore import restore
from mlt.data_cards.terms import judge_bundle
from mlt.filter.api import filter_run
from mlt.toolkit.errors import DataError
from mlt.toolkit.files import read_json
from mlt.toolkit.mixtures import Mixture
from mlt.toolkit.own_models import own_models
from mlt.toolkit.records import Translation
from mlt.toolkit.run import open_run
from mlt.toolkit.store import RunStore
from mlt.train.inputs import run_facts
from mlt.translate.api import translate

MODELS = {
    "sw": ("Helsinki-NLP/opus-mt-en-sw", "cc-by-4.0", None),
    "fr": ("facebook/nllb-200", "cc-by-nc-4.0", "Not for sale."),
    "yo": ("facebook/nllb-200", "cc-by-nc-4.0", "Not for sale."),
}


def engine(lang: str) -> dict[str, Any]:
    name, license, notice = MODELS[lang]
    identity = {"engine": "ctranslate2", "model": name, "revision": "r1"}
    return {"identity": identity, "license": license, "notice": notice, "vocabulary": 9}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """English and three languages by two models."""
    folder = tmp_path_factory.mktemp("own") / "run"
    identity = {"source": {"dataset": "made-up"}, "engine": {"engine": "by-language", "model": "by-language"}}
    with RunStore.open(folder, identity) as store:
        store.write_shard("en", 0, [record("a", "en")], [], {"in": 1, "input": "x"})
        for lang, (model, *_) in MODELS.items():
            signature = f"mlt:0|source.dataset:made-up|engine.model:{model}|out:1"
            made = Translation(model, "r1", signature, "keep", "keep")
            store.write_shard(lang, 0, [replace(record("a", lang), translation=made)], [], {"in": 1, "input": "x"})
        languages = {lang: {**store.totals(lang), "engine": engine(lang)} for lang in MODELS}
        languages["en"] = store.totals("en")
        licenses = {"source": "mit", "model": "cc-by-4.0, cc-by-nc-4.0"}
        store.save_manifest(complete=True, languages=languages, licenses=licenses, model_notice="Not for sale.")
    return folder


def test_a_card_names_each_model_with_its_own_terms(run: Path) -> None:
    with open_bundle(run) as bundle:
        card = blocks(make_card(read_evidence(bundle), bundle, Declared(None, "mit")))
    opus, nllb = sorted(card["making"].split("### Translation by ")[1:], key=lambda part: "nllb" in part)
    assert "| licence | cc-by-4.0 |" in opus and "Not for sale" not in opus and "| languages | `sw` |" in opus
    assert "| licence | cc-by-nc-4.0 |" in nllb and "Not for sale." in nllb
    assert "The model Helsinki-NLP/opus-mt-en-sw, which wrote translations, is under CC" in card["licence"]
    assert card["licence"].count("facebook/nllb-200 is under cc-by-nc-4.0 (no commercial use)") == 1
    assert "have judged" not in card["licence"]
    [command] = [line for line in card["rebuild"].splitlines() if line.startswith("mlt translate")]
    assert "--model-for " in command and " --model " not in command
    named = dict(pair.split("=") for pair in command.split("--model-for ")[1].split()[0].split(","))
    assert named == {lang: model for lang, (model, *_) in MODELS.items()}


def test_a_mixture_is_judged_by_the_terms_of_every_model(run: Path) -> None:
    facts = run_facts(open_run(run), {"en", "sw", "fr"})
    assert [entry["name"] for entry in facts["models"]] == ["Helsinki-NLP/opus-mt-en-sw", "facebook/nllb-200"]
    mixture = Mixture(Path("m"), {"name": "m", "runs": [facts]})
    found = judge_bundle(Bundle("mixtures", {}, {}, (), ("en",), (mixture,)), "mit").conflicts
    assert [line.split(" ")[0] for line in found if "disputed" in line] == ["facebook/nllb-200"]
    table = str(runs_table([mixture]))
    assert "`Helsinki-NLP/opus-mt-en-sw`, `facebook/nllb-200`" in table and "cc-by-4.0, cc-by-nc-4.0" in table


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"languages": ["sw"]},
        {"languages": {"sw": None, "fr": {"engine": 3}, "yo": {"engine": {"identity": {"model": 7}}}}},
        {"models": [None, {"name": 3}, "x"]},
    ],
)
def test_what_is_not_as_we_write_it_is_left_out(manifest: dict[str, Any]) -> None:
    assert own_models(manifest) == {}
    assert own_models({**manifest, "languages": {"sw": {"engine": engine("sw")}}}).keys() == {MODELS["sw"][0]}


def test_filtered_published_and_back_every_language_keeps_its_model(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"langs": "sw,th", "limit": 4, "ladder": False, "cache_dir": tmp_path / "cache"}
    translate(**asked, model_for="sw=identity,th=corrupting:1", out=tmp_path / "run")
    filter_run(tmp_path / "run", tmp_path / "filtered")
    own = {lang: read_json(tmp_path / f"run/facts/engine-{lang}.json") for lang in ("sw", "th")}
    out = restore(published(tmp_path / "filtered", tmp_path / "published"), tmp_path / "out")
    for folder in (tmp_path / "run", tmp_path / "filtered", out, out / "input"):
        languages = open_run(folder).manifest["languages"]
        assert {lang: languages[lang].get("engine") for lang in ("en", "sw", "th")} == {"en": None, **own}
    with pytest.raises(DataError, match=r"input: th was translated with .*'corrupting:1', now it is 'corrupting:2'"):
        translate(**asked, model_for="sw=identity,th=corrupting:2", out=out / "input")
