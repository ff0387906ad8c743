"""Where COMET is: in this interpreter, in one that the user names, or in the one that ``mlt setup comet`` makes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import metadata, util
from pathlib import Path

from ...toolkit.errors import EnvironmentProblem
from ...toolkit.files import read_json
from ...translate.model_store import chosen_root

PINS = Path(__file__).with_name("comet-requirements.txt")
VERSION = "2.2.7"
MARKER = "mlt_comet.json"  # written last: a folder without it was not finished

_SHOW = "import importlib.metadata as m; print(m.version('unbabel-comet'))"


@dataclass(frozen=True, slots=True)
class Comet:
    """``python``: the interpreter that has it, None for this one. ``origin`` says in words how it was found."""

    python: Path | None
    version: str
    origin: str

    def __str__(self) -> str:
        return f"{self.python or sys.executable} (unbabel-comet {self.version}, from {self.origin})"


def find_comet(cache_dir: str | Path | None = None) -> Comet | None:
    """The COMET to use: that of MLT_COMET_PYTHON, else this interpreter's, else that of ``mlt setup comet``.

    Nothing is imported or started but, once, the interpreter in MLT_COMET_PYTHON. Raises EnvironmentProblem where
    that one is none or has no COMET.
    """
    named = os.environ.get("MLT_COMET_PYTHON")
    if named:
        return Comet(Path(named), _version_in(named), "MLT_COMET_PYTHON")
    if (here := _version_here()) is not None:
        return Comet(None, here, "this interpreter")
    marker = comet_folder(cache_dir) / MARKER
    if marker.is_file():
        about = read_json(marker)
        if (python := Path(about["python"])).is_file():
            return Comet(python, about["version"], "mlt setup comet")
    return None


def comet_folder(cache_dir: str | Path | None = None) -> Path:
    """Where ``mlt setup comet`` builds: a folder of its own for every set of pins."""
    return chosen_root(cache_dir) / f"comet-{blake2b(PINS.read_bytes(), digest_size=6).hexdigest()}"


@cache
def _version_in(python: str) -> str:
    try:
        done = subprocess.run([python, "-c", _SHOW], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise EnvironmentProblem(f"MLT_COMET_PYTHON={python} cannot be started: {reason}") from None
    version = done.stdout.strip()
    if done.returncode or not _recent(version):
        found = f"unbabel-comet {version}" if version else "no unbabel-comet"
        raise EnvironmentProblem(f"MLT_COMET_PYTHON={python} has {found}: install unbabel-comet=={VERSION} in it")
    return version


def _version_here() -> str | None:
    """The version in this interpreter, where it is recent enough; ``comet-ml`` is another thing altogether."""
    try:
        version = metadata.version("unbabel-comet")
    except metadata.PackageNotFoundError:
        return None
    return version if _recent(version) and util.find_spec("comet") else None


def _recent(version: str) -> bool:
    return version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) >= 2
