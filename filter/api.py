"""The Python API of ``mlt filter``: a run or a file of pairs becomes a filtered run; pairs in memory become scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.parts import chosen_part
from ..toolkit.progress import NullProgress, Progress
from .check import Context
from .job import DEFAULT_SHARD_SIZE, FilterResult, Job, chosen_languages
from .policy import Policy, load_policy

if TYPE_CHECKING:
    import pyarrow as pa


def filter_run(
    source: str | Path,
    out: str | Path,
    *,
    policy: str | Path | Mapping[str, Any] | None = None,
    lid: str | None = None,
    qe: str | None = None,
    langs: str | Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
    intersection: bool = False,
    force: bool = False,
    shard_size: int = DEFAULT_SHARD_SIZE,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
    executor: str = "local",
    address: str | None = None,
    workers: int | None = None,
    cpus_per_worker: float | None = None,
    gpus_per_worker: float | None = None,
    shard: str | None = None,
) -> FilterResult:
    """Filter a run of ``mlt translate``, or a file of pairs, into the run ``out``.

    ``source``: the folder of a run, or a Parquet, JSONL, JSON, CSV or TSV file (text ones also gzipped) with the
    columns id, source, target and lang (``columns`` maps their names to these). ``policy``: a YAML file or a mapping,
    over the shipped one. ``lid``: a fastText model (a Hub id, a .bin or .ftz path) or "embedded"; ``qe``: "default",
    a Hub id or a checkpoint; each as the policy's settings would name it. ``langs``: only these. ``intersection``:
    also write the items that are kept in every language. Called again, it scores what is new and decides anew what
    has changed.

    ``executor``: "local", or "ray" for the workers of a cluster, of which ``address`` is one
    (:func:`~mlt.toolkit.ray_cluster.cluster`) and ``workers``, ``cpus_per_worker`` and ``gpus_per_worker`` the size
    (:class:`~mlt.toolkit.actor_pool.PoolSize`). ``shard``: "3/64" scores the third of 64 parts of the run, for tasks
    that write one folder together; :func:`~mlt.filter.distributed.merge.merge` makes it whole.

    Raises UsageError, DataError or EnvironmentProblem, each with one line that says what to do; SetAside where a
    cluster gave shards up.
    """
    sizes = {"workers": workers, "cpus-per-worker": cpus_per_worker, "gpus-per-worker": gpus_per_worker}
    part = chosen_part(executor, {"address": address, **sizes}, shard, force=force)
    job = Job.opened(
        Path(source),
        Path(out),
        chosen_policy(policy, lid, qe),
        langs=langs,
        columns=columns,
        intersection=intersection,
        force=force,
        shard_size=shard_size,
        context=Context(None if cache_dir is None else str(cache_dir), progress or NullProgress()),
    )
    if executor == "ray":
        from ..toolkit.actor_pool import PoolSize
        from .distributed.ray_run import filter_on_ray

        return filter_on_ray(job, PoolSize(workers, cpus_per_worker, gpus_per_worker), address)
    if part is not None:
        from .distributed.part_run import filter_part

        return filter_part(job, part)
    return _filter_here(job)


def _filter_here(job: Job) -> FilterResult:
    from ..toolkit.store import RunStore
    from .inputs import Inputs
    from .maker import Maker
    from .pipeline import Filtered, filter_here
    from .scoring import Scorer

    with RunStore.open(job.out, job.identity(), force=job.force) as store:
        inputs = Inputs(job.input_run(), store)
        langs = chosen_languages(inputs.run, job.langs)
        filtered = Filtered(inputs, store, job.policy, job.context.progress)
        with closing(Scorer(inputs, job.policy, job.context)) as scorer:
            filter_here(filtered, Maker(store, scorer), langs)
        return job.finish(filtered)


def score_pairs(
    pairs: Iterable[Mapping[str, Any]],
    *,
    policy: str | Path | Mapping[str, Any] | None = None,
    lid: str | None = None,
    qe: str | None = None,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> pa.Table:
    """Scores and decisions of pairs in memory: mappings with ``source``, ``target`` and ``lang`` (and ``id``).

    One row a pair, in order: ``id``, ``lang``, a float64 column a check (null: it abstained), ``details`` (JSON text),
    ``reason`` (null: the pair is kept). Raises UsageError for a pair without its texts or of an unknown language.
    """
    from .in_memory import score_all

    context = Context(None if cache_dir is None else str(cache_dir), progress or NullProgress())
    return score_all(list(pairs), chosen_policy(policy, lid, qe), context)


def chosen_policy(policy: str | Path | Mapping[str, Any] | None, lid: str | None, qe: str | None) -> Policy:
    """The policy with what ``--lid`` and ``--qe`` say put into it."""
    rules = load_policy(policy)
    if lid is not None:
        rules = rules.with_settings("language", detectors=list(dict.fromkeys([lid, "embedded"])))
    if qe is not None:
        rules = rules.with_settings("qe", **({} if qe == "default" else {"models": [qe]}))
    return rules
