"""The Python API of ``mlt translate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import ENGLISH, Language, Resolution, parse_languages
from ..toolkit.layout import MANIFEST
from ..toolkit.parts import Part
from ..toolkit.progress import NullProgress, Progress, step_messages
from ..toolkit.run import read_manifest
from ..toolkit.sources import SourceReader, open_source
from ..toolkit.tasks.base import ArgumentsPolicy, Policies, ToolsPolicy
from .engine import Decoding, Engine
from .engines.remote import RemoteEngine
from .models import DEFAULT_MODEL, load_engine
from .pipeline import Pipeline, model_notice, run_identity
from .shard import Settings
from .shortlist.setting import Setting, in_force
from .units import Segment

DEFAULT_SHARD_SIZE = 1000


@dataclass(frozen=True)
class RunResult:
    """A finished run: its folder and what its run.json holds."""

    path: Path
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A request made out: the source opened, the engine found, the languages checked against its vocabulary.

    ``shortlist`` is the setting in force.
    """

    reader: SourceReader
    engine: Engine
    languages: tuple[Language, ...]
    settings: Settings
    shortlist: Setting = "off"


def translate(
    source: str | Path | None = None,
    *,
    langs: str | Sequence[str],
    out: str | Path | None = None,
    force: bool = False,
    shard_size: int = DEFAULT_SHARD_SIZE,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
    executor: str = "local",
    address: str | None = None,
    cpus_per_worker: float | None = None,
    gpus_per_worker: float | None = None,
    shard: str | None = None,
    **options: Any,
) -> RunResult:
    """Translate an English data set into ``langs``, or continue the run in ``out``.

    ``source``: a file or folder, a preset, ``hf://owner/name[:config][@revision]``, or None for the embedded sample.
    ``langs``: names or codes, as a list or separated by commas. ``out``: the run's folder; left out, a folder under
    ``runs/`` is named after source and model. A run that is there is continued or extended (more languages, a higher
    limit); one made otherwise is refused, unless ``force`` is given, which removes it. ``shard_size``: source rows a
    shard. ``options`` are those of :func:`prepare`.

    ``executor``: "local", or "ray" for the workers of a cluster, of which ``address`` is one
    (:func:`~mlt.toolkit.ray_cluster.cluster`) and ``workers``, ``cpus_per_worker`` and ``gpus_per_worker`` the size
    (:class:`~mlt.toolkit.actor_pool.PoolSize`). ``shard``: "3/64" does the third of 64 parts of the run, for tasks that
    write one folder together or a folder each; :func:`~mlt.translate.distributed.merge.merge` makes it whole.

    Raises UsageError, DataError or EnvironmentProblem, each with one line that says what to do.
    """
    from ..toolkit.store import RunStore

    progress = progress or NullProgress()
    if shard_size < 1:
        raise UsageError(f"--shard-size {shard_size}: expected 1 or more rows")
    given = {"address": address, "cpus-per-worker": cpus_per_worker, "gpus-per-worker": gpus_per_worker}
    part = _part(executor, given, shard, force)
    if executor == "ray":
        from ..toolkit.actor_pool import PoolSize
        from .distributed.ray_run import translate_on_ray

        return translate_on_ray(
            source,
            pool=PoolSize(options.pop("workers", None), cpus_per_worker, gpus_per_worker),
            address=address,
            langs=langs,
            out=out,
            force=force,
            shard_size=shard_size,
            cache_dir=cache_dir,
            progress=progress,
            **options,
        )
    job = prepare(source, langs=langs, cache_dir=cache_dir, progress=progress, **options)
    path = Path(out) if out is not None else default_out(job.reader, job.engine)
    shortlist = job.shortlist if force else as_begun(path, job.shortlist)
    identity = run_identity(job.reader, job.engine, job.settings, shard_size, shortlist)
    cache_root = Path(cache_dir) if cache_dir else None

    def pipeline_of(store: RunStore) -> Pipeline:
        return Pipeline(
            store,
            job.reader,
            job.engine,
            job.settings,
            shard_size,
            cache_root,
            progress,
            shortlist,
            find_speed=options.get("workers") is None,
        )

    try:
        if part is not None:
            from .distributed.part_run import translate_part

            return RunResult(path, translate_part(path, identity, part, pipeline_of, job.languages))
        with RunStore.open(path, identity, force=force) as store:
            pipeline_of(store).run(job.languages)
            return RunResult(path, dict(store.manifest))
    finally:
        job.engine.close()


def prepare(
    source: str | Path | None = None,
    *,
    langs: str | Sequence[str],
    task: str = "auto",
    model: str = DEFAULT_MODEL,
    split: str | None = None,
    limit: int | None = None,
    columns: Mapping[str, str] | None = None,
    arguments: ArgumentsPolicy = "keep",
    tools: ToolsPolicy = "keep",
    argument_table: str | Path | Mapping[str, ArgumentsPolicy] | None = None,
    segment: Segment = "sentence",
    beam_size: int = 4,
    n_best: int = 1,
    length_penalty: float = 1.0,
    repetition_penalty: float = 1.0,
    device: str = "auto",
    workers: int | None = None,
    compute_type: str | None = None,
    cache_dir: str | Path | None = None,
    ladder: bool = True,
    shortlist: str = "auto",
    load: Callable[..., Engine] = load_engine,
    progress: Progress | None = None,
) -> Job:
    """Open the source, find the engine and check the request, before anything is written.

    ``columns`` maps their column names to ours. ``argument_table``: "Api.argument" -> keep or translate, or a YAML
    file of that, over the bundled one. ``ladder`` False stops at the first attempt (to measure an engine).
    ``shortlist``: auto, script, learned or off, see :mod:`mlt.translate.shortlist.setting`. ``load`` makes the engine.
    The other options are those of the command line, see ``mlt translate --help``.
    """
    progress = progress or NullProgress()
    for name, value, allowed in (
        ("arguments", arguments, ("keep", "translate")),
        ("tools", tools, ("keep", "translate")),
        ("segment", segment, ("sentence", "line")),
    ):
        if value not in allowed:
            raise UsageError(f"--{name} {value}: expected {' or '.join(allowed)}")
    if beam_size < 1 or n_best < 1:
        raise UsageError(f"--beam-size {beam_size} --n-best {n_best}: expected 1 or more")
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit}: expected 0 or more rows")
    resolutions = _resolve(langs, progress)
    policies = Policies(arguments, tools, _table(argument_table))
    decoding = Decoding(max(beam_size, n_best), n_best, length_penalty, repetition_penalty)
    reader = open_source(None if source is None else str(source), task=task, split=split, columns=columns, limit=limit)
    engine = load(
        model,
        device=device,
        workers=workers,
        compute_type=compute_type,
        cache_dir=cache_dir,
        progress=step_messages(progress),
    )
    progress.message("")
    lists = engine.shortlist if isinstance(engine, RemoteEngine) else in_force(shortlist, engine)
    languages = tuple(resolution.language for resolution in resolutions)
    check_support(engine, model, languages)
    if notice := model_notice(engine):
        progress.note(f"{model}: {notice}")
    return Job(reader, engine, languages, Settings(policies, decoding, segment, ladder), lists)


def as_begun(path: Path, shortlist: Setting) -> Setting:
    """``auto`` is ``off`` for a run that was begun without lists; it goes on as it began."""
    if shortlist != "auto" or not (path / MANIFEST).is_file():
        return shortlist
    return "auto" if "shortlist" in read_manifest(path)["identity"] else "off"


def _part(executor: str, given: Mapping[str, Any], shard: str | None, force: bool) -> Part | None:
    """The part that ``shard`` names; UsageError where options do not go together."""
    if executor not in ("local", "ray"):
        raise UsageError(f"--executor {executor}: expected local or ray")
    if executor == "local" and (lone := [name for name, value in given.items() if value is not None]):
        raise UsageError(f"--{lone[0]} {given[lone[0]]}: it belongs to --executor ray")
    if shard is None:
        return None
    if executor == "ray":
        raise UsageError(f"--shard {shard}: leave it out with --executor ray, which shares the work out itself")
    if force:
        raise UsageError(f"--force: leave it out with --shard {shard}; other tasks may be writing the same folder")
    return Part.parse(shard)


def check_support(engine: Engine, model: str, languages: Sequence[Language]) -> None:
    """Refuse languages that the vocabulary lacks: CTranslate2 would translate into another one without a word."""
    if unknown := [language for language in languages if not engine.supports(language)]:
        names = ", ".join(f"{language.code} ({language.flores})" for language in unknown)
        raise UsageError(f"--langs: {model} does not know {names}; leave it out or use another --model")


def default_out(reader: SourceReader, engine: Engine) -> Path:
    """``runs/<source>-<model>`` in the working folder."""
    parts = (Path(str(reader.dataset)).stem, Path(str(engine.identity["model"])).name)
    return Path("runs") / "-".join("".join(c if c.isalnum() or c in "._" else "-" for c in part) for part in parts)


def _resolve(langs: str | Sequence[str], progress: Progress) -> list[Resolution]:
    resolutions = parse_languages(langs if isinstance(langs, str) else ",".join(langs))
    for resolution in resolutions:
        if resolution.note:
            progress.note(resolution.note)
        if resolution.language == ENGLISH:
            raise UsageError("--langs en: English is the source and stands in every run; leave it out")
    return resolutions


def _table(table: str | Path | Mapping[str, ArgumentsPolicy] | None) -> Mapping[str, ArgumentsPolicy]:
    if table is None or isinstance(table, Mapping):
        return table or {}
    from ..toolkit.tasks.arguments import read_table

    return read_table(Path(table))
