"""The signatures of ``mlt study``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..lazy_commands import LazyTyper
from .base import Json, app

study_app = LazyTyper(help="Many trainings and evaluations as one study: plan, run, resume, report.")
app.add_typer(study_app, name="study", epilog="Example: mlt study run tiny && mlt study report tiny")

Study = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A YAML file, or a preset: tiny, smollm2, paper-220, paper-220-budgets.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Folder of the study. Default: studies/NAME.", show_default=False),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of every recipe.", show_default=False),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="PATTERN",
        help="Runs whose name, task/model/budget/mixture/seed, matches: 'api/*/L01-*'. May be repeated.",
        show_default=False,
    ),
]


@study_app.command(epilog="Example: mlt study plan paper-220")
def plan(study: Study, out: Out = None, overrides: Set = None, only: Only = None, as_json: Json = False) -> None:
    """Which runs a study is made of, and what they cost: steps, tokens, GPU hours, disk."""
    from ...eval.study.planning.plan_command import run_plan

    run_plan(study, out=out, overrides=overrides or (), only=only or (), as_json=as_json)


@study_app.command(
    epilog="Examples: mlt study run tiny --jobs 2"
    "\n\nmlt study run study.yaml --only 'api/*' --executor ray --address auto"
    "\n\nmlt study run study.yaml --executor slurm && sbatch studies/mine/slurm/array.sbatch"
)
def run(
    study: Study,
    out: Out = None,
    executor: Annotated[
        Literal["local", "ray", "slurm"], typer.Option(help="What carries the runs; slurm writes an array script.")
    ] = "local",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Runs side by side. Default: one a device, or one on a CPU.", show_default=False
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(metavar="auto|ray://…", help="With --executor ray: the cluster.", show_default=False),
    ] = None,
    only: Only = None,
    overrides: Set = None,
    retries: Annotated[int, typer.Option(min=0, metavar="N", help="Further attempts at a run that failed.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Run a study. The same command goes on where it was ended; finished runs are never run again."""
    from ...eval.study.running.run_command import run_run

    run_run(
        study,
        out=out,
        executor=executor,
        jobs=jobs,
        address=address,
        only=only or (),
        overrides=overrides or (),
        retries=retries,
        dry_run=dry_run,
        as_json=as_json,
    )


@study_app.command(epilog="Example: mlt study status tiny")
def status(study: Study, out: Out = None, overrides: Set = None, as_json: Json = False) -> None:
    """How far a study is: done, running, failed, to come, and when it will be done."""
    from ...eval.study.running.status_command import run_status

    run_status(study, out=out, overrides=overrides or (), as_json=as_json)


@study_app.command(epilog="Example: mlt study report tiny")
def report(study: Study, out: Out = None, overrides: Set = None, as_json: Json = False) -> None:
    """Findings, tables and figures of the runs that are finished."""
    from ...eval.study.report.command import run_report

    run_report(study, out=out, overrides=overrides or (), as_json=as_json)


@study_app.command(hidden=True, epilog="Example: mlt study job studies/tiny 0123456789abcdef")
def job(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the study.")],
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="Which runs.")],
) -> None:
    """Run single runs of a planned study, one after the other: what a task of a Slurm array does."""
    from ...eval.study.running.run_command import run_job_command

    run_job_command(folder, addresses)
