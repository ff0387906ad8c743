"""The signature of ``mlt merge``, and of the script whose tasks it brings together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .base import Json, app


@app.command(
    epilog="Examples: mlt merge runs/mine\n\nmlt merge runs/whole runs/part-1 runs/part-2\n\n"
    "mlt merge runs/mine --array 64 -- hf://openai/gsm8k:main --langs sw,th"
)
def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the whole run.", show_default=False)],
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
            help="Write OUT.sbatch instead: a Slurm array of N tasks of mlt translate, with what stands after --.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one complete run of what the tasks of mlt translate --shard have made."""
    from ...translate.distributed.commands import run_array, run_merge

    if array is not None:
        run_array(out, array, parts or [])
    else:
        run_merge(out, [Path(part) for part in parts or []], as_json=as_json)
