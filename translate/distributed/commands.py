"""``mlt merge``, as the command line calls it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from ...toolkit.errors import UsageError
from ...toolkit.files import write_atomic
from ...toolkit.progress import open_progress
from ...toolkit.tables import print_json
from ..report import show_result
from .merge import merge

_TEMPLATES = Path(__file__).with_name("templates")
_OURS = ("--out", "-o", "--shard", "--cache-dir", "--executor", "--force", "--dry-run")


def run_merge(out: Path, parts: Sequence[Path], *, as_json: bool) -> None:
    """See :func:`merge`; prints the table of the run."""
    with open_progress() as progress:
        manifest = merge(out, parts, progress)
    if as_json:
        print_json({"path": str(out), "manifest": manifest})
        return
    show_result(manifest)
    print(f"\n{out}")


def run_array(out: Path, count: int, words: Sequence[str]) -> None:
    """Writes the array script beside ``out`` and prints its path; see :func:`write_array`."""
    print(write_array(out, count, words))


def write_array(out: Path, count: int, words: Sequence[str]) -> Path:
    """A script for sbatch whose ``count`` tasks make the run ``out`` together; its path, ``OUT.sbatch``.

    ``words``: the source and options of ``mlt translate``, relative paths as seen from the folder of now. Raises
    UsageError for options that the script gives itself, and where there are none.
    """
    if not words:
        raise UsageError("--array: put what mlt translate is to be given after --, as in -- train.jsonl --langs sw,th")
    for word in words:
        if word.partition("=")[0] in _OURS:
            raise UsageError(f"{word}: the script gives this to each task; leave it out")
    out = out.resolve()
    script = out.with_name(f"{out.name}.sbatch")
    text = _render(script=script, out=out, count=count, words=words, start=Path.cwd(), python=sys.executable)
    write_atomic(script, text.encode())
    return script


def _render(**values: object) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Not toolkit/html_templates: a shell script is quoted for the shell, not escaped for HTML.
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    templates.filters["shell"] = lambda value: shlex.quote(str(value))
    return templates.get_template("translate.sbatch").render(values)
