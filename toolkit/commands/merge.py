"""The signature of ``mlt merge``, and of the script whose tasks it brings together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .base import Json, app


@app.command(
    epilog="Examples: mlt merge runs/mine\n\nmlt merge runs/whole runs/part-1 runs/part-2\n\n"
    "mlt merge runs/mine --array 64 -- hf://openai/gsm8k:main --langs sw,th\n\n"
    "mlt merge runs/mine-filtered --array 8 -- filter runs/mine"
)
def merge(
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Folder of the whole run, or of the evaluation.", show_default=False),
    ],
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PART...",
            help="Folders that tasks of mlt translate --shard I/N wrote. Left out: they all wrote OUT.",
            show_default=False,
        ),
    ] = None,
    array: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Write OUT.sbatch instead: a Slurm array of N tasks with what stands after --: translate, filter or "
            "eval (left out: translate) and what it is given.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one whole of what the tasks of mlt translate, filter or eval with --shard have made."""
    if array is not None:
        from ..array_script import write_array

        print(write_array(out, array, parts or []))
    else:
        _merge(out, [Path(part) for part in parts or []], as_json=as_json)


def _merge(out: Path, parts: list[Path], *, as_json: bool) -> None:
    """By what the folders hold."""
    from ..made_by import made_by

    kinds = {made_by(path) for path in (out, *parts)}
    if kinds <= {"translate", None}:
        from ...translate.distributed.commands import run_merge as merge_run

        merge_run(out, parts, as_json=as_json)
        return
    if parts:
        from ..errors import UsageError

        raise UsageError(f"{parts[0]}: the tasks of mlt filter and mlt eval all write one folder; name that one alone")
    if kinds == {"filter"}:
        from ...filter.distributed.commands import run_merge as merge_filtered

        merge_filtered(out, as_json=as_json)
    else:
        from ...eval.distributed.commands import run_merge as merge_evaluation

        merge_evaluation(out, as_json=as_json)
