"""The tiny model translates held-out fills of its templates, is small, and the sample lies outside its training."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from mlt.translate.tiny import sample
from mlt.translate.tiny.corpus import (
    MASKABLE,
    Pair,
    draw_fill,
    draw_pair,
    draw_training_pair,
    sentence,
    slots,
    templates,
)
from mlt.translate.tiny.fills import LANGUAGES, Filler, is_held_out, load_yaml
from mlt.translate.tiny.tokens import FLORES
from mlt.translate.tiny.train import PATIENCE

FOLDER = Path(sample.__file__).parent
MODEL_FILES = ("model.bin", "config.json", "shared_vocabulary.json", "tokenizer.json", "mlt_model.json")
PAIRS = 100
TARGET = 0.97
PLACEHOLDER_TARGET = 0.95


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(FOLDER / "tokenizer.json"))


@pytest.fixture(scope="module")
def translator() -> Any:
    import ctranslate2

    return ctranslate2.Translator(str(FOLDER), device="cpu", intra_threads=1)


def translate(translator: Any, tokenizer: Any, pairs: list[Pair], beam_size: int) -> list[str]:
    """Hypotheses as an engine makes them: ``[eng_Latn] pieces </s>`` in, ``[language]`` as the prefix."""
    sources = [[FLORES["en"], *tokenizer.encode(pair.source).tokens, "</s>"] for pair in pairs]
    prefixes = [[FLORES[pair.language]] for pair in pairs]
    patience = PATIENCE if beam_size > 1 else 1
    results = translator.translate_batch(sources, target_prefix=prefixes, beam_size=beam_size, patience=patience)
    ids = [[tokenizer.token_to_id(piece) for piece in result.hypotheses[0][1:]] for result in results]
    return [str(text) for text in tokenizer.decode_batch(ids)]


def share_right(hypotheses: list[str], pairs: list[Pair]) -> float:
    return sum(text == pair.target for text, pair in zip(hypotheses, pairs, strict=True)) / len(pairs)


def maskable(key: str) -> list[str]:
    return [slot for slot in slots(templates()[key]["en"]) if slot in MASKABLE]


def held_out_pairs(language: str) -> list[Pair]:
    filler = Filler(random.Random(f"test-{language}"), held_out=True)
    keys = list(templates())
    return [draw_pair(filler, filler.rng.choice(keys), language) for _ in range(PAIRS)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("beam_size", [1, 4])
def test_held_out_fills_come_out_exactly(translator: Any, tokenizer: Any, language: str, beam_size: int) -> None:
    pairs = held_out_pairs(language)
    assert share_right(translate(translator, tokenizer, pairs, beam_size), pairs) >= TARGET


@pytest.mark.parametrize("form", ["7000{}", "X{}"])
def test_placeholders_come_through(translator: Any, tokenizer: Any, form: str) -> None:
    filler = Filler(random.Random(form), held_out=True)
    pairs = []
    for key in filler.rng.choices([key for key in templates() if maskable(key)], k=2 * PAIRS):
        fill = draw_fill(filler) | {slot: form.format(index) for index, slot in enumerate(maskable(key))}
        language = filler.rng.choice(LANGUAGES)
        pairs.append(Pair(key, language, sentence(key, fill), sentence(key, fill, language)))
    assert share_right(translate(translator, tokenizer, pairs, 4), pairs) >= PLACEHOLDER_TARGET


def test_model_is_small_and_says_what_it_is() -> None:
    assert sum((FOLDER / name).stat().st_size for name in MODEL_FILES) < 2_000_000
    card = json.loads((FOLDER / "mlt_model.json").read_text(encoding="utf-8"))
    assert card["name"] == "tiny"
    assert card["license"] == "CC0-1.0"
    assert card["patience"] == PATIENCE
    assert "prove the pipeline" in card["notice"]
    assert card["revision"] == blake2b((FOLDER / "model.bin").read_bytes(), digest_size=8).hexdigest()


def test_vocabularies_agree_and_hold_every_language(tokenizer: Any) -> None:
    vocabulary = json.loads((FOLDER / "shared_vocabulary.json").read_text(encoding="utf-8"))
    assert vocabulary == [tokenizer.id_to_token(index) for index in range(tokenizer.get_vocab_size())]
    assert set(FLORES.values()) <= set(vocabulary)
    assert list(FLORES) == ["en", *LANGUAGES]


def test_digits_are_one_piece_each(tokenizer: Any) -> None:
    for text in ("2024-05-17", "19:30", "24 + 18 = 42", "PK-48213", "70001"):
        assert all(len(re.findall(r"\d", piece)) <= 1 for piece in tokenizer.encode(text).tokens)


def test_every_sentence_survives_the_tokenizer(tokenizer: Any) -> None:
    filler = Filler(random.Random(5), held_out=True)
    for key in templates():
        for language in LANGUAGES:
            pair = draw_pair(filler, key, language)
            for text in (pair.source, pair.target):
                encoded = tokenizer.encode(text)
                assert "<unk>" not in encoded.tokens
                assert tokenizer.decode(encoded.ids) == text


def test_templates_have_the_same_slots_in_every_language() -> None:
    for key, versions in templates().items():
        assert set(versions) == set(FLORES), key
        for language, text in versions.items():
            assert sorted(slots(text)) == sorted(slots(versions["en"])), (key, language)
            assert unicodedata.is_normalized("NFC", text), (key, language)


def test_forms_are_rendered_by_language() -> None:
    fill = {"name": "Amina", "obj": "avocados"}
    assert sentence("how_many_now", fill, "fr") == "Combien d'avocats possède Amina maintenant ?"
    assert sentence("how_many_now", fill, "sw") == "Sasa Amina ana maparachichi mangapi?"
    assert sentence("how_many_now", fill, "yo") == "Píà mélòó ni Amina ní báyìí?"


def test_sample_is_what_its_script_writes() -> None:
    for name, rows in (("math", sample.math_rows()), ("api", sample.api_rows())):
        shipped = (sample.SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in shipped] == rows


def combinations(text: str) -> list[bool]:
    """For each value or pair of words in a sentence that could be held out: whether it is."""
    words = load_yaml("fills.yaml")
    values = re.findall(r'(?<=")[^"]+(?=")|[A-Z]{2}-\d{5}|\d{4}-\d\d-\d\d|\d\d:\d\d|\d+', text)
    found = [is_held_out(value) for value in values if not re.fullmatch(r"7000\d|X\d", value)]
    names = [word for word in re.findall(r"[A-Z][a-z]+", text) if word in words["names"]]
    things = [thing for thing in words["objects"] if re.search(rf"\b{thing}\b", text)]
    cities = [word for word in re.findall(r"[A-Z][a-z]+", text) if word in words["cities"]]
    found += [is_held_out(name, thing) for name in names for thing in things]
    return found + ([is_held_out(*cities)] if len(cities) == 2 else [])


def sample_sentences() -> list[str]:
    """English sentences of the sample, as the engine gets them."""
    texts = [text for row in sample.math_rows() for text in (row["question"], *row["answer"].split("\n")[:-1])]
    turns = [turn for row in sample.api_rows() for turn in row["input"].split("\n")]
    texts += [turn.partition(": ")[2] for turn in turns if turn.startswith(("User: ", "AI: "))]
    plain = [re.sub(r"<<.*?>>", "", text) for text in texts]
    return [part for text in plain for part in re.split(r"(?<=[.?]) (?=[A-Z0-9])", text)]


def test_sample_is_disjoint_from_training() -> None:
    rng = random.Random(11)
    filler = Filler(rng, held_out=False)
    training = [draw_training_pair(filler).source for _ in range(20_000)]
    assert not any(any(combinations(text)) for text in training if "X" not in text and "7000" not in text)
    varied = {text for text in sample_sentences() if combinations(text)}
    assert len(varied) > 300
    assert all(any(combinations(text)) for text in varied)
    assert not varied & set(training)
