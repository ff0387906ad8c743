"""Scores for text pairs: from the cache where they are there, else from COMET, and kept as soon as they come."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol

from ...toolkit.errors import EnvironmentProblem
from ...toolkit.progress import NullProgress, Progress, step_messages
from ...translate.model_store import chosen_root
from .checkpoints import Checkpoint, find_checkpoint
from .client import WorkerClient
from .interpreter import find_comet
from .problems import NO_COMET, problem
from .routing import Spec
from .scores import Pair, ScoreCache

Scores = tuple[list[int], list[float | None]]
_REQUEST = 20_000  # pairs that are sorted by length together


class Backend(Protocol):
    """What scores pairs with a checkpoint."""

    def score(self, checkpoint: str, pairs: Sequence[Pair], batch_size: int) -> Iterator[Scores]:
        """Indices and scores, as they come; None where the model gives no number."""
        ...

    def close(self) -> None:
        """Lets the model go."""
        ...


class InProcess:
    """COMET in this interpreter."""

    def __init__(self) -> None:
        from .worker import Scorer

        try:
            self._scorer = Scorer()
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise EnvironmentProblem(f"COMET cannot be imported ({reason}); run `mlt setup comet`") from error

    def score(self, checkpoint: str, pairs: Sequence[Pair], batch_size: int) -> Iterator[Scores]:
        """As the worker does it."""
        from .worker import CannotScore

        try:
            self._scorer.load(checkpoint)
            yield from self._scorer.score(pairs, batch_size)
        except CannotScore as error:
            raise problem(error.kind, str(error)) from error

    def close(self) -> None:
        """Lets the model go."""
        del self._scorer


class Estimator:
    """Quality estimates under one cache folder, by one backend that is opened when a score is missing.

    ``scores_dir``: the folder of the scores, if it is another. Calls from several threads take turns.
    """

    def __init__(
        self,
        cache_dir: str | Path | None = None,
        progress: Progress | None = None,
        scores_dir: str | Path | None = None,
    ) -> None:
        self._cache_dir = cache_dir
        self._root = chosen_root(cache_dir)
        self._scores_root = self._root if scores_dir is None else Path(scores_dir)
        self._progress = progress or NullProgress()
        self._backend: Backend | None = None
        self._caches: dict[str, ScoreCache] = {}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._asked: dict[str, int] = {}
        self._lock = Lock()

    def checkpoint(self, spec: Spec) -> Checkpoint:
        """The checkpoint behind a model, fetched where it is not here yet."""
        if spec.text not in self._checkpoints:
            report = step_messages(self._progress)
            self._checkpoints[spec.text] = find_checkpoint(spec, self._root, report)
        return self._checkpoints[spec.text]

    def version(self) -> str:
        """COMET's. Raises EnvironmentProblem where there is none."""
        found = find_comet(self._cache_dir)
        if found is None:
            raise EnvironmentProblem(NO_COMET)
        return found.version

    def score(self, spec: Spec, pairs: Sequence[Pair], batch_size: int, lang: str) -> dict[Pair, float | None]:
        """A score for each distinct pair; None where the model gives no number. What is scored is kept at once, so
        that after an error the same call goes on where it stopped."""
        with self._lock:
            checkpoint = self.checkpoint(spec)
            cache = self._cache(checkpoint)
            wanted = list(dict.fromkeys(pairs))
            scores: dict[Pair, float | None] = dict(cache.get_many(wanted))
            missing = [pair for pair in wanted if pair not in scores]
            if missing:
                bar = f"qe {lang}"
                self._asked[bar] = self._asked.get(bar, 0) + len(missing)
                self._progress.start(bar, self._asked[bar])
                for start in range(0, len(missing), _REQUEST):
                    self._score_new(checkpoint, missing[start : start + _REQUEST], batch_size, cache, bar, scores)
                self._progress.finish(bar)
            return scores

    def close(self) -> None:
        """Ends the backend and closes the caches."""
        with self._lock:
            if self._backend is not None:
                self._backend.close()
                self._backend = None
            for cache in self._caches.values():
                cache.close()
            self._caches.clear()

    def _score_new(
        self,
        checkpoint: Checkpoint,
        pairs: list[Pair],
        batch_size: int,
        cache: ScoreCache,
        bar: str,
        scores: dict[Pair, float | None],
    ) -> None:
        for at, values in self._opened().score(checkpoint.path, pairs, batch_size):
            some = {pairs[index]: value for index, value in zip(at, values, strict=True)}
            cache.put_many({pair: value for pair, value in some.items() if value is not None and math.isfinite(value)})
            scores.update(some)
            self._progress.advance(bar, len(at))

    def _opened(self) -> Backend:
        if self._backend is None:
            comet = find_comet(self._cache_dir)
            if comet is None:
                raise EnvironmentProblem(NO_COMET)
            self._progress.message("starting COMET")
            python = comet.python
            self._backend = InProcess() if python is None else WorkerClient(python, note=self._progress.note)
            self._progress.message("")
        return self._backend

    def _cache(self, checkpoint: Checkpoint) -> ScoreCache:
        identity = {"model": checkpoint.name, "revision": checkpoint.revision, "comet": self.version()}
        key = str(identity)
        if key not in self._caches:
            self._caches[key] = ScoreCache(self._scores_root, checkpoint.name, identity)
        return self._caches[key]
