"""Two evaluations are compared on the items that both hold, and no more is concluded than they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("statsmodels")
pytest.importorskip("matplotlib")

from made_evaluations import MODEL, answers, evaluation, sample

from mlt.eval.compare import Comparison, Row, compare
from mlt.eval.compare_commands import run_compare
from mlt.toolkit.errors import DataError, UsageError

HALF = [number % 2 == 0 for number in range(60)]
BETTER = [right or number % 5 == 0 for number, right in enumerate(HALF)]
SAME_300 = [number % 2 == 0 for number in range(300)]


def two(tmp_path: Path, a: list[dict[str, Any]], b: list[dict[str, Any]], **options: Any) -> Comparison:
    return compare(
        evaluation(tmp_path / "a", a), evaluation(tmp_path / "b", b, model={"name": "made/other"}), **options
    )


def row(found: Comparison, lang: str, verdict: str = "robust") -> Row:
    [entry] = [row for row in found.rows if (row.lang, row.verdict) == (lang, verdict)]
    return entry


def test_a_better_model_is_found_better_and_the_order_decides_the_sign(tmp_path: Path) -> None:
    found = two(tmp_path, answers(HALF), answers(BETTER))
    entry = row(found, "en")
    assert (entry.a, entry.b, entry.items) == (0.5, 0.6, 60)
    assert entry.difference.value == pytest.approx(0.1)
    assert (entry.mcnemar.only_a, entry.mcnemar.only_b) == (0, 6)
    assert (entry.p, entry.test, entry.conclusion) == (pytest.approx(2 / 2**6), "mcnemar", "B better")
    back = compare(tmp_path / "b", tmp_path / "a")
    assert (row(back, "en").difference.value, row(back, "en").conclusion) == (pytest.approx(-0.1), "A better")


@pytest.mark.parametrize(
    ("rights", "conclusion"), [(SAME_300, "equivalent"), (SAME_300[:20], "not settled")], ids=["300 items", "20 items"]
)
def test_a_model_against_itself_is_equivalent_only_where_the_items_can_show_it(
    tmp_path: Path, rights: list[bool], conclusion: str
) -> None:
    entry = row(two(tmp_path, answers(rights), answers(rights)), "en")
    assert (entry.p, entry.difference.value, entry.conclusion) == (1.0, 0.0, conclusion)


def test_a_small_and_certain_difference_is_both_found_and_within_the_margin(tmp_path: Path) -> None:
    rights = [number % 2 == 0 for number in range(800)]
    better = [right or number < 16 for number, right in enumerate(rights)]
    assert row(two(tmp_path, answers(rights), answers(better)), "en").conclusion == "B better, within the margin"


def test_languages_of_an_item_are_one_cluster_when_they_are_pooled(tmp_path: Path) -> None:
    langs = ("en", "bn", "sw", "th")
    a = [entry for lang in langs for entry in answers(HALF, lang)]
    b = [entry for lang in langs for entry in answers(BETTER, lang)]
    found = two(tmp_path, a, b)
    assert [row.lang for row in found.rows if row.verdict == "robust"] == ["en", "bn", "sw", "th", "all"]
    pooled = row(found, "all")
    assert (pooled.items, pooled.difference.clusters, pooled.test) == (240, 60, "clustered")
    # The same answers in four languages are no more evidence than in one.
    alone = row(found, "en").difference
    assert (pooled.difference.low, pooled.difference.high) == pytest.approx((alone.low, alone.high), abs=0.02)


def test_p_of_the_languages_is_adjusted_for_their_number(tmp_path: Path) -> None:
    langs = ("en", "sw")
    a = [entry for lang in langs for entry in answers(HALF, lang)]
    b = [*answers(BETTER, "en"), *answers(HALF, "sw")]
    found = two(tmp_path, a, b)
    assert row(found, "en").p == pytest.approx(2 * 2 / 2**6)
    assert row(found, "en").conclusion == "not settled"


def test_calls_of_a_dialogue_are_one_cluster(tmp_path: Path) -> None:
    def calls(rights: list[bool]) -> list[dict[str, Any]]:
        return [sample(n, right, task="api", group=f"dialogue-{n // 3}") for n, right in enumerate(rights)]

    entry = row(two(tmp_path, calls(HALF), calls(BETTER)), "en", "strict")
    assert (entry.test, entry.difference.clusters) == ("clustered", 20)


def test_items_of_one_side_are_counted_named_and_left_out(tmp_path: Path) -> None:
    found = two(tmp_path, answers(HALF)[3:], [*answers(HALF)[:-8], *answers([True], "sw")], out=tmp_path / "out")
    english, swahili = found.unpaired
    assert (english.lang, english.only_a, english.only_b) == ("en", 8, 3)
    assert english.ids == ("item-000", "item-001", "item-002", "item-052", "item-053")
    assert (swahili.lang, swahili.only_a, swahili.only_b, swahili.ids) == ("sw", 0, 1, ("item-000",))
    assert row(found, "en").items == 49
    assert [row.lang for row in found.rows if row.verdict == "robust"] == ["en"]
    assert "| en | made | 8 | 3 | item-000, item-001, item-002, item-052, item-053, … |" in (
        tmp_path / "out" / "comparison.md"
    ).read_text().replace("\\", "")


def test_settings_that_differ_are_told_and_the_model_is_none_of_them(tmp_path: Path) -> None:
    a = evaluation(tmp_path / "a", answers(HALF), dtype="float32")
    adapted = {**MODEL, "adapter": "made/adapter"}
    b = evaluation(tmp_path / "b", answers(HALF), shots=8, dtype="bfloat16", model=adapted)
    found = compare(a, b)
    assert found.differences == (("dtype", "float32", "bfloat16"), ("sets.made.shots", 0, 8))
    assert (found.name_a, found.name_b) == ("made/model", "made/adapter on made/model")


def test_evaluations_without_a_common_item_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no item in common"):
        two(tmp_path, answers([True], "en"), answers([True], "sw"))


def test_another_gold_of_the_same_item_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"item-000 \(en\) has gold '18' in A and '19' in B"):
        two(tmp_path, answers([True]), answers([True], gold="19"))


@pytest.mark.parametrize("margin", [0, 1, 5, -0.1])
def test_a_margin_that_is_no_share_is_refused(tmp_path: Path, margin: float) -> None:
    with pytest.raises(UsageError, match=r"0\.05 is five percentage points"):
        two(tmp_path, answers([True]), answers([True]), margin=margin)


def test_files_are_written_the_same_each_time(tmp_path: Path) -> None:
    langs = ("en", "sw")
    a, b = ([entry for lang in langs for entry in answers(rights, lang)] for rights in (HALF, BETTER))
    found = two(tmp_path, a, b, out=tmp_path / "one")
    compare(tmp_path / "a", tmp_path / "b", out=tmp_path / "two")
    one, again = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == again
    assert one.keys() == {f"comparison.{end}" for end in ("json", "md", "html", "png")}
    assert one["comparison.png"].startswith(b"\x89PNG")
    assert json.loads(one["comparison.json"]) == json.loads(json.dumps(found.to_json()))
    html = one["comparison.html"].decode()
    assert html.count("<svg") == 2  # a plot a verdict
    assert "B − A, points" in html and "+10.0" in html


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    name = "</h1><script>alert(1)</script>|`x`"
    lines = answers(HALF, test_set=name)
    found = compare(
        evaluation(tmp_path / "a", lines, model={"name": name}), evaluation(tmp_path / "b", lines), out=tmp_path / "out"
    )
    assert found.name_a == name
    for end in ("html", "md"):
        assert "<script" not in (tmp_path / "out" / f"comparison.{end}").read_text()


def test_command_prints_a_table_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = evaluation(tmp_path / "a", answers(HALF)[1:]), evaluation(tmp_path / "b", answers(BETTER), shots=8)
    run_compare(a, b, margin=0.05, out=None, as_json=False)
    shown = capsys.readouterr().out
    assert "B better" in shown and "within ±5" in shown
    assert "en made: 0 items only in A, 1 only in B, not compared" in shown
    assert "setting sets.made.shots differs: 0 in A, 8 in B" in shown
    run_compare(a, b, margin=0.05, out=tmp_path / "out", as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["path"] == str(tmp_path / "out")
    assert {row["conclusion"] for row in printed["rows"]} == {"B better"}
