"""One array script for Slurm, and the list of its tasks. Nothing is submitted here: that is ``sbatch``'s.

``tasks.txt`` holds the addresses of a task on each line, and only ever grows: an array that waits in the queue finds
its lines where they were when it was submitted, whatever was planned since.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from .....toolkit.errors import UsageError
from .....toolkit.files import write_atomic

if TYPE_CHECKING:
    from ...planning.folder import StudyFolder
    from .base import JobRef

TASKS = "tasks.txt"
OPTIONS = "options.txt"
LARGEST_ARRAY = 1000
"""Tasks that a list grows by at most: Slurm takes indices below 1001 where its MaxArraySize is not raised."""

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_ADDRESS = re.compile(r"[0-9a-f]+")
_OPTION = re.compile(r"--?[A-Za-z][^\r\n]*")
_OURS = ("--array", "-a", "--output", "-o", "--error", "-e", "--job-name", "-J", "--open-mode", "--chdir", "-D")
_DEFAULT_OPTIONS = """\
# Options of sbatch for every task, one a line: partition, account, time, another device. This file is yours: it is
# written once. A cluster without GPUs wants the first line away.
--gres=gpu:1
--cpus-per-task=4
# A task that is preempted is queued again; three minutes before its time is up, a training saves its state.
--requeue
--signal=B:INT@180
"""


def write_array(folder: StudyFolder, jobs: Sequence[JobRef], *, at_once: int | None = None) -> Path:
    """Writes ``array.sbatch``, ``tasks.txt`` and, where it is not there, ``options.txt``; the path of the script.

    ``jobs`` are those that are left; their tasks alone make the array, at most ``at_once`` of them running at a time.
    Raises UsageError where there are none, for a path that sbatch cannot read, and for options that are none.
    """
    if not jobs:
        raise UsageError("nothing is left to run: see mlt study status, or mlt study report")
    slurm = folder.slurm.resolve()
    options = _options(slurm / OPTIONS)
    tasks = _read_tasks(slurm / TASKS)
    lines = _with_new(tasks, [job.address for job in jobs])
    wanted = {job.address for job in jobs}
    numbers = [number for number, line in enumerate(lines, start=1) if not wanted.isdisjoint(line)]
    script = _script(
        name=_job_name(folder.path.resolve().name),
        array=_ranges(numbers) + (f"%{at_once}" if at_once else ""),
        log=slurm,
        options=options,
        options_name=slurm / OPTIONS,
        start=Path.cwd(),
        tasks=slurm / TASKS,
        python=sys.executable,
        study=folder.path.resolve(),
    )
    write_atomic(slurm / TASKS, "".join(" ".join(line) + "\n" for line in lines).encode())
    write_atomic(slurm / "array.sbatch", script.encode())
    return slurm / "array.sbatch"


def _options(path: Path) -> list[str]:
    """The options in the user's file, which is made where it is missing."""
    if not path.exists():
        write_atomic(path, _DEFAULT_OPTIONS.encode())
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    options = [line for line in lines if line and not line.startswith("#")]
    for option in options:
        if not _OPTION.fullmatch(option):
            raise UsageError(f"{path}: {option!r} is no option of sbatch: a line holds one, such as --time=8:00:00")
        if re.split(r"[=\s]", option)[0] in _OURS:
            raise UsageError(f"{path}: {option!r} is set by mlt itself: take the line out")
    return options


def _read_tasks(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _with_new(tasks: list[list[str]], addresses: Iterable[str]) -> list[list[str]]:
    """The tasks, and at most :data:`LARGEST_ARRAY` more with the addresses that none of them holds."""
    known = {address for line in tasks for address in line}
    new = [address for address in dict.fromkeys(addresses) if address not in known]
    if strange := next((address for address in new if not _ADDRESS.fullmatch(address)), None):
        raise UsageError(f"{strange!r} is no address of a run: it is not hexadecimal")
    together = -(-len(new) // LARGEST_ARRAY) or 1
    return tasks + [new[start : start + together] for start in range(0, len(new), together)]


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as sbatch writes them: 1-3,7,9-10."""
    runs = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    spans = [[number for _, number in run] for _, run in runs]
    return ",".join(str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in spans)


def _job_name(study: str) -> str:
    return "mlt-" + re.sub(r"[^A-Za-z0-9._-]", "-", study)


def _script(**values: object) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Not toolkit/html_templates: a shell script is quoted for the shell, not escaped for HTML.
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {"shell": lambda value: shlex.quote(str(value)), "sbatch": _log_pattern}
    return templates.get_template("array.sbatch").render(values)


def _log_pattern(folder: Path) -> str:
    """Where a task's log goes, as a value that sbatch reads: quoted, with %% for a per cent sign."""
    if re.search(r'["\\\r\n]', str(folder)):
        raise UsageError(f"sbatch cannot write into {str(folder)!r}: choose an --out without quotes and backslashes")
    return '"' + str(folder).replace("%", "%%") + '/%A_%a.log"'
