"""The signatures of ``mlt train`` and ``mlt recipes``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .base import Json, app


@app.command(
    epilog="Examples: mlt train smollm2-135m/math mix/en-es-sw -o models/en-es-sw"
    "\n\nmlt train qwen3-0.6b/api mix/paper/all --set method=full --set micro_batch_size=2 -o models/all"
    "\n\ntorchrun --nproc-per-node 8 -m mlt.toolkit train qwen3-8b/math mix/paper/all -o models/8b"
)
def train(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe (mlt recipes lists them), or a YAML file of your own.")
    ],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="A mixture, a published one (hf://owner/name:config), or a file as TRL reads it."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the trained model.", show_default=False),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe.", show_default=False),
    ] = None,
    preflight_only: Annotated[
        bool, typer.Option("--preflight-only", help="Check data, model and memory, and train nothing.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew; what --out holds of a training is removed.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Also write the model with its adapter merged into it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a model on a mixture, by a recipe. Stopped and started again, it goes on as if it had never stopped."""
    from ...train.train_commands import run_train

    run_train(
        recipe,
        data,
        out=out,
        overrides=overrides or (),
        restart=restart,
        preflight_only=preflight_only,
        merge=merge,
        as_json=as_json,
    )


@app.command(epilog="Example: mlt recipes")
def recipes(as_json: Json = False) -> None:
    """The recipes that mlt train knows, and the memory that each takes."""
    from ...train.recipe_commands import run_recipes

    run_recipes(as_json)
