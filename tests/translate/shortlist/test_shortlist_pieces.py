"""What a list holds, and how what it does not hold is spelled."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlt.toolkit.files import write_json
from mlt.toolkit.languages import ENGLISH, resolve
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.shortlist.pieces import (
    WIDEST,
    Shortlist,
    learned_list,
    script_list,
    source_pieces,
    text_pieces,
)
from mlt.translate.shortlist.seen import Seen, SeenPieces
from mlt.translate.shortlist.spelling import Speller, spell

CHARACTERS = [*"▁abcdehinorst", *"éกขमとー猫я1২๑!。√😀", "\u0301"]
SPECIAL = ["<s>", "</s>", "<unk>", "eng_Latn", "tha_Thai"]
WORDS = [
    *("▁the", "there", "hat", "▁cat", "indeed", "▁rather", "an", "▁at", "dress", "bé"),
    *("กข", "▁กข", "กข!", "กah", "ข\u0301", "とー", "猫と", "яя", "яhя", "मम"),
    *("100", "▁10", "২১", "...", "▁(", "√1", "x=1", "<0x0A>", "<0xFF>"),
]
VOCABULARY = [*SPECIAL, *CHARACTERS, *WORDS]


class Pieces:
    """A tokenizer whose texts are pieces with bars between them."""

    def encode_output(self, texts: list[str]) -> list[list[str]]:
        return [text.split("|") for text in texts]


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    """What a list is made from: an engine without a model."""
    write_json(tmp_path / "shared_vocabulary.json", VOCABULARY)
    write_json(tmp_path / "config.json", {"decoder_start_token": "</s>", "unk_token": "<unk>", "add_source_bos": False})
    return SimpleNamespace(
        folder=tmp_path,
        name="model",
        identity={"revision": "1"},
        _ids={word: index for index, word in enumerate(VOCABULARY)},
        _special=frozenset(SPECIAL),
        _tokenization=Pieces(),
    )


def words(ids: tuple[int, ...]) -> set[str]:
    return {VOCABULARY[index] for index in ids}


COMMON = {*SPECIAL, *CHARACTERS, "100", "▁10", "২১", "...", "▁(", "√1", "<0x0A>", "<0xFF>"}


@pytest.mark.parametrize(
    ("code", "own"),
    [
        ("th", {"กข", "▁กข", "กข!", "ข\u0301"}),
        ("ja", {"とー", "猫と"}),
        ("zh", set()),
        ("ru", {"яя"}),
        ("hi", {"मम"}),
    ],
)
def test_a_script_list_holds_the_script_and_what_every_text_needs(engine: Any, code: str, own: set[str]) -> None:
    made = script_list(engine, resolve(code).language, {"▁cat", "indeed"})
    # A mark that is put on any letter is as good as a letter of the script, wherever the other is a single one.
    assert words(made.target) - {"ข\u0301"} == (COMMON | own | {"▁cat", "indeed"}) - {"ข\u0301"}
    assert made.kind == "script"


def test_a_learned_list_holds_what_was_seen_and_what_is_short(engine: Any) -> None:
    made = learned_list(engine, resolve("fr").language, {"▁cat"}, {"there", "▁rather"})
    assert words(made.target) == COMMON | {"▁cat", "there", "▁rather", "▁the", "hat", "an", "▁at", "bé"}


def test_a_wider_list_holds_the_narrower_one_and_longer_pieces(engine: Any) -> None:
    thai, swahili = resolve("th").language, resolve("sw").language
    for make in (
        lambda width: script_list(engine, thai, (), width=width),
        lambda width: learned_list(engine, swahili, (), (), width=width),
    ):
        lists = [words(make(width).target) for width in range(WIDEST + 1)]
        assert all(narrow <= wide for narrow, wide in pairwise(lists))
        assert {"▁rather", "indeed", "dress"} <= lists[-1]
        assert "indeed" not in lists[0]
        assert "яя" not in lists[-1]


def test_the_source_holds_what_is_sent_and_can_spell_the_rest(engine: Any) -> None:
    made = script_list(engine, resolve("th").language, {"▁cat", "indeed"})
    kept = words(made.source)
    assert {"▁cat", "indeed", "▁the", "100", *SPECIAL, *CHARACTERS} <= kept
    assert {"there", "▁rather", "กข"}.isdisjoint(kept)
    # Their characters are no words of the vocabulary, so they cannot be spelled.
    assert {"x=1", "<0x0A>"} <= kept
    speller = Speller(VOCABULARY, made.source, engine._special)
    for word in VOCABULARY:
        assert "".join(speller([word])) == word
        assert set(speller([word])) <= kept


def test_random_lists_can_spell_the_whole_vocabulary(tiny: Ct2Engine) -> None:
    vocabulary, draw = list(tiny._ids), random.Random(3)
    for code in ("th", "sw", "zh"):
        sent = draw.sample(vocabulary, draw.randrange(100))
        made = script_list(tiny, resolve(code).language, sent)
        speller, kept = Speller(vocabulary, made.source, tiny._special), {vocabulary[i] for i in made.source}
        for word in vocabulary:
            spelled = speller([word])
            assert "".join(spelled) == word
            assert kept.issuperset(spelled)
            assert len(spelled) == 1 or tiny._special.isdisjoint(spelled)


@pytest.mark.parametrize(
    ("word", "kept", "spelling"),
    [
        ("▁hello", {"▁", "h", "e", "l", "o", "▁he", "llo", "hell", "▁hell"}, ["▁hell", "o"]),
        ("abc", {"a", "b", "c", "ab", "bc"}, ["ab", "c"]),
        ("abc", {"a", "b", "c", "bc"}, ["a", "bc"]),
        ("abc", {"abc", "a", "b", "c"}, ["abc"]),
        ("abc", {"a", "b"}, None),
        ("", set(), []),
    ],
)
def test_a_word_is_spelled_with_few_and_long_pieces(word: str, kept: set[str], spelling: list[str] | None) -> None:
    assert spell(word, kept) == spelling


def test_no_text_is_spelled_with_a_special_token() -> None:
    vocabulary = ["</s>", "<", "/", "s", ">", "a</s>", "a"]
    assert Speller(vocabulary, [0, 1, 2, 3, 4, 6], {"</s>"})(["a</s>", "</s>"]) == ["a", "<", "/", "s", ">", "</s>"]


def test_what_the_full_vocabulary_lacks_stays_unknown() -> None:
    assert Speller(["a", "b", "ab"], [0, 1])(["ab", "ж", "a"]) == ["a", "b", "ж", "a"]


def test_pieces_of_a_data_set_are_those_that_are_sent_and_those_of_copied_names(tiny: Ct2Engine) -> None:
    ja, texts = resolve("ja").language, ["Arjun bought 3 apples."]
    pieces = source_pieces(tiny, texts, ja)
    [unit] = tiny.prepare(texts, ENGLISH, ja)
    assert pieces >= {*unit.pieces}
    assert "▁Arjun" in pieces
    assert "rjun" in pieces  # as it stands behind a Japanese word


def test_a_list_is_known_by_its_words_and_survives_being_written_down() -> None:
    made = Shortlist("script", (1, 2, 300), (4, 5))
    assert Shortlist.from_json(made.to_json()) == made
    others = [Shortlist("script", (1, 2), (300, 4, 5)), Shortlist("script", (1, 2, 301), (4, 5))]
    assert len({one.hash for one in (made, *others)}) == 3
    assert Shortlist.from_json(made.to_json()).hash == made.hash


def test_seen_pieces_grow_and_are_kept_a_model_and_language(engine: Any, tmp_path: Path) -> None:
    sw, yo = resolve("sw").language, resolve("yo").language
    assert SeenPieces(tmp_path, engine, sw).load() == Seen()
    SeenPieces(tmp_path, engine, sw).add(["a|b", "c"])
    assert SeenPieces(tmp_path, engine, sw).add(["b|d"]) == Seen(frozenset("abcd"), 3)
    assert SeenPieces(tmp_path, engine, sw).load() == Seen(frozenset("abcd"), 3)
    assert SeenPieces(tmp_path, engine, yo).load() == Seen()
    engine.identity = {"revision": "2"}
    assert SeenPieces(tmp_path, engine, sw).load() == Seen()


@pytest.mark.parametrize("content", ["", "[]", '{"pieces": ["a"]}', '{"pieces": 3, "units": 1}', "{"])
def test_damaged_seen_pieces_are_learned_again(engine: Any, tmp_path: Path, content: str) -> None:
    seen = SeenPieces(tmp_path, engine, resolve("sw").language)
    seen.add(["a"])
    seen.path.write_text(content)
    assert seen.load() == Seen()
    assert seen.add(["b"]) == Seen(frozenset("b"), 1)


def test_pieces_of_outputs_are_those_the_model_writes(tiny: Ct2Engine) -> None:
    assert {"▁", "3"} & text_pieces(tiny, ["Juma ana matofaa 3."])
