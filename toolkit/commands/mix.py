"""The signature of ``mlt mix``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .base import CacheDir, Json, app

OUT, BUDGET, CHOICE, ROWS = "The mixture", "Budget (one of them)", "What is taken", "Rows"


@app.command(
    epilog="Examples: mlt mix runs/mine-filtered --langs en,es,sw --per-language 10000 --validation 200 -o mix/en-es-sw"
    "\n\nmlt mix runs/mine-filtered --preset paper-22 --per-language 10000 --decontaminate mgsm,gsm8k -o mix/paper"
    "\n\nmlt mix runs/math runs/api --tasks math=2,api=1 --total 30000 --disjoint -o mix/spread"
)
def mix(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Runs of mlt filter or mlt translate.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder of the mixture.", show_default=False, rich_help_panel=OUT
        ),
    ] = None,
    langs: Annotated[
        str | None,
        typer.Option(
            metavar="en,es,sw",
            help="Languages, in any code. Default: all of the runs'.",
            show_default=False,
            rich_help_panel=CHOICE,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Make a ladder of mixtures, a folder each: paper-22, or a YAML file of your own.",
            show_default=False,
            rich_help_panel=OUT,
        ),
    ] = None,
    per_language: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="N items in each language.", show_default=False, rich_help_panel=BUDGET),
    ] = None,
    total: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="N rows, split over the languages.", show_default=False, rich_help_panel=BUDGET
        ),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="N tokens in all, by --tokenizer.", show_default=False, rich_help_panel=BUDGET
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Rows for N optimiser steps of --batch-size over --epochs.",
            show_default=False,
            rich_help_panel=BUDGET,
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Rows a step, for --steps.", rich_help_panel=BUDGET)
    ] = 512,
    epochs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Passes over the rows, for --steps.", rich_help_panel=BUDGET)
    ] = 6,
    sequence_length: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="With --steps and --tokenizer: a packed row's tokens.",
            show_default=False,
            rich_help_panel=BUDGET,
        ),
    ] = None,
    parallel: Annotated[
        bool, typer.Option("--parallel", help="The same items in every language (default).", rich_help_panel=CHOICE)
    ] = False,
    disjoint: Annotated[
        bool, typer.Option("--disjoint", help="Each item in one language only.", rich_help_panel=CHOICE)
    ] = False,
    union: Annotated[
        bool, typer.Option("--union", help="Each language whatever items it has.", rich_help_panel=CHOICE)
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="en=2,sw=1",
            help="Shares of the languages in a budget for all of them.",
            show_default=False,
            rich_help_panel=CHOICE,
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="Shares as available rows ** (1/T), instead of --weights.",
            show_default=False,
            rich_help_panel=CHOICE,
        ),
    ] = None,
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="math=2,api=1",
            help="Tasks and their shares. Default: all of the runs', in equal shares.",
            show_default=False,
            rich_help_panel=CHOICE,
        ),
    ] = None,
    validation: Annotated[
        int, typer.Option(min=0, metavar="N", help="Items a language set apart for validation.", rich_help_panel=CHOICE)
    ] = 0,
    decontaminate: Annotated[
        str | None,
        typer.Option(
            metavar="mgsm,NAME=PATH",
            help="First remove what stands in these test sets: mgsm, gsm8k, api-bank, or files.",
            show_default=False,
            rich_help_panel=CHOICE,
        ),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="Counts tokens: a Hub id, or a tokenizer.json.",
            show_default=False,
            rich_help_panel=ROWS,
        ),
    ] = None,
    format: Annotated[
        Literal["prompt", "messages"],
        typer.Option(help="Columns: prompt and completion, or messages and tools.", rich_help_panel=ROWS),
    ] = "prompt",
    annotations: Annotated[
        Literal["keep", "strip"], typer.Option(help="Calculator annotations in solutions.", rich_help_panel=ROWS)
    ] = "keep",
    seed: Annotated[int, typer.Option(metavar="N", help="Decides which items are taken.", rich_help_panel=CHOICE)] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken, and what is missing.", rich_help_panel=OUT)
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the mixture that --out holds.", rich_help_panel=OUT)
    ] = False,
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Make a mixture to train on: the same items in several languages, under a budget."""
    from ...train.commands import chosen_mode, run_mix

    run_mix(
        runs,
        mode=chosen_mode(parallel=parallel, disjoint=disjoint, union=union),
        langs=langs,
        preset=preset,
        out=out,
        per_language=per_language,
        total=total,
        tokens=tokens,
        steps=steps,
        batch_size=batch_size,
        epochs=epochs,
        sequence_length=sequence_length,
        weights=weights,
        temperature=temperature,
        tasks=tasks,
        validation=validation,
        decontaminate=decontaminate,
        tokenizer=tokenizer,
        format=format,
        annotations=annotations,
        seed=seed,
        force=force,
        dry_run=dry_run,
        cache_dir=cache_dir,
        as_json=as_json,
    )
