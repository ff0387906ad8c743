"""An evaluation by the workers of a Ray cluster; this process reads the items and writes what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...toolkit.actor_pool import ActorPool, PoolSize
from ...toolkit.errors import SetAside
from ...toolkit.progress import Progress
from ...toolkit.ray_cluster import cluster
from ..asking import Asking, reachable
from ..folder import opened_folder
from ..items import Item
from ..results import summarize
from ..samples import settle
from .answer_queue import AnswerQueue
from .worker import AnswerRequest, AnswerWorker


def answer_on_ray(
    asking: Asking, folder: Path, pool: PoolSize, address: str | None, *, force: bool, progress: Progress
) -> tuple[int, dict[str, Any]]:
    """Brings an evaluation to its end by a Ray cluster: how many samples are new, and what results.json holds.

    Only this process sees ``folder``; the model is loaded by the workers alone. Raises what
    :func:`mlt.eval.api.evaluate` does, and SetAside where batches were given up: the same command tries them again.
    """
    with cluster(address):
        import ray

        items = partial(_fetched, ray.put(asking.items))
        request = AnswerRequest(asking.load, items, asking.max_new_tokens, _detector(asking.lid))
        with ActorPool(partial(AnswerWorker, request), pool, progress) as actors:
            model = actors.about()
            with opened_folder(folder, asking.identity(model), asking.entry, force=force):
                for lang in asking.items:
                    settle(folder, asking.task, lang)
                with AnswerQueue(asking, folder, model, progress) as queue:
                    actors.run(queue)
                for lang, order in queue.orders.items():
                    settle(folder, asking.task, lang, order)
                if queue.aside:
                    raise SetAside.of(folder, "batches", queue.aside)
                return queue.generated, summarize(folder)


def _fetched(items: Any) -> Mapping[str, Sequence[Item]]:
    """The items behind a reference, in a worker."""
    import ray

    found: Mapping[str, Sequence[Item]] = ray.get(items)
    return found


def _detector(lid: str) -> str:
    return lid if lid in ("none", "embedded") else reachable(lid)
