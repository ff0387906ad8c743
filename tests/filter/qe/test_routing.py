"""Which model judges which language, and what a model is named by."""

from __future__ import annotations

from pathlib import Path

import fake_comet
import pytest
import yaml

from mlt.filter.qe import routing
from mlt.filter.qe.routing import DEFAULT_MODELS, known_models, parse_spec, route
from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import resolve

SPECS = [parse_spec(text) for text in DEFAULT_MODELS]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("yo", "McGill-NLP/ssa-comet-qe"),
        ("sw", "McGill-NLP/ssa-comet-qe"),
        ("ja", "Unbabel/wmt20-comet-qe-da"),
        ("th", "Unbabel/wmt20-comet-qe-da"),
        ("te", "Unbabel/wmt20-comet-qe-da"),
        ("zh-Hans", "Unbabel/wmt20-comet-qe-da"),
        ("zh-Hant", "Unbabel/wmt20-comet-qe-da"),
        ("ace-Latn", None),
        ("ay", None),
    ],
)
def test_each_language_goes_to_a_model_that_has_read_it(lang, expected):
    spec = route(SPECS, resolve(lang).language.code)
    assert (spec and spec.name) == expected


def test_the_order_asked_for_decides():
    assert route(list(reversed(SPECS)), "sw").name == "Unbabel/wmt20-comet-qe-da"
    assert route(list(reversed(SPECS)), "yo").name == "McGill-NLP/ssa-comet-qe"


def test_the_table_names_languages_as_the_registry_does():
    for model in known_models():
        assert model.languages and all(resolve(code).language.code == code for code in model.languages), model.name
        assert "en" not in model.languages
    values = yaml.safe_load(Path(routing.__file__).with_name("models.yaml").read_text(encoding="utf-8"))
    assert {entry["encoder"] for entry in values["models"]} == values["encoders"].keys()


@pytest.mark.parametrize(
    ("text", "name", "revision"),
    [
        ("Unbabel/wmt22-cometkiwi-da", "Unbabel/wmt22-cometkiwi-da", None),
        ("wmt22-cometkiwi-da", "Unbabel/wmt22-cometkiwi-da", None),
        ("unbabel/xcomet-xl@v1", "Unbabel/XCOMET-XL", "v1"),
        ("someone/own-qe", "someone/own-qe", None),
        ("someone/own-qe@refs/pr/1", "someone/own-qe", "refs/pr/1"),
    ],
)
def test_a_hub_model_is_named_by_its_id(text, name, revision):
    spec = parse_spec(text)
    assert (spec.name, spec.revision, spec.path) == (name, revision, None)


def test_a_model_that_is_not_known_judges_every_language():
    assert parse_spec("someone/own-qe").covers("ace-Latn")
    assert not parse_spec("XCOMET-XL").covers("yo")


def test_a_local_checkpoint_judges_every_language_or_those_it_is_given(tmp_path):
    folder = fake_comet.make_checkpoint(tmp_path / "mine@home")
    assert parse_spec(str(folder)).languages is None
    assert parse_spec(str(folder / "checkpoints" / "model.ckpt")).covers("yo")
    spec = parse_spec(f"{folder}@sw,Yoruba")
    assert (spec.path, spec.languages) == (folder, {"sw", "yo"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing", "--qe nothing: no such checkpoint; expected a folder, a .ckpt file, a Hub id, or one of Unbabel/"),
        ("./no/such/folder", "no such checkpoint"),
        ("", "no such checkpoint"),
    ],
)
def test_what_names_nothing_is_one_line(text, expected):
    with pytest.raises(UsageError, match=expected) as caught:
        parse_spec(text)
    assert "\n" not in str(caught.value)


def test_an_unknown_language_behind_a_path_is_refused(tmp_path):
    with pytest.raises(UsageError, match="unknown language 'klingon'"):
        parse_spec(f"{tmp_path}@klingon")
