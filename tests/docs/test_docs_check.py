"""The documents name only what exists, and the check would notice."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "check.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_check", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_documents_are_in_order(check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    code = check.main()
    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[x](no/such/file.md)", ["no such file: no/such/file.md"]),
        ("# One heading\n[x](#one-heading) [y](#two)", ["no such heading: #two"]),
        ("[x](https://example.org/none)", []),
        ("```python\nfrom mlt.translate import translate\n```", []),
        ("```python\nfrom mlt.translate import nothing\n```", ["mlt.translate has no nothing"]),
        ("```python\ndef\n```", ["Python block does not parse: invalid syntax (<unknown>, line 1)"]),
        ("```sh\nmake demo PYTHON=python3.12\nmake nothing  # no target\n```", ["make has no target nothing"]),
        ("```sh\nmlt translate --langs sw \\\n  --beams 3\n```", ["mlt translate has no option --beams"]),
        ("```sh\nmlt nothing\nmlt cache list --json\nmlt --version\n```", ["mlt has no command nothing"]),
    ],
)
def test_check_notices_what_does_not_exist(text: str, expected: list[str], check: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(text + "\n")
    assert list(check.problems(path)) == expected
