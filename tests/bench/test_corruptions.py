"""What breaks human translations in the benchmark: each kind does what it says, and draws the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corruption_bench import Judged, matrix, share
from bench.corruptions import GOOD, KINDS, LANGUAGES, Corpus, Item, Row, draw, items, load

ENGLISH = "Shop {0} sold 1{0} apples and 25 pears in May."
SWAHILI = "Duka {0} liliuza tufaha 1{0} na peasi 25 mwezi wa Mei."
JAPANESE = "店{0}は五月にりんごを1{0}個と梨を25個売りました。とても忙しい月でした。"


def _corpus(rows: int = 40) -> Corpus:
    def of(lang: str, pattern: str, corpus: str) -> list[Row]:
        return [Row(corpus, n, lang, ENGLISH.format(n), pattern.format(n)) for n in range(1, rows + 1)]

    texts = {"sw": SWAHILI, "ja": JAPANESE}
    return Corpus({(name, lang): of(lang, texts[lang], name) for lang in texts for name in ("mgsm", "ntrex")})


def _plain(*targets: str) -> Corpus:
    rows = [Row("ntrex", n, "sw", f"Source {n}", target) for n, target in enumerate(targets, 1)]
    return Corpus({("ntrex", "sw"): rows})


@pytest.mark.parametrize("kind", [GOOD, *KINDS])
@pytest.mark.parametrize("lang", ["sw", "ja"])
def test_each_kind_gives_as_many_items_as_asked_with_ids_of_their_own(kind: str, lang: str) -> None:
    found = items(_corpus(), lang, kind, 0, 30)
    assert len(found) == 30
    assert len({item.id for item in found}) == 30
    assert all(item.row.number % 2 == 0 and item.row.lang == lang for item in found)
    assert all((item.target == item.row.target) == (kind == GOOD) for item in found)


def test_good_items_come_half_from_each_corpus() -> None:
    found = items(_corpus(), "sw", GOOD, 1, 20)
    assert [item.row.corpus for item in found].count("mgsm") == 10
    assert len({item.row for item in found}) == 20


def test_the_two_sides_share_no_row() -> None:
    even, odd = ({item.row for item in items(_corpus(), "sw", "truncated", side, 40)} for side in (0, 1))
    assert not even & odd


def test_the_same_rows_give_the_same_items() -> None:
    assert items(_corpus(), "ja", "digits-changed", 0, 40) == items(_corpus(), "ja", "digits-changed", 0, 40)
    assert draw("a", 1) == draw("a", 1) != draw("a", 2)


@pytest.mark.parametrize(("kind", "least"), [("digit-changed", 1), ("digits-changed", 2)])
def test_digits_are_changed_in_place_and_counted(kind: str, least: int) -> None:
    for item in items(_corpus(), "sw", kind, 0, 40):
        pairs = list(zip(item.row.target, item.target, strict=True))
        assert sum(before != after for before, after in pairs) == item.digits >= least
        assert all(before.isdecimal() and after.isdecimal() for before, after in pairs if before != after)


def test_digits_of_another_script_stay_in_it() -> None:
    [item] = items(_plain("ভ", "তার ২৪টি আছে"), "sw", "digit-changed", 0, 1)
    changed = [char for char in item.target if char.isdecimal()]
    assert len(changed) == 2 and all("০" <= char <= "৯" for char in changed)


def test_a_number_is_dropped_with_its_separators() -> None:
    [item] = items(_plain("x", "Ina vyumba 1,500.75 leo"), "sw", "number-dropped", 0, 5)
    assert (item.target, item.digits) == ("Ina vyumba  leo", 6)


def test_rows_without_digits_make_way_for_others_and_for_variants() -> None:
    corpus = _plain("x", "hakuna", "x", "Ana 1234 na 5678", "x", "hapana")
    found = items(corpus, "sw", "digits-changed", 0, 6)
    assert {item.row.number for item in found} == {4}
    assert len({item.target for item in found}) == len({item.id for item in found}) == 6
    assert items(_plain("x", "hakuna"), "sw", "digit-changed", 0, 5) == []


def test_repetition_goes_by_words_or_by_characters() -> None:
    swahili, japanese = (items(_corpus(), lang, "repetition", 0, 1)[0] for lang in ("sw", "ja"))
    assert swahili.target.endswith(" mwezi wa Mei." * 5)
    loop = japanese.target.removeprefix(japanese.row.target)
    assert any(loop == loop[:size] * (len(loop) // size) and 4 <= len(loop) // size <= 12 for size in range(10, 21))


def test_another_sentence_is_given_to_no_two_rows() -> None:
    found = items(_corpus(), "sw", "other-sentence", 0, 40)
    targets = [(item.row.corpus, item.target) for item in found]
    assert len(set(targets)) == len(targets) == 40


def test_reasons_are_counted_by_kind() -> None:
    row = Row("ntrex", 2, "sw", "a", "b")
    judged = [Judged(Item("empty", row, ""), "empty"), Judged(Item("empty", row, " "), None)]
    assert matrix(judged) == {"empty": {"empty": 1, "kept": 1}}
    assert share(judged, kept=True) == 50


def test_a_folder_of_any_rows_is_read_by_the_names_of_its_files(tmp_path: Path) -> None:
    for folder in ("ntrex", "mgsm"):
        (tmp_path / folder).mkdir()
    for code in ("eng", "swa"):
        (tmp_path / "ntrex" / f"{code}.501-503.txt").write_text(f"{code} a\n{code} b\n{code} c\n", encoding="utf-8")
    corpus = load(tmp_path, ["sw", "yo"], (502, 600), (1, 100))
    assert list(corpus.rows) == [("ntrex", "sw")]
    assert sorted((row.number, row.source, row.target) for row in corpus.rows["ntrex", "sw"]) == [
        (502, "eng b", "swa b"),
        (503, "eng c", "swa c"),
    ]


def test_the_data_folder_gives_a_hundred_of_each_kind(data_dir: Path) -> None:
    corpus = load(data_dir, LANGUAGES, (1, 500), (1, 100))
    for lang in LANGUAGES:
        counts = {kind: len(items(corpus, lang, kind, 0, 100)) for kind in (GOOD, *KINDS)}
        few = counts.pop("number-dropped")  # Yoruba's translators write most numbers as words
        assert set(counts.values()) == {100}
        assert few >= 25
