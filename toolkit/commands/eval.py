"""The signatures of ``mlt eval`` and ``mlt compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .base import CacheDir, Json, app
from .many_machines import MANY, Address, CpusPerWorker, Executor, GpusPerWorker, ShardPart

OUT, ASKED, HOW = "The evaluation", "What is asked", "How it is asked"


@app.command(
    epilog="Examples: mlt eval Qwen/Qwen3-0.6B-Base --task math --langs en,sw,te -o evals/base"
    "\n\nmlt eval runs/adapter --task math --data mgsm=data/mgsm --shots 8 -o evals/adapter"
    "\n\nmlt eval openai:http://127.0.0.1:8000/v1#llama --task api --data runs/api-bank-sw -o evals/llama"
    "\n\nmlt eval models/adapter --task math --langs en,sw,te -o evals/adapter --executor ray --address auto"
    "\n\nmlt eval --export lm-eval --task math --langs en,sw -o tasks/mgsm"
)
def eval(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A checkpoint or adapter: a folder, owner/name or owner/name@revision; or openai:URL#NAME.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        Literal["math", "api"], typer.Option(help="What is measured.", rich_help_panel=ASKED, show_default=False)
    ] = ...,  # type: ignore[assignment]
    langs: Annotated[
        str | None,
        typer.Option(
            metavar="en,es,sw",
            help="Languages, in any code. Default: all of the test set's.",
            show_default=False,
            rich_help_panel=ASKED,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="mgsm (default), msvamp, api-bank (default), bfcl:CATEGORY, NAME=PATH, a run, a mixture, a file.",
            show_default=False,
            rich_help_panel=ASKED,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="N items a language, the same ones in each.",
            show_default=False,
            rich_help_panel=ASKED,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Decides which items --limit takes.", rich_help_panel=ASKED)
    ] = 0,
    shots: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Worked examples before a question, in its own language.", rich_help_panel=HOW
        ),
    ] = 0,
    backend: Annotated[
        Literal["auto", "transformers", "vllm", "openai"],
        typer.Option(help="What runs the model.", rich_help_panel=HOW),
    ] = "auto",
    chat: Annotated[
        Literal["auto", "on", "off"],
        typer.Option(help="Ask through the chat template. auto: only what has no plain prompt.", rich_help_panel=HOW),
    ] = "auto",
    batch_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Items, or requests, side by side.", rich_help_panel=HOW)
    ] = 8,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Where an answer is cut off. Default: 512 for math, 256 for calls.",
            show_default=False,
            rich_help_panel=HOW,
        ),
    ] = None,
    lid: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Detector of the answers' language: embedded, a model, none.", rich_help_panel=HOW
        ),
    ] = "embedded",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder of the evaluation.", show_default=False, rich_help_panel=OUT
        ),
    ] = None,
    export: Annotated[
        Literal["lm-eval"] | None,
        typer.Option(
            help="Write tasks for lm-evaluation-harness instead; no model is needed.",
            show_default=False,
            rich_help_panel=OUT,
        ),
    ] = None,
    executor: Executor = "local",
    address: Address = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Models side by side, at most.", show_default=False, rich_help_panel=MANY
        ),
    ] = None,
    cpus_per_worker: CpusPerWorker = None,
    gpus_per_worker: GpusPerWorker = None,
    shard: ShardPart = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked, and ask nothing.", rich_help_panel=OUT)
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the evaluation that --out holds.", rich_help_panel=OUT)
    ] = False,
    cache_dir: CacheDir = None,
    as_json: Json = False,
) -> None:
    """Ask a model the items of a test set in every language, and judge what it answers."""
    asked: dict[str, Any] = {"task": task, "langs": langs, "data": data, "limit": limit, "seed": seed, "shots": shots}
    if export is not None:
        from ...eval.compare_commands import run_export

        run_export(export, **asked, max_new_tokens=max_new_tokens, out=out, cache_dir=cache_dir, as_json=as_json)
        return
    from ...eval.commands import run_eval

    run_eval(
        model,
        **asked,
        backend=backend,
        chat=chat,
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        lid=lid,
        out=out,
        force=force,
        dry_run=dry_run,
        executor=executor,
        address=address,
        workers=workers,
        cpus_per_worker=cpus_per_worker,
        gpus_per_worker=gpus_per_worker,
        shard=shard,
        cache_dir=cache_dir,
        as_json=as_json,
    )


@app.command(epilog="Example: mlt compare evals/base evals/adapter -o evals/base-adapter")
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="The folder of one evaluation.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The folder of the other one.")],
    margin: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Differences within this count as none (0.05: five points)."),
    ] = 0.05,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for the report and its plot.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare two models on the items that both were asked: difference, interval, tests."""
    from ...eval.compare_commands import run_compare

    run_compare(a, b, margin=margin, out=out, as_json=as_json)
