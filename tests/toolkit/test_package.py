"""The layout: folder X is the package mlt.X, arrows run one way, heavy libraries load on first use."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = {"translate", "filter", "train", "eval", "data_cards"}
FRONT_DOOR = ("mlt.toolkit.cli", "mlt.toolkit.commands")
# Stands above all stages: it reads recipes and ladders, and starts the stages as programs.
STUDY = "mlt.eval.study"
NOT_PACKAGES = {"tests", "bench", "docs"}
HEAVY = {
    "accelerate",
    "anyascii",
    "babel",
    "ctranslate2",
    "datasets",
    "fasttext",
    "fsspec",
    "huggingface_hub",
    "jinja2",
    "math_verify",
    "matplotlib",
    "num2words",
    "numpy",
    "openai",
    "pandas",
    "peft",
    "py3langid",
    "pyarrow",
    "rapidfuzz",
    "ray",
    "sacrebleu",
    "sacremoses",
    "scipy",
    "sentencepiece",
    "statsmodels",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
    "zhon",
}


def package_folders() -> set[Path]:
    """Folders, relative to the root, that hold modules of the package."""
    modules = (path.relative_to(ROOT) for path in ROOT.glob("*/**/*.py"))
    return {
        path.parent
        for path in modules
        if path.parts[0] not in NOT_PACKAGES
        and path.parts[0] != "build"
        and not any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    }


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for folder in package_folders():
        for path in (ROOT / folder).glob("*.py"):
            parts = ["mlt", *folder.parts] + ([] if path.stem == "__init__" else [path.stem])
            found[".".join(parts)] = path
    return found


def statements_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs when a module is imported: no function bodies, nothing under ``if TYPE_CHECKING``."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from statements_at_import(statement.orelse)
            continue
        yield statement
        for field in ("body", "orelse", "finalbody"):
            yield from statements_at_import(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from statements_at_import(handler.body)


def absolute(name: str, path: Path, statement: ast.ImportFrom) -> str:
    """The dotted name that a ``from`` import takes from."""
    if not statement.level:
        return statement.module or ""
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    base = package[: len(package) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def imports(name: str, path: Path, *, anywhere: bool) -> set[str]:
    """Dotted names that a module imports: at import time, or anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if anywhere else statements_at_import(tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(name, path, node)
            # `from ..toolkit import sources` takes a module, `from .errors import X` a name of one.
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


MODULES = modules()


def test_setuptools_lists_every_folder_with_modules() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert {"mlt." + ".".join(folder.parts) for folder in package_folders()} == set(listed)


def test_every_listed_package_has_an_init_file() -> None:
    assert [str(folder) for folder in package_folders() if not (ROOT / folder / "__init__.py").is_file()] == []


def test_every_data_file_of_a_package_goes_into_the_wheel() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    left_out = []
    for folder in package_folders():
        patterns = listed.get("mlt." + ".".join(folder.parts), [])
        for path in (ROOT / folder).iterdir():
            is_data = path.is_file() and path.suffix not in {".py", ".pyc"}
            if is_data and not any(path.match(pattern) for pattern in patterns):
                left_out.append(str(path.relative_to(ROOT)))
    assert left_out == []


@pytest.mark.skipif(find_spec("setuptools") is None, reason="building a wheel offline needs setuptools")
def test_wheel_holds_nothing_but_the_package(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for entry in ROOT.iterdir():
        # Built from links to the tree: setuptools writes build/ and *.egg-info beside its pyproject.toml.
        if not entry.name.startswith(".") and entry.name not in {"build", "runs"} and entry.suffix != ".egg-info":
            (tree / entry.name).symlink_to(entry)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "-w", str(tmp_path)]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(tree)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mlt"}
    assert {name.split("/")[1] for name in names if name.startswith("mlt/")} <= STAGES | {"toolkit"}
    wanted = {"mlt/" + path.relative_to(ROOT).as_posix() for path in MODULES.values()}
    assert wanted <= set(names)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_importing_a_module_loads_no_heavy_library(name: str) -> None:
    taken = {imported.split(".")[0] for imported in imports(name, MODULES[name], anywhere=False)}
    assert taken & HEAVY == set()


def test_toolkit_imports_no_stage_but_for_the_command_line() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, path in MODULES.items()
        if name.startswith("mlt.toolkit") and not name.startswith(FRONT_DOOR)
        for imported in imports(name, path, anywhere=True)
        if imported.split(".")[0] == "mlt" and imported.split(".")[1:2] and imported.split(".")[1] in STAGES
    ]
    assert wrong == []


def test_command_line_imports_stages_only_inside_commands() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, path in MODULES.items()
        if name.startswith(FRONT_DOOR)
        for imported in imports(name, path, anywhere=False)
        if imported.split(".")[0] == "mlt" and imported.split(".")[1:2] and imported.split(".")[1] in STAGES
    ]
    assert wrong == []


def test_evaluation_never_imports_training_but_for_the_study() -> None:
    assert [
        name
        for name, path in MODULES.items()
        if name.startswith("mlt.eval")
        and not name.startswith(STUDY)
        and any(imported.startswith("mlt.train") for imported in imports(name, path, anywhere=True))
    ] == []


def test_nothing_but_its_command_imports_the_study() -> None:
    assert [
        name
        for name, path in MODULES.items()
        if not name.startswith((STUDY, "mlt.toolkit.commands.study"))
        and any(imported.startswith(STUDY) for imported in imports(name, path, anywhere=True))
    ] == []


def test_modules_import_each_other_in_no_circle() -> None:
    graph = {
        name: {imported for imported in imports(name, path, anywhere=False) if imported in MODULES} - {name}
        for name, path in MODULES.items()
    }
    done: set[str] = set()

    def circle_from(name: str, trail: tuple[str, ...]) -> tuple[str, ...] | None:
        if name in trail:
            return trail[trail.index(name) :]
        if name in done:
            return None
        for imported in sorted(graph[name]):
            if circle := circle_from(imported, (*trail, name)):
                return circle
        done.add(name)
        return None

    assert [circle for name in sorted(graph) if (circle := circle_from(name, ()))] == []


def test_inside_the_package_imports_are_relative() -> None:
    wrong = []
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            absolute_import = isinstance(node, ast.ImportFrom) and not node.level and node.module
            if absolute_import and (node.module or "").split(".")[0] == "mlt":
                wrong.append(f"{name}:{node.lineno}")
    assert wrong == []
