"""A card that was changed in any number is found out, and so are the manifests beside it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from judged_runs import judged_run, record
from published_runs import published

from mlt.data_cards.bundle import open_bundle
from mlt.data_cards.card import declared_in, make_card, write_card
from mlt.data_cards.check import check_card
from mlt.data_cards.compare import Mismatch, compare_cards
from mlt.data_cards.evidence import read_evidence
from mlt.data_cards.mixture_evidence import read_mixture
from mlt.toolkit.errors import DataError
from mlt.toolkit.files import file_hash
from mlt.toolkit.mixtures import Mixture, mixture_schema
from mlt.train.rows import mixture_row

OWN = "\nMy 12 notes of 2026.\n\n"


def add_mixture(run: Path, name: str) -> None:
    folder, files = run / "mixtures" / name, {}
    for split, ids in (("train", ["m2", "m3"]), ("validation", ["a1"])):
        rows = [mixture_row(record(id, lang), "prompt") | {"tokens": 9} for id in ids for lang in ("en", "sw")]
        path = folder / split / "part-00000.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=mixture_schema("prompt")), path)
        files[f"{split}/{path.name}"] = {"bytes": path.stat().st_size, "blake2b": file_hash(path), "rows": len(rows)}
    (folder / "removed.jsonl").write_text('{"id": "m9", "test_set": "mgsm", "rule": "exact"}\n')
    manifest: dict[str, Any] = {
        **{"schema_version": "1", "name": name, "signature": "mlt:0|stage:mix|seed:3", "format": "prompt"},
        **{"identity": {"stage": "mix"}, "languages": ["en", "sw"], "tasks": ["api", "math"], "files": files},
        **{"budget": {"kind": "per_language", "amount": 3}, "mode": "parallel", "seed": 3, "left_out": 0, "runs": []},
        **{"tokenizer": {"name": "own", "revision": "1"}, "ladder": None},
    }
    manifest["decontamination"] = {
        "sets": [{"name": "mgsm", "dataset": "juletxara/mgsm", "revision": "1", "rows": 250, "apis": 0}],
        "checked": 7,
        "removed": {"mgsm": {"exact": 1}},
    }
    found = read_mixture(Mixture(folder, manifest))
    manifest |= {"counts": found.counts, "tokens": found.tokens, "bytes": found.bytes}
    (folder / "mixture.json").write_text(json.dumps(manifest))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder with a card, in which somebody has written."""
    base = tmp_path_factory.mktemp("check")
    run = judged_run(base / "run")
    add_mixture(run, "L02-en-sw")
    out = published(run, base / "published")
    card = write_card(out, license="cc-by-4.0", repository="me/demo-2")
    text = card.read_text()
    card.write_text(text.replace("<!-- mlt:begin use -->", f"{OWN}<!-- mlt:begin use -->"))
    return out


@pytest.fixture(scope="module")
def card(folder: Path) -> str:
    return (folder / "README.md").read_text()


def generated(card: str, pattern: str) -> Iterator[re.Match[str]]:
    """What of a card matches, but for what people have written."""
    own = card.index(OWN)
    return (found for found in re.finditer(pattern, card) if not own <= found.start() < own + len(OWN))


def line_of(card: str, place: int) -> int:
    return card.count("\n", 0, place) + 1


def test_a_card_that_was_just_made_holds(folder: Path) -> None:
    assert check_card(folder) == []


def test_every_digit_that_is_changed_is_found_on_its_line(card: str) -> None:
    places = [found.start() for found in generated(card, r"[0-9]")]
    assert len(places) > 300
    for place in places:
        changed = f"{card[:place]}{(int(card[place]) + 1) % 10}{card[place + 1 :]}"
        assert line_of(card, place) in {found.line for found in compare_cards(changed, card)}


def test_every_number_that_is_changed_or_lost_is_found_on_its_line(card: str) -> None:
    for found in generated(card, r"[0-9]+"):
        for other in ("", f"{int(found[0]) + 1}", f"{found[0]}0"):
            changed = f"{card[: found.start()]}{other}{card[found.end() :]}"
            assert line_of(card, found.start()) in {one.line for one in compare_cards(changed, card)}


def test_a_changed_number_is_found_by_a_card_that_is_made_beside_it(folder: Path, card: str) -> None:
    """What a card says of licence and repository is believed, but only where it says so once."""
    with open_bundle(folder) as bundle:
        evidence = read_evidence(bundle)
        for found in list(generated(card, r"[0-9]+"))[::29] + list(generated(card, r"(?<=me/demo-)2|(?<=cc-by-)4")):
            changed = f"{card[: found.start()]}{int(found[0]) + 1}{card[found.end() :]}"
            expected = make_card(evidence, bundle, declared_in(changed), previous=changed)
            assert compare_cards(changed, expected), changed[found.start() - 40 : found.end() + 20]


@pytest.mark.parametrize(
    ("old", "new", "where", "said", "right"),
    [
        ("| `sw` | Swahili | 7 | 5 |", "| `sw` | Swahili | 7 | 6 |", "languages", "6", "5"),
        ("num_examples: 4", "num_examples: 5", "YAML", "5", "4"),
        ("size_categories:\n- n<1K", "size_categories:\n- 1K<n<10K", "YAML", "1K<n<10K", "n<1K"),
        ("<!-- mlt:end limits -->", "- It is perfect.\n<!-- mlt:end limits -->", "limits", "- It is perfect.", ""),
    ],
)
def test_what_differs_is_said_beside_what_the_data_say(
    folder: Path, tmp_path: Path, card: str, old: str, new: str, where: str, said: str, right: str
) -> None:
    assert card.count(old) >= 1
    copy = shutil.copytree(folder, tmp_path / "copy")
    changed = card.replace(old, new, 1)
    (copy / "README.md").write_text(changed)
    (found,) = check_card(copy)
    assert (found.where, found.card, found.data) == (where, said, right)
    assert new.split("\n")[1 if where == "YAML" and "\n" in new else 0] in changed.split("\n")[found.line - 1]


def test_own_words_are_not_judged(folder: Path, tmp_path: Path, card: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "README.md").write_text(card.replace(OWN, "\n99 other notes\n\n"))
    assert check_card(copy) == []


def test_yaml_that_another_program_wrote_and_other_line_ends_are_the_same(card: str) -> None:
    _, front, body = card.split("---\n", 2)
    lines = front.replace("license: cc-by-4.0\n", "") + "license: 'cc-by-4.0'  # as chosen\n"
    assert compare_cards(f"---\n{lines}---\n{body}", card) == []
    assert compare_cards(card.replace("\n", "\r\n"), card) == []


def test_a_key_that_stands_twice_hides_no_number(card: str) -> None:
    twice = card.replace("size_categories:", "size_categories:\n- 1K<n<10K\nsize_categories:", 1)
    assert {found.where for found in compare_cards(twice, card)} == {"YAML"}


def test_a_block_that_was_taken_out_is_found(card: str) -> None:
    start, end = (card.index(f"<!-- mlt:{kind} quality -->") for kind in ("begin", "end"))
    found = compare_cards(card[:start] + card[end + len("<!-- mlt:end quality -->") :], card)
    assert {one.where for one in found} == {"quality"}
    assert all(one.card == "" for one in found)


def change(path: str, *keys: str) -> Callable[[Path], None]:
    """Adds one to a number of a JSON file, or changes a text."""

    def apply(folder: Path) -> None:
        value = json.loads((folder / path).read_text())
        inner = value
        for key in keys[:-1]:
            inner = inner[key]
        old = inner.get(keys[-1], 0)
        inner[keys[-1]] = old + 1 if isinstance(old, int) else f"{old[:-1]}{'0' if old[-1] != '0' else '1'}"
        (folder / path).write_text(json.dumps(value))

    return apply


SW = "done/sw/part-00000.json"
MIXTURE = "mixtures/L02-en-sw/mixture.json"
SAID = {
    "run.json": [
        "languages.sw.out",
        "languages.en.in",
        "languages.sw.shards",
        "languages.sw.rejected.loop",
        "languages.yo.rejected.unheard-of",
        "languages.yo.abstained.language",
        "filter.languages.sw.kept",
        "filter.languages.sw.in",
        "filter.languages.sw.failing.length",
        "filter.languages.yo.dropped.language",
    ],
    SW: ["files|rejected/sw/part-00000.parquet|blake2b"],
    MIXTURE: [
        "counts.train.math.sw",
        "tokens.train.math.en",
        "bytes.validation.api.sw",
        "decontamination|removed|mgsm|exact",
        "files|train/part-00000.parquet|rows",
        "files|train/part-00000.parquet|blake2b",
    ],
}


@pytest.mark.parametrize("path", SAID)
def test_every_number_of_a_manifest_that_was_changed_is_found(folder: Path, tmp_path: Path, path: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    keys = [name.split("|" if "|" in name else ".") for name in SAID[path]]
    for names in keys:
        change(path, *names)(copy)
    found = {one.where: one for one in check_card(copy) if one.line == 0}
    assert found.keys() == {f"{path}: {'.'.join(names)}" for names in keys}
    assert all(one.card != one.data for one in found.values())


def test_a_language_that_is_not_there_is_found(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    value = json.loads((copy / "run.json").read_text())
    value["languages"]["fr"] = {"shards": 1, "in": 9, "out": 9, "rejected": {}}
    (copy / "run.json").write_text(json.dumps(value))
    assert Mismatch(0, "fr", "", "run.json: languages") in check_card(copy)


def test_markers_must_add_up_to_what_the_columns_say(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    change(SW, "failing", "length")(copy)
    assert check_card(copy) == [Mismatch(0, "3", "2", "done/sw: failing.length")]


def test_every_number_of_a_marker_that_was_changed_is_found_in_a_run(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run")
    write_card(run)
    assert check_card(run) == []
    for keys in (["in"], ["out"], ["rejected", "length"]):
        change(SW, *keys)(run)
    places = {found.where for found in check_card(run)}
    assert {f"{SW}: in", f"{SW}: out", f"{SW}: rejected.length"} <= places


def test_rows_that_were_changed_are_found(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "rejected/sw/part-00000.parquet"
    table = pq.read_table(path, partitioning=None)
    reasons = pa.array(["empty"] * len(table), pa.string())
    pq.write_table(table.set_column(table.column_names.index("reason"), "reason", reasons), path)
    found = {(one.where, one.card, one.data) for one in check_card(copy)}
    assert ("run.json: languages.sw.rejected.loop", "1", "0") in found
    assert "languages" in {where for where, _, _ in found}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "has no README.md: make one with mlt card"),
        ("# A card of my own, with 3 numbers\n", "holds no block of mlt"),
        ("---\nlicense: mit\n---\n<!-- mlt:begin use -->\n", "has no <!-- mlt:end use -->"),
    ],
)
def test_without_a_card_of_ours_there_is_nothing_to_check(
    folder: Path, tmp_path: Path, text: str | None, said: str
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "README.md").unlink()
    if text is not None:
        (copy / "README.md").write_text(text)
    with pytest.raises(DataError, match=re.escape(said)) as error:
        check_card(copy)
    assert "\n" not in str(error.value)


def test_a_mismatch_is_shown_short() -> None:
    one, other = (f"<!-- mlt:begin use -->\n{letter * 500}\n<!-- mlt:end use -->\n" for letter in "ab")
    assert compare_cards(one, other) == [Mismatch(2, f"{'a' * 99}…", f"{'b' * 99}…", "use")]
