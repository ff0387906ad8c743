"""The signatures of ``mlt filter``, ``mlt patch`` and ``mlt setup comet``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .base import CacheDir, Json, app, setup_app
from .many_machines import MANY, Address, CpusPerWorker, Executor, GpusPerWorker, ShardPart

RUN, CHECKS, LOOK = "The run", "Checks", "Looking at a filtered run"


@app.command(
    "filter",
    epilog="Examples: mlt filter runs/first --out runs/first-filtered --lid embedded\n\n"
    "mlt filter pairs.jsonl.gz --out runs/mine --policy policy.yaml --qe default\n\n"
    "mlt filter runs/first-filtered --explain 3f2a",
)
def filter_(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN|PAIRS",
            help="A run of mlt translate, or a Parquet, jsonl, json, csv or tsv file (.gz too) with the columns id, "
            "source, target and lang.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder of the filtered run; one that exists is brought up to date.",
            show_default=False,
            rich_help_panel=RUN,
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML over the shipped policy.", show_default=False, rich_help_panel=CHECKS),
    ] = None,
    lid: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Language ID: a fastText model (Hub id, .bin or .ftz), or embedded. Default: cis-lmu/glotlid, and the "
            "embedded one where it cannot judge.",
            show_default=False,
            rich_help_panel=CHECKS,
        ),
    ] = None,
    qe: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Also score by COMET: default (routed by language), a Hub id or a checkpoint. See mlt setup comet.",
            show_default=False,
            rich_help_panel=CHECKS,
        ),
    ] = None,
    langs: Annotated[
        str | None,
        typer.Option(metavar="sw,yo", help="Only these languages.", show_default=False, rich_help_panel=RUN),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="a=b,...", help="The file's column a is our b.", show_default=False, rich_help_panel=RUN),
    ] = None,
    intersection: Annotated[
        bool,
        typer.Option(
            "--intersection", help="Also write the items that are kept in every language.", rich_help_panel=RUN
        ),
    ] = False,
    review: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Write review.html, where a person marks and edits a sample of N rows.",
            show_default=False,
            rich_help_panel=LOOK,
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Show an item's scores in every language.", show_default=False, rich_help_panel=LOOK
        ),
    ] = None,
    print_policy: Annotated[
        bool, typer.Option("--print-policy", help="Print the shipped policy.", rich_help_panel=CHECKS)
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be scored, kept and dropped.", rich_help_panel=RUN),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Remove what --out holds and start over.", rich_help_panel=RUN)
    ] = False,
    executor: Executor = "local",
    address: Address = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Processes of --executor ray. Default: one a core; with --qe one a GPU or machine.",
            show_default=False,
            rich_help_panel=MANY,
        ),
    ] = None,
    cpus_per_worker: CpusPerWorker = None,
    gpus_per_worker: GpusPerWorker = None,
    shard: ShardPart = None,
    shard_size: Annotated[int, typer.Option(min=1, hidden=True)] = 1000,
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Measure every row, drop those that fail a check with the reason, and write a report."""
    from ...filter.commands import run_filter

    run_filter(
        source,
        out=out,
        policy=policy,
        lid=lid,
        qe=qe,
        langs=langs,
        columns=columns,
        intersection=intersection,
        review=review,
        explain=explain,
        print_policy=print_policy,
        dry_run=dry_run,
        force=force,
        executor=executor,
        address=address,
        workers=workers,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
        shard=shard,
        shard_size=shard_size,
        cache_dir=cache_dir,
        as_json=as_json,
    )


@app.command(epilog="Example: mlt patch runs/first-filtered edits.jsonl")
def patch(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run of mlt translate or mlt filter.")],
    edits: Annotated[Path, typer.Argument(metavar="EDITS", help="What the review page has exported.")],
    as_json: Json = False,
) -> None:
    """Apply a person's marks and edits to a run; they stay when the run is made again."""
    from ...filter.patch import run_patch

    run_patch(run, edits, as_json=as_json)


@setup_app.command("comet", epilog="Example: mlt setup comet")
def setup_comet(
    python: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The Python to make it with. Default: this one.", show_default=False),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Make it anew.")] = False,
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Make the interpreter that COMET runs in: minutes, and 1.4 GB of disk."""
    from ...filter.commands import run_setup_comet

    run_setup_comet(python, cache_dir=cache_dir, force=force, check=check, as_json=as_json)
