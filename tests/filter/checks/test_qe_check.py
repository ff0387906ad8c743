"""The check `qe`, with a stand-in for COMET: what is scored, how scores are put together, who covers what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_comet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.check import Context, make_settings
from mlt.filter.checks.qe import QeCheck, QeSettings, texts_of
from mlt.filter.pairs import Pair, pair_of
from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.languages import ENGLISH, resolve
from mlt.toolkit.records import Gold, Message, Record, Source, UnitTrace

SW, YO = resolve("sw").language, resolve("yo").language


def record(text: str, lang: str, units: tuple[UnitTrace, ...] = (), answer: str = "") -> Record:
    source = Source("test", "1", "train", 1, "mit")
    return Record("id", "id", "math", lang, (Message("user", text),), answer, Gold(), source, units=units)


def pair(source: str, target: str, *units: tuple[str, str], answers: tuple[str, str] = ("", "")) -> Pair:
    traces = tuple(UnitTrace(before, after, "direct") for before, after in units)
    return pair_of(record(source, "en", answer=answers[0]), record(target, "sw", traces, answers[1]), SW)


@pytest.fixture
def make_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., QeCheck]]:
    fake_comet.install(tmp_path, monkeypatch)
    folder = fake_comet.make_checkpoint(tmp_path / "model")
    checks: list[QeCheck] = []

    def make(**settings: Any) -> QeCheck:
        checks.append(QeCheck(QeSettings(**{"models": [str(folder)], **settings}), Context()))
        return checks[-1]

    yield make
    for check in checks:
        check.close()


@pytest.mark.parametrize(
    ("given_pair", "expected"),
    [
        (pair("How many?", "Ngapi?"), [("How many?", "Ngapi?")]),
        (pair("x", "y", ("One.", "Moja."), ("Two.", "Mbili.")), [("One.", "Moja."), ("Two.", "Mbili.")]),
        (pair("x", "y", ("One.", "Moja."), ("One.", "Moja.")), [("One.", "Moja.")]),
        (pair("x", "y", ("3 + 4 = 7", "3 + 4 = 7"), ("One.", "Moja.")), [("One.", "Moja.")]),
        (pair("One.\n\n Two. ", "Moja.\nMbili."), [("One.", "Moja."), ("Two.", "Mbili.")]),
        (pair("One.\nTwo.", "Moja. Mbili."), [("One.\nTwo.", "Moja. Mbili.")]),
        (pair("One.", "Moja.", answers=("Two.", "Mbili.")), [("One.", "Moja."), ("Two.", "Mbili.")]),
        (pair("One.\nTwo.", ""), [("One.\nTwo.", "")]),
        (pair("102", "102"), []),
    ],
)
def test_what_is_scored(given_pair, expected):
    assert texts_of(given_pair) == expected


def test_units_of_a_row_that_was_edited_since_are_not_what_it_says():
    edited = pair("One.", "Kimoja.", ("One.", "Moja."))
    edited = replace(edited, target=edited.target.with_(edit=json.dumps({"by": "a person"})))
    assert texts_of(edited) == [("One.", "Kimoja.")]


@given(st.text(), st.text())
def test_any_texts_can_be_cut_up(source, target):
    assert all(before.strip() for before, _ in texts_of(pair(source, target)))


UNITS = [
    ("A short one.", "Fupi."),
    ("A much longer one, of which the score weighs more.", "Ndefu zaidi."),
    ("Mid.", "K"),
]


def test_a_record_has_the_mean_of_its_units_weighted_by_the_sources_length(make_check):
    [score] = make_check().score([pair("x", "y", *UNITS)], SW)
    weights = [len(source) for source, _ in UNITS]
    values = [fake_comet.expected(*unit) for unit in UNITS]
    assert score.value == pytest.approx(sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights))
    worst = min(zip(values, UNITS, strict=True))
    assert score.detail == f"lowest {worst[0]:.3f}: {worst[1][0]}"


def test_or_their_minimum(make_check):
    [score] = make_check(aggregate="min").score([pair("x", "y", *UNITS)], SW)
    assert score.value == min(fake_comet.expected(*unit) for unit in UNITS)


def test_rows_that_cannot_be_judged_abstain(make_check):
    scores = make_check().score([pair("102", "102"), pair("NAN here", "x"), pair("One.", "Moja.")], SW)
    assert [score.value for score in scores] == [None, None, fake_comet.expected("One.", "Moja.")]
    assert [score.detail for score in scores] == ["no words to judge", "the model gave no number", None]


def test_a_text_that_recurs_is_scored_once_and_kept_for_other_runs(make_check, tmp_path):
    pairs = [pair("One.", "Moja."), pair("One.", "Moja."), pair("Two.", "Mbili.")]
    first = make_check().score(pairs, SW)
    assert (tmp_path / "comet.log").read_text().count("batch") == 1
    assert "batch 2" in (tmp_path / "comet.log").read_text()
    assert make_check().score(pairs, SW) == first
    assert (tmp_path / "comet.log").read_text().count("batch") == 1


def test_what_was_scored_before_a_failure_is_there_afterwards(make_check, tmp_path):
    good, bad = [pair("One.", "Moja.")], [pair("KILLED" * 9, "x")]
    check = make_check(batch_size=1)
    check.score(good, SW)
    with pytest.raises(EnvironmentProblem, match="failed twice"):
        check.score([*good, *bad], SW)
    batches = (tmp_path / "comet.log").read_text().count("batch")
    assert make_check().score(good, SW)[0].value == fake_comet.expected("One.", "Moja.")
    assert (tmp_path / "comet.log").read_text().count("batch") == batches


def test_a_language_that_no_model_covers_is_uncalibrated(make_check, tmp_path):
    check = make_check(models=[f"{tmp_path / 'model'}@sw"])
    assert check.covers(SW) is None
    assert check.covers(YO) == "uncalibrated: no model of model covers yo"
    assert check.score([pair("One.", "Okan.")], YO) == [(None, "uncalibrated: no model of model covers yo")]
    assert check.identity(YO) == {} and check.models(YO) == []


def test_the_default_models_cover_yoruba_and_japanese_but_not_acehnese():
    check = QeCheck()
    assert check.covers(YO) is None and check.covers(resolve("ja").language) is None
    assert "no model of McGill-NLP/ssa-comet-qe, Unbabel/wmt20-comet-qe-da covers ace-Latn" in (
        check.covers(resolve("ace-Latn").language) or ""
    )


def test_the_identity_names_model_revision_and_comet(make_check):
    check = make_check()
    identity = check.identity(SW)
    assert identity == {"model": "model", "revision": identity["revision"], "comet": "2.2.7"}
    assert identity["revision"].startswith("blake2b:")
    [model] = check.models(SW)
    assert (model.name, model.revision, model.license) == ("model", identity["revision"], None)


def test_no_comet_anywhere_is_one_line(make_check, monkeypatch, tmp_path):
    monkeypatch.delenv("MLT_COMET_PYTHON")
    monkeypatch.setattr("mlt.filter.qe.interpreter._version_here", lambda: None)
    with pytest.raises(EnvironmentProblem, match="no COMET here: run `mlt setup comet`, or name an interpreter"):
        make_check().score([pair("One.", "Moja.")], SW)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"aggregate": "max"}, "qe.aggregate: 'max'; expected mean or min"),
        ({"batch_size": 0}, "qe.batch_size: 0; expected 1 or more"),
        ({"models": []}, "qe.models: "),
        ({"models": [3]}, "qe.models: "),
        ({"models": ["nothing"]}, "--qe nothing: no such checkpoint"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, expected):
    with pytest.raises(UsageError, match=expected):
        QeCheck(make_settings(QeSettings, settings, "policy: qe"))


def test_english_is_no_language_of_a_known_model():
    assert QeCheck().covers(ENGLISH) is not None
