"""A filtered run by the workers of a Ray cluster; this process plans, counts and writes what stands once a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...toolkit.actor_pool import ActorPool, PoolSize
from ...toolkit.errors import SetAside
from ...toolkit.ray_cluster import cluster, machines
from ...toolkit.store import RunStore
from ..inputs import Inputs
from ..job import FilterResult, Job, chosen_languages
from ..pipeline import Filtered
from ..registry import check_class
from .step_queue import StepQueue, place
from .worker import FilterRequest, FilterWorker

if TYPE_CHECKING:
    from ..policy import Policy


def filter_on_ray(job: Job, size: PoolSize, address: str | None) -> FilterResult:
    """Filters by a Ray cluster (:func:`mlt.toolkit.ray_cluster.cluster`), with the files of one process in the end.

    Input and ``--out`` must be the same folders on every machine. Models are loaded by the workers alone. Raises
    :class:`SetAside` where shards were given up: the same command tries them again.
    """
    with cluster(address), RunStore.open(job.out, job.identity(), force=job.force) as store:
        inputs = Inputs(job.input_run(), store)
        langs = chosen_languages(inputs.run, job.langs)
        filtered = Filtered(inputs, store, job.policy, job.context.progress)
        cache = None if job.context.cache_dir is None else str(Path(job.context.cache_dir).resolve())
        request = FilterRequest(
            source=job.place if job.run is not None else str(inputs.run.path.resolve()),
            out=str(store.path.resolve()),
            policy=job.policy,
            langs=tuple(langs),
            cache_dir=cache,
            distant=len(machines()) > 1,
        )
        size = size if _needs_much(job.policy) else _one_a_core(size)
        with ActorPool(partial(FilterWorker, request), size, job.context.progress) as actors:
            filtered.begin()
            filtered.judged.update(actors.about())
            filtered.save()
            queue = StepQueue(filtered, langs)
            try:
                actors.run(queue)
            except KeyboardInterrupt:
                filtered.save()
                raise
        if queue.aside:
            entries = [{"lang": lang, "shard": index, "error": error} for (lang, index), error in queue.aside.items()]
            filtered.save(set_aside=entries)
            raise SetAside.of(job.out, "shards", {place(*where): error for where, error in queue.aside.items()})
        filtered.save(complete=True)
        return job.finish(filtered)


def _needs_much(policy: Policy) -> bool:
    return any(check_class(rule.name).large for rule in policy.enabled)


def _one_a_core(size: PoolSize) -> PoolSize:
    """Without a large model a worker keeps one core busy, and no GPU."""
    return PoolSize(size.workers, 1.0 if size.cpus is None else size.cpus, 0.0 if size.gpus is None else size.gpus)
