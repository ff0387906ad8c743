"""The long table: every verdict of every finished run, once, under the right names; and what leads back to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("pandas")

import made_studies as made
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_studies import MadeRun, first
from paper_study import paper_counts
from studies_on_disk import on_disk

from mlt.eval.study.analysis.evidence import CellRef, Number, cell_refs
from mlt.eval.study.analysis.long_table import (
    COLUMNS,
    StudyTable,
    TableBuilder,
    build_table,
    cells,
    read_table,
    write_table,
)
from mlt.eval.study.planning.folder import StudyFolder
from mlt.toolkit.errors import DataError

MODEL = made.MODELS[0]


def run_of(mixture: str = "L02-en-sw", task: str = "api", model: made.Model = MODEL, **rights: list[bool]) -> MadeRun:
    """A run with given verdicts by language."""
    return MadeRun(task, model, mixture, made.MIXTURES[mixture], rights)


def base_of(task: str = "api", **rights: list[bool]) -> MadeRun:
    """A base with given verdicts by language."""
    return MadeRun(task, MODEL, "base", (), rights, base=True)


def built(folder: Path, *runs: MadeRun, **options: object) -> StudyTable:
    """The table of a folder that holds these runs."""
    return build_table(StudyFolder(on_disk(folder, runs, **options)))  # type: ignore[arg-type]


def test_a_row_says_what_the_run_was_and_where_its_sample_stands(tmp_path: Path) -> None:
    run = run_of(en=[True, False], sw=[False, True])
    table = built(tmp_path, run)
    row = table.frame.iloc[3].to_dict()
    log10 = row.pop("log10_parameters")
    assert log10 == pytest.approx(8.778, abs=0.001)
    assert row == {
        "run": "api/qwen3-0.6b/per_language/L02-en-sw/s0",
        "address": run.address,
        "model": "qwen3-0.6b",
        "family": "Qwen3",
        "task": "api",
        "mixture": "L02-en-sw",
        "L": 2,
        "languages": ("en", "sw"),
        "budget": "per_language",
        "seed": 0,
        "steps": 36,
        "tokens": 100_000,
        "lang": "sw",
        "exposure": "direct",
        "tier": "low",
        "item": "api-0001",
        "group": "api-group-0001",
        "correct": True,
        "file": f"runs/{run.address}/answers/samples/api-sw.jsonl",
        "line": 2,
    }
    sample = json.loads((tmp_path / row["file"]).read_text().splitlines()[row["line"] - 1])
    assert (sample["id"], sample["lang"], sample["verdicts"]["strict"]) == ("api-0001", "sw", True)
    assert (table.pivot, table.evaluated, table.lmax, table.folder) == ("en", ("en", "sw"), 2, tmp_path)


def test_a_base_is_of_no_mixture_and_has_met_no_language(tmp_path: Path) -> None:
    base = base_of(en=[True], sw=[False])
    frame = built(tmp_path, run_of(en=[True], sw=[True]), base).frame
    own = frame[frame["run"] == "api/qwen3-0.6b/base"]
    assert set(own["exposure"]) == {"pretrained"}
    assert own.iloc[0][["mixture", "L", "languages", "budget", "seed", "steps"]].tolist() == ["base", 0, (), "", 0, 0]
    assert own.iloc[0]["file"].startswith(f"bases/{base.address}/")


@pytest.mark.parametrize(
    ("mixture", "lang", "exposure"),
    [
        ("L01-en", "en", "direct"),
        ("L01-en", "sw", "transfer"),
        ("L02-en-sw", "sw", "direct"),
        ("L02-en-sw", "es", "transfer"),
        ("L04-no-sw", "sw", "transfer"),
        ("L10-all", "sw", "direct"),
        ("L10-all", "te", "transfer"),
    ],
)
def test_exposure_is_whether_the_mixture_holds_the_language(mixture: str, lang: str, exposure: str) -> None:
    frame = made.table_of([run_of(mixture, **{lang: [True]})]).frame
    assert frame["exposure"].tolist() == [exposure]


def test_a_run_that_stands_for_two_budgets_counts_in_both(tmp_path: Path) -> None:
    """Its names differ, its address is one."""
    run = run_of("L01-en", en=[True, False])
    on_disk(tmp_path, [run])
    study = json.loads((tmp_path / "study.json").read_text())
    again = {**study["runs"][0], "name": run.name.replace("per_language", "total"), "budget": "total"}
    (tmp_path / "study.json").write_text(json.dumps({**study, "runs": [*study["runs"], again]}))
    found = cells(build_table(StudyFolder(tmp_path)))
    assert found["budget"].tolist() == ["per_language", "total"]
    assert found["address"].nunique() == 1
    assert found["accuracy"].tolist() == [0.5, 0.5]


def test_only_what_is_finished_is_counted_and_the_rest_is_named(tmp_path: Path) -> None:
    done, failed, later = (run_of(mixture, en=[True]) for mixture in ("L01-en", "L02-en-sw", "L10-all"))
    table = built(tmp_path, done, base_of(en=[True]), failed=[failed], to_come=[later])
    assert table.expected["runs"] == {"planned": 3, "finished": 1}
    assert table.expected["bases"] == {"planned": 1, "finished": 1}
    assert [(entry["name"], entry["state"]) for entry in table.expected["unfinished"]] == [
        (failed.name, "failed"),
        (later.name, "to come"),
    ]
    assert "no memory left" in table.expected["unfinished"][0]["error"]
    assert set(table.frame["run"]) == {done.name, "api/qwen3-0.6b/base"}
    assert table.lmax == 10  # of what is planned, not of what is finished


@pytest.mark.parametrize(("verdict", "right"), [("strict", [True, False]), ("normalised", [False, True])])
def test_correct_is_the_verdict_that_the_study_asks_for(tmp_path: Path, verdict: str, right: list[bool]) -> None:
    on_disk(tmp_path, [run_of(en=[True, False])])
    study = json.loads((tmp_path / "study.json").read_text())
    study["spec"]["evaluate"]["verdict"] = {"api": verdict}
    (tmp_path / "study.json").write_text(json.dumps(study))
    assert build_table(StudyFolder(tmp_path)).frame["correct"].tolist() == right


def test_tasks_may_be_asked_in_different_languages(tmp_path: Path) -> None:
    frame = built(tmp_path, run_of(en=[True], sw=[True]), run_of(task="math", en=[True], ja=[False])).frame
    assert [*frame[["task", "lang"]].itertuples(index=False, name=None)] == [
        ("api", "en"),
        ("api", "sw"),
        ("math", "en"),
        ("math", "ja"),
    ]


def test_languages_that_the_study_does_not_ask_for_are_left_out(tmp_path: Path) -> None:
    on_disk(tmp_path, [run_of(en=[True], sw=[True])])
    study = json.loads((tmp_path / "study.json").read_text())
    (tmp_path / "study.json").write_text(json.dumps({**study, "evaluated": ["en"]}))
    assert set(build_table(StudyFolder(tmp_path)).frame["lang"]) == {"en"}


def test_reading_back_gives_the_same_table_and_writing_it_again_the_same_bytes(tmp_path: Path) -> None:
    table = built(tmp_path, run_of(en=first(3, 5), sw=first(1, 5)), base_of(en=first(2, 5), sw=first(0, 5)))
    path = tmp_path / "report" / "items.parquet"
    again = read_table(path)
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert [getattr(again, name) for name in ("pivot", "evaluated", "tiers", "lmax", "expected", "folder")] == [
        getattr(table, name) for name in ("pivot", "evaluated", "tiers", "lmax", "expected", "folder")
    ]
    before = path.read_bytes()
    write_table(again, path)
    assert path.read_bytes() == before


def test_any_tool_reads_the_file(tmp_path: Path) -> None:
    built(tmp_path, run_of(en=[True], sw=[False]))
    frame = pd.read_parquet(tmp_path / "report" / "items.parquet")
    assert [*frame.columns] == [*COLUMNS]
    assert list(frame["languages"][0]) == ["en", "sw"]


def _no_study(folder: Path) -> None:
    (folder / "study.json").unlink()


def _no_list(folder: Path) -> None:
    (folder / "study.json").write_text("[]")


def _not_done(folder: Path) -> None:
    next(folder.glob("runs/*/done.json")).unlink()


def _language_gone(folder: Path) -> None:
    path = next(folder.glob("runs/*/done.json"))
    done = json.loads(path.read_text())
    path.write_text(json.dumps({**done, "results": {**done["results"], "ja": {"items": 1, "correct": 0}}}))
    study = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**study, "evaluated": ["en", "ja"]}))


def _answers_changed(folder: Path) -> None:
    with next(folder.glob("runs/*/answers/samples/api-en.jsonl")).open("a") as file:
        file.write("{}\n")


def _verdict_unknown(folder: Path) -> None:
    study = json.loads((folder / "study.json").read_text())
    study["spec"]["evaluate"]["verdict"]["api"] = "lenient"
    (folder / "study.json").write_text(json.dumps(study))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_no_study, "holds no study.json: start the study with mlt study run"),
        (_no_list, "is damaged"),
        (_not_done, "no run is finished yet"),
        (_language_gone, "holds no answers in ja"),
        (_answers_changed, "is not what the run has written"),
        (_verdict_unknown, "no verdict 'lenient', there is normalised, strict"),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, damage: object, said: str) -> None:
    on_disk(tmp_path, [run_of(en=[True])])
    damage(tmp_path)  # type: ignore[operator]
    with pytest.raises(DataError, match=said) as caught:
        build_table(StudyFolder(tmp_path))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "report").exists()


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    with pytest.raises(DataError, match="no such file"):
        read_table(path)
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="no readable parquet"):
        read_table(path)
    pd.DataFrame({"run": ["a"]}).to_parquet(path)
    with pytest.raises(DataError, match="no table of a study"):
        read_table(path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["L01-en", "L02-en-sw", "L05-core"]),
        st.dictionaries(st.sampled_from(made.LANGS), st.lists(st.booleans(), min_size=1, max_size=6), min_size=1),
        min_size=1,
    )
)
def test_cells_count_each_verdict_once(rights: dict[str, dict[str, list[bool]]]) -> None:
    runs = [run_of(mixture, **by_lang) for mixture, by_lang in rights.items()]
    found = cells(made.table_of(runs))
    expected = [
        (run.name, lang, len(right), sum(right), sum(right) / len(right))
        for run in runs
        for lang, right in run.right.items()
    ]
    assert [*found[["run", "lang", "n", "correct", "accuracy"]].itertuples(index=False, name=None)] == expected


def test_a_cell_of_the_builder_needs_every_value() -> None:
    cell = run_of(en=[True]).cell("en")
    builder = TableBuilder()
    with pytest.raises(ValueError, match="a cell needs tier"):
        builder.add({name: value for name, value in cell.items() if name != "tier"}, ["a"], ["a"], [True])
    with pytest.raises(ValueError, match="1 items, but 2 of correct"):
        builder.add(cell, ["a"], ["a"], [True, False])
    assert builder.frame().empty
    assert [*builder.frame().columns] == [*COLUMNS]


def test_the_paper_s_table_has_the_paper_s_counts_and_medians() -> None:
    found = cells(paper_counts())
    alone = found[found["L"] == 1].set_index(["model", "task", "lang"])["accuracy"]
    pairs = found[found["L"] == 2]
    keys = pd.MultiIndex.from_frame(pairs[["model", "task", "lang"]])
    change = pairs["accuracy"] - alone.loc[keys].to_numpy()
    kind = pairs["exposure"].where(pairs["lang"] != "en", "english")
    wins = (change > 0).groupby(kind).agg(["sum", "size"])
    assert {name: tuple(row) for name, row in wins.iterrows()} == {
        "direct": (35, 40),
        "english": (30, 40),
        "transfer": (119, 160),
    }
    medians = change.groupby([pairs["task"], kind]).median().mul(100).round(2)
    assert medians.to_dict() == {
        ("api", "direct"): 9.27,
        ("api", "transfer"): 3.38,
        ("api", "english"): 0.88,
        ("math", "direct"): 8.4,
        ("math", "transfer"): 1.6,
        ("math", "english"): 3.4,
    }


def test_the_mixtures_of_made_studies_are_the_ladder_s() -> None:
    from mlt.train.ladder import load_ladder

    assert {mixture.name: mixture.languages for mixture in load_ladder("paper-22").mixtures} == made.MIXTURES


def test_numbers_name_each_cell_once_and_write_no_infinity() -> None:
    frame = made.table_of([run_of(en=[True, True], sw=[True, False])]).frame
    refs = cell_refs(frame)
    assert refs == (CellRef(frame["run"][0], "en"), CellRef(frame["run"][0], "sw"))
    number = Number("a.b", "A", 0.5, float("-inf"), float("nan"), 2, "share", "Wilson", refs)
    written = json.loads(json.dumps(number.to_json(), allow_nan=False))
    assert (written["value"], written["low"], written["high"], written["n"]) == (0.5, None, None, 2)
    assert written["cells"] == [{"run": refs[0].run, "lang": "en"}, {"run": refs[0].run, "lang": "sw"}]
