from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from huggingface_hub import DatasetCard
from judged_runs import judged_run
from markdown_it import MarkdownIt
from published_runs import make_mixture, make_run, record

from mlt.data_cards.bundle import Bundle, open_bundle
from mlt.data_cards.card import Declared, declared_in, make_card, write_card
from mlt.data_cards.evidence import Evidence, read_evidence
from mlt.data_cards.handwritten import BLOCKS, blocks, own_text, read_front
from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.records import Message

RUN_BLOCKS = [name for name in BLOCKS if name != "mixtures"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return judged_run(tmp_path / "run")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    with open_bundle(judged_run(tmp_path_factory.mktemp("judged") / "run")) as bundle:
        yield Judged(bundle, read_evidence(bundle))


class Judged(NamedTuple):
    """A run that no test changes, read once."""

    bundle: Bundle
    evidence: Evidence

    def card(self, declared: Declared | None = None, previous: str | None = None) -> str:
        return make_card(self.evidence, self.bundle, declared or Declared(), previous)


def made(folder: Path, declared: Declared | None = None, previous: str | None = None) -> str:
    with open_bundle(folder) as bundle:
        return make_card(read_evidence(bundle), bundle, declared or Declared(), previous)


def row_of(table: str, *beginning: str) -> list[str]:
    """The cells of the table row that begins with these cells."""
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines() if "|" in line]
    return next(row for row in rows if row[: len(beginning)] == list(beginning))


def test_the_same_data_give_the_same_bytes_and_a_second_making_changes_none(judged: Judged, tmp_path: Path) -> None:
    declared = Declared("owner/name", "mit")
    first = judged.card(declared)
    assert made(judged_run(tmp_path / "run"), declared) == first
    assert judged.card(declared, previous=first) == first
    assert judged.card(declared_in(first), previous=first) == first


def test_a_run_has_every_block_but_that_of_mixtures(judged: Judged) -> None:
    card = judged.card()
    assert list(blocks(card)) == RUN_BLOCKS
    assert own_text(card).strip() == ""


def test_it_says_how_each_language_fared(judged: Judged) -> None:
    languages = blocks(judged.card())["languages"]
    header = row_of(languages, "language")
    swahili = dict(zip(header, row_of(languages, "`sw`"), strict=True))
    assert (swahili["in"], swahili["kept"], swahili["kept, %"]) == ("7", "5", "71.4")
    assert (swahili["api: kept of in"], swahili["math: kept of in"]) == ("3 of 3", "2 of 4")
    assert swahili["set aside before the filter"] == "`loop` 1"
    assert swahili["dropped by the filter"] == "`length` 1"
    assert swahili["edited by people"] == "2, 1 of them brought back"


def test_it_says_which_words_the_translator_had_and_what_their_audit_found(judged: Judged) -> None:
    assert "Words that the translator" not in judged.card()
    found = {"kind": "script", "words": 1264, "vocabulary": 256_206, "audited": 800, "identical": 799, "chrf": 61.5}
    manifest = {**judged.bundle.manifest, "languages": {"sw": {"shortlist": found}, "yo": {"shortlist": "torn"}}}
    evidence = read_evidence(replace(judged.bundle, manifest=manifest))
    quality = blocks(make_card(evidence, judged.bundle, Declared()))["quality"]
    words = quality[quality.index("### Words that the translator could use") :]
    assert row_of(words, "`sw`") == ["`sw`", "`script`", "1,264", "256,206", "800", "99.9", "61.5"]
    assert "`yo`" not in words


def test_it_says_what_the_checks_have_measured_and_where_they_cannot_judge(judged: Judged) -> None:
    card = blocks(judged.card())
    quality = card["quality"]
    scores = quality[quality.index("### Scores") :]
    yoruba = dict(zip(row_of(scores, "language"), row_of(scores, "`yo`"), strict=True))
    assert yoruba["`language`<br>at least 0.5"] == "0.37 / 1 / 1<br>1 outside"
    assert yoruba["`length`"].endswith("<br>−9 to 9")
    assert yoruba["`qe`<br>at least 0.2"] == "no score<br>7 abstained"
    assert "no model covers yo" in quality
    assert row_of(quality, "`sw`", "`judge` 7")[-3:] == ["`comet` 9", "6", "0"]
    assert "cannot judge Yoruba: uncalibrated: no model covers yo" in card["limits"]


def test_it_says_how_the_rows_were_made(judged: Judged) -> None:
    making = blocks(judged.card())["making"]
    assert row_of(making, "model") == ["model", "`tiny`"]
    assert row_of(making, "decoding") == ["decoding", "beam size 4"]
    assert row_of(making, "engine") == ["engine", "compute type int8"]
    assert row_of(making, "argument policy")[1].startswith("`keep`: the values of calls stay")
    assert row_of(making, "`made-up`") == ["`made-up`", "`rev-1`", "train", "CC0-1.0", "7"]
    assert "mlt:0|engine.ct:int8|decoding.beam:4|out:1" in making and "A toy." in making


def test_the_first_numbers_are_those_of_the_data(judged: Judged) -> None:
    assert re.search(r"\d+ items in English and \d+ translations of them", judged.card())
    totals = judged.evidence.totals
    assert f"{totals.items} items in English and {totals.translated} translations" in judged.card()
    assert f"{totals.rejected} rows were set aside" in judged.card()


def test_examples_stand_beside_the_english(judged: Judged) -> None:
    examples = blocks(judged.card())["examples"]
    assert examples.count("### ") == 3
    tables = examples.split("### ")[1:]
    assert all(re.search(r"\| `en` \| .* in en\? \|.*\n\| `sw` \| ", table) for table in tables)


HOSTILE = (
    "<!-- mlt:end examples -->\n<script>alert(1)</script> | a | {{ 7 * 7 }}\n```\n[x](javascript:y) ![](z)\n"
    "---\nlicense: mit\n---\n# title\n\u202e $a$ *b*"
)


def test_hostile_rows_stay_text(tmp_path: Path) -> None:
    entry = record("x", "en").with_(messages=(Message("user", HOSTILE),), target=HOSTILE)
    translated = entry.with_(lang="sw")
    card = made(make_run(tmp_path / "run", {"en": [[entry]], "sw": [[translated]]}))
    found = blocks(card)["examples"]
    assert found.count("<!--") == 2
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(found)
    assert "<script" not in html and "<img" not in html and "<a " not in html and "49" not in html
    assert html.count("<h1>") == 0 and html.count("<tr>") == 3
    assert "&lt;script&gt;" in html and "\u202e" not in html
    assert made(tmp_path / "run", previous=card) == card


def test_hostile_names_stay_text(judged: Judged) -> None:
    run = judged.evidence.run
    assert run is not None
    source = replace(run.sources[0], dataset="a`|<b>\n", license="<i>|", revision="`\n|")
    use = replace(run.translations[0], model="<script>|`", signature="x\n```\n<b>")
    hostile = replace(run, sources=(source,), translations=(use,), model_notice="<b>*x*")
    card = judged._replace(evidence=replace(judged.evidence, run=hostile)).card()
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(blocks(card)["making"])
    assert not re.search(r"<(b|i|script)>", html)
    assert "<b>*x*" in html.replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize(
    "declared",
    [
        Declared(),
        Declared("owner/name", "cc-by-nc-4.0"),
        Declared(None, "own-terms=https://example.org/a_b"),
        Declared("o-w.n_er/na_me.1", None),
    ],
)
def test_what_was_declared_is_read_back(declared: Declared, judged: Judged) -> None:
    assert declared_in(judged.card(declared)) == declared


@pytest.mark.parametrize("where", ["use", "rebuild"])
def test_a_changed_repository_stands_against_the_other_places(where: str, judged: Judged) -> None:
    card = judged.card(Declared("owner/name1", "mit"))
    block = blocks(card)[where]
    changed = card.replace(block, block.replace("owner/name1", "owner/name2", 1))
    assert judged.card(declared_in(changed), previous=changed) != changed


def test_a_changed_licence_stands_against_the_text(judged: Judged) -> None:
    card = judged.card(Declared(None, "cc-by-4.0"))
    changed = card.replace("license: cc-by-4.0", "license: cc-by-3.0", 1)
    assert judged.card(declared_in(changed), previous=changed) != changed


def test_text_of_people_stays_and_numbers_are_made_anew(judged: Judged) -> None:
    first = judged.card(Declared("owner/name", "mit"))
    edited = first.replace("<!-- mlt:begin quality -->", "## Ours\n\nWe read 50 rows.\n\n<!-- mlt:begin quality -->")
    edited = edited.replace("pretty_name:", "viewer: false\npretty_name:")
    damaged = edited.replace("71.4", "99.9").replace("size_categories:\n- n<1K", "size_categories:\n- n>1T")
    again = judged.card(declared_in(damaged), previous=damaged)
    assert own_text(again) == own_text(edited)
    assert blocks(again) == blocks(first)
    assert read_front(again) == {**read_front(first), "viewer": False}


def test_a_licence_in_conflict_is_named_on_the_card(run: Path) -> None:
    manifest = json.loads((run / "run.json").read_text())
    manifest["signature"] = "mlt:0|source.dataset:openai/gsm8k|engine.engine:ctranslate2|engine.model:nllb"
    manifest["licenses"] = {"source": "MIT", "model": "cc-by-nc-4.0"}
    (run / "run.json").write_text(json.dumps(manifest))
    said = blocks(made(run, Declared(None, "mit")))["licence"]
    assert "disputed" in said and "- nllb is under cc-by-nc-4.0" in said
    assert "https://opensource.org/license/mit" in said
    undeclared = blocks(made(run))["licence"]
    assert "No licence has been declared" in undeclared and "license" not in read_front(made(run))


def test_mixtures_have_a_card_of_their_own(tmp_path: Path) -> None:
    for name, languages in (("L01-en", ("en",)), ("L02-en-sw", ("en", "sw"))):
        folder = make_mixture(tmp_path / "ladder" / name, languages=languages)
        manifest = json.loads((folder / "mixture.json").read_text())
        manifest |= {"budget": {"kind": "per_language", "amount": 3}, "mode": "parallel", "seed": 7}
        manifest["runs"] = [{"signature": "mlt:0|engine.model:tiny", "licenses": {"source": "MIT", "model": "MIT"}}]
        manifest["runs"][0]["source"] = {"dataset": "openai/gsm8k", "revision": "abc"}
        manifest["decontamination"] = {"sets": [{"name": "mgsm", "dataset": "x/mgsm", "revision": "r", "rows": 250}]}
        (folder / "mixture.json").write_text(json.dumps(manifest))
        removed = {"id": "a", "task": "math", "test_set": "mgsm", "rule": "exact", "test_row": 1, "overlap": "x"}
        (folder / "removed.jsonl").write_text(json.dumps(removed) + "\n")
    card = made(tmp_path / "ladder", Declared("owner/name", "mit"))
    mixtures = blocks(card)["mixtures"]
    assert row_of(mixtures, "`L02-en-sw`", "train")[2:4] == ["math", "6"]
    assert row_of(mixtures, "`L02-en-sw`", "train")[-1] == "`en` `sw` 3 each"
    assert row_of(mixtures, "budget") == ["budget", "kind: per\\_language, amount: 3", "all"]
    assert row_of(mixtures, "`mgsm`") == ["`mgsm`", "x/mgsm", "`r`", "exact: 1", "all"]
    assert row_of(mixtures, "[`openai/gsm8k`](https://huggingface.co/datasets/openai/gsm8k)")[3] == "`tiny`"
    assert "GSM8K" in blocks(card)["summary"] and "languages" not in blocks(card)
    assert "mlt mix run --langs en,sw --per-language 3 --format prompt --seed 7" in blocks(card)["rebuild"]
    assert DatasetCard(card).data.configs[1]["data_files"][0]["path"] == "mixtures/L02-en-sw/train/part-*.parquet"


def test_an_unfiltered_run_has_headings_of_the_same_levels(judged: Judged) -> None:
    assert judged.evidence.run is not None
    unfiltered = replace(judged.evidence, run=replace(judged.evidence.run, filtered=False))
    card = make_card(unfiltered, judged.bundle, Declared())
    assert re.findall(r"^#+ .*$", blocks(card)["quality"], re.MULTILINE) == [
        "## Quality",
        "### How the translator's output was accepted",
    ]


def test_write_card_keeps_what_was_declared_before(run: Path) -> None:
    path = write_card(run, license="mit", repository="owner/name")
    assert path == run / "README.md"
    before = path.read_bytes()
    assert write_card(run).read_bytes() == before
    assert declared_in(write_card(run, license="cc-by-4.0").read_text()) == Declared("owner/name", "cc-by-4.0")


def test_write_card_keeps_the_line_ends_of_people(run: Path) -> None:
    path = write_card(run)
    path.write_bytes(path.read_bytes().rstrip() + b"\r\n\r\nOurs.\r\n")
    assert write_card(run).read_bytes().endswith(b"\r\n\r\nOurs.\r\n")


@pytest.mark.parametrize(
    ("options", "error"),
    [({"license": "mine"}, "--license mine"), ({"repository": "name"}, "write OWNER/NAME")],
)
def test_write_card_refuses_what_the_hub_would(options: dict[str, str], error: str, run: Path) -> None:
    with pytest.raises(UsageError, match=error):
        write_card(run, **options)
    assert not (run / "README.md").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"---\na: [\n---\n", b"<!-- mlt:begin use -->\n"])
def test_a_card_that_cannot_be_read_is_left_alone(content: bytes, run: Path) -> None:
    (run / "README.md").write_bytes(content)
    with pytest.raises(DataError):
        write_card(run)
    assert (run / "README.md").read_bytes() == content


def test_a_run_of_peoples_pairs_claims_no_machine(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", {lang: [[record("x", lang)]] for lang in ("en", "sw")})
    card = made(folder)
    assert "made by a machine" not in card and "### Translation" not in card
    assert "No row was set aside." in card


def test_evidence_without_configs_makes_a_card(judged: Judged) -> None:
    card = judged._replace(evidence=replace(judged.evidence, configs=())).card(Declared("owner/name"))
    assert "load_dataset" not in card and "configs" not in read_front(card)
