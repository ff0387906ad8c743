"""The report: what it shows is what was decided, every text is a text, and nothing is fetched."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from filtered_run import Row, filtered_run
from hypothesis import given
from hypothesis import strategies as st
from pages_read import HOSTILE, SAMPLES, assert_self_contained, elements

from mlt.filter.histogram import MAX_BINS, Histogram
from mlt.filter.pages import clipped, percent
from mlt.filter.policy import Policy, Threshold, load_policy
from mlt.filter.report import write_report
from mlt.filter.report_data import read_language
from mlt.filter.sampling import Best, in_turn
from mlt.toolkit.run import Run

VALUES = st.lists(st.floats(-50, 50, allow_subnormal=False).map(lambda value: round(value, 3)), max_size=60)
BOUND = st.none() | st.sampled_from([-3.0, -0.37, 0.0, 0.5, 2.5])


def rows(lang: str, text: str, n: int = 60) -> list[Row]:
    """Rows of which a few fail: numbers at every 10th, repetition at every 15th, names abstain at every 2nd."""
    return [
        Row(
            f"{lang}-{k:03}" if k % 2 else f"shared-{k:03}",
            f"He has {k} apples.",
            f"{text} {k}",
            {
                "numbers": float(k % 10 == 0),
                "repetition": 0.9 if k % 15 == 1 else k / 200,
                "length": (k - 30) / 12,
                "names": None if k % 2 else 1.0,
            },
            {"numbers": f"{k} is <lost>"} if k % 10 == 0 else {},
        )
        for k in range(n)
    ]


@pytest.fixture(scope="module")
def policy() -> Policy:
    bounds = {"length": {"min": -2.4, "max": 2.4}, "repetition": {"max": 0.5}, "names": {"min": 0.5}}
    return load_policy({"checks": {**bounds, "unk": {"enabled": False}}})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Run:
    texts = {lang: rows(lang, text) for lang, text in SAMPLES.items()}
    models = [{"name": "acme/<lid>", "revision": "12ab", "license": None}]
    why = {"yo": {"language": "no detector knows it"}}
    aside = {"th": [Row("aside", "x", "y", {})]}
    folder = tmp_path_factory.mktemp("filtered") / "run"
    return filtered_run(folder, texts, policy, shard_size=25, carried=aside, uncovered=why, models=models)


@pytest.fixture(scope="module")
def page(run: Run, policy: Policy) -> Path:
    return write_report(run, policy)


def test_page_needs_nothing_but_itself(run: Run, page: Path) -> None:
    assert page == run.path / "report.html"
    assert_self_contained(page)
    assert not elements(page, "script")


def test_style_is_the_one_that_the_policy_allows(page: Path) -> None:
    (style,) = elements(page, "style")
    head = page.read_text(encoding="utf-8").split("<title>")[0]
    assert f"'sha256-{b64encode(sha256(style.text.encode()).digest()).decode()}'" in head
    assert "unsafe" not in head


def test_second_report_is_the_same(run: Run, policy: Policy, page: Path) -> None:
    first = page.read_bytes()
    assert write_report(run, policy).read_bytes() == first


def test_every_language_has_a_section_and_only_the_first_is_open(page: Path) -> None:
    sections = elements(page, "details", "language")
    assert sorted("open" in section.attributes for section in sections) == [False] * 6 + [True]
    ids = {element.attributes.get("id") for element in elements(page)}
    links = [element.attributes["href"] for element in elements(page, "a")]
    assert {f"lang-{lang}" for lang in SAMPLES} <= ids
    assert all(link and link[1:] in ids for link in links)


def test_no_id_stands_twice(page: Path) -> None:
    ids = [e.attributes["id"] for e in elements(page) if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def test_data_texts_have_language_and_direction(page: Path) -> None:
    texts = elements(page, css_class="text")
    assert all(text.attributes["dir"] == "auto" and text.attributes["lang"] for text in texts)
    for lang, sample in SAMPLES.items():
        shown = [text for text in texts if sample in text.text]
        assert shown and all(text.attributes["lang"] == lang for text in shown)


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    hostile = [
        Row(f"{n} {text}", text, text, {"numbers": float(n % 2), "length": 0.0}, {"numbers": text})
        for n, text in enumerate(HOSTILE)
    ]
    run = filtered_run(tmp_path / "run", {"sw": hostile}, uncovered={"sw": {"language": HOSTILE[0]}})
    page = write_report(run, load_policy())
    assert_self_contained(page)
    assert not elements(page, "script") and not elements(page, "img")
    assert {e.attributes.get("class") for e in elements(page, "article")} == {"example kept", "example dropped"}
    shown = "".join(text.text for text in elements(page, css_class="text"))
    for text in HOSTILE[:5] + HOSTILE[7:]:
        assert text in shown
    assert "nul␀bell␇" in shown
    assert "<script>" not in page.read_text(encoding="utf-8")


def test_table_says_what_was_decided(run: Run, policy: Policy, page: Path) -> None:
    result = read_language(run, policy, "th")
    checks = {check.rule.name: check for check in result.checks}
    assert (result.rows, result.kept, dict(result.carried)) == (60, run.totals("th")["out"], {"loop": 1})
    assert sum(check.dropped for check in result.checks) == result.dropped == 60 - result.kept
    assert (checks["numbers"].dropped, checks["names"].abstained) == (6, 30)
    assert "unk" not in checks
    (table,) = elements(page, "table", "big")
    assert "not covered: no detector knows it" in page.read_text(encoding="utf-8")
    assert "n/a" in table.text
    (row,) = re.findall(r'<tr>\s*<th scope="row"><a href="#lang-th">.*?</tr>', page.read_text(encoding="utf-8"), re.S)
    assert [cell.text for cell in elements(row, "td", "n")][:2] == ["60", str(result.kept)]


@pytest.mark.parametrize("text", ["acme/<lid>", "12ab", "cc0-1.0", "runs/<first>", "mlt:0|source:made-up"])
def test_where_it_all_comes_from_is_told(page: Path, text: str) -> None:
    (main,) = elements(page, "main")
    assert text in main.text


def test_policy_is_shown_where_it_differs(tmp_path: Path, page: Path) -> None:
    (main,) = elements(page, "main")
    assert "unk.enabled" in main.text
    (main,) = elements(write_report(filtered_run(tmp_path / "run", {}), load_policy()), "main")
    assert "The shipped policy, unchanged." in main.text


def test_histograms_count_every_score_and_draw_thresholds(run: Run, policy: Policy, page: Path) -> None:
    result = read_language(run, policy, "ja")
    drawn = {check.rule.name: check.histogram for check in result.checks if check.histogram}
    assert {name: histogram.count for name, histogram in drawn.items()} == {"repetition": 60, "length": 60, "names": 30}
    assert sum(bar.rows for bar in drawn["length"].drawing().bars) == 60
    labels = [label.text for label in elements(page, "text", "label")]
    for rule in (policy[name] for name in ("length", "repetition")):
        for lang in SAMPLES:
            bounds = rule.threshold_for(lang)
            assert bounds.min is None or f"min {bounds.min:g}".replace("-", "−") in labels
            assert f"max {bounds.max:g}" in labels
    assert len(elements(page, "line", "bound")) - 1 == len(labels)  # one more stands in the legend
    assert all("role" in svg.attributes or "aria-hidden" in svg.attributes for svg in elements(page, "svg"))


def test_kept_at_the_policys_own_threshold_is_what_the_check_alone_would_keep(run: Run, policy: Policy) -> None:
    for check in read_language(run, policy, "ja").checks:
        for table in check.histogram.kept_at(60).values() if check.histogram else ():
            (current,) = [entry for entry in table if entry.current]
            assert current.kept == 60 - check.failing


@given(VALUES, st.lists(st.booleans(), max_size=60), BOUND, BOUND, st.sampled_from(["low", "high", "both"]))
def test_counts_equal_a_recount(
    values: list[float], pilot: list[bool], low: float | None, high: float | None, direction: str
) -> None:
    bounds = Threshold(low, high)
    seen = np.array([value for value, chosen in zip(values, pilot, strict=False) if chosen])
    histogram = Histogram(seen, bounds, direction)
    for part in (values[:20], values[20:]):
        histogram.add(np.array(part))
    outside = [value for value in values if (low is not None and value < low) or (high is not None and value > high)]
    assert histogram.count == len(values) == sum(bar.rows for bar in histogram.drawing().bars)
    assert histogram.beyond.sum() == len(outside)
    assert 1 <= len(histogram.inside) <= MAX_BINS
    for kind, table in histogram.kept_at(len(values) + 5).items():
        for threshold, kept, _, current in table:
            lower, upper = (threshold, high) if kind == "min" else (low, threshold)
            fails = [v for v in values if (lower is not None and v < lower) or (upper is not None and v > upper)]
            assert kept == len(values) + 5 - len(fails)
            assert current == (threshold == getattr(bounds, kind))


@pytest.mark.parametrize("values", [[], [0.0], [7.5] * 3, [1e-300, 2e-300], [1e12, 1e12 + 1], [-5.0, float("inf")]])
def test_odd_scores_can_be_drawn(values: list[float]) -> None:
    pilot = np.array(values)
    histogram = Histogram(pilot[np.isfinite(pilot)], Threshold(), "both")
    histogram.add(pilot)
    drawing = histogram.drawing()
    assert sum(bar.rows for bar in drawing.bars) == len(values)
    assert all(drawing.left <= bar.x <= drawing.right and bar.width > 0 for bar in drawing.bars)


def test_bounds_are_inside_the_drawing() -> None:
    drawing = Histogram(np.array([0.1, 0.2]), Threshold(-4.0, 9.0), "both").drawing()
    assert drawing.minimum and drawing.maximum
    assert drawing.left < drawing.minimum.place < drawing.maximum.place < drawing.right


def test_examples_are_of_every_reason_and_beside_their_english(page: Path) -> None:
    (section,) = [e for e in elements(page, "div", "body") if e.attributes["id"] == "lang-th"]
    assert "Dropped: 10 examples" in section.text and "Kept: 10 examples" in section.text
    articles = elements(page, "article", "dropped")[:10]
    reasons = [re.split(r"\s+", article.text.strip())[0] for article in articles]
    assert {"numbers", "repetition", "length"} == set(reasons)
    for article in articles:
        number = re.search(r"He has (\d+) apples", article.text)
        assert number and re.search(rf"\w\S* {number[1]}\b", article.text)


def test_long_texts_are_clipped_and_lose_nothing(tmp_path: Path) -> None:
    text = "nambari mia " * 200
    run = filtered_run(tmp_path / "run", {"sw": [Row("a", "Long.", text, {"length": 0.0})]})
    page = write_report(run, load_policy())
    parts = [e.text for e in elements(page, css_class="text") if e.attributes["lang"] == "sw"][:2]
    assert "".join(part.replace("…", "") for part in parts) == text
    assert len(parts[0]) < 720


@pytest.mark.parametrize("text", ["short", "ก็" * 2000, "é" * 3000, "👩‍👩‍👧" * 400, "a" * 3000, "word " * 600])
def test_clipping_keeps_graphemes_whole(text: str) -> None:
    beginning, rest = clipped(text)
    assert beginning + rest == text
    assert rest[:1] not in ("็", "\u0301", "\u200d")


def test_language_without_scores_has_counts_and_no_figures(tmp_path: Path) -> None:
    texts = {"sw": rows("sw", "tufaha"), "yo": rows("yo", SAMPLES["yo"])}
    run = filtered_run(tmp_path / "run", texts, without_scores=["yo"])
    page = write_report(run, load_policy())
    (section,) = [e for e in elements(page, "div", "body") if e.attributes["id"] == "lang-yo"]
    assert "No scored check has a score in this language." in section.text
    assert "numbers" in section.text


@pytest.mark.parametrize("languages", [{}, {"sw": []}, {"sw": [Row("a", "One.", "Moja.", {"length": None})]}])
def test_empty_run_has_a_report(tmp_path: Path, languages: dict[str, list[Row]]) -> None:
    page = write_report(filtered_run(tmp_path / "run", languages), load_policy())
    assert_self_contained(page)
    assert "Filter report" in elements(page, "h1")[0].text


def test_rows_that_a_person_moved_are_no_examples_of_a_check(tmp_path: Path) -> None:
    texts = {"sw": [Row("a", "One.", "Moja.", {"numbers": 0.0}), Row("b", "Two.", "Mbili.", {"numbers": 1.0})]}
    run = filtered_run(tmp_path / "run", texts, by_hand={"a": "marked-bad", "b": None})
    assert not elements(write_report(run, load_policy()), "article")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.99999, "> 99.9 %"), (0.00001, "< 0.1 %"), (0.987, "98.7 %")],
)
def test_shares_never_claim_all_or_none(share: float, text: str) -> None:
    assert percent(share) == text


@given(st.lists(st.text(max_size=3), unique=True, max_size=40), st.integers(1, 9), st.integers(0, 3))
def test_sample_is_the_same_whatever_the_shards(ids: list[str], size: int, seed: int) -> None:
    whole, parts = Best(size, seed), Best(size, seed)
    whole.add("kept", 0, sorted(ids))
    for id in ids:
        parts.add("kept", 0, [id])
    assert whole.groups() == parts.groups()
    assert len(whole.groups().get("kept", [])) == min(size, len(ids))


def test_groups_take_turns() -> None:
    best = Best(3)
    best.add("many", 0, ["a", "b", "c", "d"])
    best.add("one", 0, ["e"])
    assert [group for group, _ in in_turn(list(best.groups().values()))] == [0, 1, 0, 0]
