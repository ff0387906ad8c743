"""Plans: how many runs, at which addresses, and what they cost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from study_runs import write_run
from typer.testing import CliRunner

from mlt.eval.study.planning.addresses import address_of
from mlt.eval.study.planning.estimates import cost_of, notes, rows_of, steps_of, trained_tokens
from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.planning.plan import Plan, make_plan, write_study
from mlt.eval.study.planning.spec import load_spec
from mlt.toolkit.cli import app
from mlt.toolkit.errors import UsageError
from mlt.toolkit.files import read_json
from mlt.train.api import mix_ladder
from mlt.train.recipe import Recipe
from mlt.train.request import Budget

THREE = "{name: three, core: [en, es, sw], pivot: en, rungs: [{size: 1, how: pivot}, {size: 2, how: pivot+one}]}"
STUDY: dict[str, Any] = {
    "name": "made",
    "ladder": "three.yaml",
    "data": {"math": {"runs": ["run"], "test": "test", "validation": 2}},
    "budgets": {"per_language": {"math": {"per_language": 6}}},
    "models": ["tiny"],
    "set": {"max_steps": None, "epochs": 1, "batch_size": 4, "micro_batch_size": 4},
    "evaluate": {"languages": ["en", "es", "sw"]},
}


def planned(name: str, tmp_path: Path, *sets: str) -> Plan:
    return make_plan(load_spec(name, sets), StudyFolder(tmp_path))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "three.yaml").write_text(THREE)
    write_run(tmp_path / "run", ["en", "es", "sw"])
    write_run(tmp_path / "test", ["en", "es", "sw"], 4)
    return tmp_path


def plan_of(home: Path, *sets: str, **change: Any) -> Plan:
    (home / "study.yaml").write_text(yaml.safe_dump({**deepcopy(STUDY), **change}, sort_keys=False))
    return make_plan(load_spec(str(home / "study.yaml"), sets), StudyFolder(home / "out"))


def mix(plan: Plan) -> None:
    """What the study's own stage does of it."""
    for ladder in plan.ladders:
        budget = ladder.amount.budget
        amount: dict[str, Any] = {budget.kind: budget.amount}
        if budget.kind == "steps":
            amount |= {"batch_size": budget.batch_size, "epochs": budget.epochs}
        mix_ladder(ladder.runs, ladder.path, ladder.preset, validation=ladder.data.validation, **amount)


def addresses(plan: Plan) -> dict[str, str]:
    return {run.name.split("/", 2)[2]: run.address for run in plan.runs}


# --- the paper's study ---------------------------------------------------------------------------------------------


def test_the_papers_study_is_220_runs_in_six_languages(tmp_path: Path) -> None:
    plan = planned("paper-220", tmp_path)
    assert len(plan.runs) == len(plan.distinct_runs()) == 220 == 22 * 2 * 5
    assert len(plan.bases) == len(plan.distinct_bases()) == 10
    assert cost_of(plan, plan.runs).cells == 1320
    sizes = Counter(run.L for run in plan.runs if (run.task, run.model) == ("api", "gemma-3-4b"))
    assert sizes == {1: 1, 2: 4, 4: 5, 5: 1, 6: 5, 9: 5, 10: 1}
    assert {run.family for run in plan.runs} == {"Qwen", "Gemma"}
    assert all(run.pending for run in plan.runs)
    recipe = plan.runs[0].recipe
    assert (recipe.method, recipe.learning_rate, recipe.batch_size, recipe.epochs) == ("full", 1e-5, 512, 6)


@pytest.mark.parametrize(
    ("task", "mixture", "steps"), [("api", 1, 36), ("api", 10, 354), ("math", 1, 117), ("math", 10, 1172)]
)
def test_steps_are_about_those_of_the_paper(tmp_path: Path, task: str, mixture: int, steps: int) -> None:
    # It divides rows by the batch; a trainer ends each of the six epochs with a smaller batch.
    found = {run.steps for run in planned("paper-220", tmp_path).runs if (run.task, run.L) == (task, mixture)}
    assert len(found) == 1
    assert steps <= found.pop() <= steps + 6


def test_budgets_share_english_alone(tmp_path: Path) -> None:
    plan = planned("paper-220-budgets", tmp_path)
    assert len(plan.runs) == 660
    assert len(plan.distinct_runs()) == 640
    shared = [plan.names("run", run.address) for run in plan.distinct_runs()]
    assert {len(names) for names in shared if "/L01-" in names[0]} == {3}
    assert {len(names) for names in shared if "/L01-" not in names[0]} == {1}
    # The ladder of the paper's rows is made once for the two budgets that hold it.
    assert len(plan.ladders) == 4
    steps = {
        (run.task, run.budget): {r.steps for r in plan.runs if (r.task, r.budget) == (run.task, run.budget)}
        for run in plan.runs
    }
    assert steps["math", "total"] == steps["math", "steps"] == {120}
    assert steps["api", "total"] == steps["api", "steps"] == {36}


def test_the_small_study_is_two_tasks_of_22_mixtures(tmp_path: Path) -> None:
    plan = planned("tiny", tmp_path)
    assert {task: sum(run.task == task for run in plan.runs) for task in plan.data} == {"math": 22, "api": 22}


# --- addresses -----------------------------------------------------------------------------------------------------


def test_a_plan_is_the_same_every_time_and_writes_nothing(home: Path) -> None:
    first = plan_of(home)
    assert first == plan_of(home)
    assert not first.folder.path.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": [1]},
        {"mixture_seed": 1},
        {"set": {**STUDY["set"], "epochs": 2}},
        {"evaluate": {"languages": ["en", "es"]}},
        {"evaluate": {**STUDY["evaluate"], "limit": 2}},
        {"evaluate": {**STUDY["evaluate"], "max_new_tokens": 2}},
        {"data": {"math": {**STUDY["data"]["math"], "validation": 1}}},
        {"data": {"math": {**STUDY["data"]["math"], "test": "mgsm"}}},
        {"budgets": {"per_language": {"math": {"per_language": 5}}}},
    ],
)
def test_what_decides_a_run_changes_its_address(home: Path, change: Mapping[str, Any]) -> None:
    before, after = plan_of(home), plan_of(home, **change)
    assert not {run.address for run in before.runs} & {run.address for run in after.runs}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"keep_models": True},
        {"tiers": {"rich": ["en"]}},
        {"estimates": {"flops": 1e12}},
        {"models": [{"name": "mine", "recipes": {"math": "tiny/math"}, "parameters": 5, "family": "F"}]},
        {"budgets": {"other": {"math": {"per_language": 6}}}},
        {"evaluate": {"languages": ["sw", "es", "en"], "batch_size": 2, "verdict": {"math": "faithful"}}},
        {"set": {**STUDY["set"], "report_to": "tensorboard"}},
    ],
)
def test_what_decides_nothing_leaves_addresses(home: Path, change: Mapping[str, Any]) -> None:
    before, after = plan_of(home), plan_of(home, **change)
    assert [run.address for run in before.runs] == [run.address for run in after.runs]


def test_local_checkpoints_count_by_what_they_hold(home: Path) -> None:
    def made(folder: str, weights: bytes) -> Plan:
        (home / folder).mkdir()
        (home / folder / "model.safetensors").write_bytes(weights)
        model = {"name": "x", "recipes": {"math": "tiny/math"}, "set": {"model": folder}, "parameters": 9}
        return plan_of(home, models=[model])

    one, moved, other = made("a", b"1"), made("b", b"1"), made("c", b"2")
    assert one.runs[0].address == moved.runs[0].address != other.runs[0].address
    assert one.bases[0].address == moved.bases[0].address != other.bases[0].address


def test_a_mixture_that_is_made_settles_the_address(home: Path) -> None:
    pending = plan_of(home)
    assert all(run.pending for run in pending.runs)
    assert [run.rows for run in pending.runs] == [6, 12, 12]
    mix(pending)
    settled = plan_of(home)
    assert not any(run.pending for run in settled.runs)
    assert settled.ladders == pending.ladders
    assert [run.rows for run in settled.runs] == [6, 12, 12]
    assert not {run.address for run in pending.runs} & {run.address for run in settled.runs}
    assert settled == plan_of(home)


def test_a_changed_language_changes_only_the_mixtures_that_hold_it(home: Path) -> None:
    mix(plan_of(home))
    before = addresses(plan_of(home))
    write_run(home / "changed", ["en", "es", "sw"], changed="sw")
    change = {"data": {"math": {**STUDY["data"]["math"], "runs": ["changed"]}}}
    mix(plan_of(home, **change))
    after = addresses(plan_of(home, **change))
    assert {name for name in before if before[name] != after[name]} == {"per_language/L02-en-sw/s0"}


def test_a_changed_test_set_changes_every_run(home: Path) -> None:
    before = plan_of(home)
    (home / "test").rename(home / "earlier")
    missing = plan_of(home)
    write_run(home / "test", ["en", "es", "sw"], 4, changed="es")
    after = plan_of(home)
    sets = [{run.address for run in plan.runs} for plan in (before, missing, after)]
    assert not (sets[0] & sets[1] or sets[1] & sets[2] or sets[0] & sets[2])


def test_a_test_set_of_ones_own_counts_once_all_of_it_is_translated(home: Path) -> None:
    own = {"math": {"translate": {"source": "sample", "model": "tiny", "holdout": 4}}}
    planned = plan_of(home, data=own)
    folder = Path(planned.data["math"].test)
    assert folder == planned.folder.tests("math", planned.data["math"].key)
    write_run(folder, ["en", "es", "sw"], complete=False)
    assert plan_of(home, data=own).runs == planned.runs
    (folder / "run.json").write_text((folder / "run.json").read_text().replace('"complete": false', '"complete": true'))
    assert not {run.address for run in plan_of(home, data=own).runs} & {run.address for run in planned.runs}


def test_equal_amounts_of_other_budgets_are_one_run(home: Path) -> None:
    budgets = {
        "per_language": {"math": {"per_language": 6}},
        "total": {"math": {"total": 6}},
        "steps": {"math": {"steps": 3, "batch_size": 4, "epochs": 2}},
    }
    for plan in (plan_of(home, budgets=budgets), plan_of(home, budgets=budgets)):
        found = addresses(plan)
        assert found["per_language/L01-en/s0"] == found["total/L01-en/s0"] == found["steps/L01-en/s0"]
        assert found["total/L02-en-es/s0"] == found["steps/L02-en-es/s0"] != found["per_language/L02-en-es/s0"]
        assert plan.names("run", found["total/L01-en/s0"]) == [
            f"math/tiny/{budget}/L01-en/s0" for budget in ("per_language", "total", "steps")
        ]
        mix(plan)


def test_a_limit_that_epochs_come_to_by_themselves_is_no_other_run(home: Path) -> None:
    def of(steps: int | None) -> str:
        return plan_of(home, set={**STUDY["set"], "max_steps": steps}).runs[0].address

    assert of(None) == of(2) != of(3)


# --- selection and study.json --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only", "runs", "bases"),
    [
        (("api/*/L01-*",), 5, 0),
        (("api/*",), 110, 5),
        (("*/base",), 0, 10),
        (("math/qwen3-8b/*/L02-*", "api/gemma-3-1b/*"), 4 + 22, 1),
        ((), 220, 10),
    ],
)
def test_only_takes_what_matches_and_what_that_needs(
    tmp_path: Path, only: tuple[str, ...], runs: int, bases: int
) -> None:
    plan = planned("paper-220", tmp_path).selected(only)
    assert (len(plan.runs), len(plan.bases)) == (runs, bases)
    assert set(plan.data) == {job.task for job in plan.jobs}
    assert {ladder.path for ladder in plan.ladders} == {run.mixture_path.parent for run in plan.runs}


def test_a_pattern_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--only apl/\*: no run of that name; they are named like math/tiny/"):
        planned("tiny", tmp_path).selected(["api/*", "apl/*"])


def test_study_json_holds_the_plan(tmp_path: Path) -> None:
    plan = planned("tiny", tmp_path)
    write_study(plan)
    found = read_json(plan.folder.manifest)
    assert found.keys() == {"schema_version", "name", "spec", "pivot", "tiers", "evaluated", "ladder", "runs", "bases"}
    assert found["evaluated"] == ["en", "es", "ja", "bn", "sw", "te"]
    assert found["ladder"][0] == {"name": "L01-en", "size": 1, "languages": ["en"], "tasks": ["math", "api"]}
    assert len(found["ladder"]) == 22
    assert found["runs"][1] == {
        **{"name": "math/tiny/per_language/L02-en-es/s0", "address": plan.runs[1].address, "task": "math"},
        **{"model": "tiny", "family": "Tiny", "parameters": 115264.0, "mixture": "L02-en-es", "L": 2},
        **{"languages": ["en", "es"], "budget": "per_language", "seed": 0, "steps": plan.runs[1].steps},
        **{"tokens": plan.runs[1].tokens, "pending": True},
    }


# --- costs ---------------------------------------------------------------------------------------------------------


def recipe(**settings: Any) -> Recipe:
    return Recipe(name="r", model="tiny", task="math", learning_rate=1e-5, **{"batch_size": 4, **settings})


@pytest.mark.parametrize(
    ("budget", "rows"),
    [
        (Budget("per_language", 7), {"en": 7, "sw": 7}),
        (Budget("total", 7), {"en": 4, "sw": 3}),
        (Budget("steps", 10, 4, 2), {"en": 10, "sw": 10}),
        (Budget("tokens", 1000), {"en": 5, "sw": 5}),
        (Budget("steps", 10, 4, 2, 50), {"en": 5, "sw": 5}),
    ],
)
def test_rows_are_those_that_a_budget_gives(budget: Budget, rows: dict[str, int]) -> None:
    assert rows_of(budget, ["en", "sw"], 100) == rows


@pytest.mark.parametrize(
    ("settings", "steps", "seen"),
    [
        ({"epochs": 2}, 6, 20),  # ten rows: two batches of four and one of two, twice
        ({"epochs": 2, "max_steps": 4}, 4, 14),
        ({"epochs": 1.5}, 5, 18),
    ],
)
def test_tokens_are_those_of_the_rows_that_are_seen(settings: dict[str, Any], steps: int, seen: int) -> None:
    found = recipe(**settings)
    assert steps_of(found, 10, 1000) == steps
    assert trained_tokens(found, steps, 10, 1000) == seen * 100


@settings(max_examples=40)
@given(rows=st.integers(1, 5000), epochs=st.integers(1, 6), batch=st.sampled_from([1, 4, 64, 512]))
def test_whole_epochs_see_every_row_once_each(rows: int, epochs: int, batch: int) -> None:
    found = recipe(epochs=epochs, batch_size=batch, micro_batch_size=1)
    steps = steps_of(found, rows, rows * 10.0)
    assert trained_tokens(found, steps, rows, rows * 10.0) == rows * epochs * 10
    assert rows * epochs / batch <= steps < rows * epochs / batch + epochs


@settings(max_examples=40)
@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers()) | st.none()))
def test_an_address_is_of_the_value_and_not_of_its_order(value: dict[str, Any]) -> None:
    again = address_of(dict(reversed(value.items())))
    assert again == address_of(value)
    assert len(again) == 16
    assert address_of({**value, "further": 1}) != address_of({**value, "further": 2})


def test_packed_rows_fill_sequences(tmp_path: Path) -> None:
    packed = recipe(packing=True, max_length=500, epochs=1)
    assert steps_of(packed, 40, 4000) == 2  # eight sequences in batches of four
    assert trained_tokens(packed, 2, 40, 4000) == 4000


@pytest.mark.parametrize(("method", "operations"), [("full", 6), ("lora", 4)])
def test_device_hours_are_operations_by_what_the_device_does(home: Path, method: str, operations: int) -> None:
    given = {
        "flops": 1e9,
        "utilisation": 0.5,
        "generation": 1,
        "tokens_per_row": {"math": 10},
        "test_items": {"math": 3},
    }
    plan = plan_of(
        home,
        estimates=given,
        models=[{"name": "x", "recipes": {"math": "tiny/math"}, "parameters": 3e9}],
        set={**STUDY["set"], "keep": "loss", "method": method},
        evaluate={**STUDY["evaluate"], "max_new_tokens": 5},
    )
    cost = cost_of(plan, plan.runs[:1])
    trained, asked = operations * 3e9 * 6 * 10, 2 * 3e9 * 3 * 3 * (10 + 5)
    assert cost.hours == pytest.approx((trained / 0.5 + asked) / 1e9 / 3600)
    assert (cost.scratch == 7 * 4 * 3e9) == (method == "full")


def test_shared_runs_cost_once(home: Path) -> None:
    one = plan_of(home)
    two = plan_of(home, budgets={"a": {"math": {"per_language": 6}}, "b": {"math": {"per_language": 6}}})
    alone, both = cost_of(one, one.runs), cost_of(two, two.runs)
    assert (both.runs, both.cells) == (2 * alone.runs, 2 * alone.cells)
    assert (both.hours, both.tokens, both.disk) == (alone.hours, alone.tokens, alone.disk)


def test_notes_name_what_is_missing_and_steps_that_are_not_met(home: Path) -> None:
    assert notes(plan_of(home)) == []
    (home / "run").rename(home / "elsewhere")
    [missing] = notes(plan_of(home))
    assert f"{home}/run is not there yet" in missing
    (home / "elsewhere").rename(home / "run")
    [steps] = notes(plan_of(home, budgets={"s": {"math": {"steps": 12, "batch_size": 2, "epochs": 1}}}))
    assert "6 steps, and its budget says 12" in steps


@pytest.mark.parametrize("study", ["paper-220", "paper-220-budgets", "tiny"])
def test_the_command_prints_the_plan(study: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["study", "plan", study, "--out", str(tmp_path / "s")])
    assert told.exit_code == 0, told.output
    assert "device hours" in told.output
    assert not (tmp_path / "s").exists()
    found = json.loads(CliRunner().invoke(app, ["study", "plan", study, "--json", "--out", str(tmp_path / "s")]).stdout)
    assert found["total"]["runs"] == len(found["runs"])
    assert sum(share["runs"] for share in found["shares"]) == found["total"]["runs"]
    assert sum(share["hours"] for share in found["shares"]) == pytest.approx(found["total"]["hours"], rel=0.1)
    assert found["assumptions"]
