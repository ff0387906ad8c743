"""What lives in a Ray actor: one loaded engine, which translates shards of runs on a path that all machines see."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...toolkit.errors import DataError, EnvironmentProblem
from ...toolkit.files import disk_errors
from ...toolkit.joined_run import JoinedRun
from ...toolkit.languages import Language, all_languages
from ...toolkit.signature import diff
from ..cache import cache_root
from ..engine import Engine
from ..engines.by_language import is_by_language, of_language
from ..engines.remote import RemoteEngine
from ..language_engines import check_engine, model_notice, vocabulary_of
from ..model_choice import load_engines
from ..pipeline import Pipeline
from ..shard import Settings
from ..shortlist.in_run import Lists
from ..shortlist.setting import Setting, in_force

if TYPE_CHECKING:
    from filelock import FileLock

    from ...toolkit.store import RunStore


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """The engine that every worker is to load.

    ``languages``: those that are asked for. ``model_for``: as :func:`~mlt.translate.model_choice.load_engines` has it.
    ``cache_dir``: None for each machine's own. ``distant``: there are several machines, whose home folder may be on a
    network, where a file of cached units does not work; units are then kept in the folder for temporary files.
    """

    model: str
    device: str = "auto"
    compute_type: str | None = None
    cache_dir: str | None = None
    shortlist: str = "auto"
    distant: bool = False
    model_for: str | Mapping[str, str] | None = None
    languages: tuple[Language, ...] = ()


@dataclass(frozen=True, slots=True)
class RunPlace:
    """A run (its folder or URL) that workers join, and how its shards are made."""

    path: Path | str
    settings: Settings
    shard_size: int
    shortlist: Setting


@dataclass(frozen=True, slots=True)
class ShardItem:
    """One shard of a run in one language."""

    run: RunPlace
    language: Language
    index: int

    def __hash__(self) -> int:
        return hash((self.run.path, self.language.code, self.index))


class ShardWorker:
    """Translates shards exactly as one process does (:meth:`Pipeline.translate_with`).

    The lists of a language stay open from shard to shard, until one of another language comes.
    """

    def __init__(self, request: EngineRequest, cpus: float) -> None:
        on_gpu = bool(os.environ.get("CUDA_VISIBLE_DEVICES")) and request.device != "cpu"
        self._request = request
        self._root, self._lock = _own_root(request)
        self._pipeline: Pipeline | None = None
        self._joined: Path | str | None = None
        self._open: tuple[Language, Lists] | None = None
        self._engine = load_engines(
            request.model,
            languages=request.languages,
            model_for=request.model_for,
            device=request.device,
            workers=None if on_gpu else max(1, int(cpus)),
            compute_type=request.compute_type,
            cache_dir=request.cache_dir,
        )

    def about(self) -> RemoteEngine:
        """What a driver has to know of the engine; no weights are loaded for it."""
        if not is_by_language(self._engine):
            return self._about(self._engine, all_languages())
        own = {one.code: self._about(of_language(self._engine, one), [one]) for one in self._request.languages}
        return replace(self._about(self._engine, self._request.languages), own=own)

    def _about(self, engine: Engine, languages: Iterable[Language]) -> RemoteEngine:
        return RemoteEngine(
            name=engine.name,
            identity=dict(engine.identity),
            license=engine.license,
            notice=model_notice(engine),
            max_n_best=engine.max_n_best,
            translates=engine.translates,
            languages=frozenset(language.code for language in languages if engine.supports(language)),
            shortlist=in_force(self._request.shortlist, engine),
            vocabulary=vocabulary_of(engine),
        )

    def work(self, item: ShardItem) -> None:
        """Writes a shard and its marker. Raises EnvironmentProblem where the engine here is not the run's."""
        pipeline = self._pipeline_of(item.run)
        lists = self._lists_of(pipeline, item.language)
        try:
            pipeline.translate_with(lists, item.language, [item.index])
        except BaseException:
            self._close_lists()
            raise

    def _pipeline_of(self, run: RunPlace) -> Pipeline:
        if self._pipeline is None or self._joined != run.path:
            self._close_lists()
            store = JoinedRun.join(run.path, self._root)
            self._check_engine(store.manifest)
            self._joined = run.path
            self._pipeline = Pipeline(
                store, None, self._engine, run.settings, run.shard_size, self._root, shortlist=run.shortlist
            )
        return self._pipeline

    def _lists_of(self, pipeline: Pipeline, language: Language) -> Lists:
        if self._open is None or self._open[0] != language:
            self._close_lists()
            self._check_own(pipeline.store, language)
            self._open = language, pipeline.open_lists(language)
        return self._open[1]

    def _check_own(self, store: RunStore, language: Language) -> None:
        try:
            check_engine(store, self._engine, language)
        except DataError as error:
            raise EnvironmentProblem(f"{error} (on {socket.gethostname()})") from error

    def _close_lists(self) -> None:
        if self._open is not None:
            _, lists = self._open
            self._open = None
            lists.close()

    def _check_engine(self, manifest: Mapping[str, Any]) -> None:
        for name, wanted, here in diff(manifest["identity"]["engine"], dict(self._engine.identity)):
            raise EnvironmentProblem(
                f"the engine of {socket.gethostname()} has {name} = {here}, the run has {wanted}: give --device and "
                "--compute-type that every machine has, and install the same packages on all"
            )


def _own_root(request: EngineRequest) -> tuple[Path, FileLock]:
    """A cache folder of a worker's own and the lock that it holds: the first of its machine that is free."""
    from filelock import FileLock, Timeout

    base = Path(request.cache_dir) if request.cache_dir else cache_root()
    if request.distant and not request.cache_dir:
        base = Path(tempfile.gettempdir()) / f"mlt-{os.getuid()}"
    folder = base / "workers"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while True:
            lock = FileLock(folder / f".lock-{number}", timeout=0)
            try:
                lock.acquire()
            except Timeout:
                number += 1
            else:
                return folder / str(number), lock
