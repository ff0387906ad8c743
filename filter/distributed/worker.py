"""What lives in a Ray actor: checks with their models, for shards of a run on a path that all machines see."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...toolkit.joined_run import JoinedRun
from ...toolkit.languages import Language, resolve
from ...toolkit.run import open_run
from ..agreement import require_same
from ..check import Context
from ..inputs import Inputs, Shard
from ..job import scores_of_machine
from ..maker import Maker
from ..policy import Policy
from ..scoring import Judges, Scorer


@dataclass(frozen=True, slots=True)
class FilterRequest:
    """What every worker is to filter: folders as all machines see them.

    ``cache_dir``: None for each machine's own. ``distant``: there are several machines, whose home folder may be on a
    network, where a file of scores does not work; those are then kept in the folder for temporary files.
    """

    source: str
    out: str
    policy: Policy
    langs: tuple[str, ...]
    cache_dir: str | None = None
    distant: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of the work, whole in itself: ``shard`` scores one and decides it where nothing else is needed,
    ``language`` asks the checks that see a whole language, ``again`` decides a shard after that.

    ``judges`` are those of the language, ``keys`` what they decide over all of its shards.
    """

    kind: Literal["shard", "language", "again"]
    language: Language
    shards: tuple[Shard, ...]
    judges: Judges = field(compare=False)
    keys: Mapping[str, Any] = field(compare=False)


class FilterWorker:
    """Takes steps exactly as one process does (:class:`~mlt.filter.maker.Maker`)."""

    def __init__(self, request: FilterRequest, cpus: float) -> None:
        on_gpu = bool(os.environ.get("CUDA_VISIBLE_DEVICES"))
        apart = request.distant and not request.cache_dir
        context = Context(
            request.cache_dir,
            cores=None if on_gpu else max(1, int(cpus)),
            scores_dir=scores_of_machine() if apart else None,
        )
        store = JoinedRun.join(Path(request.out))
        cache_dir = None if request.cache_dir is None else Path(request.cache_dir)
        run = open_run(request.source, cache_dir=cache_dir)
        self._scorer = Scorer(Inputs(run, store), request.policy, context)
        self._maker = Maker(store, self._scorer)
        self._judges = {lang: self._scorer.judges(resolve(lang).language) for lang in request.langs}

    def about(self) -> dict[str, Judges]:
        """Who judges each language here."""
        return self._judges

    def work(self, step: Step) -> None:
        """Takes a step. Raises EnvironmentProblem where other models judge here than in the rest of the run."""
        require_same(step.language.code, step.judges, self._judges[step.language.code])
        if step.kind == "language":
            self._maker.score_whole(step.shards, step.language, step.keys)
            return
        for shard in step.shards:
            self._maker.score(shard, step.language, step.keys)
            self._maker.decide(shard, step.keys)
