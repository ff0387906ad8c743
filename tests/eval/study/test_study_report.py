"""The report of a study: pages whose numbers lead to items, tables and figures, and what stands where nothing is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from made_studies import BILINGUAL, LANGS, MIXTURES, MODELS, MadeRun, base_runs, grid, table_of
from studies_on_disk import on_disk

from mlt.eval.study.analysis.evidence import CellRef, Number, Unit
from mlt.eval.study.analysis.long_table import build_table, read_study
from mlt.eval.study.analysis.verdicts import Finding
from mlt.eval.study.planning.folder import StudyFolder
from mlt.eval.study.report.analyses import Analyses
from mlt.eval.study.report.command import run_report
from mlt.eval.study.report.evidence_page import evidence_page, numbers_in
from mlt.eval.study.report.figures import Entry, intervals
from mlt.eval.study.report.findings_section import findings_section
from mlt.eval.study.report.gain_sections import bilingual_section, coverage_section, tier_section
from mlt.eval.study.report.item_pages import item_page, write_item_pages
from mlt.eval.study.report.overview import deviations, failures
from mlt.eval.study.report.tables import Table, cell_text, evidence_link, latex, markdown, value_text
from mlt.eval.study.report.write import Report, write_report
from mlt.toolkit.errors import DataError
from mlt.train.recipe import PAPER

FEW = {**BILINGUAL, "L04-no-sw": MIXTURES["L04-no-sw"]}
ITEMS = 8


def _accuracy(run: MadeRun, lang: str) -> float:
    return 0.3 + 0.2 * (lang in run.languages) + 0.02 * len(run.languages) - 0.03 * LANGS.index(lang)


def _runs() -> list[MadeRun]:
    few: dict[str, Any] = {"models": MODELS[:1], "tasks": ("api",), "items": ITEMS, "seed": 1}
    return [*grid(_accuracy, mixtures=FEW, **few), *base_runs(_accuracy, **few)]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A study on disk with one failed run."""
    failed = grid(_accuracy, models=MODELS[1:2], tasks=("math",), mixtures={"L01-en": ("en",)}, items=ITEMS)
    return StudyFolder(on_disk(tmp_path_factory.mktemp("study"), _runs(), name="a <b> & study", failed=failed))


@pytest.fixture(scope="module")
def report(study: StudyFolder) -> Report:
    return write_report(build_table(study), read_study(study.manifest), study.report)


class _Page(HTMLParser):
    """Links and ids of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "xlink:href", "src") and tag != "use":
                self.links.append(value or "")
            if name == "id":
                self.ids.add(value or "")


def _pages(report: Report) -> Iterator[tuple[Path, _Page]]:
    for path in sorted(report.path.rglob("*.html")):
        yield path, _Page(path)


def _number(value: float | None = 0.5, unit: Unit = "share", **fields: Any) -> Number:
    made = {"key": "a.key", "label": "a label", "low": 0.4, "high": 0.6, "n": 10, "method": "Wilson, 95 %"}
    return Number(**{**made, "value": value, "unit": unit, **fields})


def test_every_link_of_every_page_leads_somewhere(report: Report) -> None:
    pages = dict(_pages(report))
    assert len(pages) == 2 + len(_runs())
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            assert not parts.scheme and not parts.netloc, f"{path}: {link} leaves the folder"
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path}: {link}"
            if parts.fragment:
                assert unquote(parts.fragment) in pages[target].ids, f"{path}: {link}"


def test_every_number_shown_has_evidence_and_cells_that_lead_to_items(report: Report) -> None:
    shown = {unquote(link.partition("#")[2]) for link in _Page(report.path / "report.html").links if "numbers" in link}
    evidence = _Page(report.path / "numbers.html")
    assert len(shown) > 100
    assert shown - {""} <= evidence.ids
    assert any(link.startswith("items/") and "#lang-te" in link for link in evidence.links)
    found = json.loads((report.path / "findings.json").read_text())
    valued = [number for number in found["numbers"] if number["value"] is not None]
    assert valued and all(found["cell_sets"][number["cells"]] for number in valued if number["n"])


def test_a_key_names_one_number(report: Report) -> None:
    values: dict[str, Number] = {}
    for number in numbers_in(report.analyses):
        assert repr(values.setdefault(number.key, number)) == repr(number)


def test_pages_hold_no_script_and_fetch_nothing(report: Report) -> None:
    for path, page in _pages(report):
        assert not page.tags & {"script", "link", "img", "iframe", "object"}, path
        text = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert "@import" not in text and "url(http" not in text


def test_the_page_is_in_the_order_of_its_sections(report: Report) -> None:
    text = (report.path / "report.html").read_text(encoding="utf-8")
    keys = re.findall(r'<section id="([a-z-]+)">', text)
    middle = ["coverage", "tiers", "bilingual", "heatmaps", "zero-shot", "distance", "regression"]
    assert keys == ["overview", "findings", *middle, "failures"]
    assert "a &lt;b&gt; &amp; study" in text
    assert "no memory left: a smaller batch_size is needed" in text


def test_markdown_names_the_same_sections_and_figures_that_are_there(report: Report) -> None:
    text = (report.path / "report.md").read_text(encoding="utf-8")
    figures = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert figures and all((report.path / name).is_file() for name in figures)
    assert all((report.path / name).with_suffix(".svg").is_file() for name in figures)
    assert text.startswith("# a &#60;b&#62; &#38; study")


def test_an_item_page_counts_what_the_samples_hold(study: StudyFolder, report: Report) -> None:
    run = _runs()[0]
    text = (report.path / item_page(run.address)).read_text(encoding="utf-8")
    for lang, right in run.right.items():
        assert f"{sum(right)} of {ITEMS} right" in text.split(f'id="lang-{lang}"')[1].split("</h2>")[0]
    assert text.count('class="right"') == sum(map(sum, run.right.values()))
    assert f"../../runs/{run.address}/answers/samples/api-en.jsonl" in text


def test_an_item_page_shows_markup_of_an_output_as_text(tmp_path: Path) -> None:
    study = StudyFolder(on_disk(tmp_path / "study", _runs()[:1]))
    table = build_table(study)
    for path in (study.path / "runs").rglob("*.jsonl"):
        lines = [{**json.loads(line), "output": "<script>x</script>\x00"} for line in path.read_text().splitlines()]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert write_item_pages(table, study.report) == 1
    text = (study.report / item_page(_runs()[0].address)).read_text(encoding="utf-8")
    assert "&lt;script&gt;x&lt;/script&gt;␀" in text


def test_a_sample_file_that_changed_since_is_refused_in_one_line(tmp_path: Path) -> None:
    study = StudyFolder(on_disk(tmp_path / "study", _runs()[:1]))
    table = build_table(study)
    path = next((study.path / "runs").rglob("api-en.jsonl"))
    path.write_text("torn\n")
    with pytest.raises(DataError, match=r"api-en\.jsonl has changed or is damaged"):
        write_item_pages(table, study.report)


def test_a_page_of_numbers_lists_a_large_set_of_cells_once() -> None:
    cells = tuple(CellRef(f"api/m/b/x{number}/s0", "en") for number in range(30))
    numbers = [_number(key="one", cells=cells), _number(key="two", cells=cells)]
    text = evidence_page(numbers, {cell.run: "0f" for cell in cells}, name="n", linked=True).decode()
    assert text.count("items/0f.html#lang-en") == 30
    assert text.count('href="#cells-1"') == 2


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.875, "share", "87.5"),
        (0.9999, "share", "99.9"),
        (-0.004, "difference", "−0.4"),
        (0.0927, "difference", "+9.3"),
        (-0.2071, "coefficient", "−0.207"),
        (-0.0004, "coefficient", "0.000"),
        (12345, "count", "12,345"),
        (0.0001, "p", "< 0.001"),
        (None, "share", "—"),
        (float("nan"), "coefficient", "—"),
    ],
)
def test_a_value_is_printed_in_its_unit(value: float | None, unit: Unit, text: str) -> None:
    assert value_text(value, unit) == text


def test_a_cell_holds_its_interval_where_it_is_finite() -> None:
    assert cell_text(_number()) == "50.0 [40.0, 60.0]"
    assert cell_text(_number(low=None)) == "50.0"
    assert cell_text(_number(high=float("inf"))) == "50.0"
    assert cell_text(None) == ""


def test_tables_escape_what_others_wrote() -> None:
    evil = "a_b & 50% $x$ \\input{f} | <b>\nnext"
    table = Table("t", evil, ("same", "same", evil), ((evil, "−1.0 ± 2", _number()),), words=1)
    tex = latex(table)
    assert "\\toprule" in tex and "\\bottomrule" in tex
    assert r"a\_b \& 50\% \$x\$ \textbackslash input\{f\} | <b> next" in tex
    assert "$-$1.0 $\\pm$ 2" in tex
    assert "50.0 [40.0, 60.0]" in tex
    assert tex.count("\n\\") == 5  # rules, begin and end, and nothing that a text put at a line's start
    text = markdown(table)
    assert len(text.splitlines()) == 3
    assert "&#60;b&#62;" in text and "\\|" in text


def test_a_figure_is_the_same_twice_and_leads_to_its_numbers() -> None:
    entries = [Entry("one", _number(0.1, "difference", key="a key%"), paper=0.2), Entry("two", _number(None))]
    first, second = (intervals("name", "A <title>", entries, x="points") for _ in range(2))
    assert first == second
    assert "A &lt;title&gt;" in first.svg
    assert f'href="{evidence_link(entries[0].number)}"' in first.svg
    assert b'href="../numbers.html#a_key%25"' in first.alone
    assert first.png.startswith(b"\x89PNG")


@pytest.mark.parametrize("verdict", ["supported", "not supported", "undecided"])
def test_a_finding_shows_its_verdict_effect_and_power(verdict: Any) -> None:
    effect = _number(0.05, "difference", low=0.01, high=0.09)
    finding = Finding("bilingual.direct", "bilingual", "It gains", verdict, "a reason", effect, paper=0.09, power=0.8)
    section = findings_section([finding])
    [row] = section.tables[0].rows
    texts = [cell_text(cell) for cell in row]
    assert texts == ["It gains", verdict, "+5.0 [+1.0, +9.0]", "> 0.0", "+9.0", "80.0 %", "a reason"]
    assert "+9" not in section.empty


def test_empty_analyses_say_why() -> None:
    from mlt.eval.study.analysis.bilingual import bilingual
    from mlt.eval.study.analysis.coverage import coverage
    from mlt.eval.study.analysis.tier_gains import tier_gains

    table = table_of(grid(_accuracy, models=MODELS[:1], tasks=("api",), mixtures={"L01-en": ("en",)}, items=4))
    for section in (bilingual_section([bilingual(table)], "en"), tier_section([tier_gains(table)], "en")):
        assert "is finished together with" in section.empty
        assert not section.tables and not section.pictures
    bare = table_of(base_runs(_accuracy, models=MODELS[:1], tasks=("api",), items=4))
    assert coverage_section([coverage(bare)]).empty == "No run is finished."
    assert failures(bare).empty == "Every planned run is finished."
    assert findings_section([]).empty


_PAPER_SPEC: dict[str, Any] = {
    "models": [
        {"name": name, "recipes": {task: {**PAPER, "model": name} for task in ("math", "api")}}
        for name in (
            "Qwen/Qwen3-0.6B-Base",
            "Qwen/Qwen3-1.7B-Base",
            "Qwen/Qwen3-8B-Base",
            "google/gemma-3-1b-pt",
            "google/gemma-3-4b-pt",
        )
    ],
    "budgets": {
        "per_language": {
            "math": {"kind": "per_language", "amount": 10_000},
            "api": {"kind": "per_language", "amount": 3_024},
        }
    },
}


def _plan(runs: list[MadeRun], spec: dict[str, Any]) -> dict[str, Any]:
    return {"spec": spec, "runs": [run.entry() for run in runs], "evaluated": list(LANGS)}


def test_a_study_with_the_papers_settings_departs_in_nothing() -> None:
    shells = grid(lambda run, lang: 0.5, items=1)
    table = table_of(
        [
            *grid(_accuracy, models=MODELS[:1], tasks=("math",), mixtures={"L01-en": ("en",)}, items=250),
            *grid(_accuracy, models=MODELS[:1], tasks=("api",), mixtures={"L01-en": ("en",)}, items=399),
        ]
    )
    assert deviations(table, _plan(shells, _PAPER_SPEC)).rows == ()


@pytest.mark.parametrize(
    ("recipe", "setting", "here"),
    [
        ({"method": "lora"}, "method", "lora"),
        ({"batch_size": 64}, "batch size", "64"),
        ({"max_steps": 40}, "steps", "exactly 40"),
        ({"model": "HuggingFaceTB/SmolLM2-135M-Instruct"}, "checkpoints", "already tuned to follow instructions"),
        ({"model": "/home/somebody/checkpoints/mine"}, "models", "mine"),
    ],
)
def test_deviations_are_named(recipe: dict[str, Any], setting: str, here: str) -> None:
    runs = grid(_accuracy, models=MODELS[:1], tasks=("api",), mixtures=FEW, seeds=(0, 1, 2), items=4)
    changed = {**PAPER, "model": "Qwen/Qwen3-0.6B-Base", **recipe}
    data = {"api": {"translate": {"source": "sample", "model": "tiny", "holdout": 20}, "runs": [], "test": None}}
    spec = {**_PAPER_SPEC, "models": [{"name": "m", "recipes": {"api": changed}}], "data": data}
    rows = {str(row[0]): row for row in deviations(table_of(runs), _plan(runs, spec)).rows}
    assert here in str(rows[setting][2])
    assert rows["API calling: data"][2] == "sample, translated by tiny"
    assert rows["API calling: test set"][2] == "items held out of the data"
    assert rows["seeds"][1:] == ("1", "3")
    assert rows["mixtures"][1:] == ("22", "6")


def test_the_command_prints_findings_and_the_page(
    report: Report, study: StudyFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlt.eval.study.planning import spec
    from mlt.eval.study.report import write as module

    effect = _number(0.05, "difference", low=0.01, high=0.09)
    found = Finding("k", "bilingual", "It gains", "supported", "why", effect, power=0.8)
    empty = Analyses(**{**dict.fromkeys(Analyses.__slots__, ()), "findings": (found,)})
    monkeypatch.setattr(spec, "load_spec", lambda name, overrides: SimpleNamespace(name="made"))
    monkeypatch.setattr(module, "write_report", lambda *_, **__: Report(report.path, empty, 0))
    run_report("made", out=study.path, overrides=(), as_json=False)
    printed = capsys.readouterr().out
    assert "It gains" in printed and "+5.0 [+1.0, +9.0]" in printed
    assert printed.strip().endswith("report.html")
    run_report("made", out=study.path, overrides=(), as_json=True)
    [entry] = json.loads(capsys.readouterr().out)["findings"]
    assert (entry["verdict"], entry["effect"]["value"]) == ("supported", 0.05)
