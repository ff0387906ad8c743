"""``mlt setup comet``: an interpreter of its own for COMET, whose needs contradict those of the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ...toolkit.errors import EnvironmentProblem, MltError, UsageError
from ...toolkit.files import disk_errors, write_json
from ...toolkit.hub_files import Progress as Tell
from ...toolkit.progress import NullProgress, Progress, step_messages
from .interpreter import MARKER, PINS, VERSION, comet_folder, find_comet

__all__ = ["find_comet", "setup_comet"]

_PYTHONS = ((3, 11), (3, 12))  # those that every pin has a wheel for
_PROVE = "import comet, importlib.metadata as m; print(m.version('unbabel-comet'))"
_NO_NETWORK = ("NewConnectionError", "Max retries", "name resolution", "ReadTimeout", "ProxyError")


def setup_comet(
    cache_dir: str | Path | None = None,
    python: str | Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """The interpreter with COMET under the cache folder, built where it is not there yet (or ``force``).

    ``python`` (3.11 or 3.12; None: one is looked for) makes the environment; pip then installs the shipped pins with
    the user's own pip configuration. A build that was broken off is made anew. Raises UsageError for an unfit
    ``python``, EnvironmentProblem without network, disk space or the venv module.
    """
    from filelock import FileLock

    folder = comet_folder(cache_dir)
    tell = step_messages(progress or NullProgress())
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        marker = folder / MARKER
        made = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if marker.is_file() and made.is_file() and not force:
            return made
        base = _base_python(str(python) if python else None)
        with disk_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
        tell("making an environment for COMET", 0, None)
        _run([base, "-m", "venv", str(folder)], _venv_problem)
        _install(made, tell)
        tell("importing COMET", 0, None)
        version = _run([str(made), "-c", _PROVE], _import_problem).strip().splitlines()[-1]
        if version != VERSION:
            raise EnvironmentProblem(f"{made} has unbabel-comet {version}, not {VERSION}; run with --force")
        write_json(marker, {"version": version, "python": str(made)})
        tell("COMET is ready", 1, 1)
        return made


def _install(python: Path, tell: Tell) -> None:
    """pip, with a step for every pin that it has found."""
    total = sum(1 for line in PINS.read_text(encoding="utf-8").splitlines() if "==" in line)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", str(PINS)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=_environment()
    )
    assert process.stdout is not None
    said: deque[str] = deque(maxlen=200)
    found = 0
    try:
        for line in process.stdout:
            said.append(line.strip())
            if line.startswith(("Collecting ", "Processing ")):  # from an index, from a folder of wheels
                found += 1
                tell("installing COMET", min(found, total), total + 1)
            elif line.startswith("Installing collected packages"):
                tell("installing COMET: unpacking", 0, None)
    finally:
        if process.poll() is None and sys.exc_info()[0] is not None:
            process.kill()
        process.wait()
    if process.returncode:
        raise _pip_problem("\n".join(said))


def _run(command: list[str], explain: Callable[[str], MltError]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=_environment())
    if done.returncode:
        raise explain(done.stdout + done.stderr)
    return done.stdout


def _environment() -> dict[str, str]:
    # What this interpreter was told of its own packages must not reach the other one.
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}


def _venv_problem(said: str) -> MltError:
    if "ensurepip" in said or "No module named venv" in said:
        return EnvironmentProblem(
            "this Python cannot make environments: install its venv module (python3-venv), name another one with "
            "--python, or set MLT_COMET_PYTHON"
        )
    return _disk_problem(said) or EnvironmentProblem(f"no environment could be made: {_last(said)}")


def _pip_problem(said: str) -> MltError:
    if problem := _disk_problem(said):
        return problem
    if any(
        sign in said for sign in ("NewConnectionError", "Max retries", "name resolution", "ReadTimeout", "ProxyError")
    ):
        return EnvironmentProblem(
            "pip cannot reach its package index; run `mlt setup comet` again with a network, or set MLT_COMET_PYTHON "
            "to an interpreter that has unbabel-comet"
        )
    return EnvironmentProblem(f"pip could not install COMET: {_last(said)}")


def _import_problem(said: str) -> MltError:
    return EnvironmentProblem(f"COMET was installed but cannot be imported: {_last(said)}; run with --force")


def _disk_problem(said: str) -> MltError | None:
    if "No space left" in said or "Disk quota" in said:
        return EnvironmentProblem(
            "no space left for COMET (it needs about 2 GB, with CUDA 8 GB): free some, or choose another MLT_CACHE_DIR"
        )
    return None


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return " ".join((errors or lines or ["no reason given"])[-1].split())[:300]


def _base_python(python: str | None) -> str:
    fit = " or ".join(f"{major}.{minor}" for major, minor in _PYTHONS)
    if python is not None:
        if (version := _python_version(python)) not in _PYTHONS:
            found = f"is {'.'.join(map(str, version))}" if version else "is no Python"
            raise UsageError(f"--python {python} {found}; COMET needs Python {fit}")
        return python
    if sys.version_info[:2] in _PYTHONS:
        return sys.executable
    for major, minor in reversed(_PYTHONS):
        path = shutil.which(f"python{major}.{minor}")
        if path and _python_version(path) == (major, minor):
            return path
    raise EnvironmentProblem(f"COMET needs Python {fit}, and none is on the PATH: name one with --python")


def _python_version(python: str) -> tuple[int, ...] | None:
    try:
        done = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        return tuple(map(int, done.stdout.split())) or None
    except (OSError, ValueError):
        return None
