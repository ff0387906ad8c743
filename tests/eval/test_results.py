"""Samples become results.json and two reports: counted right, the same bytes each time, every text escaped."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("statsmodels")
pytest.importorskip("matplotlib")

from made_evaluations import MODEL, answers, evaluation, sample

from mlt.eval.results import summarize
from mlt.toolkit.errors import DataError

HOSTILE = "</style><script>alert(1)</script> | `x` <b>&amp; $y$ [a](javascript:b)\u202e عربي \x07"


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_cells_are_counted_and_the_primary_verdict_comes_first(tmp_path: Path) -> None:
    lines = [
        *answers([True, True, False], "sw"),
        sample(0, True, verdicts={"faithful": False, "robust": True}, finish="length"),
        sample(1, False, error="no-answer", fidelity={"judged": True, "lang": "fr", "match": False}),
        sample(2, False, fidelity={"judged": False, "lang": None, "match": None}),
        sample(3, True, fidelity=None),
    ]
    results = summarize(evaluation(tmp_path / "e", lines))
    assert [(cell["task"], cell["lang"], cell["test_set"]) for cell in results["cells"]] == [
        ("math", "en", "made"),
        ("math", "sw", "made"),
    ]
    english, swahili = results["cells"]
    assert english["items"] == 4
    assert list(english["verdicts"]) == ["robust", "faithful"]
    assert english["verdicts"]["robust"]["correct"] == 2
    assert english["verdicts"]["faithful"] == pytest.approx(
        {"correct": 1, "accuracy": 0.25, "low": 0.0456, "high": 0.6994}, abs=1e-4
    )
    assert english["errors"] == {"no-answer": 1, "wrong-answer": 1}
    assert english["fidelity"] == {"judged": 2, "match": 1}
    assert (english["truncated"], swahili["truncated"]) == (1, 0)
    assert results["mean"] == {"math": pytest.approx({"robust": (1 / 2 + 2 / 3) / 2, "faithful": (1 / 4 + 2 / 3) / 2})}
    assert results["primary"] == {"math": "robust"}
    assert results["signature"] == "mlt:0.1.0|model:made"
    assert json.loads((tmp_path / "e" / "results.json").read_text()) == results


def test_tasks_have_their_own_verdicts_and_tables(tmp_path: Path) -> None:
    folder = evaluation(tmp_path / "e", [*answers([True]), *answers([False, True], task="api")])
    results = summarize(folder)
    assert results["primary"] == {"api": "strict", "math": "robust"}
    assert results["mean"]["api"] == {"strict": 0.5, "normalised": 0.5}
    report = (folder / "report.md").read_text()
    assert "## API calling" in report and "## Math" in report
    assert "| en | made | 2 | 50.0 | 9.5 to 90.5 | 50.0 |" in report


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    lines = [*answers([True, False]), *answers([False], "th")]
    made = []
    for name in ("one", "two"):
        folder = evaluation(tmp_path / name, lines)
        summarize(folder)
        made.append({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})
    assert made[0] == made[1]
    assert {"eval.json", "results.json", "report.md", "report.html"} == made[0].keys()


def test_a_torn_last_line_is_no_sample(tmp_path: Path) -> None:
    folder = evaluation(tmp_path / "e", answers([True, True]))
    with (folder / "samples" / "math-en.jsonl").open("a") as lines:
        lines.write('{"key": "half')
    assert summarize(folder)["cells"][0]["items"] == 2


@pytest.mark.parametrize(
    "line", ["{}", "[]", "no json", '{"key": "k", "task": "poem", "lang": "en", "test_set": "t", "verdicts": {}}']
)
def test_a_line_that_holds_no_sample_is_named(tmp_path: Path, line: str) -> None:
    folder = evaluation(tmp_path / "e", answers([True]))
    with (folder / "samples" / "math-en.jsonl").open("a") as lines:
        lines.write(f"{line}\n")
    with pytest.raises(DataError, match=r"math-en\.jsonl:2 holds no sample"):
        summarize(folder)
    assert not (folder / "results.json").exists()


@pytest.mark.parametrize(
    ("manifest", "message"), [(None, "is no evaluation"), ("{", "holds no JSON"), ("{}", "holds no identity")]
)
def test_a_folder_that_is_no_evaluation_is_refused(tmp_path: Path, manifest: str | None, message: str) -> None:
    if manifest is not None:
        (tmp_path / "eval.json").write_text(manifest)
    with pytest.raises(DataError, match=message):
        summarize(tmp_path)


def test_an_evaluation_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no samples yet"):
        summarize(evaluation(tmp_path / "e", []))


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    texts = dict.fromkeys(("id", "prompt", "output", "extracted", "gold", "test_set"), HOSTILE)
    folder = evaluation(tmp_path / "e", [sample(0, False, **texts)], model={"name": HOSTILE})
    summarize(folder)
    page = Page((folder / "report.html").read_text())
    assert not {"script", "img", "a", "link", "iframe"} & set(page.tags)
    assert not [name for name, value in page.attributes if name.startswith("on") or "javascript" in (value or "")]
    assert page.text.count("<script>alert(1)</script>") >= 5
    report = (folder / "report.md").read_text()
    assert not re.search(r"(?<!\\)[<>`]|(?<!\\)\[a", report.replace("\n| -", "\n"))
    assert "&#60;script&#62;" in report


def test_the_page_fetches_nothing_and_finds_out_the_direction_of_texts(tmp_path: Path) -> None:
    folder = evaluation(tmp_path / "e", [sample(0, False, lang="ar", output="الجواب 17")])
    summarize(folder)
    html = (folder / "report.html").read_text()
    assert "default-src 'none'" in html
    assert not {name for name, _ in Page(html).attributes} & {"src", "srcset"}
    assert '<div class="text" dir="auto" lang="ar">الجواب 17</div>' in html
    assert html.count("<svg") == 1


def test_very_long_outputs_are_shown_by_their_end(tmp_path: Path) -> None:
    folder = evaluation(tmp_path / "e", [sample(0, False, output="start " + "word " * 5000 + "final words")])
    summarize(folder)
    html = (folder / "report.html").read_text()
    assert "final words" in html and "start word" not in html
    assert len(html) < 60_000


def test_few_examples_of_an_error_are_shown_in_the_order_of_the_samples(tmp_path: Path) -> None:
    folder = evaluation(tmp_path / "e", answers([False] * 9))
    summarize(folder)
    found = re.findall(r"item-\d+", (folder / "report.html").read_text())
    assert found == ["item-000", "item-001"]


def test_model_and_adapter_are_named(tmp_path: Path) -> None:
    results = summarize(evaluation(tmp_path / "one", answers([True])))
    assert results["model"] == MODEL
    assert (tmp_path / "one" / "report.md").read_text().startswith("# Evaluation of made/model\n")
    adapted = {**MODEL, "adapter": "mine", "adapter_revision": "r2"}
    assert summarize(evaluation(tmp_path / "two", answers([True]), model=adapted))["model"] == adapted
    assert (tmp_path / "two" / "report.md").read_text().startswith("# Evaluation of mine on made/model\n")
