"""The application that every command is registered with, and the options that several share.

The modules beside this one hold the signature of each command; a stage is imported only when its command runs, so
that ``--help`` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..lazy_commands import LazyTyper

app = LazyTyper(
    help="Turn English math and API-calling training sets into verified parallel corpora.",
    epilog="Example: mlt translate --langs sw,yo,th --model tiny",
)
cache_app = LazyTyper(help="What is kept for the next run: translated units and converted models.")
app.add_typer(cache_app, name="cache", epilog="Example: mlt cache list")

setup_app = LazyTyper(help="What some checks need in an interpreter of its own.")
app.add_typer(setup_app, name="setup", epilog="Example: mlt setup comet")

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CacheDir = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where models and translated units are kept.", show_default=False),
]
