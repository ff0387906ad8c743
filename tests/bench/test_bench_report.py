"""Results are merged part by part and shown as a table."""

from __future__ import annotations

from pathlib import Path

from bench.common import Figure, alternate, ratio_figure
from bench.kill import difference
from bench.report import markdown
from bench.results import load, merge


def _figure(name: str, fast: list[float]) -> Figure:
    slow = [2.0, 2.0, 2.0]
    return ratio_figure(name, name, slow=slow, fast=fast, at_least=2.0, how="a | b", details={})


def test_a_ratio_is_the_median_over_repetitions_with_its_spread() -> None:
    figure = _figure("x", [1.0, 0.5, 2.0])
    assert (figure.measured, figure.low, figure.high, figure.met) == (2.0, 1.0, 4.0, True)


def test_sides_run_in_turn_and_in_changing_order() -> None:
    calls: list[str] = []
    times = alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_a_part_replaces_its_own_figures_and_keeps_those_of_others(tmp_path: Path) -> None:
    path, order = tmp_path / "results.json", ("first", "second")
    merge(path, "second", order, [_figure("s", [1.0] * 3)], 60.0)
    merge(path, "first", order, [_figure("f.old", [1.0] * 3)], 60.0)
    merge(path, "first", order, [_figure("f.new", [2.0] * 3)], 60.0)
    figures = load(path)
    assert list(figures) == ["f.new", "s"]
    assert figures["f.new"]["met"] is False
    page = markdown(figures)
    assert "| f.new | >= 2 | 1 x | 1 to 1 (3 repetitions) | **no** | a \\| b |" in page


def test_a_resumed_run_that_differs_is_told_apart() -> None:
    whole = {"sw": ({"id": "a", "text": "1"}, {"id": "b", "text": "2"})}
    assert difference(whole, whole) is None
    assert difference(whole, {"sw": whole["sw"][:1]}) == "sw: 1 rows lost"
    assert difference(whole, {"sw": (*whole["sw"], whole["sw"][0])}) == "sw: 1 rows too many"
    changed = {"sw": ({"id": "a", "text": "1"}, {"id": "b", "text": "3"})}
    assert difference(whole, changed) == "sw: 1 rows differ, first b"


def test_reasons_by_kind_stand_in_a_table_of_their_own() -> None:
    figure = _figure("caught", [1.0] * 3).to_json()
    about = {"date": "", "versions": {}, "machine": dict.fromkeys(("cores", "cpu", "memory_gb", "system", "python"))}
    figure |= about | {"details": {"matrix": {"empty": {"empty": 9, "kept": 1}, "loop": {"kept": 4}}}}
    page = markdown({"caught": figure})
    assert "| | empty | kept |\n|-|-|-|\n| empty | 9 | 1 |\n| loop |  | 4 |\n" in page
    assert "What the filter's checks caught" not in markdown({"caught": figure | {"details": {}}})
