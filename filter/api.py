"""The Python API of ``mlt filter``: a run or a file of pairs becomes a filtered run; pairs in memory become scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import parse_languages
from ..toolkit.progress import NullProgress, Progress
from .check import Context
from .policy import Policy, load_policy

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.run import Run

DEFAULT_SHARD_SIZE = 1000
INPUT = "input"
INTERSECTION = "intersection"


@dataclass(frozen=True)
class FilterResult:
    """A filtered run: its folder, what its run.json holds, and the files made beside it."""

    path: Path
    manifest: dict[str, Any]
    report: Path
    intersection: Path | None = None
    pairs: Path | None = None


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
) -> FilterResult:
    """Filter a run of ``mlt translate``, or a file of pairs, into the run ``out``.

    ``source``: the folder of a run, or a Parquet, JSONL, JSON, CSV or TSV file (text ones also gzipped) with the
    columns id, source, target and lang (``columns`` maps their names to these). ``policy``: a YAML file or a mapping,
    over the shipped one. ``lid``: a fastText model (a Hub id, a .bin or .ftz path) or "embedded"; ``qe``: "default",
    a Hub id or a checkpoint; each as the policy's settings would name it. ``langs``: only these. ``intersection``:
    also write the items that are kept in every language. Called again, it scores what is new and decides anew what
    has changed.

    Raises UsageError, DataError or EnvironmentProblem, each with one line that says what to do.
    """
    from ..toolkit.store import RunStore
    from .pairs_out import write_kept_pairs
    from .pipeline import Pipeline
    from .report import write_report
    from .scoring import Scorer

    progress = progress or NullProgress()
    rules = chosen_policy(policy, lid, qe)
    folder = Path(out)
    if shard_size < 1:
        raise UsageError(f"--shard-size {shard_size}: expected 1 or more rows")
    with ExitStack() as stack:
        run, identity = _input(Path(source), folder, columns, shard_size)
        store = stack.enter_context(RunStore.open(folder, identity, force=force))
        if run is None:
            run = _import(Path(source), folder / INPUT, columns or {}, shard_size, force, progress)
        wanted = chosen_languages(run, langs)
        context = Context(None if cache_dir is None else str(cache_dir), progress)
        scorer = stack.enter_context(closing(Scorer(run, store, rules, context)))
        Pipeline(run, store, rules, scorer, progress).filter(wanted)
        pairs = None if is_run(Path(source)) else write_kept_pairs(Path(source), store, folder)
        both = _intersection(store, folder, wanted, progress) if intersection else None
        progress.message("writing the report")
        report = write_report(store, rules)
        progress.message("")
        return FilterResult(folder, dict(store.manifest), report, both, pairs)


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


def is_run(source: Path) -> bool:
    """Whether a path is the folder of a run, and not a file of pairs."""
    return source.is_dir()


def _input(
    source: Path, out: Path, columns: Mapping[str, str] | None, shard_size: int
) -> tuple[Run | None, dict[str, Any]]:
    """The run to filter (None where it has to be made of a file of pairs), and the identity of the filtered one."""
    from ..toolkit.run import open_run
    from .read_pairs import pairs_identity

    if not is_run(source):
        return None, {"stage": "filter", "input": pairs_identity(source, columns or {}, shard_size)}
    if columns:
        raise UsageError(f"--columns is for files of pairs, and {source} is a folder: leave it out")
    if source.resolve() == out.resolve():
        raise UsageError(f"--out {out} is the run itself: choose another folder")
    run = open_run(source)
    return run, {"stage": "filter", "input": run.manifest["identity"]}


def _import(
    source: Path, folder: Path, columns: Mapping[str, str], shard_size: int, force: bool, progress: Progress
) -> Run:
    """The pairs as a run inside the filtered run's folder, made once."""
    from ..toolkit.run import open_run
    from ..toolkit.store import RunStore
    from .read_pairs import import_pairs, pairs_identity

    with RunStore.open(folder, pairs_identity(source, columns, shard_size), force=force) as store:
        if not store.manifest.get("complete"):
            import_pairs(source, store, columns, shard_size, progress)
    return open_run(folder)


def chosen_languages(run: Run, langs: str | Sequence[str] | None) -> list[str]:
    """The run's languages, or those of them that were asked for."""
    found = [lang for lang in run.languages if lang != "en"]
    if langs is None:
        if not found:
            raise UsageError(f"{run.path} holds no translated language: run mlt translate first")
        return found
    wanted = [found.language.code for found in parse_languages(langs if isinstance(langs, str) else ",".join(langs))]
    if missing := [lang for lang in wanted if lang not in found]:
        raise UsageError(f"--langs {missing[0]}: {run.path} holds {', '.join(found) or 'no language'}")
    return wanted


def _intersection(store: Run, folder: Path, langs: Sequence[str], progress: Progress) -> Path:
    from .intersection import write_intersection

    progress.message("writing the intersection")
    return write_intersection(store, folder / INTERSECTION, langs)
