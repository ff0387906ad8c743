"""A whole study with nothing made up: translated, mixed, trained, asked and reported by the commands themselves.

It is of one run: each takes several programs, all of which load torch. Studies of many have stages made up.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from mlt.eval.study.analysis.long_table import cells, read_table
from mlt.toolkit.cli import main

LADDER = """\
name: two
core: [en, es]
pivot: en
rungs:
  - { size: 2, how: pivot+one }
"""
STUDY = """\
name: small
ladder: two.yaml
data:
  math: { translate: { source: sample, model: tiny, holdout: 4 }, validation: 2 }
budgets: { per_language: { math: { per_language: 8 } } }
models: [tiny]
set: { max_steps: 1, eval_samples: 1, max_new_tokens: 4 }
evaluate: { languages: [en, es], limit: 3, max_new_tokens: 4, lid: none }
"""


@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="training needs mlt[train]")
def test_a_small_study_runs_to_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    Path("two.yaml").write_text(LADDER, encoding="utf-8")
    Path("small.yaml").write_text(STUDY, encoding="utf-8")
    assert main(["study", "run", "small.yaml"]) == 0, capfd.readouterr().err
    capfd.readouterr()
    assert main(["study", "run", "small.yaml", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["skipped"] == 1
    assert main(["study", "report", "small.yaml"]) == 0
    report = tmp_path / "studies/small/report"
    table = read_table(report / "items.parquet")
    assert sorted(cells(table)["lang"]) == ["en", "es"]
    assert set(cells(table)["n"]) == {3}
    findings = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    assert {found["verdict"] for found in findings["findings"]} == {"undecided"}
    assert "items/" in (report / "numbers.html").read_text(encoding="utf-8")
