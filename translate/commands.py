"""The commands of this stage, as the command line calls them: they read options, call the API, print the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..toolkit.doctor import Finding
from ..toolkit.errors import UsageError
from ..toolkit.progress import Progress, open_progress
from ..toolkit.tables import print_json, print_table, size_text

if TYPE_CHECKING:
    from .eviction import CacheFile
    from .speed_settings import KeptSpeed

_CARRIERS = ("executor", "address", "cpus_per_worker", "gpus_per_worker", "shard")  # a dry run is this machine's


def run_translate(
    source: str | None,
    *,
    out: str | Path | None,
    columns: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """``mlt translate``. ``request`` goes to :func:`mlt.translate.api.translate` as it is."""
    from ..toolkit.sources import parse_columns

    request["columns"] = parse_columns(columns) or None
    with open_progress() as progress:
        if dry_run:
            for name in _CARRIERS:
                request.pop(name, None)
            from .dryrun import estimate

            result: Any = estimate(source, progress=progress, **request)
        else:
            result = _translate(source, out=out, force=force, progress=progress, **request)
    _show(result, dry_run=dry_run, as_json=as_json)


def _translate(source: str | None, *, progress: Progress, **request: Any) -> Any:
    from .api import translate

    try:
        return translate(source, progress=progress, **request)
    except KeyboardInterrupt:
        progress.note("the same command goes on where this one stopped")
        raise


def _show(result: Any, *, dry_run: bool, as_json: bool) -> None:
    from .report import show_estimate, show_result

    if as_json:
        print_json(result if dry_run else {"path": result.where, "manifest": result.manifest})
    elif dry_run:
        show_estimate(result)
    else:
        show_result(result.manifest)
        print(f"\n{result.where}")


def run_models(cache_dir: Path | None, *, as_json: bool) -> None:
    """``mlt models``: what has a short name, and what lies converted in the cache."""
    from .known_models import known_models
    from .model_store import chosen_root, models_in_cache, tiny_notice

    known = [asdict(model) for model in known_models()]
    cached = models_in_cache(cache_dir)
    if as_json:
        print_json({"known": known, "cached": [asdict(model) for model in cached]})
        return
    print_table(list(known[0]), (model.values() for model in known))
    print(f"\ntiny: {tiny_notice()}")
    print("Also: any NLLB or M2M100 id or folder, a CTranslate2 folder, openai:URL#NAME, MODULE:CLASS")
    print("opus-mt is for each language its own, and --model-for names others\n")
    if not cached:
        print(f"No converted model in {chosen_root(cache_dir)}")
        return
    columns = ["in the cache", "revision", "type", "license", "size"]
    rows = ((x.name, x.revision, x.quantization, x.license, size_text(x.size)) for x in cached)
    print_table(columns, rows, right=["size"])


def run_doctor(cache_dir: Path | None, *, as_json: bool) -> None:
    """``mlt doctor``: one row a finding; ``warn`` marks what a run may miss."""
    from ..toolkit import doctor
    from .model_store import chosen_root

    folder = chosen_root(cache_dir)
    findings = [*doctor.versions(), *_devices(), *_cached(folder), doctor.disk(folder), doctor.hub()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(["", "what", "found"], ((x.status, x.name, x.value) for x in findings))


def _devices() -> Iterator[Finding]:
    from .devices import available_cores, device_count, supported_compute_types

    yield Finding("cpu cores", str(available_cores()))
    try:
        count = device_count()
    except ImportError as error:
        yield Finding("compute types", f"ctranslate2 cannot be loaded: {error}", "warn")
        return
    yield Finding("compute types, cpu", ", ".join(supported_compute_types("cpu")))
    yield Finding("cuda devices", str(count))
    if count:
        yield Finding("compute types, cuda", ", ".join(supported_compute_types("cuda")))


def _cached(folder: Path) -> Iterator[Finding]:
    from .eviction import list_caches
    from .model_store import models_in_cache

    models, units = models_in_cache(folder), list_caches(folder)
    amount = size_text(sum(model.size for model in models))
    yield Finding("cached models", f"{len(models)}, {amount} in {folder / 'models'}")
    amount = f"{sum(file.units for file in units):,}, {size_text(sum(file.bytes for file in units))}"
    damaged = [file.path.name for file in units if file.damaged]
    status: Literal["ok", "warn"] = "warn" if damaged else "ok"
    notes = f"; damaged: {', '.join(damaged)}" if damaged else ""
    yield Finding("cached units", f"{amount} in {folder / 'units'}{notes}", status)


def run_cache_list(cache_dir: Path | None, *, as_json: bool) -> None:
    """``mlt cache list``: a row for each file of translated units, converted model, model cut to a list, file of
    settings that were found for a model and a machine, and copy of a run that stands on a URL."""
    from ..toolkit.mirrors import mirrors_in_cache
    from .eviction import list_caches
    from .model_store import chosen_root, models_in_cache
    from .shortlist.store import shortlists_in_cache
    from .speed_settings import speeds_in_cache

    root = chosen_root(cache_dir)
    units, models, cut, speeds = (
        list_caches(root),
        models_in_cache(root),
        shortlists_in_cache(root),
        speeds_in_cache(root),
    )
    mirrors = mirrors_in_cache(root)
    if as_json:
        kinds: dict[str, Sequence[Any]] = {"units": units, "models": models, "shortlists": cut, "settings": speeds}
        kinds["mirrors"] = mirrors
        print_json({kind: [asdict(entry) for entry in entries] for kind, entries in kinds.items()})
        return
    rows: list[tuple[object, ...]] = [
        ("units", file.model, file.language, f"{file.units:,}", size_text(file.bytes), _day(file)) for file in units
    ]
    rows += [("model", x.name, "", "", size_text(x.size), x.created[:10]) for x in models]
    rows += [("shortlist", f"{x.name}, {x.words:,} words", "", "", size_text(x.size), x.created[:10]) for x in cut]
    rows += [("settings", f"{x.model}, {_speed(x)}", "", "", size_text(x.size), x.found[:10]) for x in speeds]
    rows += [("mirror", f"{x.name}, {x.use}", "", "", size_text(x.size), _date(x.last_used)) for x in mirrors]
    print_table(["kind", "model", "language", "units", "size", "last used"], rows, right=["units", "size"])


def run_cache_size(cache_dir: Path | None, *, as_json: bool) -> None:
    """``mlt cache size``: bytes of each kind that :func:`run_cache_list` lists, and where they are."""
    from ..toolkit.mirrors import mirrors_in_cache
    from .eviction import list_caches
    from .model_store import chosen_root, models_in_cache
    from .shortlist.store import shortlists_in_cache
    from .speed_settings import speeds_in_cache

    root = chosen_root(cache_dir)
    sizes = {
        "units": sum(file.bytes for file in list_caches(root)),
        "models": sum(model.size for model in models_in_cache(root)),
        "shortlists": sum(model.size for model in shortlists_in_cache(root)),
        "settings": sum(kept.size for kept in speeds_in_cache(root)),
        "mirrors": sum(mirror.size for mirror in mirrors_in_cache(root)),
    }
    if as_json:
        print_json({"folder": str(root), **sizes})
    else:
        print_table(["kind", "size", "folder"], ((k, size_text(size), root / k) for k, size in sizes.items()))


def run_cache_evict(
    cache_dir: Path | None,
    *,
    model: str | None,
    older_than: float | None,
    max_size: str | None,
    as_json: bool,
) -> None:
    """``mlt cache evict``: see :func:`mlt.translate.eviction.evict`; cut models go too, converted ones stay.

    An age, given without a model, also removes copies of runs on URLs.
    """
    from ..toolkit.mirrors import evict_mirrors
    from .eviction import evict
    from .model_store import chosen_root
    from .shortlist.store import evict_shortlists

    root = chosen_root(cache_dir)
    limit = None if max_size is None else parse_size(max_size)
    freed = evict(root, max_bytes=limit, older_than_days=older_than, model=model)
    freed += evict_shortlists(root, older_than_days=older_than, model=model)
    if older_than is not None and model is None:
        freed += evict_mirrors(root, older_than_days=older_than)
    if as_json:
        print_json({"freed_bytes": freed})
    else:
        print(f"{size_text(freed)} freed")


def parse_size(text: str) -> int:
    """``500MB``, ``2 GB`` or plain bytes as bytes (decimal units); UsageError else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]?)B?\s*", text)
    if match is None:
        raise UsageError(f"--max-size {text}: expected a size such as 500MB or 2GB")
    return int(float(match[1]) * 1000 ** " kMGT".index(match[2].replace("K", "k") or " "))


def _speed(kept: KeptSpeed) -> str:
    found = kept.speed
    return f"workers {found.workers}, threads {found.threads}, {found.batch_tokens:,} tokens a batch"


def _day(file: CacheFile) -> str:
    if file.damaged:
        return "damaged"
    return "" if file.last_used is None else _date(file.last_used)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
