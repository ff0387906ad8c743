"""The options of commands whose work several machines share."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

MANY = "Many machines"

Executor = Annotated[
    Literal["local", "ray"], typer.Option(help="This process, or a Ray cluster.", rich_help_panel=MANY)
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="auto|ray://HOST:PORT",
        help="The Ray cluster. Default: one of this machine alone.",
        show_default=False,
        rich_help_panel=MANY,
    ),
]
CpusPerWorker = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        metavar="N",
        help="Cores of each. Default: what one can use; 4 beside a GPU.",
        show_default=False,
        rich_help_panel=MANY,
    ),
]
GpusPerWorker = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="N",
        help="GPUs of each. Default: 1 where there are any and it can use one.",
        show_default=False,
        rich_help_panel=MANY,
    ),
]
ShardPart = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Do the I-th of N parts, as a task of an array; then mlt merge.",
        show_default=False,
        rich_help_panel=MANY,
    ),
]
