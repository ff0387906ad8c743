"""The signatures of the commands that say what there is: languages, models, doctor, cache."""

from __future__ import annotations

from typing import Annotated

import typer

from .base import CacheDir, Json, app, cache_app


@app.command(epilog="Examples: mlt languages swahili\n\nmlt languages --json")
def languages(
    query: Annotated[
        str | None,
        typer.Argument(help="Part of a code, a name or a script. Left out: all.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the languages that can be named, with their codes, script and number separators."""
    from ..tables import show_languages

    show_languages(query, as_json=as_json)


@app.command(epilog="Example: mlt models")
def models(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """List the known models with their size and licence, and those in the cache."""
    from ...translate.commands import run_models

    run_models(cache_dir, as_json=as_json)


@app.command(epilog="Example: mlt doctor")
def doctor(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """Check versions, devices, compute types, the cache, the disk, and whether the Hub answers."""
    from ...translate.commands import run_doctor

    run_doctor(cache_dir, as_json=as_json)


@cache_app.command("list", epilog="Example: mlt cache list --json")
def cache_list(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """List the files of translated units, by model and language, and the converted models."""
    from ...translate.commands import run_cache_list

    run_cache_list(cache_dir, as_json=as_json)


@cache_app.command("size", epilog="Example: mlt cache size")
def cache_size(cache_dir: CacheDir = None, as_json: Json = False) -> None:
    """Say how much the cache takes, and where it is."""
    from ...translate.commands import run_cache_size

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
    """Remove translated units by model, age or total size, and models cut to a list; converted models stay."""
    from ...translate.commands import run_cache_evict

    run_cache_evict(cache_dir, model=model, older_than=older_than, max_size=max_size, as_json=as_json)
