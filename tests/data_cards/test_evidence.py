"""What is counted of a run is what was put into it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_runs import TINY, judged_run, record
from published_runs import make_run, published

from mlt.data_cards.bundle import open_bundle
from mlt.data_cards.evidence import Evidence, LanguageEvidence, RunEvidence, RungShare, SourceUse, TaskCounts
from mlt.data_cards.run_evidence import rung_shares
from mlt.toolkit.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def evidence(folder: Path) -> Evidence:
    return evidence_of(folder)


def evidence_of(folder: Path) -> Evidence:
    from mlt.data_cards.evidence import read_evidence

    with open_bundle(folder) as bundle:
        return read_evidence(bundle)


def run_of(evidence: Evidence) -> RunEvidence:
    assert evidence.run is not None
    return evidence.run


def language(evidence: Evidence, lang: str) -> LanguageEvidence:
    return next(entry for entry in run_of(evidence).languages if entry.lang == lang)


def test_rows_are_counted_by_what_became_of_them(evidence: Evidence) -> None:
    english, sw, yo = (language(evidence, lang) for lang in ("en", "sw", "yo"))
    assert (english.total, english.kept, english.rejected, english.unread) == (8, 7, 1, 1)
    assert (sw.total, sw.kept, sw.reasons) == (7, 5, {"length": 1, "loop": 1})
    assert (sw.by_filter, sw.before) == ({"length": 1}, {"loop": 1})
    assert (yo.total, yo.kept, yo.by_filter, yo.before) == (7, 6, {"language": 1}, {})
    assert all(entry.total == entry.kept + entry.rejected for entry in run_of(evidence).languages)


def test_tasks_are_counted_apart_and_unread_rows_belong_to_none(evidence: Evidence) -> None:
    assert language(evidence, "en").tasks == {"api": TaskCounts(3, 3, 0), "math": TaskCounts(4, 4, 0)}
    assert language(evidence, "sw").tasks == {"api": TaskCounts(3, 3, 0), "math": TaskCounts(4, 2, 2)}
    assert evidence.tasks == ("api", "math")


def test_edited_rows_are_counted_and_those_that_were_brought_back(evidence: Evidence) -> None:
    assert (language(evidence, "sw").edited, language(evidence, "sw").brought_back) == (2, 1)
    assert (language(evidence, "yo").edited, language(evidence, "yo").brought_back) == (0, 0)


def test_totals_are_sums(evidence: Evidence) -> None:
    totals = evidence.totals
    assert (totals.items, totals.rows, totals.translated, totals.rejected) == (7, 18, 11, 4)
    assert totals.mixture_rows == 0


def test_a_column_has_quantiles_its_bounds_and_who_lies_outside(evidence: Evidence) -> None:
    checks = {check.name: check for check in language(evidence, "sw").checks}
    assert list(checks) == ["empty", "language", "length", "qe"]
    length = checks["length"]
    assert (length.min, length.max, length.veto, length.scored, length.abstained) == (-3.0, 3.0, False, 5, 1)
    assert length.outside == 2
    assert length.quantiles == (-0.75, 2, 8.1)  # of -1, 0.25, 2, 4.5, 9
    assert (checks["empty"].veto, checks["empty"].outside, checks["empty"].quantiles) == (True, 0, (0, 0, 0))


def test_a_language_has_the_bounds_that_apply_to_it(evidence: Evidence) -> None:
    length = next(check for check in language(evidence, "yo").checks if check.name == "length")
    assert (length.min, length.max, length.outside) == (-9.0, 9.0, 0)


def test_who_has_judged_a_language_is_named(evidence: Evidence) -> None:
    sw, yo = language(evidence, "sw"), language(evidence, "yo")
    assert sw.language_id is not None
    assert (sw.language_id.name, sw.language_id.revision, sw.language_id.license) == ("judge", "7", "MIT")
    assert (sw.language_id.scored, sw.language_id.abstained) == (4, 2)
    assert (sw.calibration, yo.calibration) == ("calibrated", "uncalibrated")
    assert language(evidence, "en").calibration == "not run"
    assert sw.qe is not None
    assert yo.qe is not None
    assert (sw.qe.name, yo.qe.name) == ("comet", None)
    assert (yo.qe.scored, yo.qe.uncovered) == (0, "uncalibrated: no model covers yo")


def test_rungs_are_those_of_the_units_of_kept_rows(evidence: Evidence) -> None:
    sw = language(evidence, "sw")
    # The target of m2 was replaced, and with it its unit went.
    assert (sw.units, sw.rungs) == (4, (RungShare("direct", 3, 75.0), RungShare("split", 1, 25.0)))


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**7), max_size=6))
def test_a_share_that_is_neither_nothing_nor_all_never_looks_so(counts: dict[str, int]) -> None:
    shares = rung_shares(counts)
    assert {share.rung: share.units for share in shares} == counts
    for share in shares:
        assert (share.percent == 100) == (len(counts) == 1)
        assert share.percent > 0
        assert abs(share.percent - 100 * share.units / sum(counts.values())) <= 0.1


def test_sources_and_translations_are_those_of_the_rows(evidence: Evidence) -> None:
    assert run_of(evidence).sources == (SourceUse("made-up", "rev-1", "CC0-1.0", ("train",), 7),)
    (made,) = run_of(evidence).translations
    assert (made.model, made.revision, made.signature, made.rows) == ("tiny", "r1", TINY.signature, 11)
    assert made.languages == ("sw", "yo")
    assert (made.settings["engine.ct"], made.settings["decoding.beam"]) == ("int8", 4)
    assert run_of(evidence).models == (("tiny", "MIT"), ("judge", "MIT"), ("comet", None))


def test_examples_are_the_same_items_in_every_language_and_kept_in_all(evidence: Evidence) -> None:
    examples = run_of(evidence).examples
    assert len(examples) == 3
    assert {example.task for example in examples} == {"api", "math"}
    for example in examples:
        assert list(example.texts) == ["en", "sw", "yo"]
        assert example.id not in {"m0", "m1", "a0"}  # rejected in one of them
        said = {lang: {slot.role: slot.text for slot in slots} for lang, slots in example.texts.items()}
        assert said["yo"]["user"] == f"{example.id} in yo?"
        assert set(said["en"]) == {"user", "target"}


def test_examples_do_not_depend_on_how_rows_are_cut_into_shards(tmp_path: Path) -> None:
    ids = [f"m{n}" for n in range(30)]
    chosen = []
    for name, cuts in (("one", [30]), ("many", [3, 10, 16, 30])):
        shards = [ids[a:b] for a, b in zip([0, *cuts], cuts, strict=False)]
        run = make_run(tmp_path / name, {"en": [[record(id) for id in reversed(shard)] for shard in shards]})
        chosen.append([example.id for example in run_of(evidence_of(run)).examples])
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 3


def test_configs_are_described_by_the_footers_of_their_files(evidence: Evidence, folder: Path, tmp_path: Path) -> None:
    with open_bundle(folder) as bundle:
        names = {config.name: [bundle.files[path] for path in config.splits["train"]] for config in bundle.configs}
        for config in evidence.configs:
            tables = [pq.read_table(path, partitioning=None) for path in names[config.name]]
            assert config.rows == sum(map(len, tables)) == sum(split.rows for split in config.splits)
            assert config.download == sum(path.stat().st_size for path in names[config.name])
            assert config.bytes > 0
            assert config.schema.equals(tables[0].schema)
    assert [config.name for config in evidence.configs][:2] == ["api_en", "math_en"]


def test_a_published_folder_gives_the_same_evidence_as_its_run(
    evidence: Evidence, folder: Path, tmp_path: Path
) -> None:
    assert evidence_of(published(folder, tmp_path / "published")) == evidence


def test_a_run_that_was_never_filtered_has_no_scores_and_its_losses_came_before(tmp_path: Path) -> None:
    rows = [record("m0"), record("m1")]
    run = make_run(tmp_path, {"en": [rows], "sw": [[record("m0", "sw"), record("m1", "sw")]]}, aside=["m1"])
    found = evidence_of(run)
    sw = language(found, "sw")
    assert (run_of(found).filtered, sw.checks, sw.judged, sw.language_id) == (False, (), 0, None)
    assert (sw.by_filter, sw.before, sw.calibration) == ({}, {"loop": 1}, "not run")


@pytest.mark.parametrize(
    ("file", "damage", "said"),
    [
        ("scores/sw/part-00000.parquet", b"PAR1 and no more", "is damaged"),
        ("rejected/sw/part-00000.parquet", None, "has no column reason"),
    ],
)
def test_a_damaged_file_is_named_in_one_line(
    folder: Path, tmp_path: Path, file: str, damage: bytes | None, said: str
) -> None:
    copy = published(folder, tmp_path / "published")
    if damage is None:
        pq.write_table(pa.table({"id": ["m0"], "task": ["math"]}), copy / file)
    else:
        (copy / file).write_bytes(damage)
    with pytest.raises(DataError, match=said) as error:
        evidence_of(copy)
    assert "\n" not in str(error.value)
    shutil.rmtree(copy)
