"""From the embedded sample to a card, through every stage: what it says holds, and a changed number is found."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from published_runs import published

from mlt.data_cards.bundle import open_bundle
from mlt.data_cards.card import declared_in, write_card
from mlt.data_cards.check import check_card
from mlt.data_cards.evidence import Evidence, read_evidence
from mlt.filter.api import filter_run
from mlt.toolkit.run import open_run
from mlt.train.api import mix
from mlt.train.rows import row_text
from mlt.translate.api import translate

LANGS = ("en", "sw", "yo")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filtered run of the sample, with two mixtures in it and a card."""
    base = tmp_path_factory.mktemp("end-to-end")
    translate(None, langs="sw,yo", model="tiny", limit=24, out=base / "run", cache_dir=base / "cache")
    strict = {"checks": {"length": {"languages": {"yo": {"min": -3.0}}}}}
    out = filter_run(base / "run", base / "filtered", lid="embedded", policy=strict).path
    held = next(open_run(out).records("en"))
    row = {"question": held.messages[0].content, "answer": held.target}
    (base / "test.jsonl").write_text(json.dumps(row) + "\n")
    for name, format in (("L03-prompt", "prompt"), ("L03-chat", "messages")):
        made = {"per_language": 6, "validation": 2, "format": format, "decontaminate": [f"held={base / 'test.jsonl'}"]}
        mix([out], out / "mixtures" / name, **made)
    write_card(out, license="cc-by-4.0", repository="me/demo")
    return out


@pytest.fixture(scope="module")
def evidence(run: Path) -> Evidence:
    with open_bundle(run) as bundle:
        return read_evidence(bundle)


def test_the_card_of_a_run_holds(run: Path) -> None:
    assert check_card(run) == []


def test_the_card_of_a_published_folder_is_that_of_its_run(run: Path, tmp_path: Path) -> None:
    folder = published(run, tmp_path / "published")
    card = write_card(folder, license="cc-by-4.0", repository="me/demo")
    assert card.read_bytes() == (run / "README.md").read_bytes()
    assert check_card(folder) == []


def test_making_the_card_again_changes_nothing(run: Path) -> None:
    before = (run / "README.md").read_bytes()
    assert declared_in(before.decode()).license == "cc-by-4.0"
    assert write_card(run).read_bytes() == before


def test_what_is_counted_is_what_the_stages_wrote_down(run: Path, evidence: Evidence) -> None:
    manifest = json.loads((run / "run.json").read_text())
    assert evidence.run is not None
    for entry in evidence.run.languages:
        said = manifest["languages"][entry.lang]
        assert (entry.total, entry.kept, dict(entry.reasons)) == (said["in"], said["out"], said["rejected"])
    assert {entry.lang for entry in evidence.run.languages} == set(LANGS)
    assert sum(entry.rejected for entry in evidence.run.languages) > 0


def test_what_is_counted_of_a_mixture_is_what_it_wrote_down(evidence: Evidence) -> None:
    assert [mixture.name for mixture in evidence.mixtures] == ["L03-chat", "L03-prompt"]
    for mixture in evidence.mixtures:
        assert mixture.counts == mixture.manifest["counts"]
        assert mixture.bytes == mixture.manifest["bytes"]
        assert mixture.removed == mixture.manifest["decontamination"]["removed"]
        assert sum(mixture.removed["held"].values()) >= 1


def test_bytes_are_those_of_the_rows_texts(run: Path, evidence: Evidence) -> None:
    for mixture in evidence.mixtures:
        rows = [
            row
            for path in sorted((run / "mixtures" / mixture.name).glob("*/*.parquet"))
            for row in pq.read_table(path, partitioning=None).to_pylist()
        ]
        sizes = sum(len(row_text(row).encode()) for row in rows)
        counted = [size for tasks in mixture.bytes.values() for langs in tasks.values() for size in langs.values()]
        assert sum(counted) == sizes


def test_changed_numbers_are_found_in_a_folder(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    card = (copy / "README.md").read_text()
    digits = [found.start() for found in re.finditer(r"[0-9]", card)]
    for place in random.Random(4).sample(digits, 4):
        (copy / "README.md").write_text(f"{card[:place]}{(int(card[place]) + 1) % 10}{card[place + 1 :]}")
        lines = {found.line for found in check_card(copy)}
        assert card.count("\n", 0, place) + 1 in lines, card[place - 40 : place + 20]


def test_a_row_that_was_lost_is_found(run: Path, tmp_path: Path) -> None:
    folder = published(run, tmp_path / "published")
    write_card(folder, license="cc-by-4.0")
    path = folder / "scores" / "sw" / "part-00000.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).slice(1), path)
    assert {found.where for found in check_card(folder)} & {"quality", "languages"}


def test_a_bundle_of_mixtures_has_a_card_that_holds(run: Path, tmp_path: Path) -> None:
    ladder = shutil.copytree(run / "mixtures", tmp_path / "ladder")
    write_card(ladder, license="cc-by-4.0")
    assert check_card(ladder) == []
    manifest = ladder / "L03-chat" / "mixture.json"
    value = json.loads(manifest.read_text())
    value["counts"]["train"]["math"]["sw"] += 1
    manifest.write_text(json.dumps(value))
    assert {found.where for found in check_card(ladder)} == {"mixtures/L03-chat/mixture.json: counts.train.math.sw"}


def test_what_the_audit_of_a_shortlist_found_reaches_the_card(tmp_path: Path) -> None:
    options = {"model": "tiny", "limit": 6, "shortlist": "script", "beam_size": 1, "cache_dir": tmp_path / "cache"}
    plain = translate(None, langs="th", out=tmp_path / "run", **options).path
    found = open_run(plain).manifest["languages"]["th"]["shortlist"]
    for folder in (plain, filter_run(plain, tmp_path / "filtered", lid="embedded").path):
        card = write_card(folder, license="cc-by-4.0", repository="me/demo").read_text(encoding="utf-8")
        assert f"| `th` | `script` | {found['words']:,} | 2,000 | {found['audited']} |" in card
        assert check_card(folder) == []
