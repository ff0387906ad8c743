"""The signature of ``mlt translate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .base import CacheDir, Json, app
from .many_machines import Address, CpusPerWorker, Executor, GpusPerWorker, ShardPart

RUN, TEXT, SEARCH, DEVICE = "The run", "What is translated", "Search", "Device"


@app.command(
    epilog="Examples: mlt translate --langs sw,yo,th --model tiny\n\n"
    "mlt translate train.jsonl --task math --langs sw,zh-Hans --limit 500 -o runs/first\n\n"
    "mlt translate hf://openai/gsm8k:main --langs th --dry-run\n\n"
    "mlt translate --langs sw,fr,th --model opus-mt --model-for th=opus-mt-en-mul"
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
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|URL",
            help="Folder of the run, or a URL such as s3://BUCKET/NAME; one that exists is extended. "
            "Default: runs/SOURCE-MODEL.",
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
            help="A Hub id or folder (NLLB, M2M100, MADLAD-400, OPUS-MT or CTranslate2), madlad-3b, opus-mt (for each "
            "language its own) or opus-mt-en-XX, tiny, openai:URL#NAME, MODULE:CLASS, identity or corrupting.",
        ),
    ] = "facebook/nllb-200-distilled-600M",
    model_for: Annotated[
        str | None,
        typer.Option(
            metavar="sw=MODEL,...",
            help="Languages with a model of their own; --model is for the others.",
            show_default=False,
        ),
    ] = None,
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
            help="Decoders side by side; with --executor ray, models. Default: one a core or device.",
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
    shortlist: Annotated[
        Literal["auto", "script", "learned", "off"],
        typer.Option(
            help="Cut the model to the words that a language needs: by its script, or learned from its first outputs.",
            rich_help_panel=DEVICE,
        ),
    ] = "auto",
    executor: Executor = "local",
    address: Address = None,
    cpus_per_worker: CpusPerWorker = None,
    gpus_per_worker: GpusPerWorker = None,
    shard: ShardPart = None,
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
    from ...translate.commands import run_translate

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
        model_for=model_for,
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
        executor=executor,
        address=address,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
        shard=shard,
        compute_type=compute_type,
        shortlist=shortlist,
        shard_size=shard_size,
    )
