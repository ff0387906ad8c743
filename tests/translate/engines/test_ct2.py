"""The default engine against transformers, on small random checkpoints of both families."""

from __future__ import annotations

from pathlib import Path

import checkpoints
import pytest

from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.languages import ENGLISH, resolve
from mlt.translate.convert import convert
from mlt.translate.engine import Decoding
from mlt.translate.engines.ct2 import Ct2Engine, decoding_limit
from mlt.translate.engines.tokenization import load_vocabulary
from mlt.translate.engines.transformers_engine import TransformersEngine

SW, TH, YO = (resolve(code).language for code in ("sw", "th", "yo"))
FAMILIES = ("nllb", "m2m100")


@pytest.fixture(scope="module", params=FAMILIES)
def folders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint and its float32 conversion."""
    checkpoints.needed()
    root = tmp_path_factory.mktemp(request.param)
    make = checkpoints.make_nllb if request.param == "nllb" else checkpoints.make_m2m100
    source = make(root / "source")
    convert(source, root / "ct2", "float32")
    return source, root / "ct2"


@pytest.fixture(scope="module")
def fast(folders: tuple[Path, Path]) -> Ct2Engine:
    return engine(folders[1])


@pytest.fixture(scope="module")
def reference(folders: tuple[Path, Path]) -> TransformersEngine:
    return TransformersEngine(folders[0], name="test", revision="1", license=None, device="cpu")


def engine(folder: Path, **options) -> Ct2Engine:
    options = {"compute_type": "float32", "workers": 2, **options}
    return Ct2Engine(folder, name="test", revision="1", license=None, device="cpu", **options)


def run(engine, texts, decoding, target=SW, batch=16):
    prepared = engine.prepare(texts, ENGLISH, target)
    batches = [prepared[i : i + batch] for i in range(0, len(prepared), batch)]
    results = list(engine.translate(iter(batches), ENGLISH, target, decoding))
    assert [len(rows) for rows in results] == [len(rows) for rows in batches]
    return [hypotheses for rows in results for hypotheses in rows]


def test_greedy_output_equals_transformers(fast, reference):
    decoding = Decoding(beam_size=1)
    ours = run(fast, checkpoints.SENTENCES, decoding)
    theirs = run(reference, checkpoints.SENTENCES, decoding)
    assert [(h.text, h.ended, h.unknown) for [h] in ours] == [(h.text, h.ended, h.unknown) for [h] in theirs]
    assert [h.score for [h] in ours] == pytest.approx([h.score for [h] in theirs], abs=1e-3)
    assert len({h.text for [h] in ours}) > len(ours) // 4  # the output does depend on the source


def test_pieces_and_sizes_equal_transformers(fast, reference):
    texts = [*checkpoints.SENTENCES, "“Mei’s” 3 — pens", ""]
    vocabulary = load_vocabulary(fast.folder)
    for ours, theirs in zip(fast.prepare(texts, ENGLISH, SW), reference.prepare(texts, ENGLISH, SW), strict=True):
        index = {token: i for i, token in enumerate(vocabulary)}
        assert [index.get(piece, index["<unk>"]) for piece in ours.pieces] == theirs.pieces
        assert (ours.size, ours.unknown) == (theirs.size, theirs.unknown)


def test_n_best_is_ordered_and_complete(fast):
    rows = run(fast, checkpoints.SENTENCES[:6], Decoding(beam_size=2, n_best=3))
    assert {len(row) for row in rows} == {3}
    assert all(row[0].score >= row[1].score >= row[2].score for row in rows)


def test_batches_come_back_in_order_whatever_is_drawn_ahead(fast):
    one_by_one = run(fast, checkpoints.SENTENCES, Decoding(beam_size=1), batch=1)
    assert one_by_one == run(fast, checkpoints.SENTENCES, Decoding(beam_size=1), batch=1)
    texts = [row[0].text for row in one_by_one]
    assert texts == [run(fast, [s], Decoding(beam_size=1))[0][0].text for s in checkpoints.SENTENCES]


def test_batches_are_drawn_before_results_are_taken(fast):
    drawn: list[int] = []

    def batches():
        for i in range(20):
            drawn.append(i)
            yield fast.prepare([checkpoints.SENTENCES[i]], ENGLISH, SW)

    results = fast.translate(batches(), ENGLISH, SW, Decoding(beam_size=1))
    next(results)
    assert 2 * fast.workers < len(drawn) < 20
    assert len(list(results)) == 19


def test_text_that_looks_like_a_special_token_is_text(fast):
    [unit] = fast.prepare(["</s> eng_Latn __en__ <unk>"], ENGLISH, SW)
    special = {"</s>", "eng_Latn", "__en__"}
    assert [piece in special for piece in unit.pieces] == [True, *[False] * (unit.size - 2), True]


def test_a_source_longer_than_the_position_table_is_not_sent(fast):
    assert fast.positions == checkpoints.POSITIONS
    rows = run(fast, ["Ann bought 3 apples. " * 30, checkpoints.SENTENCES[0]], Decoding(beam_size=1))
    assert [(h.text, h.ended) for h in rows[0]] == [("", False)]
    assert rows[1] == run(fast, [checkpoints.SENTENCES[0]], Decoding(beam_size=1))[0]


def test_a_hypothesis_that_was_cut_off_is_not_ended(fast):
    hypotheses = [row[0] for row in run(fast, checkpoints.SENTENCES, Decoding(beam_size=1))]
    lengths = [len(fast._tokenization.encode([h.text])[0]) for h in hypotheses if h.ended]
    assert any(not h.ended for h in hypotheses)
    assert all(length < checkpoints.POSITIONS for length in lengths)


@pytest.mark.parametrize(("longest", "positions", "limit"), [(10, 1024, 80), (300, 1024, 950), (500, 1024, 1024)])
def test_the_decoding_limit_follows_the_source(longest, positions, limit):
    assert decoding_limit(longest, positions) == limit


def test_a_language_that_the_vocabulary_lacks_is_refused(folders):
    unknown = resolve("ace").language  # Acehnese: neither in the small NLLB nor in M2M100
    fresh = engine(folders[1])
    assert not fresh.supports(unknown)
    with pytest.raises(UsageError, match=r"^ace.* \(.*\): the vocabulary of test has no such language$"):
        next(fresh.translate([[]], ENGLISH, unknown, Decoding()))
    with pytest.raises(UsageError, match="no such language"):
        fresh.prepare(["a"], unknown, SW)


def test_identity_and_languages_load_no_weights(folders):
    fresh = engine(folders[1])
    assert fresh.identity["revision"] == "1"
    assert fresh.supports(SW) and fresh.supports(TH)
    assert "_translator" not in fresh.__dict__ and "_tokenization" not in fresh.__dict__


def test_too_many_hypotheses_are_refused(fast):
    with pytest.raises(UsageError, match="--n-best 99: expected 1 to 16"):
        next(fast.translate([], ENGLISH, SW, Decoding(n_best=99)))


def test_closed_engines_can_be_used_again(folders):
    fresh = engine(folders[1])
    before = run(fresh, checkpoints.SENTENCES[:2], Decoding(beam_size=1))
    fresh.close()
    assert run(fresh, checkpoints.SENTENCES[:2], Decoding(beam_size=1)) == before


def test_a_damaged_model_is_one_line(folders, tmp_path):
    for name in ("shared_vocabulary.json", "config.json"):
        (tmp_path / name).write_bytes((folders[1] / name).read_bytes())
    (tmp_path / "model.bin").write_bytes((folders[1] / "model.bin").read_bytes()[:5000])
    for path in folders[1].glob("*token*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for path in folders[1].glob("*.model"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(EnvironmentProblem, match="CTranslate2 cannot load it") as caught:
        run(engine(tmp_path), ["a"], Decoding())
    assert "\n" not in str(caught.value)


def test_the_reference_refuses_the_same_language(reference):
    unknown = resolve("ace").language
    assert not reference.supports(unknown) and reference.supports(SW)
    with pytest.raises(UsageError, match="no such language"):
        reference.prepare(["a"], unknown, SW)


def test_the_reference_takes_beams(reference):
    rows = run(reference, checkpoints.SENTENCES[:3], Decoding(beam_size=2, n_best=2))
    assert [len(row) for row in rows] == [2, 2, 2]
