"""MADLAD-400 and OPUS-MT on the default engine against transformers, on small random checkpoints."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import checkpoints
import pytest

from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import ENGLISH, resolve
from mlt.translate import convert, translate
from mlt.translate.engine import Decoding
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.engines.transformers_engine import TransformersEngine
from mlt.translate.models import load_engine

SW, TH, YO, ACE = (resolve(code).language for code in ("sw", "th", "yo", "ace"))
GREEDY = Decoding(beam_size=1)


@dataclass
class Case:
    source: Path
    fast: Ct2Engine
    reference: TransformersEngine


def make(kind: str, folder: Path) -> Path:
    checkpoints.needed()
    if kind == "madlad":
        return checkpoints.make_madlad(folder)
    return checkpoints.make_marian(folder, codes=["swh", "tha"], pair=("eng", "mul"))


@pytest.fixture(scope="module", params=["madlad", "opus-mt", "opus-mt-mul"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A checkpoint, its float32 conversion and the reference."""
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "opus-mt":
        shutil.copytree(request.getfixturevalue("opus_pair"), root, dirs_exist_ok=True)
        source = root / "source"
    else:
        source = make(request.param, root / "source")
        convert.convert(source, root / "ct2", "float32")
    fast = Ct2Engine(
        root / "ct2", name="test", revision="1", license=None, device="cpu", compute_type="float32", workers=1
    )
    return Case(source, fast, TransformersEngine(source, name="test", revision="1", license=None, device="cpu"))


def run(engine, texts, decoding=GREEDY, target=SW):
    prepared = engine.prepare(texts, ENGLISH, target)
    batches = [prepared[i : i + 16] for i in range(0, len(prepared), 16)]
    return [found for rows in engine.translate(iter(batches), ENGLISH, target, decoding) for found in rows]


def test_greedy_output_equals_transformers(case):
    ours, theirs = run(case.fast, checkpoints.SENTENCES[::2]), run(case.reference, checkpoints.SENTENCES[::2])
    assert [(h.text, h.ended, h.unknown) for [h] in ours] == [(h.text, h.ended, h.unknown) for [h] in theirs]
    assert [h.score for [h] in ours if h.text] == pytest.approx([h.score for [h] in theirs if h.text], abs=1e-3)
    assert len({h.text for [h] in ours}) > len(ours) // 4  # the output does depend on the source


def test_a_beam_scores_as_transformers_does(case):
    decoding = Decoding(beam_size=3, n_best=2)
    ours, theirs = (
        run(case.fast, checkpoints.SENTENCES[:8], decoding),
        run(case.reference, checkpoints.SENTENCES[:8], decoding),
    )
    assert {len(row) for row in ours} == {2}
    best = [(a[0], b[0]) for a, b in zip(ours, theirs, strict=True)]
    assert sum(a.text == b.text for a, b in best) >= 4  # their beams end by other rules


def test_pieces_and_sizes_equal_transformers(case):
    ids = case.fast._source_ids
    for ours, theirs in zip(
        case.fast.prepare(checkpoints.SENTENCES, ENGLISH, SW),
        case.reference.prepare(checkpoints.SENTENCES, ENGLISH, SW),
        strict=True,
    ):
        assert [ids[piece] for piece in ours.pieces] == theirs.pieces
        assert (ours.size, ours.unknown) == (theirs.size, theirs.unknown)


def test_a_target_is_named_in_the_source_and_nowhere_else(case):
    named = case.fast.family.head(ENGLISH, SW, case.fast._source_ids)
    [unit] = case.fast.prepare(["Ann bought 3 apples."], ENGLISH, SW)
    assert unit.pieces[: len(named)] == named and unit.pieces[-1] == "</s>"
    assert case.fast.family.prefix(SW, case.fast._ids) == []
    if case.fast.supports(TH):
        [other] = case.fast.prepare(["Ann bought 3 apples."], ENGLISH, TH)
        assert other.pieces[0] != unit.pieces[0] and other.pieces[1:] == unit.pieces[1:]


def test_text_that_looks_like_a_mark_is_text(case):
    [unit] = case.fast.prepare(["<2th> </s> >>tha<< Ann"], ENGLISH, SW)
    head = len(case.fast.family.head(ENGLISH, SW, case.fast._source_ids))
    assert not {"<2th>", "</s>", ">>tha<<"} & set(unit.pieces[head:-1])


def test_what_the_vocabulary_lacks_is_counted(case):
    assert [unit.unknown for unit in case.fast.prepare(["Ann", "Ann 火"], ENGLISH, SW)] == [0, 1]


def test_a_language_that_the_model_lacks_is_refused(case):
    for engine in (case.fast, case.reference):
        assert engine.supports(SW) and not engine.supports(ACE)
        with pytest.raises(UsageError, match=r"^ace.* \(.*\): the vocabulary of test has no such language$"):
            engine.prepare(["a"], ENGLISH, ACE)
        with pytest.raises(UsageError, match="no such language"):
            next(engine.translate([[]], ENGLISH, YO, GREEDY))


def test_a_source_past_the_limit_is_not_sent(case):
    limit = case.fast.positions
    assert limit == (512 if case.fast.family.name == "madlad" else checkpoints.POSITIONS)
    rows = run(case.fast, ["Ann bought 3 apples. " * limit, checkpoints.SENTENCES[0]])
    assert [(h.text, h.ended) for h in rows[0]] == [("", False)]
    assert rows[1] == run(case.fast, checkpoints.SENTENCES[:1])[0]


def test_a_run_names_model_and_licence(case, tmp_path, monkeypatch):
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(convert, "_run", convert.convert)
    (case.source / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    done = translate(None, langs="sw", model=str(case.source), limit=2, out=tmp_path / "run", device="cpu", workers=1)
    counts = done.manifest["languages"]["sw"]
    assert counts["in"] == counts["out"] + sum(counts["rejected"].values()) == 2
    assert done.manifest["licenses"]["model"] == "apache-2.0"
    assert json.loads((tmp_path / "run" / "run.json").read_text())["complete"]
    assert load_engine(str(case.source), device="cpu").license == "apache-2.0"
    with pytest.raises(UsageError, match="does not know ace"):
        translate(None, langs="ace", model=str(case.source), limit=2, out=tmp_path / "other", device="cpu")


def test_a_t5_with_scaled_outputs_and_one_without_keep_their_scores(tmp_path):
    """CTranslate2 takes every T5 of transformers 5 for tied, and would divide an untied one's logits."""
    checkpoints.needed()
    source = checkpoints.make_madlad(tmp_path / "source")
    scores = {}
    for tied in (False, True):
        config = json.loads((source / "config.json").read_text())
        (source / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": tied}))
        convert.convert(source, tmp_path / str(tied), "float32")
        options = {"name": "t", "revision": "1", "license": None, "device": "cpu"}
        fast = Ct2Engine(tmp_path / str(tied), compute_type="float32", workers=1, **options)
        ours = [h.score for [h] in run(fast, checkpoints.SENTENCES[:8]) if h.text]
        theirs = [h.score for [h] in run(TransformersEngine(source, **options), checkpoints.SENTENCES[:8]) if h.text]
        assert ours == pytest.approx(theirs, abs=1e-3)
        scores[tied] = ours
    assert scores[False] != scores[True]
