"""The signatures of ``mlt card``, ``mlt push`` and ``mlt pull``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .base import CacheDir, Json, app

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A run, a mixture, a ladder of mixtures, or a published folder.")
]
License = Annotated[
    str | None,
    typer.Option(metavar="ID", help="The licence that you publish under, as the Hub names it.", show_default=False),
]


@app.command(
    epilog="Examples: mlt card runs/mine-filtered --license cc-by-nc-4.0\n\nmlt card runs/published --check",
)
def card(
    folder: Folder,
    check: Annotated[
        bool, typer.Option("--check", help="Compute every number of the card again, and name those that differ.")
    ] = False,
    license: License = None,
    repository: Annotated[
        str | None,
        typer.Option(metavar="OWNER/NAME", help="Where the set will stand, for the examples.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write README.md: what the data are and how each language fared. Text of your own in it stays."""
    from ...data_cards.commands import run_card

    run_card(folder, check=check, license=license, repository=repository, as_json=as_json)


@app.command(
    epilog="Examples: mlt push runs/mine-filtered owner/name --license cc-by-nc-4.0 --private\n\n"
    "mlt push runs/mine-filtered --to-folder published --license cc-by-nc-4.0\n\n"
    "mlt push models/en-es-sw owner/name --license apache-2.0",
)
def push(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A run, a mixture, a ladder of mixtures, a trained model (or its merged/), or a published folder.",
        ),
    ],
    repository: Annotated[
        str | None, typer.Argument(metavar="OWNER/NAME", help="The data set or model on the Hub.", show_default=False)
    ] = None,
    to_folder: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write here what the Hub would get, and send nothing.", show_default=False),
    ] = None,
    license: License = None,
    checked: Annotated[
        bool,
        typer.Option("--i-have-checked-the-license", help="Publish although the licences are in conflict."),
    ] = False,
    private: Annotated[bool, typer.Option("--private", help="Make it private where there is none yet.")] = False,
    revision: Annotated[
        str | None, typer.Option(metavar="BRANCH", help="Another branch than main.", show_default=False)
    ] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also remove languages and mixtures that DIR does not hold.")
    ] = False,
    card: Annotated[
        Literal["merge", "hub", "local"],
        typer.Option(help="Whose hand-written text the card keeps; merge refuses where both have some and differ."),
    ] = "merge",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List files and sizes, and send nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Publish a run or mixtures as a data set of the Hugging Face Hub, a trained model as a model; only what changed
    is sent."""
    from ...data_cards.commands import run_push

    run_push(
        folder,
        repository,
        to_folder=to_folder,
        license=license,
        checked=checked,
        private=private,
        revision=revision,
        create_pr=create_pr,
        dry_run=dry_run,
        prune=prune,
        card=card,
        as_json=as_json,
    )


@app.command(
    epilog="Examples: mlt pull owner/name -o runs/theirs\n\nmlt pull owner/name --revision v1 -o runs/theirs",
)
def pull(
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="A data set that mlt push has made, or a folder of one.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the run. Default: runs/NAME.", show_default=False),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(metavar="REV", help="A branch, tag or commit.", show_default=False)
    ] = None,
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Get a published set back as a run: to filter it again, to add languages, to train."""
    from ...data_cards.commands import run_pull

    run_pull(repository, out, revision=revision, cache_dir=cache_dir, as_json=as_json)
