"""A shortlisted engine says greedily what the full one says, wherever that lies inside the list."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import checkpoints
import pytest

from mlt.toolkit.languages import ENGLISH, Language, resolve
from mlt.translate.cache import unit_key
from mlt.translate.convert import convert
from mlt.translate.engine import Decoding, Prepared
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.shortlist.engine import shortlisted
from mlt.translate.shortlist.pieces import Shortlist, learned_list, script_list, source_pieces, text_pieces

LANGUAGES = ("es", "fr", "de", "ru", "ja", "zh", "th", "bn", "te", "sw", "yo")
SW, TH = (resolve(code).language for code in ("sw", "th"))


def texts_of(rows: list[list[Any]]) -> list[str]:
    return [hypotheses[0].text for hypotheses in rows]


@pytest.mark.parametrize("code", LANGUAGES)
def test_greedy_output_is_the_full_models(
    tiny: Ct2Engine, unit_texts: list[str], decode: Any, tmp_path: Path, code: str
) -> None:
    target, texts = resolve(code).language, unit_texts[::2]
    full, sent = decode(tiny, texts, target), source_pieces(tiny, texts, target)
    made = (
        learned_list(tiny, target, sent, text_pieces(tiny, texts_of(full)))
        if target.script == "Latn"
        else script_list(tiny, target, sent)
    )
    assert len(made.target) < 0.75 * len(tiny._ids)
    engine = shortlisted(tiny, made, root=tmp_path)
    cut = decode(engine, texts, target)
    assert [(h.text, h.ended, h.unknown) for [h] in cut] == [(h.text, h.ended, h.unknown) for [h] in full]
    assert engine.respelled == 0
    engine.close()


def written(engine: Ct2Engine, units: list[Prepared], target: Language) -> set[str]:
    """The tokens that a model writes greedily."""
    sources = [unit.pieces for unit in units]
    prefix = [engine.family.prefix(target, engine._ids)] * len(sources)
    results = engine._translator.translate_batch(
        sources, target_prefix=prefix, beam_size=1, max_batch_size=32, max_decoding_length=min(256, engine.positions)
    )
    return {token for result in results for token in result.hypotheses[0]}


@pytest.mark.parametrize("seed", range(4))
def test_any_list_that_holds_the_full_output_gives_equal_hypotheses(
    tiny: Ct2Engine, unit_texts: list[str], decode: Any, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    target, texts = resolve(draw.choice(LANGUAGES)).language, draw.sample(unit_texts, 60)
    units, words = tiny.prepare(texts, ENGLISH, target), list(tiny._ids)
    noise = set(draw.sample(range(len(words)), draw.randrange(0, 600)))
    out = {*written(tiny, units, target), *tiny._special}
    sent = {piece for unit in units for piece in unit.pieces} | tiny._special
    kept, read = ([i for i, word in enumerate(words) if word in some or i in noise] for some in (out, sent))
    engine = shortlisted(tiny, Shortlist("learned", tuple(kept), tuple(read)), root=tmp_path)
    assert texts_of(decode(engine, texts, target)) == texts_of(decode(tiny, texts, target))
    engine.close()


def test_what_is_not_on_the_list_is_spelled_and_never_lost(
    tiny: Ct2Engine, unit_texts: list[str], tmp_path: Path
) -> None:
    made = script_list(tiny, TH, source_pieces(tiny, unit_texts[:20], TH))
    engine = shortlisted(tiny, made, root=tmp_path)
    texts = [*unit_texts, "Zoë’s ☃ weighs ½ kg — 猫", ""]
    full, cut = (one.prepare(texts, ENGLISH, TH) for one in (tiny, engine))
    words = list(tiny._ids)
    kept = {words[i] for i in made.source}
    for before, after in zip(full, cut, strict=True):
        assert "".join(after.pieces) == "".join(before.pieces)
        assert after.unknown == before.unknown == sum(p not in kept or p == "<unk>" for p in after.pieces)
        assert after.size == len(after.pieces)
    assert engine.respelled == sum(a.pieces != b.pieces for a, b in zip(full, cut, strict=True)) > 50
    rows = list(engine.translate([cut[:4]], ENGLISH, TH, Decoding(beam_size=1)))
    assert all(hypotheses[0].text for hypotheses in rows[0])
    engine.close()


def test_the_list_is_part_of_what_an_engine_is(tiny: Ct2Engine, tmp_path: Path) -> None:
    before = dict(tiny.identity)
    lists = [script_list(tiny, TH, sent) for sent in ((), {"▁Elena"}, {"▁Elena", "▁Mangos"})]
    engines = [shortlisted(tiny, made, root=tmp_path) for made in lists]
    assert [engine.identity["shortlist"] for engine in engines] == [
        {"kind": "script", "hash": made.hash} for made in lists
    ]
    keys = {unit_key(one.identity, Decoding(), "eng_Latn", TH.flores, "x") for one in (tiny, *engines)}
    assert len(keys) == 4
    assert tiny.identity == before
    assert engines[0].supports(TH)
    assert (engines[0].name, engines[0].license, engines[0].workers) == (tiny.name, tiny.license, tiny.workers)


def test_a_list_can_say_what_its_words_spell(
    tiny: Ct2Engine, unit_texts: list[str], decode: Any, tmp_path: Path
) -> None:
    outputs = texts_of(decode(tiny, unit_texts[:40], SW))
    words = text_pieces(tiny, outputs)
    whole = tuple(sorted(tiny._ids[word] for word in words if word in tiny._ids))
    assert all(map(shortlisted(tiny, Shortlist("learned", whole, whole), root=tmp_path).can_say, outputs))
    lost = tiny._ids[max(words & tiny._ids.keys(), key=len)]
    less = tuple(word for word in whole if word != lost)
    said = list(map(shortlisted(tiny, Shortlist("learned", less, less), root=tmp_path).can_say, outputs))
    assert any(said) and not all(said)


def test_the_weights_are_its_own(tiny: Ct2Engine, unit_texts: list[str], decode: Any, tmp_path: Path) -> None:
    full = texts_of(decode(tiny, unit_texts[:4], TH))
    engine = shortlisted(tiny, script_list(tiny, TH, source_pieces(tiny, unit_texts[:4], TH)), root=tmp_path)
    assert "_translator" not in vars(engine)
    assert texts_of(decode(engine, unit_texts[:4], TH)) == full
    engine.close()
    assert "_translator" in vars(tiny)
    assert texts_of(decode(tiny, unit_texts[:4], TH)) == full


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints.needed()
    return checkpoints.make_nllb(tmp_path_factory.mktemp("shortlist") / "source")


def assert_cut_is_equal(checkpoint: Path, decode: Any, root: Path, stored: str) -> tuple[Ct2Engine, Ct2Engine]:
    """A list of what the model of a checkpoint writes, and no more, gives its output. Both engines come back."""
    convert(checkpoint, root / "ct2", stored)
    engine = Ct2Engine(
        root / "ct2",
        name="test",
        revision="1",
        license=None,
        device="cpu",
        compute_type="int8" if stored == "int8" else "float32",
        workers=1,
    )
    units = engine.prepare(checkpoints.SENTENCES, ENGLISH, SW)
    needed = written(engine, units, SW) | engine._special | {"<unk>", "</s>"}
    target = tuple(i for i, word in enumerate(engine._ids) if word in needed)
    assert len(target) < len(engine._ids)
    source = learned_list(engine, SW, source_pieces(engine, checkpoints.SENTENCES, SW), ()).source
    cut = shortlisted(engine, Shortlist("learned", target, source), root=root)
    assert texts_of(decode(cut, checkpoints.SENTENCES, SW)) == texts_of(decode(engine, checkpoints.SENTENCES, SW))
    return engine, cut


@pytest.mark.parametrize("stored", ["float32", "float16", "bfloat16", "int8", "int16"])
def test_weights_in_any_form_give_the_full_models_output(
    checkpoint: Path, decode: Any, tmp_path: Path, stored: str
) -> None:
    assert_cut_is_equal(checkpoint, decode, tmp_path, stored)


@pytest.mark.parametrize("family", ["m2m100", "madlad", "marian"])
def test_every_family_can_be_cut(decode: Any, tmp_path: Path, family: str) -> None:
    checkpoints.needed()
    source = getattr(checkpoints, f"make_{family}")(tmp_path / "source")
    engine, cut = assert_cut_is_equal(source, decode, tmp_path, "float32")
    # Read from its folder alone, the cut model is one of the same family that writes the same language.
    alone = Ct2Engine(cut.folder, name="cut", revision="1", license=None, device="cpu", compute_type="float32")
    assert (alone.family.name, alone.supports(SW)) == (engine.family.name, True)


def test_outputs_are_cut_into_pieces_of_the_target_side(tmp_path: Path) -> None:
    checkpoints.needed()
    convert(checkpoints.make_marian(tmp_path / "source"), tmp_path / "ct2", "float32")
    folder = tmp_path / "ct2"
    engine = Ct2Engine(folder, name="test", revision="1", license=None, device="cpu", compute_type="float32")
    output = checkpoints.SENTENCES[0][::-1]  # what that checkpoint's target side was made from
    assert len(text_pieces(engine, [output])) < len({*engine._tokenization.encode([output])[0]})
