"""The command line's front door: the signature of every command.

A stage is imported only when its command runs, so that ``--help`` stays quick. Data go to stdout,
everything else to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from .exits import run_app
from .lazy_commands import LazyTyper

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
RUN, TEXT, SEARCH, DEVICE = "The run", "What is translated", "Search", "Device"
CHECKS, LOOK = "Checks", "Looking at a filtered run"


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mlt {version('mlt')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(
    epilog="Examples: mlt translate --langs sw,yo,th --model tiny\n\n"
    "mlt translate train.jsonl --task math --langs sw,zh-Hans --limit 500 -o runs/first\n\n"
    "mlt translate hf://openai/gsm8k:main --langs th --dry-run"
)
def translate(
    langs: Annotated[str, typer.Option(metavar="sw,yo,th", help="Target languages, in any code or by English name.")],
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="A jsonl, json, csv or parquet file (.gz too), a preset's name, or hf://owner/name. "
            "Left out: the embedded sample.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder of the run; one that exists is extended. Default: runs/SOURCE-MODEL.",
            show_default=False,
            rich_help_panel=RUN,
        ),
    ] = None,
    task: Annotated[
        Literal["auto", "math", "api"], typer.Option(help="What the rows are.", rich_help_panel=TEXT)
    ] = "auto",
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="A Hub id or folder (NLLB, M2M100 or CTranslate2), tiny, openai:URL#NAME, MODULE:CLASS, "
            "identity or corrupting.",
        ),
    ] = "facebook/nllb-200-distilled-600M",
    split: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Split of the source.", show_default=False, rich_help_panel=TEXT),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Take the first N rows only.", show_default=False, rich_help_panel=TEXT),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="a=b,...",
            help="The source's column a is what the task calls b.",
            show_default=False,
            rich_help_panel=TEXT,
        ),
    ] = None,
    arguments: Annotated[
        Literal["keep", "translate"],
        typer.Option(help="Argument values of calls that are free text.", rich_help_panel=TEXT),
    ] = "keep",
    tools: Annotated[
        Literal["keep", "translate"],
        typer.Option(help="Descriptions in tool schemas.", rich_help_panel=TEXT),
    ] = "keep",
    argument_table: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="YAML that says of an Api.argument whether it is free text (translate) or not (keep).",
            show_default=False,
            rich_help_panel=TEXT,
        ),
    ] = None,
    segment: Annotated[
        Literal["sentence", "line"], typer.Option(help="What is sent as one unit.", rich_help_panel=TEXT)
    ] = "sentence",
    beam_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Hypotheses kept while searching.", rich_help_panel=SEARCH)
    ] = 4,
    n_best: Annotated[
        int, typer.Option(min=1, metavar="N", help="Hypotheses asked of each search.", rich_help_panel=SEARCH)
    ] = 1,
    length_penalty: Annotated[
        float, typer.Option(metavar="X", help="Above 1 favours longer output.", rich_help_panel=SEARCH)
    ] = 1.0,
    repetition_penalty: Annotated[
        float,
        typer.Option(min=0.01, metavar="X", help="Above 1 disfavours repeated tokens.", rich_help_panel=SEARCH),
    ] = 1.0,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="Where the model runs.", rich_help_panel=DEVICE)
    ] = "auto",
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Decoders side by side. Default: one a core or device.",
            show_default=False,
            rich_help_panel=DEVICE,
        ),
    ] = None,
    compute_type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="Such as int8, bfloat16, float32. Default: the fastest that the device supports.",
            show_default=False,
            rich_help_panel=DEVICE,
        ),
    ] = None,
    cache_dir: CacheDir = None,
    shard_size: Annotated[int, typer.Option(min=1, hidden=True)] = 1000,
    force: Annotated[
        bool, typer.Option("--force", help="Start over where the folder holds a run.", rich_help_panel=RUN)
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Count, estimate the time, name the licences; write nothing.",
            rich_help_panel=RUN,
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Translate English records into one or several languages, every row verified."""
    from ..translate.commands import run_translate

    run_translate(
        source,
        langs=langs,
        out=out,
        columns=columns,
        force=force,
        cache_dir=cache_dir,
        dry_run=dry_run,
        as_json=as_json,
        task=task,
        model=model,
        split=split,
        limit=limit,
        arguments=arguments,
        tools=tools,
        argument_table=argument_table,
        segment=segment,
        beam_size=beam_size,
        n_best=n_best,
        length_penalty=length_penalty,
        repetition_penalty=repetition_penalty,
        device=device,
        workers=workers,
        compute_type=compute_type,
        shard_size=shard_size,
    )


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
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Measure every row, drop those that fail a check with the reason, and write a report."""
    from ..filter.commands import run_filter

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
    from ..filter.patch import run_patch

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
    from ..filter.commands import run_setup_comet

    run_setup_comet(python, cache_dir=cache_dir, force=force, check=check, as_json=as_json)


@app.command(epilog="Examples: mlt languages swahili\n\nmlt languages --json")
def languages(
    query: Annotated[
        str | None,
        typer.Argument(help="Part of a code, a name or a script. Left out: all.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the languages that can be named, with their codes, script and number separators."""
    from .tables import show_languages

    show_languages(query, as_json=as_json)


@app.command(epilog="Example: mlt models")
def models(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """List the known models with their size and licence, and those in the cache."""
    from ..translate.commands import run_models

    run_models(cache_dir, as_json=as_json)


@app.command(epilog="Example: mlt doctor")
def doctor(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """Check versions, devices, compute types, the cache, the disk, and whether the Hub answers."""
    from ..translate.commands import run_doctor

    run_doctor(cache_dir, as_json=as_json)


@cache_app.command("list", epilog="Example: mlt cache list --json")
def cache_list(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """List the files of translated units, by model and language, and the converted models."""
    from ..translate.commands import run_cache_list

    run_cache_list(cache_dir, as_json=as_json)


@cache_app.command("size", epilog="Example: mlt cache size")
def cache_size(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """Say how much the cache takes, and where it is."""
    from ..translate.commands import run_cache_size

    run_cache_size(cache_dir, as_json=as_json)


@cache_app.command("evict", epilog="Example: mlt cache evict --older-than 30 --max-size 2GB")
def cache_evict(
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this model, as `mlt cache list` names it.", show_default=False),
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(min=0, metavar="DAYS", help="Units not used for so long.", show_default=False),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Then the least recently used, down to 500MB, 2GB, ...", show_default=False),
    ] = None,
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Remove translated units by model, age or total size; converted models stay."""
    from ..translate.commands import run_cache_evict

    run_cache_evict(cache_dir, model=model, older_than=older_than, max_size=max_size, as_json=as_json)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code, see :mod:`mlt.toolkit.exits`."""
    return run_app(app, sys.argv[1:] if argv is None else argv)
