"""A script for Slurm whose tasks make a run, a filtered run or an evaluation together (``--shard I/N``)."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import UsageError
from .files import write_atomic
from .remote_files import shown, url_of

COMMANDS = ("translate", "filter", "eval")
_TEMPLATES = Path(__file__).with_name("templates")
_OURS = ("--out", "-o", "--shard", "--executor", "--force", "--dry-run")


def write_array(out: Path, count: int, words: Sequence[str]) -> Path:
    """A script for sbatch whose ``count`` tasks make ``out`` together; its path, ``OUT.sbatch``.

    ``out`` may be a URL; the script then stands in the folder of now.
    ``words``: one of :data:`COMMANDS` (left out: translate), then what it is given, relative paths as seen from the
    folder of now. Raises UsageError for options that the script gives itself, and where there are none.
    """
    named = bool(words) and words[0] in COMMANDS
    command, given = (words[0], words[1:]) if named else (COMMANDS[0], words)
    if not given:
        raise UsageError(
            f"--array: put what mlt {command} is to be given after --, as in -- train.jsonl --langs sw,th, or "
            "-- filter runs/mine"
        )
    for word in given:
        if word.partition("=")[0] in (*_OURS, *(("--cache-dir",) if command == "translate" else ())):
            raise UsageError(f"{word}: the script gives this to each task; leave it out")
    script = (Path(out.name) if url_of(out) else out).resolve().with_name(f"{out.name}.sbatch")
    places = {"script": script, "out": _place(out), "start": Path.cwd(), "python": sys.executable}
    text = _render(command=command, words=given, count=count, **places)
    write_atomic(script, text.encode())
    return script


def _place(out: Path) -> str:
    if (url := url_of(out)) is None:
        return str(out.resolve())
    if shown(url) != url:
        raise UsageError(f"--array {shown(url)}: leave user, password and query out, which would stand in the script")
    return url


def _render(**values: object) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Not html_templates: a shell script is quoted for the shell, not escaped for HTML.
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    templates.filters["shell"] = lambda value: shlex.quote(str(value))
    return templates.get_template("array.sbatch").render(values)
