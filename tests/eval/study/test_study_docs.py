from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlt.eval.study.analysis.long_table import COLUMNS
from mlt.eval.study.planning.spec import load_spec, preset_names

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "study.md").read_text(encoding="utf-8")


def test_the_pages_study_file_is_a_study(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)
    path = tmp_path / "my-study.yaml"
    path.write_text(example, encoding="utf-8")
    spec = load_spec(str(path))
    assert [model.name for model in spec.models] == ["qwen3-0.6b", "small"]
    assert [budget.name for budget in spec.budgets] == ["per_language", "total"]
    assert spec.seeds == (0, 1, 2)


@pytest.mark.parametrize("name", preset_names())
def test_the_page_names_every_preset(name: str) -> None:
    assert re.search(rf"^\| `{re.escape(name)}`", PAGE, re.M)


def test_the_page_names_every_column_of_the_long_table() -> None:
    paragraph = re.search(r"^The long table has the columns (.*?)\n\n", PAGE, re.M | re.S)
    assert paragraph is not None
    assert set(COLUMNS) <= set(re.findall(r"`(\w+)`", paragraph[1]))
