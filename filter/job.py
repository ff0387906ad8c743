"""What is to be filtered, and how: the same for one process, a cluster and the tasks of an array."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import parse_languages
from ..toolkit.remote_files import local_only, shown, url_of
from .check import Context

if TYPE_CHECKING:
    from ..toolkit.run import Run
    from .pipeline import Filtered
    from .policy import Policy

DEFAULT_SHARD_SIZE = 1000
INPUT = "input"
INTERSECTION = "intersection"


@dataclass(frozen=True)
class FilterResult:
    """A filtered run: its folder, what its run.json holds, and the files made beside it.

    ``report`` is None where the run is not whole yet.
    """

    path: Path
    manifest: dict[str, Any]
    report: Path | None = None
    intersection: Path | None = None
    pairs: Path | None = None


@dataclass(frozen=True)
class Job:
    """The parameters of :func:`~mlt.filter.api.filter_run`, read. ``run``: the input, None where it is no run yet."""

    source: Path
    out: Path
    policy: Policy
    langs: str | Sequence[str] | None = None
    columns: Mapping[str, str] | None = None
    intersection: bool = False
    force: bool = False
    shard_size: int = DEFAULT_SHARD_SIZE
    context: Context = field(default_factory=Context)
    run: Run | None = None

    @classmethod
    def opened(cls, source: Path, out: Path, policy: Policy, **options: Any) -> Job:
        """A job whose input is there. Raises UsageError or DataError for one that cannot be filtered."""
        from ..toolkit.run import open_run

        job = cls(source, out, policy, **options)
        local_only(out, "--out")
        if job.shard_size < 1:
            raise UsageError(f"--shard-size {job.shard_size}: expected 1 or more rows")
        if not is_run(source):
            return job
        if job.columns:
            raise UsageError(f"--columns is for files of pairs, and {shown(str(source))} is a run: leave it out")
        if job.place == str(out.resolve()):
            raise UsageError(f"--out {out} is the run itself: choose another folder")
        cache_dir = job.context.cache_dir
        return replace(job, run=open_run(source, cache_dir=None if cache_dir is None else Path(cache_dir)))

    @property
    def place(self) -> str:
        """Where the input stands, for other processes: its URL, or its whole path."""
        return url_of(self.source) or str(self.source.resolve())

    def identity(self) -> dict[str, Any]:
        """The identity of the filtered run. DataError or UsageError for a file that holds no pairs."""
        from .read_pairs import pairs_identity

        if self.run is not None:
            return {"stage": "filter", "input": self.run.manifest["identity"]}
        return {"stage": "filter", "input": pairs_identity(self.source, self.columns or {}, self.shard_size)}

    def input_run(self) -> Run:
        """The run to filter. Pairs become one inside the filtered run's folder, whose lock is held, once."""
        from ..toolkit.run import open_run
        from ..toolkit.store import RunStore
        from .read_pairs import import_pairs

        if self.run is not None:
            return self.run
        folder, columns = self.out / INPUT, self.columns or {}
        with RunStore.open(folder, self.identity()["input"], force=self.force) as store:
            if not store.manifest.get("complete"):
                import_pairs(self.source, store, columns, self.shard_size, self.context.progress)
        return open_run(folder)

    def finish(self, filtered: Filtered) -> FilterResult:
        """Writes what stands beside a filtered run that is whole."""
        from .intersection import write_intersection
        from .pairs_out import write_kept_pairs
        from .report import write_report

        store, progress = filtered.store, filtered.progress
        pairs = None if self.run is not None else write_kept_pairs(self.source, store, self.out)
        both = None
        if self.intersection:
            progress.message("writing the intersection")
            wanted = chosen_languages(filtered.inputs.run, self.langs)
            both = write_intersection(store, self.out / INTERSECTION, wanted)
        progress.message("writing the report")
        report = write_report(store, self.policy)
        progress.message("")
        return FilterResult(self.out, dict(store.manifest), report, both, pairs)


def is_run(source: Path) -> bool:
    """Whether a path is the folder of a run, or its URL, and not a file of pairs."""
    return url_of(source) is not None or source.is_dir()


def scores_of_machine() -> str:
    """A folder for the scores of models on this machine's own disk: they must not lie on a network, as homes may."""
    return str(Path(tempfile.gettempdir()) / f"mlt-{os.getuid()}")


def chosen_languages(run: Run, langs: str | Sequence[str] | None) -> list[str]:
    """The run's languages, or those of them that were asked for."""
    found = [lang for lang in run.languages if lang != "en"]
    if langs is None:
        if not found:
            raise UsageError(f"{run.where} holds no translated language: run mlt translate first")
        return found
    wanted = [found.language.code for found in parse_languages(langs if isinstance(langs, str) else ",".join(langs))]
    if missing := [lang for lang in wanted if lang not in found]:
        raise UsageError(f"--langs {missing[0]}: {run.where} holds {', '.join(found) or 'no language'}")
    return wanted
