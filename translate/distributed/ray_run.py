"""A run by the workers of a Ray cluster; this process plans, counts and writes the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...toolkit.actor_pool import ActorPool, PoolSize
from ...toolkit.errors import SetAside
from ...toolkit.languages import parse_languages
from ...toolkit.progress import NullProgress, Progress
from ...toolkit.ray_cluster import cluster, machines
from ...toolkit.remote_files import place
from ...toolkit.store import RunStore
from ..api import DEFAULT_SHARD_SIZE, Job, RunResult, as_begun, default_out, prepare
from ..engines.remote import RemoteEngine
from ..english import write_english
from ..models import DEFAULT_MODEL
from ..pipeline import Pipeline
from ..run_identity import run_identity
from .shard_queue import ShardQueue
from .worker import EngineRequest, RunPlace, ShardWorker


def translate_on_ray(
    source: str | Path | None = None,
    *,
    pool: PoolSize,
    langs: str | Sequence[str],
    address: str | None = None,
    out: str | Path | None = None,
    force: bool = False,
    shard_size: int = DEFAULT_SHARD_SIZE,
    shortlist: str = "auto",
    model: str = DEFAULT_MODEL,
    model_for: str | Mapping[str, str] | None = None,
    device: str = "auto",
    compute_type: str | None = None,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> RunResult:
    """:func:`mlt.translate.api.translate` by a Ray cluster, with the same rows in the end.

    ``address``: see :func:`mlt.toolkit.ray_cluster.cluster`. ``out`` must be the same folder on every machine, or
    a URL. The engine is loaded by the workers alone, so this machine needs neither the model nor a device.

    Raises what ``translate`` does, and :class:`SetAside` where shards were given up: the same command tries them again.
    """
    progress = progress or NullProgress()
    listed = parse_languages(langs if isinstance(langs, str) else ",".join(langs))
    wanted = tuple(resolution.language for resolution in listed)
    with cluster(address):
        distant = len(machines()) > 1
        cache = None if cache_dir is None else str(Path(cache_dir).resolve())
        request = EngineRequest(model, device, compute_type, cache, shortlist, distant, model_for, wanted)
        with ActorPool(partial(ShardWorker, request), pool, progress) as actors:
            engine: RemoteEngine = actors.about()
            job = prepare(source, langs=langs, model=model, progress=progress, load=lambda *_, **__: engine, **options)
            path = place(out) if out is not None else default_out(job.reader, engine)
            path = path.resolve() if isinstance(path, Path) else path
            lists = engine.shortlist if force else as_begun(path, engine, engine.shortlist)
            identity = run_identity(job.reader, engine, job.settings, shard_size, lists)
            root = None if cache is None else Path(cache)
            with RunStore.open(path, identity, force=force, cache_dir=root) as store:
                pipeline = Pipeline(
                    store, job.reader, engine, job.settings, shard_size, progress=progress, shortlist=lists
                )
                aside = _carry(path, pipeline, job, actors)
                _report(store, pipeline, aside)
                return RunResult(path, dict(store.manifest))


def _carry(path: Path | str, pipeline: Pipeline, job: Job, actors: ActorPool) -> Mapping[tuple[str, int], str]:
    """Every shard of every language by the actors; those that were set aside."""
    pipeline.settle_engines(job.languages)
    shards = write_english(pipeline.store, job.reader, pipeline.shard_size, pipeline.progress)
    pipeline.store.manifest.pop("set_aside", None)  # tried once more
    pipeline.save_manifest(complete=False)
    run = RunPlace(path, job.settings, pipeline.shard_size, pipeline.shortlist)
    queue = ShardQueue(pipeline, run, job.languages, shards)
    try:
        actors.run(queue)
    except KeyboardInterrupt:
        pipeline.save_manifest(complete=False)
        raise
    return queue.aside


def _report(store: RunStore, pipeline: Pipeline, aside: Mapping[tuple[str, int], str]) -> None:
    """Writes the manifest; raises SetAside where a shard was given up."""
    if not aside:
        pipeline.save_manifest(complete=True)
        return
    entries = [{"lang": lang, "shard": index, "error": error} for (lang, index), error in aside.items()]
    pipeline.save_manifest(complete=False, set_aside=entries)
    raise SetAside.of(store.where, "shards", {f"{lang} {index}": error for (lang, index), error in aside.items()})
