"""Where COMET is found, and how ``mlt setup comet`` builds, with stand-ins for Python and pip."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import fake_comet
import pytest

from mlt.filter.qe import interpreter, setup
from mlt.filter.qe.interpreter import PINS, VERSION, comet_folder
from mlt.filter.qe.setup import find_comet, setup_comet
from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.progress import NullProgress

# An interpreter that makes "environments" which hold a copy of itself, and whose pip says what PIP_SAYS names.
PYTHON = f"""#!{sys.executable}
import os, shutil, sys
arguments = sys.argv[1:]
log = open(os.environ["FAKE_LOG"], "a")
print(*arguments[:3], file=log)
if arguments[0] == "-c" and "version_info" in arguments[1]:
    print(os.environ.get("FAKE_VERSION", "3 11"))
elif arguments[:2] == ["-m", "venv"]:
    if os.environ.get("VENV_SAYS"):
        sys.exit(os.environ["VENV_SAYS"])
    os.makedirs(arguments[2] + "/bin")
    shutil.copy(sys.argv[0], arguments[2] + "/bin/python")
elif arguments[:3] == ["-m", "pip", "install"]:
    print("Collecting torch==2.13.0")
    print("Processing /wheels/numpy.whl")
    if os.environ.get("PIP_SAYS"):
        print(os.environ["PIP_SAYS"])
        sys.exit(1)
    print("Installing collected packages: torch")
elif arguments[0] == "-c":
    print("a warning")
    print(os.environ.get("COMET_VERSION", "{VERSION}"))
"""


class Watch(NullProgress):
    """Remembers the messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    script = tmp_path / "python"
    script.write_text(PYTHON)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    monkeypatch.delenv("MLT_COMET_PYTHON", raising=False)
    monkeypatch.setattr(interpreter, "_version_here", lambda: None)
    return str(script)


def asked(tmp_path: Path) -> list[str]:
    log = tmp_path / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_setup_builds_once_and_is_found_from_then_on(tmp_path, python):
    assert find_comet(tmp_path) is None
    watch = Watch()
    made = setup_comet(tmp_path, python, progress=watch)
    assert made == comet_folder(tmp_path) / "bin" / "python" and made.is_file()
    found = find_comet(tmp_path)
    assert found is not None and (found.python, found.version, found.origin) == (made, VERSION, "mlt setup comet")
    assert str(found) == f"{made} (unbabel-comet {VERSION}, from mlt setup comet)"
    assert watch.said[0] == "making an environment for COMET" and watch.said[-1] == ""
    assert "installing COMET, 3 %" in watch.said
    before = asked(tmp_path)
    assert setup_comet(tmp_path, python) == made and asked(tmp_path) == before
    assert setup_comet(tmp_path, python, force=True) == made and len(asked(tmp_path)) > len(before)


def test_a_build_that_was_broken_off_is_made_anew(tmp_path, python):
    folder = comet_folder(tmp_path)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("half")
    (folder / "leftover").touch()
    assert find_comet(tmp_path) is None
    setup_comet(tmp_path, python)
    assert find_comet(tmp_path) is not None and not (folder / "leftover").exists()


@pytest.mark.parametrize(
    ("variable", "said", "expected"),
    [
        ("VENV_SAYS", "The virtual environment was not created: ensurepip is not available", "python3-venv"),
        ("VENV_SAYS", "OSError: [Errno 28] No space left on device", "no space left for COMET"),
        ("PIP_SAYS", "NewConnectionError: Failed to establish a new connection", "pip cannot reach its package index"),
        ("PIP_SAYS", "ERROR: Could not install: [Errno 28] No space left on device", "no space left for COMET"),
        ("PIP_SAYS", "ERROR: No matching distribution found for x==1\n\nbye", "ERROR: No matching distribution found"),
        ("COMET_VERSION", "1.1.3", r"has unbabel-comet 1\.1\.3, not 2\.2\.7"),
    ],
)
def test_a_build_that_fails_is_one_line_and_leaves_no_marker(tmp_path, python, monkeypatch, variable, said, expected):
    monkeypatch.setenv(variable, said)
    with pytest.raises(EnvironmentProblem, match=expected) as caught:
        setup_comet(tmp_path, python)
    assert "\n" not in str(caught.value)
    assert find_comet(tmp_path) is None


@pytest.mark.parametrize(("version", "found"), [("3 13", "is 3.13"), ("3 9", "is 3.9"), ("what?", "is no Python")])
def test_a_python_that_the_pins_have_no_wheels_for_is_refused(tmp_path, python, monkeypatch, version, found):
    monkeypatch.setenv("FAKE_VERSION", version)
    with pytest.raises(UsageError, match=rf"--python .* {found}; COMET needs Python 3\.11 or 3\.12"):
        setup_comet(tmp_path, python)


def test_a_fit_python_is_looked_for(tmp_path, python, monkeypatch):
    monkeypatch.setattr(setup.sys, "version_info", (3, 13, 1))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EnvironmentProblem, match="none is on the PATH: name one with --python"):
        setup_comet(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3.11").symlink_to(python)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert setup_comet(tmp_path).is_file()


def test_a_named_interpreter_goes_first(fake, tmp_path):
    found = find_comet(tmp_path)
    assert found is not None and (found.python, found.origin) == (Path(sys.executable), "MLT_COMET_PYTHON")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (None, "cannot be started: No such file or directory"),
        ("exit 1", "has no unbabel-comet"),
        ("echo 1.1.3", r"has unbabel-comet 1\.1\.3: install unbabel-comet==2\.2\.7"),
    ],
)
def test_a_named_interpreter_of_no_use_is_one_line(tmp_path, monkeypatch, script, expected):
    path = tmp_path / "python"
    if script:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("MLT_COMET_PYTHON", str(path))
    with pytest.raises(EnvironmentProblem, match=expected) as caught:
        find_comet(tmp_path)
    assert "\n" not in str(caught.value)


def test_pins_are_exact_and_name_no_index():
    lines = [line for line in PINS.read_text().splitlines() if not line.startswith("#")]
    assert all("==" in line and "+" not in line and "://" not in line for line in lines)
    assert f"unbabel-comet=={VERSION}" in lines and not any(line.startswith(("-", "comet")) for line in lines)


def test_comet_in_this_interpreter_is_used_here(fake, tmp_path, monkeypatch):
    code = """
        import json
        from mlt.filter.qe.estimator import Estimator, InProcess
        from mlt.filter.qe.interpreter import find_comet
        from mlt.filter.qe.routing import parse_spec
        import sys
        estimator = Estimator()
        scores = estimator.score(parse_spec(sys.argv[1]), [("a", "b"), ("FAIL"[:2], "c")], 4, "sw")
        print(json.dumps([find_comet().origin, type(estimator._backend) is InProcess, sorted(scores.values())]))
    """
    environment = {name: value for name, value in os.environ.items() if name != "MLT_COMET_PYTHON"}
    folder = fake_comet.make_checkpoint(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = sorted([fake_comet.expected("a", "b"), fake_comet.expected("FA", "c")])
    assert json.loads(done.stdout.splitlines()[-1]) == ["this interpreter", True, expected]
